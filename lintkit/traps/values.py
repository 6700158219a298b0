"""Traps in values: text that arrives in other characters, whole numbers that arrive as others."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final, TypeAlias

from lintkit.finding import Finding, Fix
from lintkit.shape import OVERSIZED_INTEGER, UNQUOTED_STRING, shape_finding, whose
from lintkit.text.edits import Edit
from lintkit.text.regex import regex
from lintkit.traps.look import Look
from lintkit.yamldoc.document import Document, path_of, place_of, pointer
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence, is_null, key_name

Layers: TypeAlias = "Dict[int, list[tuple[int, int]]]"
"""Where values of Helm releases stand: spans, by the id of their document."""

_TEXT_MAPS: Final = regex(r"annotations|labels|nodeSelector|matchLabels|\w*(?:Annotations|Labels)|node_?[sS]elector|substitute")
_TAGS: Final = regex(r"tag|\w*(?:Tag|_tag)|targetRevision")
_PLACES: Final = regex(r"version|revision")
_BESIDE: Final = frozenset(("chart", "repository", "image", "repoURL", "registry"))
_VARIABLES: Final = regex(r"\w*[eE]nv|\w*[eE]nv(?:ironment)?_?[vV]ars?|ENV")
_SWITCHES: Final = frozenset(("enabled", "enable", "disabled", "create"))
_DIGITS: Final = regex(r"[-+]?[0-9][0-9_]*")


def odd_values(doc: Document, root: Node, look: Look, layers: Layers) -> Iterator[Finding]:
    """Plain scalars below ``root`` that are not read as they are written, where that is certain not to be meant."""
    helm = layers.get(id(doc), ())
    todo: list[tuple[Node, str]] = [(root, "")]
    while todo:
        node, under = todo.pop()
        if id(node) in doc.aliases or node.doc is not doc:
            continue
        if isinstance(node, Sequence):
            todo += [(item, under) for item in node.items]
        elif isinstance(node, Mapping):
            for entry in node.entries:
                if not entry.via:
                    if look.changed and isinstance(entry.value, Scalar) and _is_text(node, entry, under):
                        yield from unquoted(entry.value)
                    todo.append((entry.value, key_name(entry.key)))
        elif look.large and isinstance(node, Scalar):
            yield from _oversized(node, helm=any(start <= node.start < end for start, end in helm))


def _is_text(node: Mapping, entry: Entry, under: str) -> bool:
    """Whether the value of an entry of ``node``, which stands below the key ``under``, is text for whoever reads it."""
    name = key_name(entry.key)
    if (_TEXT_MAPS.fullmatch(under) and name not in _SWITCHES) or _TAGS.fullmatch(name):
        return True
    if name == "value" and "name" in node:
        return _VARIABLES.fullmatch(under) is not None
    return _PLACES.fullmatch(name) is not None and not _BESIDE.isdisjoint(node.index)


def unquoted(node: Scalar, why: str = "text is meant here") -> Iterator[Finding]:
    """The finding for a plain scalar that arrives in other characters than it is written in; none for any other."""
    read = arrives(node)
    if not read:
        return
    kind = "the boolean" if isinstance(node.value, bool) else "the number"
    yield _finding(node, f"{node.text} is read as {kind} {read}, and {why}", unquoted=True)


def changed_keys(doc: Document, node: Mapping) -> Iterator[Finding]:
    """Keys that arrive as others, all keys being text: ``on`` as ``true``, ``0777`` as ``511``."""
    for key in node.written():
        name = key_name(key)
        if name != key.text and not key.style and not key.tag and key.value is not None and not isinstance(key.value, str):
            yield _finding(key, f"the key {key.text} arrives as {name}", unquoted=True)


def arrives(node: Scalar) -> str:
    """How a plain scalar that is no text is written by a template; empty when as it stands, or when it is null or text."""
    value = node.value
    if node.style or node.tag or is_null(node) or isinstance(value, str):
        return ""
    if isinstance(value, bool):
        read = "true" if value else "false"
    elif isinstance(value, float):
        read = repr(value).removesuffix(".0")
    else:
        read = str(value)
    return "" if read == node.text else read


def _oversized(node: Scalar, *, helm: bool) -> Iterator[Finding]:
    """The finding for a whole number that arrives as another: of more than 64 bits, and in Helm's values of more than 53."""
    if node.style or node.tag or not _DIGITS.fullmatch(node.text):
        return
    if isinstance(node.value, str):
        return  # so long that it is no float either: it arrives as text
    number = int(node.text.replace("_", ""))
    if -(2**63) <= number < 2**63:
        if helm and _rounded(number) != str(number):
            yield _finding(node, f"{node.text} has more digits than Helm keeps: {_rounded(number)} arrives", unquoted=False)
        return
    yield _finding(node, f"{node.text} does not fit 64 bits: {float(number):.15g} arrives", unquoted=False)


def _rounded(number: int) -> str:
    """A whole number after a trip through a float, as Go writes it: the fewest digits that say which float it is."""
    mantissa, _, exponent = f"{float(number)!r}".partition("e+")
    whole, _, fraction = mantissa.partition(".")
    return whole + fraction.ljust(int(exponent), "0") if exponent else whole


def _finding(node: Scalar, message: str, *, unquoted: bool) -> Finding:
    place, doc = place_of(node), node.doc
    path = pointer(doc, path_of(node))
    quoted = f'"{node.text}"'
    fix = None
    if not place.locked:
        why = "the text arrives as it is written" if unquoted else "its digits arrive as text"
        fix = Fix(f"write {quoted}", False, (Edit(place.source, place.start, place.end, quoted),), why)
    policy = UNQUOTED_STRING if unquoted else OVERSIZED_INTEGER
    return shape_finding(policy, place, doc.number, message, whose(doc, path_of(node)), path, fix=fix)
