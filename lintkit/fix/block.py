"""Entries and items of block style: added below what is there, removed with their comments."""

from __future__ import annotations

from lintkit.fix.emit import list_lines, mapping_lines
from lintkit.fix.intent import Blocked
from lintkit.fix.layout import Change, after_line, below, change, column, last_block, line_end, line_start, style_of, tail
from lintkit.fix.locate import Trail, allow_removal
from lintkit.fix.members import Members
from lintkit.yamldoc.node import Mapping, Node, Sequence


def block_changes(trail: Trail, members: Members) -> list[Change]:
    """The changes for a block mapping or list that keeps at least one of its members."""
    node = trail[-1].node
    assert isinstance(node, Mapping | Sequence)
    column(node.doc.text, node.start)
    starts = _starts(node, members)
    return [*_dropped(trail, members, starts), *_added(trail, members)]


def _starts(node: Mapping | Sequence, members: Members) -> list[int]:
    if isinstance(node, Mapping):
        return [span[0] for span in members.spans]
    return [_dash(node, i, members) if i in members.dropped else span[0] for i, span in enumerate(members.spans)]


def _dash(node: Sequence, number: int, members: Members) -> int:
    """Offset of the dash of item ``number``: on its line, or above it after a tag or a comment."""
    text = node.doc.text
    if number == 0:
        return node.start
    width = node.start - line_start(text, node.start)
    start = line_start(text, members.spans[number][0])
    while start + width >= members.spans[number - 1][1]:
        if text[start + width] == "-" and not text[start : start + width].strip():
            return start + width
        start = line_start(text, start - 1)
    raise Blocked("the dash of the item cannot be found")


def _added(trail: Trail, members: Members) -> list[Change]:
    node = trail[-1].node
    text, doc = node.doc.text, node.doc
    style = style_of(trail)
    width = column(text, node.start)
    kept = [i for i in range(len(members.spans)) if i not in members.dropped]
    found: list[Change] = []
    for new in members.added:
        here = style._replace(force=True) if new.quote else style
        lines = list_lines([new.value], width, here) if new.key is None else mapping_lines({new.key: new.value}, width, here)
        if new.after in kept:
            end = tail(text, members.values[new.after])
            end = max(end, members.spans[new.after][1])
        elif kept[-1:] == [len(members.spans) - 1]:
            end = tail(text, node)
        else:
            end = max(tail(text, members.values[kept[-1]]), members.spans[kept[-1]][1]) if kept else node.end
        at = after_line(text, end)
        if at == len(text) and kept and _unfinished(text, members.values[kept[-1]]):
            raise Blocked("the text block above ends the file without a line end, which would become part of it")
        found.append(change(doc, at, at, below(lines), len(trail)))
    return found


def _unfinished(text: str, node: Node) -> bool:
    block = last_block(node)
    return block is not None and "-" not in text[block.start : line_end(text, block.start)].partition("#")[0]


def _dropped(trail: Trail, members: Members, starts: list[int]) -> list[Change]:
    node = trail[-1].node
    doc, text = node.doc, node.doc.text
    found: list[Change] = []
    numbers = iter(sorted(members.dropped))
    for i in numbers:
        start, last = starts[i], i
        shared = bool(text[line_start(text, start) : start].strip())
        if shared:
            # `- a: 1`: what follows moves up behind the dash
            while last + 1 in members.dropped:
                last = next(numbers)
        end = after_line(text, max(tail(text, members.values[last]), members.spans[last][1]))
        allow_removal(doc, start, end)
        if shared:
            stop = end + len(text[end:]) - len(text[end:].lstrip())
            found.append(change(doc, start, stop, "", len(trail)))
        else:
            first = _with_comments(text, start, members.spans[i - 1][1] if i else 0)
            above = next((n for n in range(i - 1, -1, -1) if n not in members.dropped), -1)
            if end == len(text) and above >= 0 and _unfinished(text, members.values[above]):
                found.append(change(doc, first, end, "", len(trail)))
            else:
                found.append(_lines(trail, first, end))
    return found


def _lines(trail: Trail, first: int, end: int) -> Change:
    """Whole lines removed, from the line that starts at ``first`` to the one that ends at ``end``."""
    doc = trail[-1].node.doc
    if first == 0:
        following = doc.text.find("\n", end) + 1 or len(doc.text)
        return change(doc, 0, following, "", len(trail))
    return change(doc, line_end(doc.text, line_start(doc.text, first - 1)), end, "", len(trail))


def _with_comments(text: str, start: int, bound: int) -> int:
    """Start of the first of the comment lines that stand directly above a key or dash, indented like it."""
    first = line_start(text, start)
    margin = text[first:start]
    while first > bound:
        above = line_start(text, first - 1)
        line = text[above : first - 1]
        if above < bound or not line.startswith(margin + "#"):
            break
        first = above
    return first
