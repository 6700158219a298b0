"""Positions: lines end at LF, columns and offsets count characters after a byte order mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.text.source import Place, Source

ANY = st.text(st.sampled_from("ab\n\r\té\U0001f600\ufeff\u2028\x0c"), max_size=40)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("\ufeffa\nb\n", ["a", "b"]),
        ("a\rb\n", ["a\rb"]),
        ("a\n\n\n", ["a", "", ""]),
        ("a\u2028b\x0cc\n", ["a\u2028b\x0cc"]),
        ("\r\n", [""]),
    ],
)
def test_lines_end_at_a_line_feed_and_a_final_one_opens_none(text: str, lines: list[str]) -> None:
    source = Source("x", text)
    assert [source.line(n + 1) for n in range(source.line_count)] == lines


def test_a_line_past_the_end_is_empty() -> None:
    assert (Source("x", "a\n").line(7), Source("x", "a\n").line(0)) == ("", "")


@pytest.mark.parametrize(("text", "newline"), [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("\n", "\n")])
def test_the_first_line_says_what_ends_lines(text: str, newline: str) -> None:
    assert Source("x", text).newline == newline


@given(ANY)
def test_a_position_is_where_counting_leads(text: str) -> None:
    source = Source("x", text)
    line, column = 1, 1
    for offset in range(len(source.text) + 1):
        assert source.position(offset) == (line, column, offset)
        if source.text[offset : offset + 1] == "\n":
            line, column = line + 1, 1
        else:
            column += 1


@given(ANY)
def test_a_byte_order_mark_is_remembered_and_not_counted(text: str) -> None:
    plain = Source("x", text.lstrip("\ufeff"))
    marked = Source("x", "\ufeff" + plain.text)
    assert marked.bom
    assert not plain.bom
    assert marked.text == plain.text
    assert [marked.position(i) for i in range(len(plain.text))] == [plain.position(i) for i in range(len(plain.text))]


@given(ANY)
def test_lines_with_their_ends_are_the_text(text: str) -> None:
    source = Source("x", text)
    spans = [source.line_span(n) for n in range(1, source.line_count + 1)]
    ends = [b for a, b in zip(spans, [*spans[1:], (len(source.text), 0)], strict=True)]
    joined = "".join(source.text[a:b] + source.text[b : after[0]] for (a, b), after in zip(spans, ends, strict=True))
    assert joined == source.text
    assert all("\n" not in source.text[a:b] for a, b in spans)


def test_a_place_has_the_positions_of_its_ends() -> None:
    place = Place(Source("x", "ab\ncd\n"), 1, 5)
    assert (place.first, place.last, place.locked) == ((1, 2, 1), (2, 3, 5), None)
