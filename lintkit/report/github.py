"""``--format github``: annotations as GitHub Actions workflow commands.

Source: actions/toolkit and actions/runner. A step shows ten annotations of each level, the rest is dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lintkit.finding import Finding, Report
from lintkit.records import NamedTuple
from lintkit.report.info import Options
from lintkit.report.plain import visible
from lintkit.report.tally import closing, environments_of, headline, last_line, many, ranked

MOST = 10
"""Annotations of one level that GitHub shows for a step."""
_LEVELS = {"error": "error", "warning": "warning"}


class _Annotation(NamedTuple):
    level: str
    command: str
    line: str


def render(report: Report, options: Options | None = None) -> str:
    """Annotations, gravest and new ones first, at most ten a level; the others as log lines and one closing notice."""
    options = options or Options()
    annotations = {text: _Annotation("error", f"::error title=lintkit::{_message(text)}", text) for text in report.broken}
    for finding in ranked(report.findings):
        annotation = _annotation(finding, report, options)
        annotations.setdefault(annotation.command, annotation)
    shown, left = _share(annotations.values(), MOST)
    if left:  # the closing notice is an annotation too
        shown, left = _share(annotations.values(), MOST - 1)
    return "\n".join([*(annotation.command for annotation in shown), *_log(report, left)]) + "\n"


def _share(annotations: Iterable[_Annotation], notices: int) -> tuple[list[_Annotation], list[_Annotation]]:
    room = {"error": MOST, "warning": MOST, "notice": notices}
    shown: list[_Annotation] = []
    left: list[_Annotation] = []
    for annotation in annotations:
        if room[annotation.level]:
            room[annotation.level] -= 1
            shown.append(annotation)
        else:
            left.append(annotation)
    return shown, left


def _annotation(finding: Finding, report: Report, options: Options) -> _Annotation:
    level, path = _LEVELS.get(finding.severity, "notice"), options.path(finding.span.path)
    start, end = finding.span.start, finding.span.end
    properties = [f"file={_property(path)}", f"line={start.line}", f"endLine={last_line(finding.span)}"]
    if end.line == start.line:  # GitHub refuses columns of spans over several lines
        properties += (f"col={start.column}", f"endColumn={end.column}")
    properties.append(f"title={_property(finding.policy)}")
    environments = environments_of(finding, report)
    message = finding.message + (f" (environments: {environments})" if environments else "")
    line = f"./{path}:{start.line}:{start.column}: {finding.severity}: {finding.policy}: {message}"
    return _Annotation(level, f"::{level} {','.join(properties)}::{_message(message)}", line)


def _log(report: Report, left: list[_Annotation]) -> Iterator[str]:
    if left:
        yield f"::group::{many(len(left), 'finding')} without annotation"
        yield from (_harmless(annotation.line) for annotation in left)
        yield "::endgroup::"
    yield f"lintkit: {headline(report)}"
    yield from (_harmless(line) for line in closing(report))
    if left:
        yield f"::notice::lintkit: {many(len(left), 'more finding')}, see job summary"


def _harmless(line: str) -> str:
    # the runner reads "##[" anywhere in a line as a command, and "::" at its start
    return ("./" if line.startswith(":") else "") + visible(line).replace("##[", "## [")


def _message(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
