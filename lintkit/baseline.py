"""The baseline: findings a team has accepted for now, by fingerprint, never by line: each as often as it was recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from lintkit.errors import LintkitError
from lintkit.finding import Finding, IgnoredFinding
from lintkit.records import NamedTuple
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
    taken, found = matched(entries, [(f.span.path, (f.fingerprint,)) for f in findings])
    kept = tuple(f for n, f in enumerate(findings) if n not in found)
    accepted = tuple(IgnoredFinding(f, "in the baseline", "baseline") for n, f in enumerate(findings) if n in found)
    return kept, accepted, len(entries) - len(taken)


def matched(entries: Sequence[Entry], wanted: Sequence[tuple[str, Sequence[str]]]) -> tuple[frozenset[int], frozenset[int]]:
    """Numbers of the entries that stand for something, and of what they stand for.

    ``wanted`` are paths with fingerprints. An entry accepts each of its fingerprints once, what stands in its own file first.
    """
    free: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        for name in entry.fingerprints:
            free.setdefault(name, []).append(number)
    taken: set[int] = set()
    found: set[int] = set()
    for own_file in (True, False):
        for number, (path, names) in enumerate(wanted):
            slots = ((name, i) for name in names for i in free.get(name, ()) if not own_file or entries[i].path == path)
            slot = next(slots, None) if number not in found else None
            if slot is not None:
                free[slot[0]].remove(slot[1])
                taken.add(slot[1])
                found.add(number)
    return frozenset(taken), frozenset(found)


def render(entries: Iterable[Entry]) -> str:
    """The text of a baseline file: sorted, one entry a line, so that diffs read well."""
    rows = [json.dumps(_row(entry), ensure_ascii=False) for entry in sorted(entries)]
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
