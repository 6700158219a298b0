"""Orders, counts and the sentences about a whole run that several formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lintkit.finding import Finding, Fix, Report, Span
from lintkit.records import NamedTuple
from lintkit.report.plain import visible
from lintkit.words import SEVERITIES

_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Silence(NamedTuple):
    """Policies that could not speak in these environments, for one reason."""

    policies: tuple[str, ...]
    environments: tuple[str, ...]
    reason: str


def place_key(finding: Finding) -> tuple[object, ...]:
    """Sort key: path, position, severity, policy, and what tells findings of one place apart."""
    start, end = finding.span.start, finding.span.end
    rest = (finding.policy, finding.environments, finding.resource, finding.resource_path, finding.message, finding.fingerprint)
    return (finding.span.path, start.line, start.column, end.line, end.column, _RANK.get(finding.severity, 9), *rest)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as a reader of the files meets them: path, position, severity, policy."""
    return sorted(findings, key=place_key)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with the gravest first, new before existing, then by place: for formats that are cut."""
    return sorted(findings, key=lambda f: (_RANK.get(f.severity, 9), f.status == "existing", *place_key(f)))


def last_line(span: Span) -> int:
    """The last line that a span has characters of (from 1): a span that ends where a line starts ends before it."""
    return span.end.line - (span.end.line > span.start.line and span.end.column == 1)


def by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """Number of findings of each severity, zeros included, gravest first."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in SEVERITIES}


def many(count: int, word: str) -> str:
    """``1 file``, ``2 files``, ``2 fixes``, ``2 policies``."""
    if count == 1:
        return f"1 {word}"
    plural = word[:-1] + "ies" if word.endswith("y") else word + ("es" if word.endswith("x") else "s")
    return f"{count} {plural}"


def headline(report: Report) -> str:
    """``2 errors, 1 warning in 212 files, 3 environments`` or ``nothing found in 212 files``."""
    said = [f"{n} info" if s == "info" else many(n, s) for s, n in by_severity(report.findings).items() if n]
    scope = many(report.files, "file")
    if report.environments:
        scope += ", " + many(len(report.environments), "environment")
    return f"{', '.join(said) or 'nothing found'} in {scope}"


def silences(report: Report) -> tuple[Silence, ...]:
    """What was not evaluated, grouped: one reason of many subjects, policies and environments is one line."""
    general: dict[str, tuple[set[str], set[str]]] = {}
    subjects: dict[tuple[str, str, str], list[str]] = {}
    for policy, environment, reason in sorted(report.not_evaluated):
        subject, detail = _subject_of(reason)
        if subject:
            subjects.setdefault((policy, environment, detail), []).append(subject)
        else:
            policies, environments = general.setdefault(detail, (set(), set()))
            policies.add(policy)
            environments.add(environment)
    joined: dict[tuple[str, str], set[str]] = {}
    for (policy, environment, detail), names in subjects.items():
        joined.setdefault((_whose(names, detail), environment), set()).add(policy)
    where: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for (reason, environment), ids in joined.items():
        where.setdefault((tuple(sorted(ids)), reason), set()).add(environment)
    for reason, (policies, environments) in general.items():
        where.setdefault((tuple(sorted(policies)), reason), set()).update(environments)
    return tuple(Silence(names, tuple(sorted(e for e in at if e)), reason) for (names, reason), at in sorted(where.items()))


def _subject_of(reason: str) -> tuple[str, str]:
    """A reason's subject (``Pool/rook-ceph/images``) and the rest; no subject for a reason about the environment."""
    head, colon, rest = reason.partition(": ")
    if not colon or "/" not in head or " " in head:
        return "", reason
    # the environment is named anyway
    return ("", rest) if head.startswith("Environment/") else (head, rest)


def _whose(subjects: list[str], detail: str) -> str:
    if len(subjects) == 1:
        return f"{subjects[0]}: {detail}"
    more = f" and {len(subjects) - 3} more" if len(subjects) > 3 else ""
    return f"{detail} ({', '.join(subjects[:3])}{more})"


def silence_line(silence: Silence) -> str:
    """``selector-matches-no-node (prod): no node inventory``, on one line and printable."""
    where = f" ({_first(silence.environments, 'environments')})" if silence.environments else ""
    return visible(f"{_first(silence.policies, 'policies')}{where}: {silence.reason}")


def _first(names: Sequence[str], what: str) -> str:
    """Names joined; of many the first, and how many more of ``what`` there are."""
    return ", ".join(names if len(names) <= 6 else [*names[:3], f"{len(names) - 3} more {what}"])


def _same(fix: Fix) -> tuple[object, ...]:
    return (fix.title, fix.safe, tuple((e.source.path, e.start, e.end, e.text) for e in fix.edits))


def fix_counts(findings: Iterable[Finding]) -> tuple[int, int]:
    """Number of safe and of unsafe fixes that can be made; one fix offered by several findings counts once."""
    fixes = {_same(f.fix): f.fix.safe for f in findings if f.fix is not None and f.fix.edits}
    safe = sum(fixes.values())
    return safe, len(fixes) - safe


def fix_line(findings: Sequence[Finding]) -> str:
    """``3 safe fixes with --fix, 2 more with --unsafe-fixes``; empty when there is none."""
    safe, unsafe = fix_counts(findings)
    if not safe and not unsafe:
        return ""
    if not safe:
        return f"{many(unsafe, 'unsafe fix')} with --unsafe-fixes"
    first = f"{many(safe, 'safe fix')} with --fix"
    return f"{first}, {unsafe} more with --unsafe-fixes" if unsafe else first


def closing(report: Report) -> tuple[str, ...]:
    """Everything the run did not judge or show, one printable line a reason, after the headline."""
    lines = [f"not evaluated: {silence_line(silence)}" for silence in silences(report)]
    if report.skipped:
        total: Counter[str] = Counter()
        for reason, count in report.skipped:
            total[reason] += count
        lines.append("skipped: " + ", ".join(f"{visible(reason)} ({count})" for reason, count in sorted(total.items())))
    if report.unknown_values:
        lines.append(f"unknown: {many(report.unknown_values, 'value')} that cannot be read here")
    if report.ignored:
        by = Counter(ignored.by for ignored in report.ignored)
        how = ", ".join(f"{count} by {name}" for name, count in sorted(by.items()))
        lines.append(f"ignored: {many(len(report.ignored), 'finding')} ({how})")
    if report.resolved:
        lines.append(f"resolved: {many(len(report.resolved), 'finding')} of the base")
    fixes = fix_line(report.findings)
    if fixes:
        lines.append(f"fixes: {fixes}")
    lines += (f"note: {visible(note)}" for note in report.notes)
    lines += (f"broken: {visible(text)}" for text in report.broken)
    return tuple(lines)


def environments_of(finding: Finding, report: Report) -> str:
    """The finding's environments, printable, of many the first ones, when the run knows more than one; else empty."""
    return visible(_first(finding.environments, "environments")) if len(report.environments) > 1 else ""


def named_resource(finding: Finding) -> str:
    """``CephBlockPool rook-ceph/glance.images``; empty for findings about no resource."""
    kind, namespace, name = finding.resource
    shown = finding.resource.shown if kind else name
    return visible(f"{kind} {namespace + '/' if namespace else ''}{shown}".strip())
