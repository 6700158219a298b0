"""A file as text, and the positions in it."""

from __future__ import annotations

from bisect import bisect_right

from lintkit.records import NamedTuple

BOM = "\ufeff"


class Position(NamedTuple):
    """A place between two characters: line and column from 1, offset from 0, all counted after a BOM."""

    line: int
    column: int
    offset: int


class Source:
    """The text of one file, without its byte order mark.

    ``path`` is relative to the repository root with ``/``. ``builtin`` marks text that ships with
    lintkit (chart defaults): nobody can edit it, so no finding may point into it. ``expanded`` counts the nodes of its
    documents that use aliases, with the aliases followed.
    """

    __slots__ = ("_starts", "bom", "builtin", "expanded", "path", "text")

    def __init__(self, path: str, text: str, *, builtin: bool = False) -> None:
        self.path = path
        self.bom = text.startswith(BOM)
        self.text = text[1:] if self.bom else text
        self.builtin = builtin
        self.expanded = 0
        self._starts: list[int] | None = None

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            starts, at, find = [0], -1, self.text.find
            while (at := find("\n", at + 1)) >= 0:
                starts.append(at + 1)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> Position:
        """Line and column of a character offset (0 <= offset <= length)."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return Position(line, offset - starts[line - 1] + 1, offset)

    def line(self, number: int) -> str:
        """Text of line ``number`` (from 1) without its line end; empty past the end of the file."""
        start, end = self.line_span(number)
        return self.text[start:end]

    def line_span(self, number: int) -> tuple[int, int]:
        """Offsets of line ``number`` (from 1) without its line end."""
        starts = self._line_starts()
        if not 1 <= number <= len(starts):
            return len(self.text), len(self.text)
        start = starts[number - 1]
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return start, end - 1 if end > start and self.text[end - 1] == "\r" else end

    @property
    def line_count(self) -> int:
        """Number of lines; a final line end opens no further line."""
        starts = self._line_starts()
        return len(starts) - (len(starts) > 1 and starts[-1] == len(self.text))

    @property
    def newline(self) -> str:
        """The line end this file uses: that of its first line, ``\\n`` for a file of one line."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"


class Place(NamedTuple):
    """A span of a file: ``[start, end)`` in ``source.text``; ``locked`` says why it may not be edited."""

    source: Source
    start: int
    end: int
    locked: str | None = None

    @property
    def first(self) -> Position:
        """Position of the first character."""
        return self.source.position(self.start)

    @property
    def last(self) -> Position:
        """Position after the last character."""
        return self.source.position(self.end)
