"""Every format over one report, byte for byte. ``LINTKIT_ACCEPT=1`` rewrites the files: read the difference."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from lintkit.finding import Report
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
