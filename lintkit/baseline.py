"""The baseline: findings a team has accepted for now, by fingerprint, never by line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from lintkit.errors import LintkitError
from lintkit.finding import Finding, IgnoredFinding
from lintkit.tree.work import read_regular

NAME: Final = ".lintkit-baseline.json"


class Entry(NamedTuple):
    """One accepted finding; the fingerprints count, the rest is for readers.

    ``also`` are the fingerprints that the same finding has in other environments.
    """

    fingerprint: str
    policy: str
    resource: str
    path: str
    also: tuple[str, ...] = ()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Every fingerprint that it accepts."""
        return (self.fingerprint, *self.also)


def load_baseline(root: Path) -> tuple[Entry, ...]:
    """The entries of a repository's baseline; none without one. LintkitError when it cannot be read."""
    file = root / NAME
    if not os.path.lexists(file):
        return ()
    try:
        data: Any = json.loads(read_regular(file).decode("utf-8-sig"))
        entries = [
            Entry(e["fingerprint"], e.get("policy", ""), e.get("resource", ""), e.get("path", ""), tuple(e.get("also", ())))
            for e in data["findings"]
        ]
    except json.JSONDecodeError as error:
        raise LintkitError(f"is no JSON: {error.msg}; write it anew with `lintkit baseline`", NAME, error.lineno) from None
    except (OSError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "nested too deeply"
        raise LintkitError(f"the baseline cannot be read: {reason}", NAME) from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise LintkitError("is no baseline of lintkit; write it anew with `lintkit baseline`", NAME) from None
    return tuple(entries)


def split(findings: Sequence[Finding], entries: Iterable[Entry]) -> tuple[tuple[Finding, ...], tuple[IgnoredFinding, ...], int]:
    """Findings that are new, those the baseline accepts, and how many of its entries are gone."""
    entries = tuple(entries)
    known = {name for entry in entries for name in entry.fingerprints}
    kept = tuple(f for f in findings if f.fingerprint not in known)
    accepted = tuple(IgnoredFinding(f, "in the baseline", "baseline") for f in findings if f.fingerprint in known)
    there = {f.fingerprint for f in findings}
    return kept, accepted, sum(1 for entry in entries if there.isdisjoint(entry.fingerprints))


def render(entries: Iterable[Entry]) -> str:
    """The text of a baseline file: sorted, one entry a line, so that diffs read well."""
    rows = [json.dumps(_row(entry), ensure_ascii=False) for entry in sorted(set(entries))]
    body = ",\n".join(f"  {row}" for row in rows)
    return '{"version": 1, "findings": [\n' + body + ("\n" if rows else "") + "]}\n"


def _row(entry: Entry) -> dict[str, Any]:
    row = entry._asdict()
    if not entry.also:
        del row["also"]
    return row


def entry_of(finding: Finding) -> Entry:
    """The baseline entry of a finding."""
    resource = "/".join(part for part in finding.resource if part)
    return Entry(finding.fingerprint, finding.policy, resource, finding.span.path)
