"""The formats by name. Each is imported when it is used, so that a run pays for one only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from lintkit.finding import Report
from lintkit.report.info import Options, PolicyInfo

Render = Callable[[Report, Sequence[PolicyInfo], Options], str]
"""A report, the policies it may name, and how to show it -> the text to write (UTF-8, ending in a line end)."""


def _human(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import human

    return human.render(
        report,
        color=options.color,
        width=options.width,
        links=options.links,
        policies=policies,
        show_all=options.show_all,
        statistics=options.statistics,
    )


def _json(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import jsonout

    return jsonout.render(report)


def _sarif(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import sarif

    return sarif.render(report, policies, options)


def _github(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import github

    return github.render(report, options)


def _gitlab(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import gitlab

    return gitlab.render(report, options)


def _junit(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import junit

    return junit.render(report, options)


def _checkstyle(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import checkstyle

    return checkstyle.render(report, options)


def _rdjson(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import rdjson

    return rdjson.render(report, policies, options)


def _markdown(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report import markdown

    return markdown.render(report, policies, options)


def _html(report: Report, policies: Sequence[PolicyInfo], options: Options) -> str:
    from lintkit.report.html import page

    return page.render(report, policies, options)


FORMATS: Mapping[str, Render] = MappingProxyType(
    {
        "human": _human,
        "json": _json,
        "sarif": _sarif,
        "github": _github,
        "gitlab": _gitlab,
        "junit": _junit,
        "checkstyle": _checkstyle,
        "rdjson": _rdjson,
        "markdown": _markdown,
        "html": _html,
    }
)
"""Format name (as ``--format`` takes it) -> how to write a report in it."""
