"""The findings as JSON inside the page: what its script searches and shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lintkit.finding import Finding, Fix, Report
from lintkit.report.diff import diff_lines
from lintkit.report.frame import Row, character_at, frame
from lintkit.report.html.markup import anchor
from lintkit.report.plain import dump, visible, visible_lines
from lintkit.report.tally import named_resource, ranked
from lintkit.text.regex import regex

WIDTH = 110
"""Characters of a line of code that is shown."""
_UNSAFE = regex("[<>&]")


def embedded(report: Report) -> str:
    """The data as JSON that cannot end the element it stands in: ``<``, ``>`` and ``&`` are escapes."""
    value = data(report)
    lines = ",\n".join(dump(item) for item in value["findings"])
    text = f'{{"version":1,\n"texts":{dump(value["texts"])},\n"findings":[\n{lines}\n]}}'
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def data(report: Report) -> dict[str, Any]:
    """``{"version", "texts", "findings"}``: findings gravest first; ``why`` and ``remedy`` are numbers of ``texts``."""
    texts: dict[str, int] = {}
    findings = ranked(report.findings)
    several = len(report.environments) > 1
    rows = [_finding(finding, name, texts, several=several) for finding, name in zip(findings, anchors(findings), strict=True)]
    return {"version": 1, "texts": [*texts], "findings": rows}


def anchors(findings: Sequence[Finding]) -> list[str]:
    """An id for each finding, from its fingerprint, so that a link holds as long as the finding does."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for finding in findings:
        name = anchor("finding", finding.fingerprint[:16])
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return found


def _finding(finding: Finding, name: str, texts: dict[str, int], *, several: bool) -> dict[str, Any]:
    start = finding.span.start
    found: dict[str, Any] = {
        "id": name,
        "policy": visible(finding.policy),
        "family": visible(finding.family),
        "severity": finding.severity,
        "existing": finding.status == "existing",
        "message": visible(finding.message),
        "place": f"{visible(finding.span.path)}:{start.line}:{start.column}",
        "resource": " ".join((named_resource(finding), visible(finding.resource_path))).strip(),
        "origin": visible(finding.origin),
        "environments": [visible(environment) for environment in finding.environments] if several else [],
        "frame": [_row(row) for row in frame(finding.place, WIDTH, concealed=finding.concealed)],
        "related": [
            [f"{visible(place.source.path)}:{place.first.line}" + (" (built in)" if place.source.builtin else ""), visible(said)]
            for place, said in finding.related
        ],
        "fix": _fix(finding.fix, finding.place.source.path) if finding.fix else None,
    }
    for key, text in (("why", finding.why), ("remedy", finding.remedy)):
        said = " ".join(visible_lines(text).split())
        found[key] = texts.setdefault(said, len(texts)) if said else None
    return found


def _row(row: Row) -> list[Any]:
    """Number of the line, and its text before, inside and after the span."""
    first = character_at(row.text, row.start)
    last = max(character_at(row.text, row.end), first)
    return [row.number, row.text[:first], row.text[first:last], row.text[last:]]


def _fix(fix: Fix, home: str) -> dict[str, Any]:
    return {
        "title": visible(fix.title),
        "safe": fix.safe,
        "why": " ".join(visible_lines(fix.why).split()),
        "blocked": visible(fix.blocked),
        "diff": [[line.sign, line.text] for line in diff_lines(fix, home, WIDTH)],
    }
