"""The lines of a file around a span, measured in terminal cells and cut to a width."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from lintkit.records import NamedTuple
from lintkit.report.plain import escape, is_unseen
from lintkit.text.hidden import masked
from lintkit.text.source import Place

TAB = 4
ELLIPSIS = "\u2026"
_JOINER, _EMOJI_STYLE, _WIDE = "\u200d", "\ufe0f", 2
_MOST_LINES = 6
_DOTS = "\u2022" * 8


class Row(NamedTuple):
    """One printable line. ``number`` is its line (0: lines were left out here); ``[start, end)`` the span's cells in it."""

    number: int
    text: str
    start: int
    end: int


class _Unit(NamedTuple):
    """What is printed for one character and those that combine with it: ``at`` its offset, ``cell`` where it starts."""

    at: int
    text: str
    cell: int
    width: int
    length: int = 1


def frame(place: Place, width: int, *, concealed: bool = False) -> tuple[Row, ...]:
    """The lines a span covers, at most six, each cut to ``width`` cells around the span; dots for one that is concealed."""
    source = place.source
    first, last = place.first.line, place.last.line
    if last > first and place.last.column == 1:
        last -= 1
    while last > first and not source.line(last).strip():
        last -= 1
    numbers = list(range(first, last + 1)) if last - first < _MOST_LINES else [*range(first, first + _MOST_LINES - 2), 0, last]
    rows = tuple(_row(place, number, width) if number else Row(0, ELLIPSIS, 0, 0) for number in numbers)
    return tuple(map(_concealed, rows)) if concealed else rows


def _concealed(row: Row) -> Row:
    before, after = row.text[: character_at(row.text, row.start)], row.text[character_at(row.text, row.end) :]
    return Row(row.number, before + _DOTS + after, row.start, row.start + len(_DOTS))


def character_at(text: str, cell: int) -> int:
    """The index of the character that stands at a cell of printable text."""
    if text.isascii():
        return min(cell, len(text))
    return next((at for at in range(len(text) + 1) if cells(text[:at]) >= cell), len(text))


def _row(place: Place, number: int, width: int) -> Row:
    begin, end = place.source.line_span(number)
    start, stop = min(max(place.start, begin), end), max(min(place.end, end), begin)
    if place.start < begin:  # a line inside the span: its indentation is not what the span is about
        while start < stop and place.source.text[start] == " ":
            start += 1
    return Row(number, *cut(masked(place.source.text), begin, end, start, max(stop, start), width))


def cut(text: str, begin: int, end: int, start: int, stop: int, width: int) -> tuple[str, int, int]:
    """The line ``text[begin:end]`` as printed in ``width`` cells around ``[start, stop)``, and the cells of that span."""
    width = max(width, 8)
    low, high = max(begin, start - 2 * width), min(end, start + 2 * width)
    if low < begin + width:
        low = begin
    if end - begin <= width and (line := text[begin:end]).isascii() and line.isprintable():
        return line, start - begin, max(stop - begin, start - begin + 1)
    units = list(_units(text, low, high))
    total = units[-1].cell + units[-1].width if units else 0
    left = _from(units, start, total)
    right = max(_till(units, stop, total), left + 1)
    if low == begin and high == end and total <= width:
        return "".join(unit.text for unit in units), left, right
    offset = 0 if low == begin and right < width else _offset(left, right, total, width, ends=high == end)
    return _window(units, offset, width, (left, right), (low > begin, high < end))


def _offset(left: int, right: int, total: int, width: int, *, ends: bool) -> int:
    room = width - 2
    context = (room - (right - left)) // 2 if right - left < room else min(8, room // 4)
    offset = max(left - context, 0)
    return max(min(offset, total - room), 0) if ends else offset


def _window(units: list[_Unit], offset: int, width: int, span: tuple[int, int], more: tuple[bool, bool]) -> tuple[str, int, int]:
    kept = [unit for unit in units if unit.cell >= offset]
    before = more[0] or len(kept) < len(units)
    room = width - (1 if before else 0)
    origin = kept[0].cell if kept else offset
    if more[1] or (kept and kept[-1].cell + kept[-1].width - origin > room):
        shown = [unit for unit in kept if unit.cell + unit.width - origin < room]
    else:
        shown = kept
    after = more[1] or len(shown) < len(kept)
    used = shown[-1].cell + shown[-1].width - origin if shown else 0
    shift = (1 if before else 0) - origin
    text = (ELLIPSIS if before else "") + "".join(unit.text for unit in shown) + (ELLIPSIS if after else "")
    start = min(max(span[0] + shift, 0), used + (1 if before else 0))
    return text, start, max(min(span[1] + shift, used + (1 if before else 0)), start + 1)


def _from(units: list[_Unit], offset: int, total: int) -> int:
    """The cell where the character at ``offset`` starts; inside a cluster, where the cluster does."""
    if not units or offset > units[-1].at:
        inside = bool(units) and offset < units[-1].at + units[-1].length
        return units[-1].cell if inside else total
    return units[max(bisect_right(units, offset, key=_at) - 1, 0)].cell


def _till(units: list[_Unit], offset: int, total: int) -> int:
    """The cell after the character before ``offset``; inside a cluster, after the cluster."""
    index = bisect_left(units, offset, key=_at)
    return units[index].cell if index < len(units) else total


def _at(unit: _Unit) -> int:
    return unit.at


def _units(text: str, low: int, high: int) -> Iterator[_Unit]:
    cell = 0
    held: _Unit | None = None
    joined = False
    for at in range(low, high):
        shown, width = _shown(text[at], cell)
        if held is not None and (width == 0 or joined):
            both = held.text + shown
            wider = max(cells(both), held.width) if text[at] == _EMOJI_STYLE else held.width
            cell += wider - held.width
            held = _Unit(held.at, both, held.cell, wider, held.length + 1)
        else:
            if held is not None:
                yield held
            held = _Unit(at, shown, cell, width)
            cell += width
        joined = text[at] == _JOINER and held.width == _WIDE and at + 1 < high and _shown(text[at + 1], 0)[1] == _WIDE
    if held is not None:
        yield held


def _shown(character: str, cell: int) -> tuple[str, int]:
    if " " <= character <= "~":
        return character, 1
    if character == "\t":
        width = TAB - cell % TAB
        return " " * width, width
    if is_unseen(character):
        text = escape(character)
        return text, len(text)
    return character, cells(character)


def cells(text: str) -> int:
    """Terminal cells that ``text`` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
