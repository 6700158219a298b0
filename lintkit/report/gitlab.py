"""``--format gitlab``: a Code Quality report for merge requests (docs.gitlab.com, "Code Quality report format")."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from lintkit.finding import Finding, Report
from lintkit.report.info import Options
from lintkit.report.plain import dump, visible
from lintkit.report.tally import last_line, ranked

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def render(report: Report, options: Options | None = None) -> str:
    """A JSON array, gravest first, without a byte order mark. GitLab hides ``check_name``, so descriptions repeat it.

    The format has no place for what was not evaluated or is broken; the exit code tells the latter.
    """
    options = options or Options()
    seen: dict[str, int] = {}
    items = [dump(_item(finding, options, seen)) for finding in ranked(report.findings)]
    return "[" + ",\n".join(items) + "]\n"


def _item(finding: Finding, options: Options, seen: dict[str, int]) -> dict[str, Any]:
    return {
        "description": visible(f"{finding.policy}: {finding.message}"),
        "check_name": finding.policy,
        "fingerprint": _unique(finding.fingerprint, seen),
        "severity": _SEVERITIES.get(finding.severity, "info"),
        "location": {
            "path": options.path(finding.span.path),
            "lines": {"begin": finding.span.start.line, "end": last_line(finding.span)},
        },
    }


def _unique(fingerprint: str, seen: dict[str, int]) -> str:
    """GitLab drops a second item with the same fingerprint: later ones get their own, the same in every run."""
    seen[fingerprint] = count = seen.get(fingerprint, 0) + 1
    return fingerprint if count == 1 else sha256(f"{fingerprint}:{count}".encode("utf-8", "surrogatepass")).hexdigest()
