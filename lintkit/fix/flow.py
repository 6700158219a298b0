"""Members of flow collections: ``{a: 1}`` gets ``, b: 2``, a removed member takes its comma along."""

from __future__ import annotations

from lintkit.fix.emit import Style, flow_entries, flow_text
from lintkit.fix.intent import Blocked
from lintkit.fix.layout import Change, change, line_end, line_start, style_of
from lintkit.fix.locate import Trail, allow_removal
from lintkit.fix.members import Members, New
from lintkit.yamldoc.node import Mapping, Sequence


def flow_changes(trail: Trail, members: Members) -> list[Change]:
    """The changes for a flow mapping or list that keeps at least one of its members."""
    node = trail[-1].node
    assert isinstance(node, Mapping | Sequence)
    if node.doc.text[node.start : node.start + 1] not in ("{", "["):
        raise Blocked("a single pair without braces stands here")
    return [*_dropped(trail, members), *_added(trail, members)]


def _added(trail: Trail, members: Members) -> list[Change]:
    kept = [i for i in range(len(members.spans)) if i not in members.dropped]
    style = style_of(trail)
    found: list[Change] = []
    for new in members.added:
        number = new.after if new.after in kept else kept[-1]
        found += _after(trail, members, number, _member(new, style))
    return found


def _member(new: New, style: Style) -> str:
    style = style._replace(force=True) if new.quote else style
    return flow_text(new.value, style) if new.key is None else flow_entries({new.key: new.value}, style)


def _after(trail: Trail, members: Members, number: int, new: str) -> list[Change]:
    node = trail[-1].node
    doc, text, rank = node.doc, node.doc.text, len(trail)
    start, end = members.spans[number]
    stop = line_end(text, end)
    rest = text[end:stop].strip()
    margin = text[line_start(text, start) : start]
    comma = rest.startswith(",")
    alone = not margin.strip() and stop < node.end and (not rest or rest.lstrip(", ")[:1] in ("", "#"))
    if not alone:
        return [change(doc, end, end, ", " + new, rank)]
    if comma:
        return [change(doc, stop, stop, f"\n{margin}{new},", rank)]
    return [change(doc, end, end, ",", rank), change(doc, stop, stop, f"\n{margin}{new}", rank)]


def _dropped(trail: Trail, members: Members) -> list[Change]:
    node = trail[-1].node
    doc, spans = node.doc, members.spans
    found: list[Change] = []
    numbers = iter(sorted(members.dropped))
    for first in numbers:
        last = first
        while last + 1 in members.dropped:
            last = next(numbers)
        _no_properties(doc.text[spans[first - 1][1] if first else node.start + 1 : spans[first][0]])
        if last + 1 < len(spans):
            start, end = spans[first][0], spans[last + 1][0]
            _no_properties(doc.text[spans[last][1] : end])
        else:
            start, end = spans[first - 1][1], spans[last][1]
        allow_removal(doc, start, end)
        found.append(change(doc, start, end, "", len(trail)))
    return found


def _no_properties(between: str) -> None:
    if "&" in between or "!" in between or "?" in between or "#" in between:
        raise Blocked("a tag, an anchor or a comment stands between the members")
