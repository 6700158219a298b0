"""Findings about shape that no policy file declares: broken YAML and its kin."""

from __future__ import annotations

from typing import Final

from lintkit.finding import Finding, Fix, Related, ResourceId, Span
from lintkit.policy.evaluate import fingerprint
from lintkit.policy.locate import identity_path
from lintkit.records import NamedTuple
from lintkit.text.source import Place
from lintkit.yamldoc.document import Document, path_of, pointer
from lintkit.yamldoc.node import Mapping, Path, lookup, text


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
LOOK_ALIKE_KEY: Final = ShapePolicy(
    "look-alike-key",
    "yaml",
    "Key that looks like another word than it is",
    "error",
    "A Cyrillic or Greek letter, or another way to write an accent, makes it another key: the one that is meant is not set.",
    "Type the key anew.",
)
INVISIBLE_CHARACTER: Final = ShapePolicy(
    "invisible-character",
    "yaml",
    "Key or name that holds a character nobody sees",
    "error",
    "A zero width space, a no-break space or a byte order mark, mostly from a web page or a chat, makes it another key or "
    "name: nothing knows it, and nobody sees why.",
    "Type the word anew.",
)
CASE_VARIANT_KEY: Final = ShapePolicy(
    "case-variant-key",
    "yaml",
    "Keys that differ only by case in one mapping",
    "warning",
    "Keys are told apart by case: both stand there, and whoever reads the mapping knows one of them. The other has no effect.",
    "Keep the one that is known, with everything that is meant below it.",
)
UNQUOTED_STRING: Final = ShapePolicy(
    "unquoted-string",
    "yaml",
    "Text that YAML reads as a boolean or another number",
    "error",
    "Helm and the API server read yes, on and y as booleans, 0644 as an octal number and 1.20 as 1.2. Where text is meant, "
    "as a label, an annotation or an image's tag, other text arrives than what is written.",
    "Put it in quotes.",
)
OVERSIZED_INTEGER: Final = ShapePolicy(
    "oversized-integer",
    "yaml",
    "Whole number that loses digits",
    "error",
    "Helm reads every number of its values as a floating point number, which keeps some sixteen digits, and the API server one "
    "of more than 64 bits: another number arrives.",
    "Put it in quotes where its digits are meant, or correct the number.",
)
HIDDEN_OVERRIDE: Final = ShapePolicy(
    "hidden-override",
    "yaml",
    "Value that a merge key keeps from counting",
    "error",
    "Helm and kubectl read a mapping from top to bottom, so a << below a key replaces its value; of several mappings in one "
    "<< list the first counts. kustomize, and with it Flux, reads the same lines otherwise or refuses them.",
    "Write merge keys first, and what is meant to override them below.",
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
    LOOK_ALIKE_KEY,
    INVISIBLE_CHARACTER,
    CASE_VARIANT_KEY,
    UNQUOTED_STRING,
    OVERSIZED_INTEGER,
    HIDDEN_OVERRIDE,
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


def shape_finding(
    policy: ShapePolicy,
    place: Place,
    document: int,
    message: str,
    identity: str,
    pointer: str = "",
    *,
    related: tuple[Related, ...] = (),
    fix: Fix | None = None,
) -> Finding:
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
        related=related,
        fix=fix,
    )


def whose(doc: Document, path: Path) -> str:
    """What tells a place in a document from others wherever the document stands: what it is about, and the path in it."""
    return f"{_owner(doc)} {identity_path(doc.root, path) if isinstance(doc.root, Mapping) else pointer(doc, path)}"


def _owner(doc: Document) -> str:
    """The resource that a document declares, and for embedded text where in it that is."""
    if doc.host is not None:
        return f"{_owner(doc.host.doc)} {pointer(doc.host.doc, path_of(doc.host))}"
    names = (text(lookup(doc.root, *path)) or "" for path in (("kind",), ("metadata", "namespace"), ("metadata", "name")))
    return "/".join(names)
