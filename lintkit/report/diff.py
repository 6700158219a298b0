"""A fix as the few lines it changes. Only the text around the edits is compared, so big files cost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lintkit.finding import Fix
from lintkit.records import NamedTuple
from lintkit.report.frame import ELLIPSIS, cut
from lintkit.report.plain import visible
from lintkit.report.tally import many
from lintkit.text.edits import Edit, apply_edits, unified_diff
from lintkit.text.hidden import masked

_MOST_LINES = 14
_MOST_COMPARED = 400


class DiffLine(NamedTuple):
    """One printable line: ``sign`` is a space, ``-``, ``+``, or ``@`` for a place or an omission."""

    sign: str
    text: str


class _Hunk(NamedTuple):
    edits: tuple[Edit, ...]
    first: int
    last: int


def diff_lines(fix: Fix, home: str, width: int) -> tuple[DiffLine, ...]:
    """The lines ``fix`` changes with one line of context, at most fourteen, cut to ``width`` cells.

    A place line comes before a group of edits that is in another file than ``home`` or not the only one.
    """
    hunks = list(_hunks(fix.edits))
    shown: list[DiffLine] = []
    for hunk in hunks:
        if len(hunks) > 1 or hunk.edits[0].source.path != home:
            shown.append(DiffLine("@", f"{visible(hunk.edits[0].source.path)}:{hunk.first}"))
        shown += _printable(_compare(hunk), width)
    if len(shown) > _MOST_LINES:
        shown[_MOST_LINES - 1 :] = [DiffLine("@", f"{ELLIPSIS} {many(len(shown) - _MOST_LINES + 1, 'more line')}")]
    return tuple(shown)


def _hunks(edits: Sequence[Edit]) -> Iterator[_Hunk]:
    held: list[Edit] = []
    first = last = 0
    for edit in sorted(edits, key=lambda e: (e.source.path, e.start, e.end)):
        begin, end = edit.source.position(edit.start).line, edit.source.position(edit.end).line
        if held and held[-1].source.path == edit.source.path and begin <= last + 2:
            held.append(edit)
            last = max(last, end)
            continue
        if held:
            yield _Hunk(tuple(held), first, last)
        held, first, last = [edit], begin, end
    if held:
        yield _Hunk(tuple(held), first, last)


def _compare(hunk: _Hunk) -> list[str]:
    source = hunk.edits[0].source
    begin = source.line_span(max(hunk.first - 1, 1))[0]
    end = source.line_span(hunk.last + 2)[0]
    before = masked(source.text)[begin:end]
    try:
        after = apply_edits(before, [e._replace(start=e.start - begin, end=e.end - begin) for e in hunk.edits])
    except ValueError:
        return ["@these edits overlap"]
    if "\r" in before and before.replace("\r\n", "\n") != after.replace("\r\n", "\n"):
        before, after = before.replace("\r\n", "\n"), after.replace("\r\n", "\n")
    if before.count("\n") + after.count("\n") > _MOST_COMPARED:
        return _whole(before.split("\n"), after.split("\n"))
    lines = unified_diff("", before, after, context=1).split("\n")
    return ["@" + ELLIPSIS if line.startswith("@@") else line for line in lines[3:] if line and not line.startswith("\\")]


def _whole(before: list[str], after: list[str]) -> list[str]:
    """All that differs at once: comparing very long texts line by line takes too long for what is shown of it."""
    same = _common(before, after)
    tail = _common(before[same:][::-1], after[same:][::-1])
    gone, come = before[same : len(before) - tail], after[same : len(after) - tail]
    return [*(f"-{line}" for line in gone), *(f"+{line}" for line in come)]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _printable(lines: list[str], width: int) -> Iterator[DiffLine]:
    removed, added = ([line[1:] for line in lines if line.startswith(sign)] for sign in "-+")
    pair = len(removed) == len(added) == 1
    same = _common(removed[0], added[0]) if pair else 0
    for line in lines:
        at = 1 + same if line[0] in "-+" else 1
        yield DiffLine(line[0], cut(line, 1, len(line), at, at, width)[0])
