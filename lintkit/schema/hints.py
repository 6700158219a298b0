"""What an unknown key was meant to be: a near name, the same name elsewhere, a key of another release."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Final

from lintkit.facts.words import nearest
from lintkit.records import NamedTuple
from lintkit.schema.model import CrdSchema, Ref, Shape
from lintkit.yamldoc.node import Path

_LEVELS: Final = 3


class Place(NamedTuple):
    """A mapping on the way down: its shape and path, and the mapping it is in."""

    shape: Shape
    path: Path
    outer: Place | None


def unknown_key_words(
    name: str, present: Container[str], here: Place, schema: CrdSchema, resolve: Callable[[Ref], Shape]
) -> tuple[str, str]:
    """The message about key ``name`` of the mapping ``here``, and the key to write instead (empty when none is near).

    ``present`` holds the keys of the mapping; ``resolve`` is that of ``here``'s shape.
    """
    path, shape = here.path, here.shape
    # metadata has its own shape, the same in every release
    own = path[:1] != ("metadata",)
    where = spelled(path) or schema.kind
    message = f"{name!r} is no key of {where}"
    near = near_key(name, shape.properties, present)
    release = _releases(name, path, schema) if own else ""
    if release:
        return f"{message} in this release; {schema.product} {release} knows it", ""
    place = _elsewhere(name, here, resolve)
    if place and (not near or near.lower() != name.lower()):
        return f"{message}; it is a key of {place}", ""
    if near:
        return f"{message}; did you mean {near!r}?", near
    return message, ""


def near_key(name: str, known: Iterable[str], present: Container[str] = ()) -> str:
    """The key of ``known`` that ``name`` was most likely meant to be; empty when none is near.

    The same letters in another case come first, then the fewest edits (a third of the length at most);
    keys that are not written yet win over ones that are.
    """
    free = [key for key in known if key not in present]
    bare = _letters(name)
    for key in free:
        if _letters(key) == bare:
            return key
    limit = max(1, len(name) // 3)
    for candidates in (free, list(known)):
        found = nearest(name, candidates, limit) or nearest(bare, [_letters(c) for c in candidates], limit)
        if found:
            return next(c for c in candidates if c in found or _letters(c) in found)
    return ""


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _elsewhere(name: str, here: Place, resolve: Callable[[Ref], Shape]) -> str:
    """The place, a level down or some levels up, that knows the key; empty when there is none."""
    above = here.outer
    for _ in range(_LEVELS):
        if above is None:
            break
        if name in above.shape.properties:
            return spelled(above.path) or "the object itself"
        above = above.outer
    for key, ref in here.shape.properties.items():
        below = resolve(ref)
        if below.closed and name in below.properties:
            return spelled((*here.path, key))
        if below.items is not None:
            inner = resolve(below.items)
            if inner.closed and name in inner.properties:
                return f"the items of {spelled((*here.path, key))}"
    return ""


def _releases(name: str, path: Path, schema: CrdSchema) -> str:
    """The releases that know the key here (``1.19``, ``1.16 to 1.18``); empty when none does."""
    knowing = [release for release, root in schema.releases.items() if _knows(name, path, schema.resolve(root), schema.resolve)]
    if len(knowing) > 1:
        return f"{knowing[0]} to {knowing[-1]}"
    return knowing[0] if knowing else ""


def _knows(name: str, path: Path, shape: Shape, resolve: Callable[[Ref], Shape]) -> bool:
    for key in path:
        ref = shape.items if isinstance(key, int) else shape.properties.get(key, shape.extra)
        if ref is None:
            return False
        shape = resolve(ref)
    return name in shape.properties


def spelled(path: Path) -> str:
    """A path as people write it: ``spec.storage.nodes[0].name``; keys with dots or slashes in brackets."""
    text = ""
    for key in path:
        if isinstance(key, int) or not key or "." in key or "/" in key:
            text += f"[{key}]"
        else:
            text += f".{key}" if text else key
    return text
