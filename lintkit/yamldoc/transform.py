"""New containers out of existing nodes: merging layers, setting, removing. Values keep their spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Entry, Key, Mapping, Node, Path, Scalar, Sequence, Unknown, is_null

MAX_INDEX: Final = 65536
"""The largest list index that Helm takes in ``--set`` and targetPath (strvals.MaxIndex)."""

_LONG_NUMBER: Final = 10


def with_under(node: Node, under: Node | None) -> Node:
    """``node``, remembering that it overrides ``under``."""
    if under is None or node.under is under:
        return node
    if node.under is not None:
        under = with_under(node.under, under)
    if isinstance(node, Scalar):
        return Scalar(node.doc, node.start, node.end, node.text, node.style, node.tag, node.anchor, under)
    if isinstance(node, Mapping):
        return Mapping(node.doc, node.start, node.end, node.entries, flow=node.flow, anchor=node.anchor, under=under)
    if isinstance(node, Sequence):
        return Sequence(node.doc, node.start, node.end, node.items, flow=node.flow, anchor=node.anchor, under=under)
    if isinstance(node, Unknown):
        return Unknown(node.doc, node.start, node.end, node.reason, under)
    return node


def with_entries(node: Mapping, entries: Iterable[Entry], under: Node | None = None) -> Mapping:
    """A mapping standing where ``node`` stands, with other entries."""
    made = Mapping(node.doc, node.start, node.end, tuple(entries), flow=node.flow, anchor=node.anchor, under=under or node.under)
    made.removed = node.removed
    return made


def with_items(node: Sequence, items: Iterable[Node]) -> Sequence:
    """A sequence standing where ``node`` stands, with other items."""
    return Sequence(node.doc, node.start, node.end, tuple(items), flow=node.flow, anchor=node.anchor, under=node.under)


def merge(base: Node | None, over: Node | None) -> Node | None:
    """``over`` on top of ``base`` as Helm merges values: maps merge, anything else replaces.

    Nulls are kept (a later layer must see them); ``without_nulls`` removes them at the end. The
    result stands where ``over`` stands. An unknown ``over`` hides the base; an unknown ``base``
    under a mapping leaves the keys of ``over`` known.
    """
    if over is None:
        return base
    if base is None:
        return over
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return with_under(over, base)
    below, above = base.index, over.index
    entries: list[Entry] = []
    for name, entry in below.items():
        upper = above.get(name)
        if upper is None:
            entries.append(entry)
        else:
            value = merge(entry.value, upper.value)
            entries.append(Entry(upper.key, value or upper.value, upper.via))
    entries += [entry for name, entry in above.items() if name not in below]
    return with_entries(over, entries, under=with_under(over.under, base) if over.under is not None else base)


def without_nulls(node: Node) -> Node:
    """``node`` without keys whose value is null: what a null in values means to Helm (the default is deleted)."""
    if not isinstance(node, Mapping) or node.nulls is not None:
        return node
    kept: list[Entry] = []
    nulls: dict[str, Entry] = {}
    changed = False
    for name, entry in node.index.items():
        value = entry.value
        if is_null(value):
            nulls[name] = entry
            continue
        if isinstance(value, Mapping):
            value = without_nulls(value)
            if value is not entry.value:
                changed = True
                entry = Entry(entry.key, value, entry.via)
        kept.append(entry)
    found = with_entries(node, kept) if changed or nulls else node
    found.nulls = nulls
    return found


def set_at(root: Mapping, path: Path, value: Node, key_doc: Document) -> Mapping:
    """``root`` with ``value`` at ``path``; missing mappings and items are made, standing where ``value`` stands.

    A list that an index beyond ``MAX_INDEX`` would make becomes unknown.
    """
    made = _set(root, path, value, key_doc)
    return made if isinstance(made, Mapping) else root


def _set(node: Node | None, path: Path, value: Node, doc: Document) -> Node:
    if not path:
        return with_under(value, node)
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        if not 0 <= key <= MAX_INDEX:
            return Unknown(value.doc, value.start, value.end, f"a list cannot have an item {key}", node)
        items = list(node.items) if isinstance(node, Sequence) else []
        while len(items) <= key:
            items.append(Scalar(value.doc, value.start, value.start, ""))
        items[key] = _set(items[key], rest, value, doc)
        if isinstance(node, Sequence):
            return with_items(node, items)
        return Sequence(value.doc, value.start, value.end, tuple(items), under=node)
    if not isinstance(node, Mapping):
        node = Mapping(value.doc, value.start, value.end, (), under=node)
    entry = node.index.get(key)
    below = _set(entry.value if entry else None, rest, value, doc)
    key_node = entry.key if entry else Scalar(doc, value.start, value.start, key, "'")
    return with_entry(node, Entry(key_node, below), key)


def with_entry(node: Mapping, entry: Entry, name: str) -> Mapping:
    """``node`` with ``entry`` in the place of key ``name``, or added at the end."""
    found = False
    entries: list[Entry] = []
    for other, old in node:
        found = found or other == name
        entries.append(entry if other == name else old)
    if not found:
        entries.append(entry)
    return with_entries(node, entries)


def without_key(node: Mapping, name: str) -> Mapping:
    """``node`` without key ``name``."""
    return with_entries(node, (e for other, e in node if other != name)) if name in node else node


def with_removed(node: Mapping, removed: dict[str, Entry]) -> Mapping:
    """``node``, which a new mapping must be, with the entries of a patch that took keys away from it."""
    node.removed = {**(node.removed or {}), **removed} if removed else node.removed
    return node


def make_mapping(home: Node, pairs: Iterable[tuple[str, Node | None]]) -> Mapping:
    """A mapping that no file holds as such, standing where ``home`` stands; None values are left out."""
    entries = tuple(
        Entry(Scalar(home.doc, home.start, home.start, name, "'"), value) for name, value in pairs if value is not None
    )
    return Mapping(home.doc, home.start, home.end, entries)


def make_sequence(home: Node, items: Iterable[Node]) -> Sequence:
    """A sequence that no file holds as such, standing where ``home`` stands."""
    return Sequence(home.doc, home.start, home.end, tuple(items))


def make_string(home: Node, text: str) -> Scalar:
    """A string that no file holds as such (a name a chart computes), standing where ``home`` stands."""
    return Scalar(home.doc, home.start, home.end, text, "'")


def map_scalars(node: Node, change: Callable[[Scalar], Node]) -> Node:
    """``node`` with every scalar value (not keys) replaced by ``change(scalar)``; unchanged parts are shared."""
    if isinstance(node, Scalar):
        return change(node)
    if isinstance(node, Mapping):
        entries = [Entry(e.key, map_scalars(e.value, change), e.via) for e in node.entries]
        same = all(a.value is b.value for a, b in zip(entries, node.entries, strict=True))
        return node if same else with_entries(node, entries)
    if isinstance(node, Sequence):
        items = [map_scalars(item, change) for item in node.items]
        same = all(a is b for a, b in zip(items, node.items, strict=True))
        return node if same else with_items(node, items)
    return node


def keys(path: str) -> Path:
    """``a.b[0].c`` as a path; a backslash keeps the next character, ``[name]`` holding no number is a key."""
    found: list[Key] = []
    word = ""
    i = 0
    while i < len(path):
        char = path[i]
        if char == "\\" and i + 1 < len(path):
            word += path[i + 1]
            i += 1
        elif char == ".":
            if word:
                found.append(word)
            word = ""
        elif char == "[":
            if word:
                found.append(word)
                word = ""
            close = path.find("]", i)
            close = len(path) if close < 0 else close
            inside = path[i + 1 : close]
            found.append(int(inside) if inside.isdecimal() and len(inside) < _LONG_NUMBER else inside)
            i = close
        else:
            word += char
        i += 1
    if word:
        found.append(word)
    return tuple(found)
