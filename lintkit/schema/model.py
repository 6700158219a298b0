"""Schemas as the walker reads them: shapes of nodes, and what departs from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from lintkit.records import NamedTuple
from lintkit.yamldoc.node import Json, Node, Path

UNKNOWN_KEY: Final = "unknown-key"
WRONG_TYPE: Final = "wrong-type"
BAD_VALUE: Final = "bad-value"
MISSING_KEY: Final = "missing-key"
CRD_VALIDATION: Final = "crd-validation"

FindingKind: TypeAlias = Literal["unknown-key", "wrong-type", "bad-value", "missing-key", "cel"]

POLICY_OF: Final[Mapping[FindingKind, str]] = MappingProxyType(
    {
        "unknown-key": UNKNOWN_KEY,
        "wrong-type": WRONG_TYPE,
        "bad-value": BAD_VALUE,
        "missing-key": MISSING_KEY,
        "cel": CRD_VALIDATION,
    }
)
"""The policy id, of family ``schema``, that each kind of shape finding is reported under."""

MOST_FINDINGS: Final = 500
"""How many departures of one object are looked for: thousands say no more than hundreds, and each takes time."""

Ref: TypeAlias = Any
"""How a shape names another one: whatever ``CrdSchema.resolve`` of the same schema understands."""

EMPTY: Final[Mapping[str, Ref]] = MappingProxyType({})


class CelRule(NamedTuple):
    """One ``x-kubernetes-validations`` entry; ``field`` is its ``fieldPath`` (``.spec.name``), all but ``rule`` may be empty."""

    rule: str
    message: str = ""
    message_expression: str = ""
    field: str = ""


class Shape(NamedTuple):
    """What one place of an object may hold.

    ``types`` are the accepted JSON types (``object array string integer number boolean``), empty for
    any. ``closed``: keys other than ``properties`` are unknown. ``extra`` is the shape of values under
    free keys. ``least``/``most`` bound the length of a string or list or the number of keys.
    ``minimum``/``maximum`` are inclusive unless the ``above``/``below`` flag says otherwise. ``unique``:
    None where list items may repeat, () where whole items may not, else the keys that name an item.
    ``default`` holds the default in a tuple, () when there is none.
    """

    types: tuple[str, ...] = ()
    properties: Mapping[str, Ref] = EMPTY
    extra: Ref | None = None
    closed: bool = False
    items: Ref | None = None
    required: tuple[str, ...] = ()
    nullable: bool = False
    enum: tuple[Json, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: bool = False
    below: bool = False
    multiple: float | None = None
    least: int | None = None
    most: int | None = None
    pattern: str = ""
    format: str = ""
    unique: tuple[str, ...] | None = None
    default: tuple[Json, ...] = ()
    rules: tuple[CelRule, ...] = ()


ANYTHING: Final = Shape()


class CrdSchema(NamedTuple):
    """The schema of one kind: ``roots`` is the shape of a whole object by API version (``v1``, not ``group/v1``).

    ``releases`` holds the root of every release of ``product`` that is known, oldest first, so that a
    key unknown here can be said to belong to another release; empty where releases are not told apart.
    """

    group: str
    kind: str
    roots: Mapping[str, Ref]
    resolve: Callable[[Ref], Shape]
    product: str = ""
    releases: Mapping[str, Ref] = EMPTY


class ShapeFinding(NamedTuple):
    """One place where an object departs from its schema.

    ``node`` is the key's scalar for an unknown key, the mapping that lacks it for a missing one, the
    value otherwise. ``path`` ends in the key concerned, also when it is missing. ``message`` is a whole
    sentence that includes the suggestion; ``suggestion`` is the bare text to write instead of
    ``node`` (YAML, quoted where needed), empty when there is none.
    """

    kind: FindingKind
    path: Path
    node: Node
    message: str
    suggestion: str = ""


class Inspection(NamedTuple):
    """Everything one walk says; ``notes`` name the CEL rules that could not be evaluated, and why.

    ``waiting``: a rule compares with an older object, and none was given.
    """

    findings: tuple[ShapeFinding, ...]
    notes: tuple[str, ...]
    waiting: bool = False
