"""Two texts put at one place: one text that holds both, where what they add can stand side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.records import NamedTuple

_BLOCK_ENDS: Final = ("|", ">", "|-", ">-", "|+", ">+")


class _Line(NamedTuple):
    """A line of an insertion with the lines below that belong to it."""

    indent: int
    text: str
    below: tuple[_Line, ...] = ()

    @property
    def item(self) -> bool:
        """Whether it is an item of a list."""
        return self.text == "-" or self.text.startswith("- ")

    @property
    def key(self) -> str:
        """What must be there once only: a key, or a whole item."""
        return self.text if self.item else self.text.partition(":")[0]

    @property
    def opens(self) -> bool:
        """Whether it is a key whose value stands below."""
        return self.text.endswith(":") and not self.item


def joined(a: str, b: str) -> str | None:
    """Both of two insertions of whole lines as one: ``a`` first, mappings of one name merged, deeper lines before others.

    None where they cannot stand together: a key with two values, lists of different items, text that is not whole lines.
    """
    first, second = _lines(a), _lines(b)
    if first is None or second is None:
        return None
    newline = "\r\n" if a.startswith("\r\n") else "\n"
    merged = _merged([*first], second)
    return None if merged is None else "".join(newline + line for line in _written(merged))


def _lines(text: str) -> tuple[_Line, ...] | None:
    """The lines of an insertion as trees; None when they cannot be told apart (no whole lines, block scalars, blanks)."""
    head, *rest = text.replace("\r\n", "\n").split("\n")
    if head or not rest or any(not line.strip() or line.split()[-1] in _BLOCK_ENDS for line in rest):
        return None
    stack: list[tuple[int, str, list[_Line]]] = []
    roots: list[_Line] = []
    for line in [*rest, None]:
        body = "" if line is None else line.lstrip(" ")
        indent = -1 if line is None else len(line) - len(body)
        item = body == "-" or body.startswith("- ")
        while stack and not _holds(stack[-1], indent, item=item):
            width, words, inner = stack.pop()
            (stack[-1][2] if stack else roots).append(_Line(width, words, tuple(inner)))
        if line is not None:
            stack.append((indent, body, []))
    return tuple(roots)


def _holds(open_line: tuple[int, str, list[_Line]], indent: int, *, item: bool) -> bool:
    """Whether a line of that indentation belongs to the open one: deeper, or an item right below its key."""
    width, text, _ = open_line
    return indent > width or (indent == width and item and text.endswith(":") and not text.startswith("- "))


def _merged(first: list[_Line], second: tuple[_Line, ...]) -> list[_Line] | None:
    out = list(first)
    for line in second:
        same = next((i for i, other in enumerate(out) if (other.indent, other.key) == (line.indent, line.key)), None)
        if same is None:
            if any(other.indent == line.indent and other.item and line.item for other in out):
                return None
            out.append(line)
        elif out[same] != line:
            both = _both(out[same], line)
            if both is None:
                return None
            out[same] = both
    # a deeper line ends what it belongs to, and so does an item that stands below its key without indentation
    return sorted(out, key=lambda line: (-line.indent, not line.item))


def _both(a: _Line, b: _Line) -> _Line | None:
    if not (a.opens and b.opens and a.text == b.text):
        return None
    if len({line.indent for line in (*a.below, *b.below)}) > 1 or any(line.item for line in (*a.below, *b.below)):
        return None
    below = _merged([*a.below], b.below)
    return None if below is None else a._replace(below=tuple(below))


def _written(lines: list[_Line] | tuple[_Line, ...]) -> Iterator[str]:
    for line in lines:
        yield " " * line.indent + line.text
        yield from _written(line.below)
