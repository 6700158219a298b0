"""Segment maps lead from an inner text to its file, through as many texts as lie between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lintkit.text.segments import Segment, SegmentMap


def layers(draw: st.DrawFn, text: str) -> tuple[str, list[int], SegmentMap]:
    """An outer text that holds ``text`` in pieces between layout, and where each character of it went."""
    outer, where, segments = "", [], []
    at = 0
    while at < len(text):
        outer += draw(st.sampled_from(("", "~", "~~~")))
        length = draw(st.integers(1, 4))
        piece = text[at : at + length]
        if draw(st.integers(0, 3)) == 0:  # one character, escaped
            piece = piece[0]
            segments.append(Segment(at, len(outer), 3, exact=False))
            where.append(len(outer))
            outer += "\\x" + piece
        else:
            segments.append(Segment(at, len(outer), len(piece)))
            where += range(len(outer), len(outer) + len(piece))
            outer += piece
        at += len(piece)
    return outer + draw(st.sampled_from(("", "~"))), where, SegmentMap(tuple(segments))


@st.composite
def towers(draw: st.DrawFn) -> tuple[list[str], list[list[int]], list[SegmentMap]]:
    texts = [draw(st.text("abcdef", min_size=1, max_size=12))]
    wheres, maps = [], []
    for _ in range(draw(st.integers(1, 3))):
        outer, where, found = layers(draw, texts[-1])
        texts.append(outer)
        wheres.append(where)
        maps.append(found)
    return texts, wheres, maps


@given(towers())
def test_every_character_is_found_where_it_was_put(tower: tuple[list[str], list[list[int]], list[SegmentMap]]) -> None:
    _, wheres, maps = tower
    assert [maps[0].offset(i) for i in range(len(wheres[0]))] == wheres[0]


@given(towers())
def test_composed_maps_lead_where_one_after_the_other_leads(tower: tuple[list[str], list[list[int]], list[SegmentMap]]) -> None:
    texts, wheres, maps = tower
    composed = maps[0]
    for outer in maps[1:]:
        composed = composed.compose(outer)
    for i in range(len(texts[0])):
        at = i
        for where in wheres:
            at = where[at]
        assert composed.offset(i) == at


@given(towers(), st.data())
def test_composing_may_begin_at_either_end(
    tower: tuple[list[str], list[list[int]], list[SegmentMap]], data: st.DataObject
) -> None:
    texts, _, maps = tower
    if len(maps) < 3:
        return
    left = maps[0].compose(maps[1]).compose(maps[2])
    right = maps[0].compose(maps[1].compose(maps[2]))
    start = data.draw(st.integers(0, len(texts[0])))
    end = data.draw(st.integers(start, len(texts[0])))
    assert left.span(start, end)[0] == right.span(start, end)[0]


@given(towers(), st.data())
def test_spans_are_ordered_and_hold_what_they_stand_for(
    tower: tuple[list[str], list[list[int]], list[SegmentMap]], data: st.DataObject
) -> None:
    texts, wheres, maps = tower
    start = data.draw(st.integers(0, len(texts[0]) - 1))
    end = data.draw(st.integers(start + 1, len(texts[0])))
    first, last = maps[0].span(start, end)
    assert first == wheres[0][start]
    assert first < last <= len(texts[1])
    kept = texts[1][first:last].replace("~", "").replace("\\x", "")
    assert kept == texts[0][start:end]


def test_an_empty_span_after_a_run_stays_behind_it() -> None:
    found = SegmentMap((Segment(0, 10, 3), Segment(3, 20, 2)))
    assert found.span(3, 3) == (13, 13)
    assert found.span(0, 0) == (10, 10)
    assert found.span(5, 5) == (22, 22)


def test_a_map_of_nothing_leads_to_the_beginning() -> None:
    nothing = SegmentMap(())
    assert (nothing.offset(3), nothing.span(1, 4)) == (0, (0, 0))
    assert SegmentMap((Segment(0, 2, 3),)).compose(nothing).span(0, 3) == (0, 0)


def test_indentation_adds_up_and_one_lock_locks_all() -> None:
    inner, outer = SegmentMap((Segment(0, 0, 1),), "  "), SegmentMap((Segment(0, 0, 1),), "    ", "folded")
    composed = inner.compose(outer)
    assert (composed.indent, composed.locked) == ("      ", "folded")
