"""JSON patches (RFC 6902) on nodes, with the behaviour of the library kustomize uses (evanphx/json-patch)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lintkit.sources.kustomize.model import key_at
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence, Unknown, child, text
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.transform import with_entries, with_entry, with_items, with_removed, with_under, without_key

MAX_OPERATIONS: Final = 5_000
"""How many operations of one patch are carried out: each makes a new mapping of the old one's size."""
MAX_COPIED: Final = 100_000
"""How many values the ``copy`` operations of one patch may make: each may double what is there."""


class PatchError(Exception):
    """An operation that cannot be done: the message says why, ``home`` is the operation."""

    def __init__(self, message: str, home: Node) -> None:
        super().__init__(message)
        self.home = home


class _HiddenError(Exception):
    """The path leads into a value that cannot be read here."""


def json_patch(root: Mapping, operations: Sequence) -> Mapping:
    """``root`` after all operations. Values stand in the patch, with the value they replace ``under`` them.

    Raises PatchError at the first operation that cannot be done; one that leads into an unknown value is left out.
    """
    at: Node = root
    if len(operations.items) > MAX_OPERATIONS:
        raise PatchError(f"a JSON patch of more than {MAX_OPERATIONS:,} operations is not carried out here", operations)
    room = MAX_COPIED
    for operation in operations.items:
        if not isinstance(operation, Mapping):
            raise PatchError("an operation of a JSON patch must be a mapping", operation)
        try:
            if text(operation.get("op")) == "copy":
                room -= _size(_get(at, _pointer(operation, "from"), operation), room)
            if room < 0:
                raise PatchError(f"a JSON patch that copies more than {MAX_COPIED:,} values is not carried out here", operation)
            at = _apply(at, operation)
        except _HiddenError:
            continue
    return at if isinstance(at, Mapping) else root


def _size(node: Node, most: int) -> int:
    """How many values there are in and below ``node``; counting ends above ``most``."""
    todo, count = [node], 0
    while todo and count <= most:
        at = todo.pop()
        count += 1
        todo += [e.value for e in at.entries] if isinstance(at, Mapping) else at.items if isinstance(at, Sequence) else ()
    return count


def _apply(root: Node, operation: Mapping) -> Node:
    op, path = text(operation.get("op")), _pointer(operation, "path")
    if op == "add":
        return _add(root, path, _value(operation), operation)
    if op == "remove":
        return _remove(root, path, operation)
    if op == "replace":
        return _replace(root, path, _value(operation), operation)
    if op == "move":
        source = _pointer(operation, "from")
        value = _get(root, source, operation)
        return _add(_remove(root, source, operation), path, value, operation)
    if op == "copy":
        return _add(root, path, _get(root, _pointer(operation, "from"), operation), operation)
    if op == "test":
        if plain(_get(root, path, operation)) != plain(operation.get("value")):
            raise PatchError(f"the test of {_name(path)} fails", operation)
        return root
    raise PatchError(f"{op!r} is no operation of a JSON patch", operation)


def _pointer(operation: Mapping, field: str) -> tuple[str, ...]:
    node = operation.get(field)
    pointer = text(node) if node is not None else None
    if pointer is None:
        raise PatchError(f"a JSON patch operation needs {field!r}", operation)
    if pointer and not pointer.startswith("/"):
        raise PatchError(f"{pointer!r} must start with a slash", node or operation)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _value(operation: Mapping) -> Node:
    value = operation.get("value")
    return Scalar(operation.doc, operation.start, operation.start, "null") if value is None else value


def _name(path: tuple[str, ...]) -> str:
    return "/" + "/".join(path)


def _index(part: str, length: int, operation: Mapping, *, adding: bool = False) -> int:
    try:
        index = int(part)
    except ValueError:
        raise PatchError(f"{part!r} is no index of a list", operation) from None
    size = length + adding
    if index < 0:
        index += size
    if not 0 <= index < size:
        raise PatchError(f"the list has no item {part}", operation)
    return index


def _get(root: Node, path: tuple[str, ...], operation: Mapping) -> Node:
    at = root
    for part in path:
        if isinstance(at, Unknown):
            raise _HiddenError
        key: str | int = _index(part, len(at.items), operation) if isinstance(at, Sequence) else part
        below = child(at, key)
        if below is None:
            raise PatchError(f"{_name(path)} does not exist", operation)
        at = below
    return at


def _within(node: Node, path: tuple[str, ...], operation: Mapping, change: Callable[[Node, str], Node], full: str) -> Node:
    """``node`` with the container of the last part of ``path`` changed by ``change(container, part)``."""
    if isinstance(node, Unknown):
        raise _HiddenError
    part, rest = path[0], path[1:]
    if not rest:
        if not isinstance(node, Mapping | Sequence):
            raise PatchError(f"{full} lies in something that is no mapping and no list", operation)
        return change(node, part)
    if isinstance(node, Mapping):
        entry = node.index.get(part)
        if entry is None:
            raise PatchError(f"{full} cannot be reached: there is no {part!r}", operation)
        return with_entry(node, Entry(entry.key, _within(entry.value, rest, operation, change, full), entry.via), part)
    if isinstance(node, Sequence):
        items = list(node.items)
        index = _index(part, len(items), operation)
        items[index] = _within(items[index], rest, operation, change, full)
        return with_items(node, items)
    raise PatchError(f"{full} cannot be reached: {part!r} lies in a plain value", operation)


def _add(root: Node, path: tuple[str, ...], value: Node, operation: Mapping) -> Node:
    def put(node: Node, part: str) -> Node:
        if isinstance(node, Mapping):
            old = node.index.get(part)
            key = key_at(value, part)
            return with_entry(node, Entry(key, with_under(value, old.value if old else None)), part)
        items = list(node.items) if isinstance(node, Sequence) else []
        index = len(items) if part == "-" else _index(part, len(items), operation, adding=True)
        items.insert(index, value)
        return with_items(node, items) if isinstance(node, Sequence) else node

    return _within(root, path, operation, put, _name(path)) if path else value


def _replace(root: Node, path: tuple[str, ...], value: Node, operation: Mapping) -> Node:
    def put(node: Node, part: str) -> Node:
        if isinstance(node, Mapping):
            old = node.index.get(part)
            if old is None:
                raise PatchError(f"{_name(path)} does not exist", operation)
            return with_entry(node, Entry(old.key, with_under(value, old.value)), part)
        items = list(node.items) if isinstance(node, Sequence) else []
        index = _index(part, len(items), operation)
        items[index] = with_under(value, items[index])
        return with_items(node, items) if isinstance(node, Sequence) else node

    return _within(root, path, operation, put, _name(path)) if path else with_under(value, root)


def _remove(root: Node, path: tuple[str, ...], operation: Mapping) -> Node:
    def drop(node: Node, part: str) -> Node:
        if isinstance(node, Mapping):
            if part not in node:
                raise PatchError(f"{_name(path)} does not exist", operation)
            said = operation.get("path")
            here = Entry(said, said) if isinstance(said, Scalar) else None
            return with_removed(without_key(node, part), {part: here} if here else {})
        items = list(node.items) if isinstance(node, Sequence) else []
        del items[_index(part, len(items), operation)]
        return with_items(node, items) if isinstance(node, Sequence) else node

    if not path:
        return with_entries(operation, ())
    return _within(root, path, operation, drop, _name(path))
