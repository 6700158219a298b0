"""Edits: replacements of spans of a text. Nothing outside the spans changes."""

from __future__ import annotations

from collections.abc import Iterable

from lintkit.records import NamedTuple
from lintkit.text.source import Source


class Edit(NamedTuple):
    """Replace ``[start, end)`` of ``source.text`` by ``text``; an empty span is an insertion."""

    source: Source
    start: int
    end: int
    text: str


def overlap(a: Edit, b: Edit) -> bool:
    """Whether two edits touch the same characters (or insert at the same place)."""
    if a.source.path != b.source.path:
        return False
    if a.start == a.end or b.start == b.end:
        return a.start <= b.end and b.start <= a.end
    return a.start < b.end and b.start < a.end


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """``text`` (without BOM) after all ``edits``; raises ValueError when two of them overlap."""
    out: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if edit.start < at:
            raise ValueError(f"overlapping edits at offset {edit.start}")
        out += (text[at : edit.start], edit.text)
        at = edit.end
    out.append(text[at:])
    return "".join(out)


def unified_diff(path: str, before: str, after: str, *, context: int = 3) -> str:
    """A unified diff as ``git diff`` prints it (``a/`` and ``b/`` prefixes); empty when equal."""
    import difflib

    lines: list[str] = []
    for line in difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}", n=context):
        if line.endswith("\n"):
            lines.append(line)
        else:
            lines += (line, "\n\\ No newline at end of file\n")
    return "".join(lines)


def _lines(text: str) -> list[str]:
    # not splitlines(): form feeds and Unicode separators are no line ends in a diff
    parts = text.split("\n")
    return [p + "\n" for p in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
