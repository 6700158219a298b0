"""From intents on merged trees to tasks on the documents that people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lintkit.fix.intent import Blocked, Insert, Remove, Set, dotted
from lintkit.fix.locate import Trail, alias_at, own_entries, real_mapping, trail_to
from lintkit.records import NamedTuple
from lintkit.yamldoc.layers import home_of
from lintkit.yamldoc.node import Json, Key, Mapping, Node, Path, Scalar, Sequence, Unknown, is_null, key_name
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.scalars import plain_value
from lintkit.yamldoc.unknowns import unknown_reason


class Task(NamedTuple):
    """One thing to do to the last node of ``at``, which is a node of a document as it was read.

    ``value``: give it this value (at ``rest`` below it); ``key``: add ``key`` with the value;
    ``item``: add the value to the list; ``drop``: remove entry or item number ``number``.
    ``append`` adds to a list another task of the same fix writes.
    """

    kind: Literal["value", "key", "item", "drop"]
    at: Trail
    value: Json = None
    key: str = ""
    rest: Path = ()
    number: int = 0
    after: Key | None = None
    quote: bool = False
    append: bool = False


def tasks(intent: Set | Remove | Insert) -> list[Task]:
    """What to do for one intent; empty when everything is so already; Blocked when it cannot be done."""
    if isinstance(intent, Remove):
        return _remove(intent)
    if isinstance(intent, Insert):
        return _insert(intent)
    return _set(intent.root, intent.path, intent.value, quote=intent.quote)


def put(old: Json, rest: Path, value: Json, *, append: bool = False) -> Json:
    """``old`` with ``value`` at ``rest``; containers on the way are made."""
    if not rest:
        if append and isinstance(old, list) and isinstance(value, list):
            return [*old, *(item for item in value if not same(item, old))]
        return value
    key = rest[0]
    if isinstance(key, str):
        made = dict(old) if isinstance(old, dict) else {}
        made[key] = put(made.get(key), rest[1:], value, append=append)
        return made
    items = list(old) if isinstance(old, list) else []
    if key > len(items):
        raise Blocked(f"the list has no item {key - 1} yet")
    if key == len(items):
        items.append(None)
    items[key] = put(items[key], rest[1:], value, append=append)
    return items


def same(value: Json, others: list[Json]) -> bool:
    """Whether a list holds ``value``, booleans and numbers told apart."""
    return any(equal(value, other) for other in others)


def equal(a: Json, b: Json) -> bool:
    """Equality as JSON has it: ``1`` is ``1.0`` but not ``true``."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return a == b or (isinstance(a, float) and isinstance(b, float) and a != a and b != b)


def _walk(root: Mapping, path: Path) -> list[Node]:
    """The nodes along ``path`` as far as they exist, the root first."""
    nodes: list[Node] = [root]
    for key in path:
        node = nodes[-1]
        found: Node | None = None
        if isinstance(node, Mapping):
            entry = node.index.get(str(key))
            if entry is not None and entry.via and not entry.key.doc.source.builtin:
                raise Blocked(f"{key} comes through a merge key (<<)")
            found = entry.value if entry else None
        elif isinstance(node, Sequence) and isinstance(key, int) and 0 <= key < len(node.items):
            found = node.items[key]
        if found is None:
            break
        nodes.append(found)
        _readable(found)
    return nodes


def _readable(node: Node) -> None:
    alias = alias_at(node)
    if alias is not None and not node.doc.source.builtin:
        raise Blocked(f"the value comes through the alias {node.doc.text[alias.start : alias.end]}")
    if isinstance(node, Unknown):
        raise Blocked(f"the value is unknown: {node.reason}")


def _known(node: Node) -> None:
    for part in _parts(node):
        reason = unknown_reason(part)
        if reason:
            raise Blocked(f"the value is unknown: {reason}")


def _parts(node: Node) -> Iterator[Node]:
    yield node
    below = (e.value for e in node.entries) if isinstance(node, Mapping) else node.items if isinstance(node, Sequence) else ()
    for part in below:
        yield from _parts(part)


def _set(
    root: Mapping, path: Path, value: Json, *, quote: bool = False, append: bool = False, after: Key | None = None
) -> list[Task]:
    nodes = _walk(root, path)
    if len(nodes) > len(path):
        node = nodes[-1]
        if _already(node, value, quote=quote):
            return []
        if not node.doc.source.builtin:
            _known(node)
            wanted = _as_written(node, value) if quote else value
            return [Task("value", trail_to(node), wanted, quote=quote, append=append)]
    for depth in range(len(nodes) - 1, -1, -1):
        node = home_of(nodes[depth], path[depth]) if depth < len(path) else nodes[depth]
        if not node.doc.source.builtin:
            return [_below(node, path, depth, Task("value", (), value, quote=quote, append=append, after=after))]
        if isinstance(node, Sequence) and node.items and depth < len(path):
            raise Blocked(f"the list {dotted(path[:depth])} is a default of the chart, and a list is replaced as a whole")
    raise Blocked("only defaults of the chart stand here: no file to write it in")


def _below(node: Node, path: Path, depth: int, task: Task) -> Task:
    """The task of writing the absent rest of ``path`` under ``node``, the deepest that a user wrote."""
    key, rest = path[depth], path[depth + 1 :]
    name = dotted(path[:depth]) or "the document"
    if is_null(node):
        _known(node)
        return _with(task, "value", trail_to(node), rest=path[depth:])
    if isinstance(node, Sequence):
        if key != len(node.items):
            raise Blocked(f"{name} has no item {key}")
        trail = _real_list(node)
        return Task("item", trail, put(None, rest, task.value), quote=task.quote)
    if not isinstance(node, Mapping) or isinstance(key, int):
        raise Blocked(f"{name} is no {'list' if isinstance(key, int) else 'mapping'}")
    trail, real = real_mapping(node)
    there = real.index.get(key)
    if there is None:
        return _with(task, "key", trail, rest=rest, key=key)
    if there.via or not is_null(there.value):
        raise Blocked(f"{key} is written here, but something else decides it")
    return _with(task, "value", trail_to(there.value), rest=rest)


def _with(task: Task, kind: Literal["value", "key"], at: Trail, *, rest: Path, key: str = "") -> Task:
    return Task(kind, at, task.value, key, rest, 0, task.after, task.quote, task.append)


def _already(node: Node, value: Json, *, quote: bool) -> bool:
    if quote:
        quoted = isinstance(node, Scalar) and node.style in ("'", '"')
        return quoted and (node.text == value if isinstance(value, str) else equal(plain_value(node.text), value))  # type: ignore[attr-defined]
    if any(isinstance(part, Unknown) for part in _parts(node)):
        return False
    return equal(plain(node), value)


def _as_written(node: Node, value: Json) -> Json:
    if isinstance(value, str | dict | list):
        return value
    if isinstance(node, Scalar) and equal(node.value, value):
        return node.text
    return {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)


def _remove(intent: Remove) -> list[Task]:
    nodes = _walk(intent.root, intent.path)
    if len(nodes) <= len(intent.path):
        return []
    if not intent.path:
        raise Blocked("the whole document would go")
    found: list[Task] = []
    node: Node | None = nodes[-1]
    while node is not None:
        if not node.doc.source.builtin:
            found += _drop(trail_to(node))
        node = node.under
    if not found:
        raise Blocked("the value is a default of the chart: only null in the values removes it")
    return found


def _drop(trail: Trail) -> list[Task]:
    last = trail[-1]
    if len(trail) < 2:
        raise Blocked("the whole document would go")
    parent = trail[-2].node
    if last.number is not None:
        return [Task("drop", trail[:-1], number=last.number)]
    assert isinstance(parent, Mapping)
    assert last.entry is not None
    name = key_name(last.entry.key)
    return [Task("drop", trail[:-1], number=i) for i, entry in own_entries(parent) if key_name(entry.key) == name]


def _insert(intent: Insert) -> list[Task]:
    root, path, value = intent.root, intent.path, intent.value
    after = intent.after[-1] if intent.after else None
    nodes = _walk(root, path)
    node = nodes[-1] if len(nodes) > len(path) else None
    if isinstance(node, Mapping):
        if not isinstance(value, dict):
            raise Blocked(f"{dotted(path) or 'the document'} is a mapping: only keys can be added")
        return [task for key, item in value.items() for task in _set(root, (*path, key), item, after=after)]
    if isinstance(node, Sequence) and (node.items or not node.doc.source.builtin):
        if same(value, [plain(item) for item in node.items]):
            return []
        if node.doc.source.builtin:
            raise Blocked(f"the list {dotted(path)} is a default of the chart, and a list is replaced as a whole")
        return [Task("item", _real_list(node), value, after=after)]
    if node is None or is_null(node) or node.doc.source.builtin:
        return _set(root, path, [value], append=True)
    raise Blocked(f"{dotted(path)} is no list")


def _real_list(node: Sequence) -> Trail:
    trail = trail_to(node)
    real = trail[-1].node
    if not isinstance(real, Sequence) or len(real.items) != len(node.items):
        raise Blocked("the list is computed from what is written here")
    return trail
