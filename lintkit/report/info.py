"""What formats need beside the report: the policies' own words, and how the reader wants it shown."""

from __future__ import annotations

from dataclasses import dataclass

URL = "https://github.com/lintkit/lintkit"


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """A policy as reports describe it.

    ``severity`` is the one of this run's profile (``error``, ``warning``, ``info`` or ``off``); ``url`` is the
    policy's page, empty when it has none; ``references`` are addresses or titles of what the policy rests on.
    """

    id: str
    family: str
    title: str
    why: str = ""
    remedy: str = ""
    severity: str = "error"
    references: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is shown; every format reads only what concerns it.

    ``width`` is in terminal cells. ``show_all`` also lists ignored findings, ``statistics`` adds counts by policy.
    ``prefix`` is the root's path below the top of the work tree, which CI systems count paths from.
    ``category`` tells several SARIF uploads of one commit apart.
    """

    color: bool = False
    width: int = 80
    links: bool = False
    show_all: bool = False
    statistics: bool = False
    prefix: str = ""
    category: str = ""

    def path(self, path: str) -> str:
        """``path`` (relative to the root) counted from the top of the work tree, with ``/``."""
        prefix = self.prefix.strip("/")
        return f"{prefix}/{path}" if prefix else path
