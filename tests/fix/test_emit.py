"""Style details of what is emitted that the properties do not see."""

from __future__ import annotations

from lintkit.fix.emit import Style, flow_text, item_lines, render, string_text
from lintkit.yamldoc.node import Json


def test_strings_other_parsers_read_as_dates_or_base_60_are_quoted() -> None:
    assert [string_text(text, '"') for text in ("1:30", "2024-01-01", "v1.2", "-x", "a-b")] == [
        '"1:30"', '"2024-01-01"', "v1.2", "-x", "a-b",
    ]  # fmt: skip


def test_several_lines_become_a_literal_block_under_their_key() -> None:
    assert render("a\n\nb\n", 2, Style(step=4)) == ("|", ("      a", "", "      b"))
    assert render("a\nb", 0, Style()).head == "|-"
    assert render(" a\nb", 0, Style()) == ('" a\\nb"', ())


def test_lists_stand_where_the_style_says() -> None:
    value: Json = {"a": [{"b": 1, "c": []}, "x"]}
    assert item_lines(value, 0, Style(list_offset=0)) == ["a:", "- b: 1", "  c: []", "- x"]
    assert item_lines(value, 2, Style(list_offset=2)) == ["  a:", "    - b: 1", "      c: []", "    - x"]


def test_json_has_no_plain_strings() -> None:
    assert flow_text({"a": ["x", None, True, 1.5, "\x7f\n"]}, Style(json=True)) == '{"a": ["x", null, true, 1.5, "\\u007f\\n"]}'
