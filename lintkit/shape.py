"""Findings about shape that no policy file declares: broken YAML and its kin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from lintkit.finding import Finding, Related, ResourceId, Span
from lintkit.policy.evaluate import fingerprint
from lintkit.policy.locate import identity_path
from lintkit.text.regex import regex
from lintkit.text.source import Place
from lintkit.yamldoc.document import Document, path_of, place_of, pointer
from lintkit.yamldoc.node import Mapping, Node, Sequence, key_name, lookup, text

_NUMBER: Final = regex(r"\d+")


class ShapePolicy(NamedTuple):
    """The description of a finding about shape, as ``explain`` shows it."""

    id: str
    family: str
    title: str
    severity: str
    why: str
    remedy: str


INVALID_YAML: Final = ShapePolicy(
    "invalid-yaml",
    "yaml",
    "YAML that cannot be parsed",
    "error",
    "Neither Helm nor kubectl can read the document, so nothing in it reaches the cluster, or the whole sync fails.",
    "Correct the syntax at the marked place.",
)
DUPLICATE_KEY: Final = ShapePolicy(
    "duplicate-key",
    "yaml",
    "Key written twice in one mapping",
    "error",
    "Helm takes the last one without a word, so the first has no effect; kustomize, and with it Flux, refuses the file.",
    "Keep one of the two, with everything that is meant below it.",
)
REASONLESS_IGNORE: Final = ShapePolicy(
    "reasonless-ignore",
    "ignores",
    "Ignore without a reason",
    "warning",
    "An ignore is a recorded decision; without a reason nobody can tell later whether it still holds. It has no effect.",
    "Write the reason behind the bracket.",
)
UNKNOWN_IGNORE: Final = ShapePolicy(
    "unknown-ignore",
    "ignores",
    "Ignore for a policy that does not exist",
    "warning",
    "It accepts nothing, so the finding it was meant for is still reported, or the policy was renamed.",
    "Correct the id; `lintkit policies` lists them.",
)
EXPIRED_IGNORE: Final = ShapePolicy(
    "expired-ignore",
    "ignores",
    "Ignore past its day",
    "warning",
    "The decision was made for a limited time, which is over. It has no effect.",
    "Mend what was ignored and remove the comment, or decide anew.",
)
UNUSED_IGNORE: Final = ShapePolicy(
    "unused-ignore",
    "ignores",
    "Ignore that accepts nothing",
    "warning",
    "What it accepted is mended or gone. Left in place it would hide the next mistake on this line.",
    "Remove the comment.",
)
UNKNOWN_KEY: Final = ShapePolicy(
    "unknown-key",
    "schema",
    "Key that the resource or chart does not know",
    "error",
    "The API server drops an unknown key or rejects the resource, Helm passes over an unknown value: the setting has no effect.",
    "Correct the key; the message names the nearest known one.",
)
WRONG_TYPE: Final = ShapePolicy(
    "wrong-type",
    "schema",
    "Value of the wrong type",
    "error",
    "The API server rejects the whole resource.",
    "Write a value of the type that the message names; numbers and booleans that are meant as text need quotes.",
)
BAD_VALUE: Final = ShapePolicy(
    "bad-value",
    "schema",
    "Value outside what the schema allows",
    "error",
    "The API server rejects the whole resource.",
    "Choose one of the allowed values.",
)
MISSING_KEY: Final = ShapePolicy(
    "missing-key",
    "schema",
    "Required key is missing",
    "error",
    "The API server rejects the whole resource.",
    "Add the key.",
)
CRD_VALIDATION: Final = ShapePolicy(
    "crd-validation",
    "schema",
    "Resource breaks a rule of its definition",
    "error",
    "The custom resource definition carries this rule in CEL, so the API server rejects the resource.",
    "Change the values that the rule names.",
)
SHAPE_POLICIES: Final = (
    INVALID_YAML,
    DUPLICATE_KEY,
    REASONLESS_IGNORE,
    UNKNOWN_IGNORE,
    EXPIRED_IGNORE,
    UNUSED_IGNORE,
    UNKNOWN_KEY,
    WRONG_TYPE,
    BAD_VALUE,
    MISSING_KEY,
    CRD_VALIDATION,
)


def shape_finding(policy: ShapePolicy, place: Place, document: int, message: str, identity: str, pointer: str = "") -> Finding:
    """A finding of a shape policy at ``place``; ``identity`` tells it from others, whatever its line and its file."""
    return Finding(
        policy=policy.id,
        family=policy.family,
        severity=policy.severity,
        message=message,
        place=place,
        span=Span(place.source.path, document, place.first, place.last, pointer),
        resource=ResourceId("", "", ""),
        resource_path="",
        environments=(),
        origin="",
        fingerprint=fingerprint(policy.id, "", identity),
        why=policy.why,
        remedy=policy.remedy,
    )


def invalid_yaml(doc: Document) -> Finding | None:
    """The finding for a document that cannot be read; None for one that can."""
    if doc.trouble is None:
        return None
    offset = min(doc.trouble.offset, len(doc.text))
    whole = doc.place(offset, offset)
    line_start, line_end = whole.source.line_span(whole.first.line)
    end = min(max(whole.start + 1, whole.start), line_end) if whole.start < line_end else whole.start
    start = whole.start if whole.start < line_end or line_start == line_end else line_start
    place = Place(whole.source, start, max(end, start))
    # no resource is known yet: what is wrong, and the line as it is written
    identity = f"{_NUMBER.sub('', doc.trouble.message)} {' '.join(place.source.line(place.first.line).split())}"
    return shape_finding(INVALID_YAML, place, doc.number, f"cannot be parsed: {doc.trouble.message}", identity)


def duplicate_keys(doc: Document) -> Iterator[Finding]:
    """Findings for keys that a later one of the same mapping replaces, at the one that has no effect.

    Keys with a template's control structure between them are alternatives: only one of them is there at a time.
    """
    for inner in doc.inner:
        yield from duplicate_keys(inner)
    todo: list[Node] = [] if doc.root is None else [doc.root]
    while todo:
        node = todo.pop()
        if id(node) in doc.aliases:
            continue
        if isinstance(node, Sequence):
            todo += node.items
        elif isinstance(node, Mapping) and node.doc is doc:
            for first, last in node.repeated():
                if "{{" in (between := doc.text[first.key.start : last.key.start]) or "{%" in between:
                    continue
                name = key_name(first.key)
                place, winner = place_of(first.key), place_of(last.key)
                path = (*path_of(node), name)
                found = shape_finding(
                    DUPLICATE_KEY,
                    place,
                    doc.number,
                    f"{name} is written again in line {winner.first.line}, which replaces this one",
                    f"{_owner(doc)} {identity_path(doc.root, path) if isinstance(doc.root, Mapping) else pointer(doc, path)}",
                    pointer(doc, path),
                )
                yield replace(found, related=(Related(winner, f"the {name} that counts"),))
            todo += (entry.value for entry in node.entries if not entry.via)


def _owner(doc: Document) -> str:
    """What a document is about, wherever it stands: the resource it declares, and for embedded text where in it that is."""
    if doc.host is not None:
        return f"{_owner(doc.host.doc)} {pointer(doc.host.doc, path_of(doc.host))}"
    names = (text(lookup(doc.root, *path)) or "" for path in (("kind",), ("metadata", "namespace"), ("metadata", "name")))
    return "/".join(names)
