"""What an expression sees of large data: the paths it reads, nothing else.

The runtime converts the whole of a root when an expression touches any of it. What an expression reads is known
when its policy loads, so it is given that much: the answer is the same, and a condition on one key costs one key.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from lintkit.yamldoc.node import Json

Paths: TypeAlias = "tuple[tuple[str, ...], ...]"

LASTING: Final = ("object", "oldObject", "facts", "env")
"""Roots that are the same for all that a policy asks about a subject."""
PRESENT: Final = "?"
"""Last part of a path that is only asked for: ``has(object.spec)`` wants to know of the key, not of its value."""


class View(NamedTuple):
    """Paths of one root; ``key`` tells views apart (a string is hashed once, nested tuples every time)."""

    root: str
    paths: Paths
    key: str


def seen(value: Json, paths: Paths) -> Json:
    """``value`` with nothing but what lies on ``paths``; all of it where a path ends or goes into a list."""
    if not isinstance(value, dict):
        return value
    below: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        if not path or path[0] == "[]":
            return value
        below.setdefault(path[0], []).append(path[1:])
    below.pop(PRESENT, None)
    return {key: seen(value[key], tuple(rest)) for key, rest in below.items() if key in value}
