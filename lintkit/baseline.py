"""The baseline: findings a team has accepted for now, by fingerprint, never by line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from lintkit.errors import LintkitError
from lintkit.finding import Finding, IgnoredFinding

NAME: Final = ".lintkit-baseline.json"


class Entry(NamedTuple):
    """One accepted finding; only ``fingerprint`` counts, the rest is for readers."""

    fingerprint: str
    policy: str
    resource: str
    path: str


def load_baseline(root: Path) -> tuple[Entry, ...]:
    """The entries of a repository's baseline; none without one. LintkitError when it cannot be read."""
    file = root / NAME
    if not file.is_file():
        return ()
    try:
        data: Any = json.loads(file.read_text("utf-8"))
        entries = [
            Entry(e["fingerprint"], e.get("policy", ""), e.get("resource", ""), e.get("path", "")) for e in data["findings"]
        ]
    except json.JSONDecodeError as error:
        raise LintkitError(f"is no JSON: {error.msg}; write it anew with `lintkit baseline`", NAME, error.lineno) from None
    except (KeyError, TypeError, UnicodeDecodeError):
        raise LintkitError("is no baseline of lintkit; write it anew with `lintkit baseline`", NAME) from None
    return tuple(entries)


def split(findings: Sequence[Finding], entries: Iterable[Entry]) -> tuple[tuple[Finding, ...], tuple[IgnoredFinding, ...], int]:
    """Findings that are new, those the baseline accepts, and how many of its entries are gone."""
    known = {entry.fingerprint for entry in entries}
    kept = tuple(f for f in findings if f.fingerprint not in known)
    accepted = tuple(IgnoredFinding(f, "in the baseline", "baseline") for f in findings if f.fingerprint in known)
    return kept, accepted, len(known - {f.fingerprint for f in findings})


def render(entries: Iterable[Entry]) -> str:
    """The text of a baseline file: sorted, one entry a line, so that diffs read well."""
    rows = [json.dumps(entry._asdict(), ensure_ascii=False) for entry in sorted(set(entries))]
    body = ",\n".join(f"  {row}" for row in rows)
    return '{"version": 1, "findings": [\n' + body + ("\n" if rows else "") + "]}\n"


def entry_of(finding: Finding) -> Entry:
    """The baseline entry of a finding."""
    resource = "/".join(part for part in finding.resource if part)
    return Entry(finding.fingerprint, finding.policy, resource, finding.span.path)
