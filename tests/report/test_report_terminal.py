"""Colours: who decides, in which order."""

from __future__ import annotations

import pytest

from lintkit.report.terminal import use_color, use_links


@pytest.mark.parametrize(
    ("flag", "env", "isatty", "expected"),
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1", "CLICOLOR": "0"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("auto", {"CLICOLOR": "0"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {}, False, False),
    ],
)
def test_the_flag_wins_then_no_color_then_force_then_clicolor_then_the_terminal(
    flag: str, env: dict[str, str], isatty: bool, expected: bool
) -> None:
    assert use_color(flag, env, isatty) is expected


def test_links_need_a_real_terminal_even_when_colours_are_forced() -> None:
    assert use_links({"FORCE_COLOR": "1"}, isatty=False) is False
    assert use_links({"TERM": "dumb"}, isatty=True) is False
    assert use_links({}, isatty=True) is True
