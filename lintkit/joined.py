"""Findings of several environments as one, and the order in which all are told."""

from __future__ import annotations

from collections.abc import Iterable

from lintkit.finding import Finding, IgnoredFinding
from lintkit.words import SEVERITIES


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Equal findings of several environments at one span become one that names them all, as grave as the gravest."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        place = finding.place
        key = (finding.policy, finding.span.path, place.start, place.end, finding.message, finding.status)
        alike.setdefault(key, []).append(finding)
    return [group[0] if len(group) == 1 else _joined(group) for group in alike.values()]


def _joined(findings: list[Finding]) -> Finding:
    environments = dict.fromkeys(name for finding in findings for name in finding.environments)
    return min(findings, key=_gravity)._replace(environments=tuple(environments))


def _gravity(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def order(finding: Finding) -> tuple[str, int, int, int, str, str]:
    """What findings are sorted by: place, severity, policy, message."""
    place = finding.place
    return (finding.span.path, place.start, place.end, SEVERITIES.index(finding.severity), finding.policy, finding.message)


def order_ignored(ignored: IgnoredFinding) -> tuple[str, int, int, int, str, str]:
    """The same for findings that are accepted."""
    return order(ignored.finding)
