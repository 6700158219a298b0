"""``--format sarif``: SARIF 2.1.0 as GitHub code scanning takes it.

Sources: the OASIS standard, and "SARIF support for code scanning" of docs.github.com for the limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from lintkit import __version__
from lintkit.finding import Finding, Fix, IgnoredFinding, Report
from lintkit.report.info import URL, Options, PolicyInfo
from lintkit.report.plain import dump, visible, visible_lines
from lintkit.report.tally import many, named_resource, ranked, silence_line, silences
from lintkit.text.source import Place, Position

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5_000
"""GitHub keeps this many results of a run; a few more limits reject the upload."""
_MOST_RELATED = 100
_MOST_NOTES = 1_000
_LEVELS = {"error": "error", "warning": "warning", "info": "note", "off": "none"}
_PROBLEMS = {"error": "error", "warning": "warning"}


def render(report: Report, policies: Sequence[PolicyInfo] = (), options: Options | None = None) -> str:
    """One SARIF run on one line, ending in a line end.

    Above 5,000 results the least grave are left out, and a notification says so. Ignored findings are
    there (as suppressed results) only with ``options.show_all``, since GitHub would list them as open.
    """
    options = options or Options()
    findings = ranked(report.findings)
    kept = findings[:MOST_RESULTS]
    ignored = report.ignored[: MOST_RESULTS - len(kept)] if options.show_all else ()
    rules = _rules([*kept, *(i.finding for i in ignored)], policies)
    index = {rule["id"]: at for at, rule in enumerate(rules)}
    results = [_result(f, index, options) for f in kept]
    results += [{**_result(i.finding, index, options), "suppressions": [_suppression(i)]} for i in ignored]
    run = {
        "tool": {"driver": {"name": "lintkit", "semanticVersion": __version__, "informationUri": URL, "rules": rules}},
        "automationDetails": {"id": f"lintkit/{visible(options.category)}/" if options.category else "lintkit/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, len(findings) - len(kept))],
        "results": results,
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rules(findings: Sequence[Finding], policies: Sequence[PolicyInfo]) -> list[dict[str, Any]]:
    """SARIF's word for policies: those that the results name, by id."""
    known = {policy.id: policy for policy in policies}
    named: dict[str, PolicyInfo] = {}
    for f in findings:
        if f.policy not in named:
            plain = PolicyInfo(f.policy, f.family, f.policy.replace("-", " "), f.why, f.remedy, f.severity)
            named[f.policy] = known.get(f.policy, plain)
    return [_rule(policy) for _, policy in sorted(named.items())]


def _rule(policy: PolicyInfo) -> dict[str, Any]:
    title = visible(policy.title) or policy.id
    why, remedy = visible_lines(policy.why).strip(), visible_lines(policy.remedy).strip()
    references = [visible(reference) for reference in policy.references]
    text = [part for part in (why, remedy and f"Remedy: {remedy}", *references) if part]
    markdown = [part for part in (why, remedy and f"**Remedy:** {remedy}", "\n".join(f"- {r}" for r in references)) if part]
    rule: dict[str, Any] = {
        "id": policy.id,
        "name": policy.id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": why or title},
        "help": {"text": "\n\n".join(text) or title, "markdown": "\n\n".join(markdown) or title},
        "defaultConfiguration": {"level": _LEVELS.get(policy.severity, "warning")},
        "properties": {
            # never "security" alone: GitHub then wants a CVE-like score, which a policy has not
            "tags": [f"lintkit-{policy.family}" if policy.family == "security" else policy.family],
            "precision": "high",
            "problem.severity": _PROBLEMS.get(policy.severity, "recommendation"),
        },
    }
    if policy.url:
        rule["helpUri"] = policy.url
    return rule


def _result(finding: Finding, index: dict[str, int], options: Options) -> dict[str, Any]:
    span = finding.span
    related = [r for r in finding.related if not r.place.source.builtin][:_MOST_RELATED]
    value: dict[str, Any] = {
        "ruleId": finding.policy,
        "ruleIndex": index[finding.policy],
        "level": _LEVELS.get(finding.severity, "warning"),
        "message": {"text": _message(finding, [_spot(r.place) for r in related])},
        "locations": [{"physicalLocation": _physical(options.path(span.path), span.start, span.end)}],
        "partialFingerprints": {"lintkitFingerprint/v1": finding.fingerprint},
        "properties": {
            "environments": list(finding.environments),
            "origin": finding.origin,
            "pointer": span.pointer,
            "resource": named_resource(finding),
            "resourcePath": finding.resource_path,
        },
    }
    if related:
        value["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": visible(message)},
                "physicalLocation": _physical(options.path(place.source.path), place.first, place.last),
            }
            for number, (place, message) in enumerate(related, 1)
        ]
    if finding.fix is not None and finding.fix.edits:
        value["fixes"] = [_fix(finding.fix, options)]
    return value


def _message(finding: Finding, spots: Sequence[str]) -> str:
    text = visible(finding.message)
    if "](" in text:  # would read as an embedded link (SARIF 3.11.6)
        text = text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    if not spots:
        return text
    links = ", ".join(f"[{spot}]({number})" for number, spot in enumerate(spots, 1))
    return f"{text}{'' if text.endswith(('.', '!', '?')) else '.'} See {links}."


def _spot(place: Place) -> str:
    path = visible(place.source.path).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return f"{path}:{place.first.line}"


def _physical(path: str, start: Position, end: Position) -> dict[str, Any]:
    return {"artifactLocation": _artifact(path), "region": _region(start, end)}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.encode("utf-8", "surrogatepass")), "uriBaseId": "%SRCROOT%"}


def _region(start: Position, end: Position) -> dict[str, int]:
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}


def _fix(fix: Fix, options: Options) -> dict[str, Any]:
    edits = sorted(fix.edits, key=lambda e: (e.source.path, e.start, e.end))
    changes = [
        {
            "artifactLocation": _artifact(options.path(path)),
            "replacements": [
                {
                    "deletedRegion": _region(edit.source.position(edit.start), edit.source.position(edit.end)),
                    "insertedContent": {"text": edit.text},
                }
                for edit in group
            ],
        }
        for path, group in groupby(edits, key=lambda e: e.source.path)
    ]
    return {"description": {"text": f"{visible(fix.title)} ({'safe' if fix.safe else 'unsafe'})"}, "artifactChanges": changes}


def _suppression(ignored: IgnoredFinding) -> dict[str, str]:
    return {"kind": "inSource" if ignored.by == "comment" else "external", "justification": visible(ignored.reason)}


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    return {"executionSuccessful": not report.broken, "toolExecutionNotifications": list(_notifications(report, left_out))}


def _notifications(report: Report, left_out: int) -> Iterator[dict[str, Any]]:
    if left_out:
        text = f"{many(left_out, 'finding')} left out, the least grave: code scanning keeps {MOST_RESULTS}"
        yield {"level": "warning", "message": {"text": text}}
    for broken in report.broken:
        yield {"level": "error", "message": {"text": visible(broken)}}
    for silence in silences(report)[:_MOST_NOTES]:
        yield {"level": "note", "message": {"text": f"not evaluated: {silence_line(silence)}"}}
    for reason, count in report.skipped:
        yield {"level": "note", "message": {"text": f"skipped: {visible(reason)} ({count})"}}
    for note in report.notes:
        yield {"level": "note", "message": {"text": visible(note)}}
