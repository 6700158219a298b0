"""A written value replaced by another: scalars in their quotes, blocks by blocks, nothing by something."""

from __future__ import annotations

from lintkit.fix.emit import Rendered, Style, flow_text, item_lines, render, scalar_text
from lintkit.fix.intent import Blocked
from lintkit.fix.layout import Change, after_line, below, change, column, line_end, line_start, style_of, tail
from lintkit.fix.locate import Trail, allow_removal, in_flow
from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, Sequence

_QUOTES = ("'", '"')


def replaced(trail: Trail, value: Json, *, quote: bool = False) -> list[Change]:
    """The changes that give the last node of ``trail`` the value; Blocked where the layout does not allow it."""
    node = trail[-1].node
    _allow_value(node, value)
    style = _style_for(node, value, style_of(trail[:-1] or trail), quote=quote)
    if _stays_flow(trail, value, style):
        return _in_flow(trail, flow_text(value, style))
    if trail[-1].entry is None:
        return _item(trail, value, style)
    return _entry(trail, value, style)


def _allow_value(node: Node, value: Json) -> None:
    if isinstance(node, Mapping | Sequence):
        allow_removal(node.doc, node.start, node.end)
    if isinstance(node, Scalar) and node.tag:
        raise Blocked(f"the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} says how to read the value")
    if node.anchor and (node.start == node.end or isinstance(value, dict | list)):
        raise Blocked(f"the anchor &{node.anchor} stands before the value")


def _style_for(node: Node, value: Json, style: Style, *, quote: bool) -> Style:
    if isinstance(node, Scalar) and isinstance(value, str):
        if node.style in _QUOTES:
            return style._replace(quote=node.style, force=True)
        if node.text:
            return style._replace(force=quote)
    return style._replace(force=style.force or quote)


def _stays_flow(trail: Trail, value: Json, style: Style) -> bool:
    node = trail[-1].node
    if in_flow(trail) or style.json:
        return True
    if not (isinstance(node, Mapping | Sequence) and node.flow):
        return False
    filled = bool(node.entries) if isinstance(node, Mapping) else bool(node.items)
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    nested = any(isinstance(member, dict | list) and member for member in members)
    return isinstance(value, dict | list) and (filled or not nested)


def _in_flow(trail: Trail, new: str) -> list[Change]:
    step = trail[-1]
    node = step.node
    if node.start == node.end and step.entry is not None:
        new = (" " if node.doc.text[node.start - 1] == ":" and node.start > step.entry.key.end else ": ") + new
    return [change(node.doc, node.start, node.end, new, len(trail))]


def _item(trail: Trail, value: Json, style: Style) -> list[Change]:
    """A list's item, or the whole document."""
    node, doc = trail[-1].node, trail[-1].node.doc
    text = doc.text
    end = tail(text, node)
    if node.start == node.end:
        lead = " " if text[node.start - 1 : node.start] == "-" else ""
        lines = item_lines(value, node.start - line_start(text, node.start) + len(lead), style)
        stop = line_end(text, node.start)
        end = end if text[end:stop].strip() else stop
    else:
        lead = ""
        lines = _quoted(node, value, style) or item_lines(value, node.start - line_start(text, node.start), style)
    if len(lines) > 1:
        column(text, node.start)
        _nothing_follows(text, end)
    return [change(doc, node.start, end, lead + lines[0].lstrip(" ") + below(lines[1:]), len(trail))]


def _quoted(node: Node, value: Json, style: Style) -> list[str]:
    """A string that stays in the quotes it has, however long."""
    if isinstance(node, Scalar) and node.style in _QUOTES and isinstance(value, str):
        return [scalar_text(value, style)]
    return []


def _nothing_follows(text: str, end: int) -> None:
    if text[end : line_end(text, end)].strip():
        raise Blocked("a comment follows on its last line")


def _entry(trail: Trail, value: Json, style: Style) -> list[Change]:
    """The value of a key in a block mapping."""
    entry, node = trail[-1].entry, trail[-1].node
    assert entry is not None
    doc, text, rank = node.doc, node.doc.text, len(trail)
    colon = text.find(":", entry.key.end, max(node.start, entry.key.end + 1)) + 1
    if not colon:
        raise Blocked("no colon follows the key")
    quoted = _quoted(node, value, style)
    new = Rendered(quoted[0]) if quoted else _rendered(text, entry.key, node, value, style)
    if node.start == node.end:
        return _fill(trail, colon, new)
    single = isinstance(node, Scalar) or node.flow  # type: ignore[attr-defined]
    if single and not new.lines:
        return [change(doc, node.start, node.end, new.head, rank)]
    if "\n" in text[colon : node.start]:
        _plain_key_line(text, colon, line_end(text, colon))
        head = [change(doc, colon, colon, " " + new.head, rank)] if new.head else []
        return [*head, change(doc, line_end(text, colon), after_line(text, tail(text, node)), below(new.lines), rank)]
    if not new.head:
        _plain_key_line(text, colon, node.start)
    start = node.start if new.head else colon
    if "\n" in text[node.start : node.end]:
        end = tail(text, node)
        _nothing_follows(text, end)
        return [change(doc, start, end, new.head + below(new.lines), rank)]
    end = after_line(text, node.end)
    return [change(doc, start, node.end, new.head, rank), change(doc, end, end, below(new.lines), rank)]


def _rendered(text: str, key: Scalar, node: Node, value: Json, style: Style) -> Rendered:
    width = key.start - line_start(text, key.start)
    if isinstance(node, Mapping | Sequence) and "\n" in text[key.end : node.start]:
        old = node.start - line_start(text, node.start) - width
        style = style._replace(list_offset=old) if isinstance(node, Sequence) else style._replace(step=max(old, 1))
    new = render(value, width, style)
    if new.lines:
        column(text, key.start)
    return new


def _fill(trail: Trail, colon: int, new: Rendered) -> list[Change]:
    """``key:`` with nothing after it gets a value."""
    doc, rank = trail[-1].node.doc, len(trail)
    end = after_line(doc.text, colon)
    head = " " + new.head if new.head else ""
    if doc.text[colon:end].strip():
        return [change(doc, colon, colon, head, rank), change(doc, end, end, below(new.lines), rank)]
    return [change(doc, colon, end, head + below(new.lines), rank)]


def _plain_key_line(text: str, colon: int, end: int) -> None:
    rest = text[colon:end].strip()
    if rest and not rest.startswith("#"):
        raise Blocked(f"{rest} stands before the value")
