"""``--format markdown``: a GitHub job summary or a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lintkit.finding import Finding, Report
from lintkit.report.info import Options, PolicyInfo
from lintkit.report.markdown_changes import summary_lines
from lintkit.report.markdown_text import code, escape
from lintkit.report.plain import visible_lines
from lintkit.report.tally import closing, environments_of, headline, many, ranked

MOST_BYTES = 900 * 1024
"""GitHub refuses a step's summary above 1 MiB; this leaves room for what else the step writes."""
_ROOM_FOR_REST = 128 * 1024
_ROOM_FOR_CHANGES = 256 * 1024


def render(report: Report, policies: Sequence[PolicyInfo] = (), options: Options | None = None) -> str:
    """Headline, a table of findings with the gravest first, the change summary, reasons, and what was not judged.

    At most 900 KiB of UTF-8: above that findings are left out, and the text says how many.
    """
    options = options or Options()
    findings = ranked(report.findings)
    said = headline(report)
    head = [f"## lintkit: {said}" if findings else f"## lintkit\n\n{said[:1].upper()}{said[1:]}.", ""]
    rest = _fitting(_rest(report, findings, policies, options), _ROOM_FOR_REST)
    changes = _changes(report)
    room = MOST_BYTES - _size([*head, *changes, *rest]) - 512
    table = _fitting(_table(report, findings, options), room) if findings else []
    left = len(findings) - max(len(table) - 2, 0)
    cut = [f"\nCut at {MOST_BYTES // 1024} KiB: {many(left, 'more finding')} not shown."] if left else []
    return "\n".join([*head, *table, *cut, *([""] if table and changes else []), *changes, *rest]).rstrip("\n") + "\n"


def _changes(report: Report) -> list[str]:
    if report.changes is None:
        return []
    whole = list(summary_lines(report.changes))
    kept = _fitting(iter(whole), _ROOM_FOR_CHANGES)
    return kept if len(kept) == len(whole) else [*kept, f"\nCut at {_ROOM_FOR_CHANGES // 1024} KiB: more changes not shown."]


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode("utf-8", "surrogatepass")) + 1 for line in lines)


def _fitting(lines: Iterator[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= _size([line])
        if room < 0:
            break
        kept.append(line)
    return kept


def _table(report: Report, findings: Sequence[Finding], options: Options) -> Iterator[str]:
    several = len(report.environments) > 1
    columns = ["", "Policy", "Place", "Finding", *(["Environments"] if several else []), "Fix"]
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for finding in findings:
        start = finding.span.start
        cells = [
            finding.severity,
            escape(finding.policy),
            code(f"{options.path(finding.span.path)}:{start.line}:{start.column}"),
            escape(finding.message) + (" (existing)" if finding.status == "existing" else ""),
            *([escape(environments_of(finding, report))] if several else []),
            _fix(finding),
        ]
        yield f"| {' | '.join(cells)} |"


def _fix(finding: Finding) -> str:
    fix = finding.fix
    if fix is None:
        return ""
    return f"{escape(fix.title)} ({'safe' if fix.safe else 'unsafe'})" if fix.edits else escape(fix.title)


def _rest(report: Report, findings: Sequence[Finding], policies: Sequence[PolicyInfo], options: Options) -> Iterator[str]:
    if findings:
        yield from _reasons(findings, policies)
    lines = [*closing(report), *(_ignored(report) if options.show_all else ())]
    if lines:
        yield ""
        yield from (f"- {escape(line)}" for line in lines)


def _reasons(findings: Sequence[Finding], policies: Sequence[PolicyInfo]) -> Iterator[str]:
    known = {policy.id: policy for policy in policies}
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.policy, finding)
    told = [(f, known.get(name)) for name, f in first.items() if f.why or f.remedy or name in known]
    if not told:
        return
    yield "\n<details>\n<summary>Reasons and remedies</summary>\n"
    for finding, policy in told:
        title = f": {escape(policy.title)}" if policy else ""
        parts = [f"**{escape(finding.policy)}**{title}"]
        parts += (escape(" ".join(visible_lines(text).split())) for text in (finding.why, finding.remedy) if text)
        if policy and re.fullmatch(r"https?://[!-;=?-~]+", policy.url):
            parts.append(f"<{policy.url}>")
        yield "\n\n".join(parts) + "\n"
    yield "</details>"


def _ignored(report: Report) -> Iterator[str]:
    for ignored in report.ignored:
        finding = ignored.finding
        place = f"{finding.span.path}:{finding.span.start.line}"
        yield f"ignored {place}: {finding.policy}: {finding.message} ({ignored.reason})"
