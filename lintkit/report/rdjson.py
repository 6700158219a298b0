"""``--format rdjson``: reviewdog's DiagnosticResult. Columns count UTF-8 bytes from 1, ends are exclusive (reviewdog.proto)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lintkit.finding import Finding, Fix, Report
from lintkit.report.info import URL, Options, PolicyInfo
from lintkit.report.plain import dump, visible
from lintkit.report.tally import ranked
from lintkit.text.edits import apply_edits
from lintkit.text.source import Source

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}
_MOST_LINES = 50
_BOM_BYTES = 3


def render(report: Report, policies: Sequence[PolicyInfo] = (), options: Options | None = None) -> str:
    """One JSON object, a diagnostic a line, gravest first.

    A fix becomes one suggestion: the lines from its first edit to its last as they would read. A fix of several
    files, or one that spans more than fifty lines, has no suggestion, since a reviewer would apply half of it.
    """
    options = options or Options()
    pages = {policy.id: policy.url for policy in policies}
    findings = ranked(report.findings)
    gravest = _SEVERITIES.get(findings[0].severity, "INFO") if findings else "INFO"
    head = f'{{"source":{dump({"name": "lintkit", "url": URL})},"severity":"{gravest}","diagnostics":['
    return head + ",\n".join(dump(_diagnostic(f, pages.get(f.policy, ""), options)) for f in findings) + "]}\n"


def _diagnostic(finding: Finding, url: str, options: Options) -> dict[str, Any]:
    source, span = finding.place.source, finding.span
    value: dict[str, Any] = {
        "message": visible(finding.message),
        "location": {"path": options.path(span.path), "range": _range(source, span.start.offset, span.end.offset)},
        "severity": _SEVERITIES.get(finding.severity, "INFO"),
        "code": {"value": finding.policy, "url": url} if url else {"value": finding.policy},
    }
    suggestions = list(_suggestions(finding.fix, source)) if finding.fix is not None else []
    if suggestions:
        value["suggestions"] = suggestions
    related = [(place, message) for place, message in finding.related if not place.source.builtin]
    if related:
        value["related_locations"] = [
            {
                "message": visible(message),
                "location": {"path": options.path(place.source.path), "range": _range(place.source, place.start, place.end)},
            }
            for place, message in related
        ]
    return value


def _suggestions(fix: Fix, source: Source) -> Iterator[dict[str, Any]]:
    if not fix.edits or any(edit.source.path != source.path for edit in fix.edits):
        return
    start, end = min(edit.start for edit in fix.edits), max(edit.end for edit in fix.edits)
    if source.position(end).line - source.position(start).line > _MOST_LINES:
        return
    moved = [edit._replace(start=edit.start - start, end=edit.end - start) for edit in fix.edits]
    try:
        text = apply_edits(source.text[start:end], moved)
    except ValueError:  # overlapping edits: nothing to suggest
        return
    yield {"range": _range(source, start, end), "text": text}


def _range(source: Source, start: int, end: int) -> dict[str, Any]:
    return {"start": _position(source, start), "end": _position(source, end)}


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column, _ = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    bom = _BOM_BYTES if source.bom and line == 1 else 0
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + bom + 1}
