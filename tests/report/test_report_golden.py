"""Every format over one report, byte for byte. ``LINTKIT_ACCEPT=1`` rewrites the files: read the difference."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from lintkit.finding import ChangeSummary, EnvironmentChange, Report
from lintkit.records import replace
from lintkit.report.formats import FORMATS
from lintkit.report.info import Options, PolicyInfo

GOLDEN = Path(__file__).parent / "golden"
WHOLE = sorted(FORMATS.keys() - {"html"})  # a page is mostly style and script: tests/report/test_report_html.py
NOTHING = Report(findings=(), files=1, environments=("prod",))


def _same(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("LINTKIT_ACCEPT") == "1":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


@pytest.mark.parametrize("name", WHOLE)
def test_a_format_writes_what_its_golden_file_holds(name: str, report: Report, policies: Sequence[PolicyInfo]) -> None:
    _same(f"{name}.txt", FORMATS[name](report, policies, Options()))


@pytest.mark.parametrize("name", WHOLE)
def test_a_format_shows_all_when_asked(name: str, report: Report, policies: Sequence[PolicyInfo]) -> None:
    options = Options(color=True, width=60, links=True, show_all=True, statistics=True, prefix="cloud", category="nightly")
    _same(f"{name}-all.txt", FORMATS[name](report, policies, options))


@pytest.mark.parametrize("name", WHOLE)
def test_a_format_says_that_nothing_was_found(name: str) -> None:
    _same(f"{name}-nothing.txt", FORMATS[name](NOTHING, (), Options()))


def test_markdown_shows_what_a_change_does(report: Report, policies: Sequence[PolicyInfo], summary: ChangeSummary) -> None:
    _same("markdown-changes.txt", FORMATS["markdown"](replace(report, changes=summary), policies, Options()))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"markdown", "html"}))
def test_other_formats_leave_the_change_summary_out(name: str, report: Report, summary: ChangeSummary) -> None:
    assert FORMATS[name](replace(report, changes=summary), (), Options()) == FORMATS[name](report, (), Options())


@pytest.mark.parametrize(("kind", "unplaced"), [("unchanged", ()), ("unplaced", ("chart/templates/a_b.yaml", "values.yaml"))])
def test_markdown_says_that_nothing_changes(kind: str, unplaced: tuple[str, ...]) -> None:
    summary = ChangeSummary((EnvironmentChange("prod"),), unplaced)
    _same(f"markdown-{kind}.txt", FORMATS["markdown"](replace(NOTHING, changes=summary), (), Options()))
