"""``--format junit``: one failed test case a finding; what was not evaluated is skipped, never passed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from lintkit.finding import Finding, Report
from lintkit.records import NamedTuple
from lintkit.report.info import Options
from lintkit.report.plain import visible
from lintkit.report.tally import environments_of, named_resource, ordered, silence_line, silences


class _Case(NamedTuple):
    attributes: dict[str, str]
    outcome: str  # failure, error, skipped, or empty: passed
    type: str
    message: str
    body: str


def render(report: Report, options: Options | None = None) -> str:
    """JUnit XML: a suite a file, in path order. A run without findings has one passed case, as readers refuse an empty report."""
    options = options or Options()
    suites = [
        (path, [_failure(finding, path, report) for finding in group])
        for path, group in groupby(ordered(report.findings), key=lambda f: visible(options.path(f.span.path)))
    ]
    if options.show_all and report.ignored:
        suites.append(("ignored", [_ignored(i.finding, options.path(i.finding.span.path), i.reason) for i in report.ignored]))
    if report.not_evaluated:
        skipped = [(", ".join(s.policies), silence_line(s)) for s in silences(report)]
        suites.append(("not evaluated", [_Case(_names(name, "lintkit"), "skipped", "", text, "") for name, text in skipped]))
    if report.broken:
        suites.append(("lintkit", [_Case(_names("lintkit", "lintkit"), "error", "broken", text, "") for text in report.broken]))
    if not report.findings and not report.broken:
        suites.append(("lintkit", [_Case(_names("nothing found", "lintkit"), "", "", "", "")]))
    cases = [case for _, suite in suites for case in suite]
    out = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{attributes({'name': 'lintkit', **_counts(cases)})}>"]
    for name, suite in suites:
        out.append(f"  <testsuite{attributes({'name': name, **_counts(suite)})}>")
        out += (line for case in suite for line in _case(case))
        out.append("  </testsuite>")
    return "\n".join([*out, "</testsuites>"]) + "\n"


def _names(name: str, classname: str) -> dict[str, str]:
    return {"name": name, "classname": classname}


def _counts(cases: Sequence[_Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    return {"tests": str(len(cases)), **{name: str(outcomes.count(outcome)) for name, outcome in counts.items()}}


def _placed(finding: Finding, path: str) -> dict[str, str]:
    name = f"{finding.policy} {named_resource(finding)}".strip()
    return {**_names(name, path), "file": path, "line": str(finding.span.start.line)}


def _failure(finding: Finding, path: str, report: Report) -> _Case:
    start = finding.span.start
    environments = environments_of(finding, report)
    body = [
        f"{finding.severity}: {finding.message}",
        f"{path}:{start.line}:{start.column}",
        f"environments: {environments}" if environments else "",
        *(f"{r.place.source.path}:{r.place.first.line}: {r.message}" for r in finding.related),
        f"why: {' '.join(finding.why.split())}" if finding.why else "",
        f"remedy: {' '.join(finding.remedy.split())}" if finding.remedy else "",
    ]
    text = "\n".join(visible(line) for line in body if line)
    return _Case(_placed(finding, path), "failure", finding.policy, finding.message, text)


def _ignored(finding: Finding, path: str, reason: str) -> _Case:
    return _Case(_placed(finding, path), "skipped", "", f"ignored: {reason}", "")


def _case(case: _Case) -> Iterator[str]:
    head = f"    <testcase{attributes(case.attributes)}"
    if not case.outcome:
        yield head + "/>"
        return
    yield head + ">"
    about = {"type": case.type, "message": case.message} if case.type else {"message": case.message}
    body = _legal(escape(case.body))
    yield f"      <{case.outcome}{attributes(about)}" + (f">{body}</{case.outcome}>" if body else "/>")
    yield "    </testcase>"


def attributes(values: dict[str, str]) -> str:
    """XML attributes, each after a space."""
    return "".join(f" {name}={_legal(quoteattr(visible(value)))}" for name, value in values.items())


def _legal(text: str) -> str:
    # the two characters that XML 1.0 forbids and that are no control characters
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
