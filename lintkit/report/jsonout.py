"""``--format json``: version 1 of the report, described by ``schemas/report.schema.json``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lintkit.finding import Finding, Fix, IgnoredFinding, Report
from lintkit.report.plain import dump
from lintkit.report.tally import by_severity, ordered, place_key
from lintkit.text.source import Position


def render(report: Report) -> str:
    """The report as JSON with its keys in the documented order, one list item a line, ending in a line end.

    Equal reports give equal text: everything is sorted. ``broken`` is there only when something is broken.
    """
    value: dict[str, Any] = {
        "version": 1,
        "findings": [_finding(f) for f in ordered(report.findings)],
        "ignored_findings": [_ignored(i) for i in sorted(report.ignored, key=lambda i: (place_key(i.finding), i.by, i.reason))],
        "resolved": [{"policy": p, "fingerprint": f} for p, f in sorted((r.policy, r.fingerprint) for r in report.resolved)],
        "not_evaluated": [item._asdict() for item in sorted(set(report.not_evaluated))],
        "skipped": [item._asdict() for item in sorted(report.skipped)],
    }
    if report.broken:
        value["broken"] = list(report.broken)
    value["summary"] = {
        **by_severity(report.findings),
        "ignored": len(report.ignored),
        "unknown_values": report.unknown_values,
        "files": report.files,
        "environments": list(report.environments),
    }
    return "{" + ",\n ".join(_member(key, item) for key, item in value.items()) + "}\n"


def _member(key: str, value: Any) -> str:
    if isinstance(value, list) and value:
        return f"{dump(key)}: [\n  " + ",\n  ".join(dump(item) for item in value) + "\n ]"
    return f"{dump(key)}: {dump(value)}"


def _finding(finding: Finding) -> dict[str, Any]:
    span = finding.span
    return {
        "policy": finding.policy,
        "family": finding.family,
        "severity": finding.severity,
        "status": finding.status,
        "message": finding.message,
        "path": span.path,
        "document": span.document,
        "line": span.start.line,
        "column": span.start.column,
        "end_line": span.end.line,
        "end_column": span.end.column,
        "pointer": span.pointer,
        "resource": finding.resource._asdict(),
        "resource_path": finding.resource_path,
        "environments": list(finding.environments),
        "origin": finding.origin,
        "related": list(_related(finding)),
        "fix": _fix(finding.fix) if finding.fix is not None else None,
        "fingerprint": finding.fingerprint,
    }


def _related(finding: Finding) -> Iterator[dict[str, Any]]:
    for place, message in finding.related:
        first = place.first
        yield {"path": place.source.path, "line": first.line, "column": first.column, "message": message}


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [
        {
            "path": edit.source.path,
            "start": _position(edit.source.position(edit.start)),
            "end": _position(edit.source.position(edit.end)),
            "text": edit.text,
        }
        for edit in fix.edits
    ]
    value: dict[str, Any] = {"title": fix.title, "safe": fix.safe, "edits": edits}
    if fix.blocked:
        value["blocked"] = fix.blocked
    return value


def _position(position: Position) -> dict[str, int]:
    return position._asdict()


def _ignored(ignored: IgnoredFinding) -> dict[str, Any]:
    return {**_finding(ignored.finding), "reason": ignored.reason, "by": ignored.by}
