"""Select chains: what policies read of object, facts, env, ..."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lintkit.records import NamedTuple


class Read(NamedTuple):
    """``root`` and the path below it; ``[]`` stands for every item. ``deep``: all below the path counts."""

    root: str
    path: tuple[str, ...]
    deep: bool = True

    def __str__(self) -> str:
        return ".".join((self.root, *self.path)).replace(".[]", "[]")


def reads_from(kept: Iterable[Any]) -> tuple[Read, ...]:
    """Reads from the lists that JSON makes of them."""
    return tuple(Read(root, tuple(path), deep) for root, path, deep in kept)


class Asked(NamedTuple):
    """Reads by what they are of: names of facts, the object, the object before a change; ``plain`` when there are no others."""

    facts: tuple[str, ...]
    object: tuple[Read, ...]
    old: tuple[Read, ...]
    plain: bool = True


def asked(reads: Iterable[Read]) -> Asked:
    """Reads sorted out, in their order; those of an old object as reads of an object."""
    known = tuple(reads)
    return Asked(
        tuple(dict.fromkeys(read.path[0] for read in known if read.root == "facts" and read.path)),
        tuple(read for read in known if read.root == "object"),
        tuple(read._replace(root="object") for read in known if read.root == "oldObject"),
        all(read.root in ("object", "params") or (read.root == "facts" and bool(read.path)) for read in known),
    )
