"""Values that Flux takes from ConfigMaps and Secrets: each reference becomes one layer, or the reason why it is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.flux.objects import Missing, Objects
from lintkit.sources.model import Layer
from lintkit.sources.secrets import encrypted_values, is_encrypted, sealed
from lintkit.text.regex import regex
from lintkit.tree.files import Reader
from lintkit.yamldoc.compose import documents, embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, boolean, is_null, lookup, text
from lintkit.yamldoc.node import Sequence as ListNode
from lintkit.yamldoc.scalars import TAG_BINARY
from lintkit.yamldoc.transform import keys, make_mapping, make_sequence, merge, set_at
from lintkit.yamldoc.unknowns import unknown_reason

DEFAULT_KEY: Final = "values.yaml"
"""Where values stand in a ConfigMap or Secret when ``valuesKey`` is absent (HelmRelease v2)."""

_INTEGER: Final = regex(r"-?(?:0|[1-9][0-9]*)")
_SET_SYNTAX: Final = regex(r"[,{}\[\]\\]")
_WORDS: Final = frozenset({"true", "false", "null"})


class Taken(NamedTuple):
    """What one reference yields: a layer, or why it is ``hidden``, or what is ``missing`` (or neither, when optional)."""

    layer: Layer | None = None
    hidden: str = ""
    missing: Missing | None = None


def holds_whole_text(scalar: Scalar) -> bool:
    """Whether a scalar is the whole text of its document: a file that a generator put into a ConfigMap."""
    return scalar.start == 0 and scalar.end == len(scalar.doc.text) > 0 and scalar.text == scalar.doc.text


def document_of(scalar: Scalar, reader: Reader | None = None) -> Document | None:
    """The YAML document that a string holds, with positions in the file; None when it holds none.

    A string that is a whole file is read as that file (``reader`` shares what was parsed already), of
    several documents the first, as Flux does; any other string through its segment map.
    """
    if not holds_whole_text(scalar):
        return embed(scalar)
    doc = scalar.doc
    if doc.segments is not None:
        return embedded(Document(doc.source, doc.number, text=doc.text, segments=doc.segments, host=doc.host))
    source = doc.source
    found = reader.documents(source.path) if reader is not None and reader.source(source.path) is source else documents(source)
    return found[0] if found else None


def take(item: Node, objects: Objects, namespace: str, reader: Reader, below: Sequence[Layer] = ()) -> Taken:
    """What one item of ``spec.valuesFrom`` adds to the values of a HelmRelease in ``namespace``.

    ``below`` are the layers before it: a ``targetPath`` into a list changes one item of the list they make.
    """
    kind, name = text(lookup(item, "kind")) or "", text(lookup(item, "name")) or ""
    key = text(lookup(item, "valuesKey")) or DEFAULT_KEY
    label = f"{kind} {name}"
    if kind not in ("ConfigMap", "Secret") or not name:
        return Taken(hidden=f"values from {label.strip() or 'an unknown reference'} (not readable)")
    body = objects.find(kind, name, namespace)
    optional = boolean(lookup(item, "optional")) is True
    if body is None:
        missing = None if optional or kind == "Secret" else Missing(f"{label} is not in this tree", item)
        return Taken(hidden=f"{label} (not in this tree)", missing=missing)
    reason = sealed(body)
    if reason:
        return Taken(hidden=f"{label} ({reason})")
    clear = lookup(body, "stringData", key) if kind == "Secret" else None
    value = lookup(body, "data", key) if clear is None else clear
    if value is None:
        binary = lookup(body, "binaryData", key) is not None
        if binary or optional:
            return Taken(hidden=f"{label} (not readable)" if binary else "")
        return Taken(missing=Missing(f"{label} has no key {key}", item))
    if kind == "Secret" and clear is None and not (isinstance(value, Scalar) and holds_whole_text(value)):
        return Taken(hidden=f"{label} (not readable)")
    return _read(item, value, label, reader, below)


def _read(item: Node, value: Node, label: str, reader: Reader, below: Sequence[Layer]) -> Taken:
    if isinstance(value, Unknown) or is_encrypted(value) or not isinstance(value, Scalar):
        return Taken(hidden=f"{label} ({unknown_reason(value) or 'not readable'})")
    target = text(lookup(item, "targetPath"))
    if target:
        return _targeted(item, value, target, label, below)
    if value.tag == TAG_BINARY:
        return Taken(hidden=f"{label} (not readable)")
    doc = document_of(value, reader)
    if doc is None or (doc.trouble is None and (doc.root is None or is_null(doc.root))):
        return Taken()
    if doc.trouble is not None or not isinstance(doc.root, Mapping):
        why = doc.trouble.message if doc.trouble is not None else "they are no mapping"
        broken = Missing(f"values of {label} cannot be read: {why}", item)
        return Taken(hidden=f"{label} (its values cannot be read)", missing=broken)
    reason = sealed(doc.root)
    if reason and not _in_clear(doc.root):
        return Taken(hidden=f"{label} ({reason})")
    return Taken(Layer(layer_name(value, label), encrypted_values(doc.root)))


def layer_name(value: Scalar, label: str) -> str:
    """What people call a layer: the file it is, or the file that holds it and the object within."""
    path = value.doc.source.path
    return path if holds_whole_text(value) and value.doc.host is None else f"{path} {label}"


def _in_clear(root: Mapping) -> bool:
    # SOPS with encrypted_regex leaves most of a file readable: then only the ENC[] scalars are unknown
    return any(key != "sops" and not is_encrypted(entry.value) for key, entry in root)


def _targeted(item: Node, value: Scalar, target: str, label: str, below: Sequence[Layer]) -> Taken:
    literal = boolean(lookup(item, "literal")) is True
    node = value if literal else set_value(value)
    root, path = make_mapping(value, ()), keys(target)
    first = next((i for i, key in enumerate(path) if isinstance(key, int)), 0)
    if first:
        whole = lookup(reduce(merge, (layer.root for layer in below), None), *path[:first])
        root = set_at(root, path[:first], whole, value.doc) if isinstance(whole, ListNode) else root
    root = set_at(root, path, node, value.doc)
    return Taken(Layer(f"{layer_name(value, label)} ({target})", root))


def set_value(value: Scalar) -> Node:
    """A string as ``helm --set`` types it, standing where ``value`` stands.

    Source: Helm ``pkg/strvals`` ``typedVal``: true, false, null and decimal integers are typed,
    quoted text and everything else is a string, ``{a,b}`` is a list.
    """
    raw = value.text.rstrip("\n")
    if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\"":
        return _string(value, raw[1:-1])
    if raw.startswith("{") and raw.endswith("}") and not _SET_SYNTAX.search(raw[1:-1].replace(",", "")):
        return make_sequence(value, (_typed(value, part.strip()) for part in raw[1:-1].split(",") if part.strip()))
    if _SET_SYNTAX.search(raw):
        return Unknown(value.doc, value.start, value.end, "value in Helm's --set syntax")
    return _typed(value, raw)


def _typed(value: Scalar, raw: str) -> Scalar:
    if raw.lower() in _WORDS:
        return Scalar(value.doc, value.start, value.end, raw.lower())
    if _INTEGER.fullmatch(raw):
        return Scalar(value.doc, value.start, value.end, raw)
    return _string(value, raw)


def _string(value: Scalar, raw: str) -> Scalar:
    return Scalar(value.doc, value.start, value.end, raw, "'")
