"""What an expression sees of large data: the paths it reads, nothing else.

The runtime converts the whole of a root when an expression touches any of it. What an expression reads is known
when its policy loads, so it is given that much: the answer is the same, and a condition on one key costs one key.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from lintkit.records import NamedTuple
from lintkit.yamldoc.node import Json

Paths: TypeAlias = "tuple[tuple[str, ...], ...]"

LASTING: Final = ("object", "oldObject", "facts", "env")
"""Roots that are the same for all that a policy asks about a subject."""
PRESENT: Final = "?"
"""Last part of a path that is only asked for: ``has(object.spec)`` wants to know of the key, not of its value."""


Tree: TypeAlias = "dict[str, Tree | None]"
"""Keys that are read, with what is read below each: None for all of it."""


class View(NamedTuple):
    """What is read of one root, None for all of it; ``key`` tells views apart (a string is hashed once)."""

    root: str
    tree: Tree | None
    key: str


def view(root: str, paths: Paths) -> View:
    """The view of ``paths``."""
    return View(root, _tree(paths), f"{root} {paths}")


def _tree(paths: Paths) -> Tree | None:
    below: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        if not path or path[0] == "[]":
            return None
        below.setdefault(path[0], []).append(path[1:])
    below.pop(PRESENT, None)
    return {key: _tree(tuple(rest)) for key, rest in below.items()}


def seen(value: Json, tree: Tree | None) -> Json:
    """``value`` with nothing but what ``tree`` names; all of it where the tree ends or a list begins."""
    if tree is None or type(value) is not dict:
        return value
    found: dict[str, Json] = {}
    for key, rest in tree.items():
        if key in value:
            part = value[key]
            found[key] = part if rest is None or type(part) is not dict else seen(part, rest)
    return found
