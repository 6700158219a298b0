"""What a fix wants to be true, before anybody looks at text: intents, and the reason one cannot be carried out."""

from __future__ import annotations

from typing import TypeAlias

from lintkit.records import NamedTuple
from lintkit.text.source import Source
from lintkit.yamldoc.node import Json, Mapping, Path


class Blocked(Exception):
    """No edit can be made; ``reason`` completes "not applied: ..."."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Set(NamedTuple):
    """The value at ``path`` of ``root`` shall be ``value``; missing mappings on the way are written.

    ``root`` may be merged from several layers. ``quote`` writes a string in quotes even where it
    needs none; with a value that is no string it quotes the text as the file has it.
    """

    root: Mapping
    path: Path
    value: Json
    quote: bool = False


class Remove(NamedTuple):
    """Nothing shall be written at ``path`` of ``root``, in no layer a user can edit."""

    root: Mapping
    path: Path


class Insert(NamedTuple):
    """The list at ``path`` shall hold ``value``, the mapping at ``path`` the keys of ``value``.

    ``after`` is the path of the sibling to follow (whole, or its last step alone); None appends.
    Where nothing stands at ``path``, a list with the one item is written (``Set`` writes mappings).
    """

    root: Mapping
    path: Path
    value: Json
    after: Path | None = None


class Create(NamedTuple):
    """A new file at ``path`` (relative to the root of the repository) with ``text``."""

    path: str
    text: str


class Append(NamedTuple):
    """A new document ``text`` (with or without its ``---``) at the end of an existing file."""

    source: Source
    text: str


Intent: TypeAlias = Set | Remove | Insert | Create | Append


def dotted(path: Path) -> str:
    """A path for people: ``pools[0].spec.size``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
