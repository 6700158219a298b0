"""The report for a person at a terminal: by file, with the lines, the reason and the edit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from lintkit.finding import Finding, Fix, Report
from lintkit.report.diff import diff_lines
from lintkit.report.frame import frame
from lintkit.report.info import PolicyInfo
from lintkit.report.plain import visible, visible_lines
from lintkit.report.tally import closing, environments_of, headline, named_resource, ordered, place_key
from lintkit.text.regex import regex
from lintkit.text.source import Source

_STYLES = {
    "error": "1;31", "warning": "1;33", "info": "1;36", "bold": "1", "dim": "2",
    "-": "31", "+": "32", "@": "2", "where": "34",
}  # fmt: skip
_ADDRESS = regex(r"https?://[!-~]+")
Paint = Callable[[str, str], str]


def render(
    report: Report,
    *,
    color: bool,
    width: int,
    links: bool = False,
    policies: Sequence[PolicyInfo] = (),
    show_all: bool = False,
    statistics: bool = False,
) -> str:
    """The whole report, ending in a line end. ``width`` is the terminal's, in cells.

    ``links`` makes policy ids OSC-8 hyperlinks; without it a policy's page is printed once, where ``policies`` tells it.
    """
    paint = _painter(color)
    pages = {p.id: p.url for p in policies if _ADDRESS.fullmatch(p.url)}
    writer = _Writer(report, paint, max(width, 40), pages, links)
    out: list[str] = []
    for path, group in groupby(ordered(report.findings), key=lambda f: f.span.path):
        out += writer.file(path, list(group))
    if show_all:
        out += _ignored(report, paint)
    if statistics:
        out += _statistics(report, {p.id: p.title for p in policies}, paint)
    out += _closing(report, paint)
    return "\n".join(out) + "\n"


def _painter(color: bool) -> Paint:
    if not color:
        return lambda style, text: text
    return lambda style, text: f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if text else ""


class _Writer:
    """Writes findings; remembers only which policy pages it has printed."""

    def __init__(self, report: Report, paint: Paint, width: int, pages: dict[str, str], links: bool) -> None:
        self._report = report
        self._paint = paint
        self._width = width
        self._pages = pages
        self._links = links
        self._printed: set[str] = set()

    def file(self, path: str, findings: list[Finding]) -> Iterator[str]:
        """All findings of one file. A policy's reasons are given once a file."""
        # a CI system reads a line that starts with a colon as a command
        yield self._paint("bold", ("./" if path.startswith(":") else "") + visible(path))
        yield ""
        told: set[tuple[str, str]] = set()
        for finding in findings:
            yield from self._finding(finding, (finding.policy, finding.why) not in told)
            told.add((finding.policy, finding.why))
            yield ""

    def _finding(self, finding: Finding, reasons: bool) -> Iterator[str]:
        existing = self._paint("dim", " (existing)") if finding.status == "existing" else ""
        severity = self._paint(finding.severity, finding.severity)
        yield f"{severity}[{self._policy(finding.policy)}]: {self._paint('bold', visible(finding.message))}{existing}"
        yield from self._frame(finding)
        resource = named_resource(finding)
        if resource:
            origin = f" ({visible(finding.origin)})" if finding.origin else ""
            yield f"  {self._paint('dim', 'resource:')} {' '.join((resource, visible(finding.resource_path))).strip()}{origin}"
        if reasons:
            yield from self._prose("why", finding.why)
        for related in finding.related:
            yield f"  {_spot(related.place.source, related.place.first.line)}: {visible(related.message)}"
        if finding.fix is not None:
            yield from self._fix(finding.fix, finding)
        if reasons and (finding.fix is None or finding.fix.blocked):
            yield from self._prose("remedy", finding.remedy)
        environments = environments_of(finding, self._report)
        if environments:
            yield f"  {self._paint('dim', 'environments:')} {environments}"
        page = self._pages.get(finding.policy)
        if page and not self._links and finding.policy not in self._printed:
            self._printed.add(finding.policy)
            yield f"  {self._paint('dim', 'see:')} {page}"

    def _policy(self, policy: str) -> str:
        page = self._pages.get(policy)
        name = visible(policy)
        return f"\x1b]8;;{page}\x1b\\{name}\x1b]8;;\x1b\\" if self._links and page else name

    def _frame(self, finding: Finding) -> Iterator[str]:
        start = finding.span.start
        digits = max(len(str(finding.place.last.line)), len(str(start.line)))
        gutter = " " * digits
        bar = self._paint("where", "|")
        yield f"{gutter}{self._paint('where', '-->')} {visible(finding.span.path)}:{start.line}:{start.column}"
        rows = frame(finding.place, self._width - digits - 5, concealed=finding.concealed)
        yield f"{gutter} {bar}"
        if len(rows) == 1:
            row = rows[0]
            yield f"{self._paint('where', f'{row.number:>{digits}}')} {bar} {row.text}".rstrip()
            yield f"{gutter} {bar} {' ' * row.start}{self._paint(finding.severity, '^' * (row.end - row.start))}"
            return
        for index, row in enumerate(rows):
            side = "/" if index == 0 else "\\" if index == len(rows) - 1 else "|"
            number = f"{row.number:>{digits}}" if row.number else gutter
            yield f"{self._paint('where', number)} {bar} {self._paint(finding.severity, side)} {row.text}".rstrip()

    def _prose(self, label: str, text: str) -> Iterator[str]:
        indent = " " * (len(label) + 4)
        lines = [line for part in _paragraphs(text) for line in wrap(part, self._width - len(indent), break_on_hyphens=False)]
        for index, line in enumerate(lines):
            yield indent + line if index else f"  {self._paint('dim', label + ':')} {line}"

    def _fix(self, fix: Fix, finding: Finding) -> Iterator[str]:
        label = self._paint("dim", f"fix ({'safe' if fix.safe else 'unsafe'}):" if fix.edits else "fix:")
        blocked = f" (no edit: {visible(fix.blocked)})" if fix.blocked else ""
        yield f"  {label} {visible(fix.title)}{blocked}"
        for line in diff_lines(fix, finding.place.source.path, self._width - 6):
            text = line.text if line.sign == "@" else f"{line.sign} {line.text}".rstrip()
            yield "    " + (text if line.sign == " " else self._paint(line.sign, text))
        if fix.why and fix.edits:
            yield from self._prose("because", fix.why)


def _paragraphs(text: str) -> Iterator[str]:
    for part in re.split(r"\n\s*\n|\n(?=\s*[-*] )", visible_lines(text)):
        if part.strip():
            yield " ".join(part.split())


def _spot(source: Source, line: int) -> str:
    return f"{visible(source.path)}:{line}" + (" (built in)" if source.builtin else "")


def _ignored(report: Report, paint: Paint) -> Iterator[str]:
    for ignored in sorted(report.ignored, key=lambda i: place_key(i.finding)):
        finding = ignored.finding
        place = f"{visible(finding.span.path)}:{finding.span.start.line}:{finding.span.start.column}"
        yield f"{paint('dim', 'ignored:')} {place}: {visible(finding.policy)}: {visible(finding.message)}"
        yield f"  {paint('dim', f'by {ignored.by}:')} {visible(ignored.reason)}"
    if report.ignored:
        yield ""


def _statistics(report: Report, titles: dict[str, str], paint: Paint) -> Iterator[str]:
    counts = Counter((finding.policy, finding.severity) for finding in report.findings)
    digits = max((len(str(count)) for count in counts.values()), default=1)
    for (policy, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        title = visible(titles.get(policy, ""))
        yield f"{count:>{digits}}  {paint(severity, f'{severity:<7}')}  {visible(policy)}  {paint('dim', title)}".rstrip()
    if counts:
        yield ""


def _closing(report: Report, paint: Paint) -> Iterator[str]:
    said = headline(report)
    yield paint("bold", said[:1].upper() + said[1:] + ".") if not report.findings else paint("bold", said)
    if report.broken:
        yield paint("error", "something is broken in lintkit or a policy: this run is not complete")
    for line in closing(report):
        label, _, rest = line.partition(": ")
        yield f"{paint('dim', label + ':')} {rest}"
