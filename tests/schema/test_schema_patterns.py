"""Patterns mean what they mean to RE2, and none of them runs away."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintkit.schema.patterns import LONGEST, QUANTITY, _by_re2, _compiled, matches


@pytest.mark.parametrize(
    ("pattern", "text", "verdict"),
    [
        (QUANTITY, "1.5Gi", True),
        (QUANTITY, "1 Gi", False),
        (r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$", "1h30m", True),
        (r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$", "90", False),
        (r"^https*://", "http://x", True),
        (r"^a$", "a\n", False),
        (r"^\w+$", "é", False),
        (r"^[[:alpha:]]+$", "abc", True),
        (r"^\pL+$", "é1", False),
        (r"b", "abc", True),
    ],
)
def test_a_pattern_is_searched_as_re2_does(pattern: str, text: str, verdict: bool) -> None:
    assert matches(pattern, text) is verdict


@pytest.mark.parametrize("pattern", ["(", "a{1", "(?=a)b", r"\1", "*"])
def test_what_is_no_re2_has_no_verdict(pattern: str) -> None:
    assert matches(pattern, "ab") is None or matches(pattern, "ab") is _by_re2(pattern, "ab")


def test_a_very_long_text_has_no_verdict() -> None:
    assert matches("^a*$", "a" * (LONGEST + 1)) is None


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "^(a|a)*$", "^(a*)*b", "^((a*)b*)*$", "^(?:(?:a+)b?)+$", "a*a*b", "(" * 600 + ")" * 600, "a{99999999999}"],
)
def test_no_pattern_runs_away(pattern: str) -> None:
    start = time.process_time()
    matches(pattern, "a" * 500 + "!")
    assert time.process_time() - start < 0.5


_PIECES = st.sampled_from(
    ["a", "[a-c]", "[^b]", ".", r"\.", r"\d", r"\w", "(a|b)", "(?:ab)", "b?", "a*", "[ab]+", "a{1,2}", "^", "$", r"[\w.-]"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, min_size=1, max_size=5), st.text("ab.1\n-c", max_size=8))
def test_python_and_re2_agree_where_python_is_used(pieces: list[str], text: str) -> None:
    pattern = "".join(pieces)
    if _compiled(pattern) is not None:
        assert matches(pattern, text) is _by_re2(pattern, text)
