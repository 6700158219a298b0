"""``--format checkstyle``: Checkstyle's XML, which Jenkins, reviewdog and many others read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from lintkit.finding import Finding, Report
from lintkit.report.info import Options
from lintkit.report.junit import attributes
from lintkit.report.plain import visible
from lintkit.report.tally import ordered

VERSION = "4.3"
"""Of the format: what its readers expect (conventions of ESLint, PHP_CodeSniffer and reviewdog)."""


def render(report: Report, options: Options | None = None) -> str:
    """Checkstyle XML: a ``file`` a path, an ``error`` a finding, with its line and column.

    What is broken is an error of a file called ``lintkit``. The format has no place for what was not evaluated: readers
    count every entry as an issue.
    """
    options = options or Options()
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<checkstyle version="{VERSION}">']
    for path, group in groupby(ordered(report.findings), key=lambda f: visible(options.path(f.span.path))):
        lines += _file(path, [_error(finding) for finding in group])
    lines += _file("lintkit", [_tag("error", broken, "lintkit.broken", {"line": 1}) for broken in report.broken])
    return "\n".join([*lines, "</checkstyle>"]) + "\n"


def _file(path: str, errors: list[str]) -> Iterator[str]:
    if errors:
        yield f"  <file{attributes({'name': path})}>"
        yield from errors
        yield "  </file>"


def _error(finding: Finding) -> str:
    start = finding.span.start
    return _tag(finding.severity, finding.message, f"lintkit.{finding.policy}", {"line": start.line, "column": start.column})


def _tag(severity: str, message: str, source: str, place: dict[str, int]) -> str:
    known = {name: str(value) for name, value in place.items()}
    return f"    <error{attributes({**known, 'severity': severity, 'message': message, 'source': source})}/>"
