"""The page: a head that lets nothing run but its own script, the sections, the data."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from lintkit import __version__
from lintkit.finding import Report
from lintkit.report.html.changes import changes
from lintkit.report.html.cloud import deliveries, environments, placement_groups, roles
from lintkit.report.html.data import embedded
from lintkit.report.html.markup import Markup, el, join
from lintkit.report.html.sections import findings, judged_policies, not_judged, summary
from lintkit.report.info import URL, Options, PolicyInfo
from lintkit.report.tally import headline

_ASSETS = Path(__file__).resolve().parent / "assets"
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4'"
    " fill='%231f4e5f'/%3E%3Cpath d='M4 8.5l2.7 2.7L12 5.5' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E"
)


def render(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    """The report as one page. Equal reports give equal bytes.

    Its Content-Security-Policy names its script and style by their SHA-256 and allows nothing else: no request, no
    other script, no handler in an attribute. Everything of the repository is text, in elements and in JSON.
    """
    script, style = _script(), _style()
    name = options.overview.name if options.overview else ""
    sections = _sections(report, policies, options)
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(script, style)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{headline(report)}: {name + ', ' if name else ''}lintkit"),
        el("link", rel="icon", href=_ICON),
        el("style", Markup(style)),
    )
    body = el(
        "body",
        el("a", "Skip to the findings", href="#findings", class_="skip"),
        el("div", _navigation(sections, name), el("main", *(part for _, _, part in sections), _footer()), class_="page"),
        el("script", Markup(embedded(report)), type="application/json", id="data"),
        el("script", Markup(script)),
    )
    return join(Markup("<!doctype html>\n"), el("html", Markup("\n"), head, Markup("\n"), body, lang="en"), Markup("\n"))


def _sections(report: Report, policies: Sequence[PolicyInfo], options: Options) -> list[tuple[str, str, Markup]]:
    """Id, name and content of every section there is something for."""
    found: list[tuple[str, str, Markup | None]] = [
        ("summary", "Summary", summary(report, options)),
        ("findings", "Findings", findings(report)),
        ("changes", "Changes", changes(report.changes)),
        ("policies", "Policies", judged_policies(report, policies)),
    ]
    if options.overview:
        members = options.overview.environments
        found += [
            ("environments", "Environments", environments(members, report)),
            ("placement-groups", "Placement groups", placement_groups(members)),
            ("roles", "Roles by node", roles(members)),
            ("deliveries", "Deliveries", deliveries(members, report)),
        ]
    found.append(("not-judged", "Not judged", not_judged(report)))
    return [(key, title, part) for key, title, part in found if part is not None]


def _navigation(sections: Sequence[tuple[str, str, Markup]], name: str) -> Markup:
    links = [el("li", el("a", title, href=f"#{key}")) for key, title, _ in sections]
    return el(
        "nav",
        el("p", el("span", "lintkit", class_="word"), el("span", name, class_="repository") if name else None, class_="mark"),
        el("ul", *links),
        aria_label="Sections",
    )


def _footer() -> Markup:
    return el("footer", el("p", "Written by ", el("a", f"lintkit {__version__}", href=URL, rel="noreferrer"), "."))


def _policy(script: str, style: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def _script() -> str:
    return "\n".join(_asset(name) for name in ("uplot/uPlot.iife.min.js", "findings.js", "charts.js"))


@lru_cache(maxsize=1)
def _style() -> str:
    return "\n".join(_asset(name) for name in ("uplot/uPlot.min.css", "style.css"))


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text("utf-8")
