"""From a policy's fix to edits on the text that decides the value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from lintkit.finding import Fix
from lintkit.fix.append import document_beside
from lintkit.fix.build import edits_for
from lintkit.fix.intent import Blocked, Insert, Intent, Remove, Set
from lintkit.policy.model import At, Expression, FixSpec, Value
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Path

_FIRST: Final = ("apiVersion", "kind", "metadata", "name", "namespace", "weight", "key", "operator", "value", "values", "effect")


class Context(Protocol):
    """What a fix needs of the evaluation it belongs to."""

    def target(self, at: At) -> tuple[Subject, Path]:
        """The subject and path that ``at`` names."""
        ...

    def value(self, expression: Expression) -> Json:
        """What an expression gives."""
        ...

    def each(self, expression: Expression | None) -> Iterator[Json]:
        """The items of the list an expression gives, each ``item.related`` while it is at hand; once, without one."""
        ...


def fix_for(spec: FixSpec, context: Context) -> Fix | None:
    """The fix of one finding; None where its ``when`` does not hold. Blocked fixes keep the reason."""
    if spec.when and context.value(spec.when) is not True:
        return None
    title = str(context.value(spec.title_expression)) if spec.title_expression else spec.title
    safe = context.value(spec.safe_expression) is True if spec.safe_expression else spec.safe
    try:
        edits = edits_for([*_intents(spec, context), *_documents(spec, context)])
    except Blocked as blocked:
        return Fix(title, safe, (), spec.why, str(blocked))
    return Fix(title, safe, edits, spec.why) if edits else None


def _intents(spec: FixSpec, context: Context) -> list[Intent]:
    found: list[Intent] = []
    for change in spec.sets:
        for _ in context.each(change.for_each):
            if change.when and context.value(change.when) is not True:
                continue
            root, path = _bound(change.at, context)
            found.append(Set(root, path, _value(change.value, context)))
    for at in spec.removes:
        root, path = _bound(at, context)
        found.append(Remove(root, path))
    for addition in spec.inserts:
        root, path = _bound(addition.at, context)
        found.append(Insert(root, path, _value(addition.value, context)))
    return found


def _documents(spec: FixSpec, context: Context) -> list[Intent]:
    found: list[Intent] = []
    for addition in spec.appends:
        subject, _ = context.target(addition.at)
        found.append(document_beside(subject.home.doc, subject.resource.kind, _value(addition.value, context)))
    return found


def _bound(at: At, context: Context) -> tuple[Mapping, Path]:
    subject, path = context.target(at)
    return subject.binding(path)


def _value(value: Value, context: Context) -> Json:
    return ordered(context.value(value.computed)) if value.computed else value.literal


def ordered(value: Json) -> Json:
    """``value`` with its maps in the order people write them: those of CEL have none, and it differs from run to run."""
    if isinstance(value, dict):
        rank = {name: i for i, name in enumerate(_FIRST)}
        names = sorted(value, key=lambda name: (rank.get(name, len(rank)), name))
        return {name: ordered(value[name]) for name in names}
    return [ordered(item) for item in value] if isinstance(value, list) else value
