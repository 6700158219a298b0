"""Resources and values against their schemas: findings about keys, types and bounds.

The schema of a kind is looked up in this order: a CustomResourceDefinition that the configuration names
(`schemas`), one found in the tree, those that ship with lintkit (by the environment's Rook version),
Kubernetes' own (by its Kubernetes version).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from lintkit.charts import KeyTree, known_keys
from lintkit.facts.words import nearest
from lintkit.finding import Finding, Fix, NotEvaluated
from lintkit.fix.build import edits_for
from lintkit.fix.intent import Blocked, Set
from lintkit.policy.evaluate import fingerprint
from lintkit.policy.locate import display_path, identity_path, locate
from lintkit.schema.core import core_schema
from lintkit.schema.crds import schema_for
from lintkit.schema.model import MOST_FINDINGS, POLICY_OF, CrdSchema, ShapeFinding
from lintkit.schema.repository import schemas_in
from lintkit.schema.walk import inspect
from lintkit.shape import CRD_VALIDATION, SHAPE_POLICIES, UNKNOWN_KEY, shape_finding
from lintkit.sources.charts import ChartUse
from lintkit.sources.world import World
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.subjects.secret import is_secret
from lintkit.text.edits import Edit
from lintkit.text.source import Place
from lintkit.traps.values import unquoted
from lintkit.yamldoc.document import path_of, place_of, pointer
from lintkit.yamldoc.node import Mapping, Node, Path, Scalar, is_null, lookup, string
from lintkit.yamldoc.unknowns import unknown_reason

_POLICIES: Final = {policy.id: policy for policy in SHAPE_POLICIES}
_OURS: Final = frozenset({"Pool", "Component", "MessageQueue", "Database", "Environment", "Container", "Node", "Reference"})
_MADE: Final = "ApplicationSet "
_OF_VALUES: Final = {
    "wrong-type": "is of the wrong type (a secret is not shown)",
    "bad-value": "is not allowed (a secret is not shown)",
}
"""What is said of a secret, where other findings quote the value."""
_CUT: Final = f"resource of which only the first {MOST_FINDINGS} departures from its schema are reported"
Schemas = dict[tuple[str, str], CrdSchema]
_Made = dict[tuple[int, str], Finding]
"""Findings about keys of values by key (all of them live as long as the world) and chart: a file may serve many environments."""


def conformity(world: World, environments: Iterable[Environment], silent: set[NotEvaluated]) -> Iterator[Finding]:
    """Where resources, deliveries and chart values of every environment depart from their schemas.

    ``silent`` gets the rules of definitions that could not be evaluated, with the reason.
    """
    environments = list(environments)
    made: _Made = {}
    own = _repository_schemas(world, environments)
    for environment in environments:
        for subject in environment.subjects:
            schema = _schema_of(subject, own, environment)
            if schema is not None:
                departures = list(_departures(subject, schema, environment, silent))
                if len(departures) >= MOST_FINDINGS:
                    world.skipped[_CUT] += 1
                for found in departures:
                    finding = _finding(found, subject, environment)
                    if finding is not None:
                        yield finding
        for use in world.gather(environment.name).charts:
            yield from islice(_values(use, environment, made), MOST_FINDINGS)


def _schema_of(subject: Subject, own: Schemas, environment: Environment) -> CrdSchema | None:
    """The schema of what a subject is; None for subjects of ours, and for what an ApplicationSet makes (it is judged itself)."""
    api = subject.object.get("apiVersion")
    if subject.kind in _OURS or not isinstance(api, Scalar) or unknown_reason(api):
        return None
    if subject.kind == "Delivery" and subject.origin.delivery.startswith(_MADE):
        return None
    group, _, version = api.text.rpartition("/")
    kind = subject.resource.kind
    return (
        own.get((group, kind))
        or schema_for(group, version, kind, environment.versions.get("rook", ""))
        or core_schema(api.text, kind, environment.versions.get("kubernetes", ""))
    )


def _departures(
    subject: Subject, schema: CrdSchema, environment: Environment, silent: set[NotEvaluated]
) -> Iterable[ShapeFinding]:
    """What departs from the schema. From a delivery that nothing here applies nothing is missing: who does may patch it in."""
    before = environment.before(subject)
    found = inspect(subject.object, schema, before=None if before is None else before.object)
    silent.update(NotEvaluated(CRD_VALIDATION.id, environment.name, f"{subject.id}: {note}") for note in found.notes)
    if found.waiting and environment.evidence.get("base"):
        silent.add(NotEvaluated(CRD_VALIDATION.id, environment.name, environment.evidence["base"]))
    if subject.kind != "Delivery" or subject.origin.delivery:
        return found.findings
    return [f for f in found.findings if f.kind != "missing-key"]


def _repository_schemas(world: World, environments: Iterable[Environment]) -> Schemas:
    """Definitions that the configuration names or the tree holds, for kinds that something in an environment is of."""
    wanted = {s.resource.kind for e in environments for s in e.subjects if s.kind not in _OURS}
    found: Schemas = {}
    for path in (*world.scan.definitions, *_named_definitions(world)):
        source = world.looked.source(path)
        if source is not None and any(f"kind: {kind}" in source.text for kind in wanted):
            found.update(schemas_in(world.looked.documents(path)))
    return found


def _named_definitions(world: World) -> Iterator[str]:
    """Files that `schemas` of the configuration names, the first named last: the last one read counts."""
    for name in reversed(world.config.schemas):
        if world.looked.exists(name):
            yield name
        elif world.looked.is_directory(name):
            yield from (path for path in reversed(world.looked.under(name)) if path.endswith((".yaml", ".yml")))
        else:
            # not an error: the base of a change may not have it yet
            world.skipped[f"schemas of the configuration that do not exist, or are ignored ({name})"] += 1


def _finding(found: ShapeFinding, subject: Subject, environment: Environment) -> Finding | None:
    """A shape finding at the line to edit; None where nobody wrote what departs (a chart default)."""
    policy = _POLICIES[POLICY_OF[found.kind]]
    node = found.node
    if node.doc.source.builtin:
        return None
    located = locate(subject, found.path[:-1] if found.kind == "missing-key" else found.path)
    place, span = located.place, located.span
    if node.end > node.start and found.kind != "missing-key":
        place = _first_line(place_of(node))
        span = span._replace(path=place.source.path, document=node.doc.number, start=place.first, end=place.last)
        span = span._replace(pointer=pointer(node.doc, path_of(node)))
    identity = identity_path(subject.object, found.path, subject.prefix)
    hidden = isinstance(node, Scalar) and found.kind in _OF_VALUES and is_secret(subject.kind, found.path)
    message = f"{display_path(found.path)} {_OF_VALUES[found.kind]}" if hidden else found.message
    return shape_finding(policy, place, span.document, message, "", span.pointer)._replace(
        span=span,
        resource=subject.resource,
        resource_path=display_path((*subject.prefix, *found.path)),
        environments=(environment.name,),
        origin=str(subject.origin),
        related=located.related,
        fix=None if hidden else _fix(found, subject),
        fingerprint=fingerprint(policy.id, environment.name, *subject.resource, identity),
        severity=_severity(policy.severity, environment.profile),
    )


def _first_line(place: Place) -> Place:
    newline = place.source.text.find("\n", place.start, place.end)
    return place if newline < 0 else place._replace(end=newline)


def _severity(word: str, profile: str) -> str:
    return "warning" if profile == "lab" and word == "error" else word


def _fix(found: ShapeFinding, subject: Subject) -> Fix | None:
    """The suggestion as an edit: a key renamed (the setting starts to work), a value quoted (the API server wants text)."""
    if not found.suggestion:
        return None
    if found.kind == "unknown-key":
        return _rename(found.node, found.suggestion)
    if found.kind != "wrong-type" or not isinstance(found.node, Scalar) or not found.suggestion.startswith(('"', "'")):
        return None
    root, path = subject.binding(found.path)
    title = f"write {found.suggestion}"
    try:
        edits = edits_for([Set(root, path, found.node.text, quote=True)])
    except Blocked as blocked:
        return Fix(title, True, (), "", str(blocked))
    return Fix(title, True, edits) if edits else None


def _rename(key: Node, name: str) -> Fix | None:
    """The key as it is meant; None where that one stands beside it: a second one would be no setting either."""
    place = place_of(key)
    beside = lookup(key.doc.root, *path_of(key)[:-1], name) if key.doc.root is not None else None
    if place.locked or place.source.builtin or beside is not None:
        return None
    edit = Edit(place.source, place.start, place.end, name)
    return Fix(f"rename it to {name}", False, (edit,), "the setting starts to work")


def _values(use: ChartUse, environment: Environment, made: _Made) -> Iterator[Finding]:
    """Keys of chart values that the chart does not know, below keys that it does.

    Silent for a chart whose version is not one we have the keys of, and where another layer cannot be read.
    """
    tree = known_keys(use.chart)
    if use.exact and isinstance(tree, dict):
        for key, path, close in _odd_values(use.values, tree, ()):
            if not close:
                for found in unquoted(key, f"chart {use.chart} has text there"):
                    yield found._replace(environments=(environment.name,), origin=str(use.origin))
                continue
            first = made.get((id(key), use.chart))
            if first is None:
                first = made[id(key), use.chart] = _value_finding(use, key, path, close)
            yield first._replace(
                resource_path=display_path((*use.prefix, *path)),
                environments=(environment.name,),
                origin=str(use.origin),
                fingerprint=fingerprint(UNKNOWN_KEY.id, environment.name, use.chart, use.release, display_path(path)),
            )


def _odd_values(node: Mapping, tree: dict[str, KeyTree], path: Path) -> Iterator[tuple[Scalar, Path, tuple[str, ...]]]:
    """Keys that the chart does not know, the path of each and the known ones close to it; and, with none close, values
    where the chart has text."""
    for name, entry in node:
        known = tree.get(name)
        if isinstance(entry.value, Scalar) and _text_by_default(entry.value):
            yield entry.value, (*path, name), ()
        if isinstance(known, dict):
            if isinstance(entry.value, Mapping) and not entry.value.doc.source.builtin:
                yield from _odd_values(entry.value, known, (*path, name))
            continue
        if known is not None or not path or entry.key.doc.source.builtin or is_null(entry.value):
            continue
        if unknown_reason(entry.key) or name == "global":
            continue
        close = nearest(name, tree, 3 if len(name) > 5 else 1)
        if close:
            yield entry.key, (*path, name), close


def _text_by_default(node: Scalar) -> bool:
    """Whether a scalar that somebody wrote stands where the chart's default is text."""
    default: Node | None = node.under
    while default is not None and not default.doc.source.builtin:
        default = default.under
    return default is not None and string(default) is not None and not node.doc.source.builtin


def _value_finding(use: ChartUse, key: Scalar, path: Path, close: tuple[str, ...]) -> Finding:
    """What every environment that these values reach has in common."""
    message = f"chart {use.chart} has no value {display_path(path)}, did you mean {' or '.join(close)}?"
    span_pointer = pointer(key.doc, path_of(key))
    return shape_finding(UNKNOWN_KEY, place_of(key), key.doc.number, message, display_path(path), span_pointer)._replace(
        severity="warning",
        fix=_rename(key, close[0]) if len(close) == 1 else None,
    )
