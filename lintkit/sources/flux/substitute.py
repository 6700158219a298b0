"""Flux's post-build substitution over nodes: values change, spans stay.

Flux writes every object as YAML, substitutes in that text and reads it again, so quotes around a lone
``"${PORT}"`` do not survive: a number stays a number (fluxcd/kustomize-controller docs, "Post build
substitution of numbers and booleans"). Text inside a ConfigMap is substituted as text.
"""

from __future__ import annotations

from typing import Final

from lintkit.sources.flux.envsubst import Piece, Variables, pieces, replace
from lintkit.sources.flux.objects import Objects, Reference, reference
from lintkit.sources.flux.values import holds_whole_text
from lintkit.sources.secrets import sealed
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.embed import detached, segment_map
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence, Unknown, items, lookup, text
from lintkit.yamldoc.transform import with_entries, with_items
from lintkit.yamldoc.unknowns import placeholder

DISABLED: Final = "kustomize.toolkit.fluxcd.io/substitute"
"""Label or annotation whose value ``disabled`` exempts an object."""

_HOLDERS: Final = frozenset({"ConfigMap", "Secret"})
_HELD: Final = frozenset({"data", "stringData"})
# what makes a YAML writer quote a string: then the substituted text stays a string as well
_QUOTED: Final = regex(r""": | #|[:\s]\Z|\A[\s\-?:,\[\]{}#&*!|>'"%@`]""")
# what makes substituted plain text more than a plain scalar
_STRUCTURED: Final = regex(r""": | #|:\Z|\A[\[{#&*!|>'"%@`]|\A[-?:] """)


def variables_of(post_build: Node | None, objects: Objects, namespace: str) -> Variables | None:
    """The variables of a Kustomization's ``spec.postBuild``; None when Flux would substitute nothing.

    ``substituteFrom`` counts in order, ``substitute`` wins over all of it. Line ends are taken out
    of values, as Flux does. Secrets are never read: their variables are hidden.
    """
    if not isinstance(post_build, Mapping):
        return None
    known: dict[str, str] = {}
    hidden: dict[str, str] = {}
    sources: list[str] = []
    for item in items(post_build.get("substituteFrom")):
        ref = reference(item, "ConfigMap", namespace)
        if ref is not None:
            _collect(ref, objects, known, hidden, sources)
    inline = post_build.get("substitute")
    if isinstance(inline, Mapping):
        _put(inline, "substitute", known, hidden)
    return Variables(known, hidden, tuple(sources)) if known or hidden or sources else None


def _collect(ref: Reference, objects: Objects, known: dict[str, str], hidden: dict[str, str], sources: list[str]) -> None:
    body = objects.find(ref.kind, ref.name, ref.namespace)
    if body is None or ref.kind not in _HOLDERS:
        sources.append(f"{ref.kind} {ref.name}")
        return
    secret = ref.kind == "Secret" or bool(sealed(body))
    for field in ("data", "stringData"):
        data = body.get(field)
        if isinstance(data, Mapping):
            _put(data, f"{ref.kind} {ref.name}", known, hidden, secret=secret)


def _put(data: Mapping, source: str, known: dict[str, str], hidden: dict[str, str], *, secret: bool = False) -> None:
    for name, entry in data:
        value = entry.value
        if secret or not isinstance(value, Scalar) or placeholder(value.text):
            known.pop(name, None)
            hidden[name] = source
        else:
            hidden.pop(name, None)
            known[name] = value.text.replace("\n", "")


def substitute(body: Mapping, variables: Variables) -> Mapping:
    """One object after substitution.

    A value whose variable is not known here is an Unknown; a text of several lines keeps the
    expression instead, so that the rest of it stays readable.
    """
    if exempt(body):
        return body
    if text(body.get("kind")) not in _HOLDERS:
        made = _walk(body, variables)
        return made if isinstance(made, Mapping) else body
    entries = []
    for entry in body.entries:
        held = entry.key.text in _HELD and isinstance(entry.value, Mapping)
        value = _hold(entry.value, variables) if held else _walk(entry.value, variables)
        entries.append(entry if value is entry.value else Entry(entry.key, value, entry.via))
    return with_entries(body, entries)


def exempt(body: Mapping) -> bool:
    """Whether an object opts out of substitution by label or annotation."""
    return any(text(lookup(body, "metadata", field, DISABLED)) == "disabled" for field in ("annotations", "labels"))


def _hold(data: Node, variables: Variables) -> Node:
    if not isinstance(data, Mapping):
        return data
    entries = []
    for entry in data.entries:
        value = entry.value
        if isinstance(value, Scalar) and ("\n" in value.text or holds_whole_text(value)):
            entries.append(Entry(entry.key, _embedded(value, variables), entry.via))
        else:
            entries.append(Entry(entry.key, _walk(value, variables), entry.via))
    return with_entries(data, entries)


def _walk(node: Node, variables: Variables) -> Node:
    # one Python frame a level, so that the deepest document allowed stays within the interpreter's limit
    if isinstance(node, Scalar):
        return _scalar(node, variables) if "${" in node.text else node
    if isinstance(node, Mapping):
        changed: dict[int, Entry] = {}
        for i, entry in enumerate(node.entries):
            value = _walk(entry.value, variables)
            key = _key(entry.key, variables) if "${" in entry.key.text else entry.key
            if value is not entry.value or key is not entry.key:
                changed[i] = Entry(key, value, entry.via)
        return with_entries(node, (changed.get(i, e) for i, e in enumerate(node.entries))) if changed else node
    if isinstance(node, Sequence):
        replaced: dict[int, Node] = {}
        for i, item in enumerate(node.items):
            made = _walk(item, variables)
            if made is not item:
                replaced[i] = made
        return with_items(node, (replaced.get(i, item) for i, item in enumerate(node.items))) if replaced else node
    return node


def _key(key: Scalar, variables: Variables) -> Scalar:
    new = replace(key.text, list(pieces(key.text, variables)))
    return Scalar(key.doc, key.start, key.end, new, key.style or "'", key.tag, key.anchor, key.under)


def _scalar(node: Scalar, variables: Variables) -> Node:
    found = list(pieces(node.text, variables))
    if not found:
        return node
    new = replace(node.text, found)
    if "\n" in node.text:
        return Scalar(node.doc, node.start, node.end, new, node.style, node.tag, node.anchor, node.under)
    unresolved = next((piece.unresolved for piece in found if piece.unresolved), "")
    if unresolved:
        return Unknown(node.doc, node.start, node.end, f"variable {unresolved} is not known here", node.under)
    if _QUOTED.search(node.text):
        return Scalar(node.doc, node.start, node.end, new, node.style or "'", None, node.anchor, node.under)
    return reread(node, new)


def reread(node: Scalar, new: str) -> Node:
    """The value that ``new`` has when read as YAML without quotes around it, standing where ``node`` stands."""
    if not _STRUCTURED.search(new):
        return Scalar(node.doc, node.start, node.end, new.strip(), "", None, node.anchor, node.under)
    root = detached(node, new, "variables are substituted in this value").root
    if root is None:
        return Unknown(node.doc, node.start, node.end, "the substituted text is no YAML", node.under)
    if isinstance(root, Scalar):
        return Scalar(node.doc, node.start, node.end, root.text, root.style or "'", None, node.anchor, node.under)
    return root


def _embedded(node: Scalar, variables: Variables) -> Node:
    """A text of several lines after substitution: a document of its own that maps to the file, span by span."""
    if "${" not in node.text:
        return node
    found = list(pieces(node.text, variables))
    whole = holds_whole_text(node)
    base = node.doc.segments if whole else segment_map(node)
    if base is not None and not whole and node.doc.segments is not None:
        base = base.compose(node.doc.segments)
    inner = SegmentMap(tuple(_segments(node.text, found)))
    segments = inner if base is None else inner.compose(base)
    new = replace(node.text, found)
    host = node.doc.host if whole else node
    doc = Document(node.doc.source, node.doc.number, text=new, segments=segments, host=host)
    return Scalar(doc, 0, len(new), new, "|", under=node.under)


def _segments(old: str, found: list[Piece]) -> list[Segment]:
    """Where the characters of the substituted text stand in ``old``."""
    segments: list[Segment] = []
    at = inner = 0
    for piece in found:
        if piece.start > at:
            segments.append(Segment(inner, at, piece.start - at))
            inner += piece.start - at
        if piece.text:
            exact = piece.text == old[piece.start : piece.end]
            segments.append(Segment(inner, piece.start, piece.end - piece.start, exact))
            inner += len(piece.text)
        at = piece.end
    if at < len(old):
        segments.append(Segment(inner, at, len(old) - at))
    return segments
