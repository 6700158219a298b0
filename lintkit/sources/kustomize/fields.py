"""Changing fields at a path whose lists fan out, as kustomize's field specs do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lintkit.records import NamedTuple
from lintkit.sources.kustomize.model import Id, entry_at
from lintkit.yamldoc.node import Entry, Mapping, Node, Sequence, is_null
from lintkit.yamldoc.transform import with_entries, with_entry, with_items

Change: TypeAlias = "Callable[[Node | None], Node | None]"


class FieldSpec(NamedTuple):
    """A field of some kinds: ``path`` from the object's root; empty ``group``, ``version``, ``kind`` match any."""

    path: tuple[str, ...]
    create: bool = False
    kind: str = ""
    group: str = ""
    version: str = ""

    def fits(self, wanted: Id) -> bool:
        """Whether objects of ``wanted``'s kind have this field."""
        return self.kind in ("", wanted.kind) and self.group in ("", wanted.group) and self.version in ("", wanted.version)


def change_at(node: Node, path: tuple[str, ...], change: Change, home: Node | None = None) -> Node:
    """``node`` with every value at ``path`` replaced by ``change(value)``; None leaves it alone.

    A list on the way means all of its items. With ``home``, missing mappings and the last key are made,
    standing where ``home`` stands; without it a missing path changes nothing.
    """
    if isinstance(node, Sequence):
        items = [change_at(item, path, change, home) for item in node.items]
        same = all(a is b for a, b in zip(items, node.items, strict=True))
        return node if same else with_items(node, items)
    if not path:
        return change(node) or node
    if not isinstance(node, Mapping):
        return node
    name = path[0].removesuffix("[]")
    entry = node.index.get(name)
    if entry is None or (is_null(entry.value) and len(path) > 1):
        return node if home is None or path[0].endswith("[]") else _create(node, path, change, home)
    value = change_at(entry.value, path[1:], change, home)
    return node if value is entry.value else with_entry(node, Entry(entry.key, value, entry.via), name)


def _create(node: Mapping, path: tuple[str, ...], change: Change, home: Node) -> Node:
    value = change(None) if len(path) == 1 else change_at(Mapping(home.doc, home.start, home.end, ()), path[1:], change, home)
    if value is None or (len(path) > 1 and isinstance(value, Mapping) and not value.entries):
        return node
    return with_entry(node, entry_at(home, path[0], value), path[0])


def add_entries(found: Node | None, pairs: Mapping) -> Node:
    """``found`` (a mapping or nothing) with every entry of ``pairs`` set."""
    if not isinstance(found, Mapping):
        return pairs
    above = pairs.index
    kept = [above.get(name, entry) for name, entry in found]
    below = found.index
    return with_entries(found, [*kept, *(entry for name, entry in above.items() if name not in below)])
