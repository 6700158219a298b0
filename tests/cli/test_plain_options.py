"""The options of ``check`` mean the same whether typer reads them or the table alone."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit import options
from lintkit.cli import app
from lintkit.options import CHECK, Option, Request, plainly_asked
from lintkit.report.formats import FORMATS

WORDS = st.sampled_from(
    ["", "a", "x.yaml", "HEAD~1", "a,b", "with space", "é", "json", "lab", "error", "7", "-", "--", "-1", "-o"]
)


def by_typer(arguments: list[str]) -> Request | None:
    """What typer makes of the arguments; None when it refuses them."""
    asked: list[Request] = []

    def note(request: Request) -> int:
        asked.append(request)
        return 0

    with patch("lintkit.checking.check", note):
        try:
            app(["check", *arguments], prog_name="lintkit", standalone_mode=False)
        except Exception:
            return None
    return asked[0] if asked else None


def valued(option: Option) -> st.SearchStrategy[list[str]]:
    flags = st.sampled_from(option.flags)
    if option.takes == "switch":
        return flags.map(lambda flag: [flag])
    values = st.sampled_from(option.choices) | WORDS if option.choices else WORDS
    return st.builds(lambda flag, value, one: [f"{flag}={value}"] if one else [flag, value], flags, values, st.booleans())


ARGUMENTS = st.lists(st.one_of(WORDS.map(lambda word: [word]), *map(valued, CHECK)), max_size=6).map(
    lambda parts: [word for part in parts for word in part]
)


@given(ARGUMENTS)
def test_what_is_plainly_asked_is_what_typer_reads(arguments: list[str]) -> None:
    asked = plainly_asked(arguments)
    if asked is not None:
        assert by_typer(arguments) == asked


@pytest.mark.parametrize("option", CHECK, ids=lambda option: option.name)
def test_every_option_is_read_both_ways(option: Option) -> None:
    value = {"text": (option.choices or ("x",))[-1], "file": "f", "number": "3"}.get(option.takes)
    arguments = ["p", option.flags[0], *([value] if value else [])]
    asked = plainly_asked(arguments)
    assert asked is not None
    assert asked == by_typer(arguments)
    assert asked._replace(paths=()) != Request()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--formt", "json"], ["--format", "jso"], ["--jobs", "-1"], ["-ofile"], ["--fix=1"]]
)
def test_the_rest_is_left_to_typer(arguments: list[str]) -> None:
    assert plainly_asked(arguments) is None


def test_every_format_can_be_asked_for() -> None:
    assert set(options.FORMATS) == set(FORMATS)


def test_an_ordinary_request() -> None:
    asked = plainly_asked(["a.yaml", "--format=json", "--output", "r.json", "--format", "sarif", "--all", "b"])
    assert asked == Request(("a.yaml", "b"), ("json", "sarif"), (Path("r.json"),), show_all=True)
