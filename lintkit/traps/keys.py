"""Traps in the keys of one mapping: written twice, told apart by case alone, not the word they look like."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterator
from typing import Final

from lintkit.finding import Finding, Fix, Related
from lintkit.records import NamedTuple
from lintkit.shape import CASE_VARIANT_KEY, DUPLICATE_KEY, INVISIBLE_CHARACTER, LOOK_ALIKE_KEY, ShapePolicy, shape_finding, whose
from lintkit.text.edits import Edit
from lintkit.text.regex import regex
from lintkit.traps.look import INVISIBLE, LATIN
from lintkit.traps.remove import removal
from lintkit.yamldoc.document import Document, path_of, place_of, pointer
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence, key_name
from lintkit.yamldoc.plain import plain

_HIDDEN: Final = regex(f"[{INVISIBLE}]")
_SPACES: Final = regex("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_TO_LATIN: Final = str.maketrans(LATIN)
_TEMPLATES: Final = ("{{", "{%")


def repeated(doc: Document, node: Mapping) -> Iterator[Finding]:
    """Keys that a later one of the same mapping replaces, at the one that has no effect.

    Keys with a template's control structure between them are alternatives: only one of them is there at a time.
    """
    own = _own(node)
    names = [key_name(e.key) for e in own]
    last = dict(zip(names, own, strict=True))
    for i, (name, entry) in enumerate(zip(names, own, strict=True)):
        winner = last[name]
        if entry is winner or _alternatives(doc, entry, winner):
            continue
        place = place_of(winner.key)
        path = pointer(doc, (*path_of(node), name))
        same = plain(entry.value) == plain(winner.value)
        yield shape_finding(
            DUPLICATE_KEY,
            place_of(entry.key),
            doc.number,
            f"{name} is written again in line {place.first.line}, which replaces this one",
            whose(doc, (*path_of(node), name)),
            path,
            related=(Related(place, f"the {name} that counts"),),
            fix=removal(node, entry, own[i + 1], safe=same),
        )


def case_variants(doc: Document, node: Mapping) -> Iterator[Finding]:
    """Keys of which an earlier one of the mapping differs by case alone, both with more than one letter."""
    seen: dict[str, Entry] = {}
    for entry in _own(node):
        name = key_name(entry.key)
        before = seen.setdefault(name.lower(), entry)
        other = key_name(before.key)
        if other == name or len(name) < 2 or entry.key.style or before.key.style or _alternatives(doc, before, entry):
            continue
        place = place_of(before.key)
        path = pointer(doc, (*path_of(node), name))
        yield shape_finding(
            CASE_VARIANT_KEY,
            place_of(entry.key),
            doc.number,
            f"{name} and {other} of line {place.first.line} are two keys",
            whose(doc, (*path_of(node), name)),
            path,
            related=(Related(place, f"the other key, {other}"),),
        )


def odd_words(doc: Document, node: Node) -> Iterator[Finding]:
    """Keys and names below ``node`` that are not the word they look like."""
    todo = [node]
    while todo:
        node = todo.pop()
        if id(node) in doc.aliases or node.doc is not doc:
            continue
        if isinstance(node, Sequence):
            todo += node.items
        elif isinstance(node, Mapping):
            known = {key_name(e.key): e for e in node.entries if not e.via}
            for entry in _own(node):
                yield from _odd_key(doc, node, entry.key, known)
                todo.append(entry.value)
        elif isinstance(node, Scalar):
            yield from _odd_value(doc, node)


def _own(node: Mapping) -> list[Entry]:
    return [e for e in node.entries if not e.via]


def _alternatives(doc: Document, first: Entry, last: Entry) -> bool:
    between = doc.text[first.key.start : last.key.start]
    return any(mark in between for mark in _TEMPLATES)


def _odd_key(doc: Document, node: Mapping, key: Scalar, known: dict[str, Entry]) -> Iterator[Finding]:
    name = key.text
    said = None if name.isascii() or "{{" in name else _mistaken(name, known)
    if said is None:
        return
    path = pointer(doc, (*path_of(node), name))
    twin = known.get(said.meant)
    related = (Related(place_of(twin.key), f"the key {said.meant}"),) if twin else ()
    # an odd space before a key was meant to indent it: what it belongs to is not certain
    fix = None if _SPACES.match(name) else _renamed(key, said.meant, known)
    place, identity = place_of(key), whose(doc, (*path_of(node), name))
    yield shape_finding(said.policy, place, doc.number, said.message, identity, path, related=related, fix=fix)


class _Mistaken(NamedTuple):
    """A key that is not the word it looks like, which is ``meant``."""

    policy: ShapePolicy
    meant: str
    message: str


def _mistaken(name: str, known: Container[str]) -> _Mistaken | None:
    hidden = _HIDDEN.search(name)
    if hidden:
        # in a word of another script such characters have a meaning
        clean = _HIDDEN.sub("", name)
        message = f"the key {clean!r} holds {_named(hidden[0])}, so it is another key"
        return _Mistaken(INVISIBLE_CHARACTER, clean, message) if clean.isascii() else None
    latin = name.translate(_TO_LATIN)
    odd = next((char for char in name if char in LATIN), "")
    if odd and latin.isascii() and any(char.isascii() and char.isalpha() for char in name):
        message = f"the key that looks like {latin!r} holds {_named(odd)}, so it is another key"
        return _Mistaken(LOOK_ALIKE_KEY, latin, message)
    composed = unicodedata.normalize("NFC", name)
    if composed != name and composed in known:
        message = f"the key {composed!r} is here with its accent as a character of its own, so it is another key"
        return _Mistaken(LOOK_ALIKE_KEY, composed, message)
    return None


def _odd_value(doc: Document, node: Scalar) -> Iterator[Finding]:
    """A name (one word of ASCII) with a character nobody sees, written as itself and not as an escape."""
    if node.text.isascii() or node.style in ("|", ">"):
        return
    hidden = _HIDDEN.search(doc.text, node.start, node.end)
    clean = _HIDDEN.sub("", node.text)
    if hidden is None or not clean.isascii() or not clean or any(char.isspace() for char in clean):
        return
    if _SPACES.search(node.text.strip("\u00a0")):
        return  # a space between words
    message = f"the value {clean!r} holds {_named(hidden[0])}, so it is another value"
    path = pointer(doc, path_of(node))
    place = place_of(node)
    edit = Edit(place.source, place.start, place.end, _HIDDEN.sub("", doc.text[node.start : node.end]))
    fix = None if place.locked else Fix(f"write {clean}", False, (edit,), "the value becomes what it looks like")
    yield shape_finding(INVISIBLE_CHARACTER, place, doc.number, message, whose(doc, path_of(node)), path, fix=fix)


def _renamed(key: Scalar, name: str, known: Container[str]) -> Fix | None:
    """The key as it is meant; None where that one is there already, and where the text cannot be edited."""
    place = place_of(key)
    if name in known or not name or place.locked or key.style in ("|", ">"):
        return None
    raw = key.doc.text[key.start : key.end]
    edit = Edit(place.source, place.start, place.end, _HIDDEN.sub("", raw).translate(_TO_LATIN))
    return Fix(f"rename it to {name}", False, (edit,), "the setting starts to work")


def _named(char: str) -> str:
    words = "byte order mark" if char == "\ufeff" else unicodedata.name(char, "control character").lower()
    return f"the {words} (U+{ord(char):04X})"
