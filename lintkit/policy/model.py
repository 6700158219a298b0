"""A policy as declared in ``policies/<family>/<id>/policy.yaml``."""

from __future__ import annotations

from collections.abc import Mapping

from lintkit.records import NamedTuple, dataclass
from lintkit.yamldoc.node import Json


class Expression(NamedTuple):
    """CEL text and the line of the policy file it starts on."""

    text: str
    line: int


class Param(NamedTuple):
    """A parameter: its JSON Schema and its default."""

    schema: Mapping[str, Json]
    default: Json


class At(NamedTuple):
    """A place: ``path`` (or what ``computed`` gives) inside the judged subject, or inside the one ``of`` names by id.

    ``key``: the key is what is wrong, so it is marked instead of its value.
    """

    path: str = ""
    computed: Expression | None = None
    of: Expression | None = None
    key: bool = False


class RelatedSpec(NamedTuple):
    """Another place to show, once for each item of ``for_each`` (the item is ``item.related`` there)."""

    at: At
    message: Expression | None
    text: str
    for_each: Expression | None


class Value(NamedTuple):
    """A literal, or an expression that computes the value."""

    literal: Json = None
    computed: Expression | None = None


class SetSpec(NamedTuple):
    """Give ``at`` the value ``value``, where ``when`` holds (always, without one).

    Once for each item of ``for_each``, which is ``item.related`` in the other expressions.
    """

    at: At
    value: Value
    when: Expression | None = None
    for_each: Expression | None = None


class InsertSpec(NamedTuple):
    """Add ``value`` to the list or mapping at ``at``; of documents that are appended, ``at`` says beside which subject."""

    at: At
    value: Value


@dataclass(frozen=True, slots=True)
class FixSpec:
    """Edits that would satisfy a validation. ``safe`` and ``when`` may be computed; ``title`` too.

    ``appends`` are whole resources, each a new document in the file of a subject.
    """

    title: str
    title_expression: Expression | None
    sets: tuple[SetSpec, ...]
    removes: tuple[At, ...]
    inserts: tuple[InsertSpec, ...]
    safe: bool
    safe_expression: Expression | None
    when: Expression | None
    why: str
    appends: tuple[InsertSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Validation:
    """One assertion of a policy: where ``expression`` is false there is a finding.

    It is left out, and lacks nothing, where ``when`` is false. ``conceal``: what stands at its place is a secret, which no
    report shows.
    """

    expression: Expression
    message: str
    message_expression: Expression | None
    at: At
    related: tuple[RelatedSpec, ...]
    for_each: Expression | None
    severity: Mapping[str, str]
    severity_expression: Expression | None
    needs: tuple[str, ...]
    fix: FixSpec | None
    line: int
    conceal: bool = False
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One judgement. ``severity`` by profile; ``origin`` is the file it was read from, ``subject_line`` its line."""

    id: str
    family: str
    title: str
    subjects: tuple[str, ...]
    on_change: bool
    severity: Mapping[str, str]
    needs: tuple[str, ...]
    params: Mapping[str, Param]
    variables: tuple[tuple[str, Expression], ...]
    conditions: tuple[Expression, ...]
    validations: tuple[Validation, ...]
    why: str
    remedy: str
    references: tuple[str, ...]
    aliases: tuple[str, ...]
    origin: str
    builtin: bool
    subject_line: int = 1
