"""An object's nodes against its schema. Spans come free: what is found is a node."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from lintkit.records import NamedTuple
from lintkit.schema import cel_rules
from lintkit.schema.hints import Place, spelled, unknown_key_words
from lintkit.schema.model import MOST_FINDINGS, CelRule, CrdSchema, Inspection, Ref, Shape, ShapeFinding
from lintkit.schema.openapi import remembered, shape_of
from lintkit.schema.values import Fault, container_fault, scalar_fault, type_words
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, Sequence, is_null, key_name, lookup, string
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.transform import keys
from lintkit.yamldoc.unknowns import placeholder, unknown_reason

ALWAYS: Final = frozenset({"apiVersion", "kind", "metadata", "status", "sops"})
"""Keys of every object that are looked at elsewhere or not at all (SOPS adds its own and takes it away again)."""
DEEPEST: Final = 200
"""How many levels of an object are looked at; no published schema goes that deep."""

_STRING: Final = {"type": "string"}
_INTEGER: Final = {"type": "integer"}
_LIST: Final = {"type": "array"}
_STRINGS: Final = {"type": "object", "additionalProperties": _STRING}
OBJECT_META: Final = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("name", "generateName", "namespace", "uid", "resourceVersion", "selfLink", "clusterName"), _STRING),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _STRING),
        **dict.fromkeys(("labels", "annotations"), _STRINGS),
        **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), _INTEGER),
        **dict.fromkeys(("ownerReferences", "managedFields"), _LIST),
        "finalizers": {"type": "array", "items": _STRING},
    },
}
"""What ``metadata`` of any object may hold (apimachinery meta/v1 ObjectMeta), lightly."""


class _Run(NamedTuple):
    """What one walk needs everywhere; findings and notes grow as it goes."""

    schema: CrdSchema
    resolve: Callable[[Ref], Shape]
    findings: list[ShapeFinding]
    notes: list[str]
    partial: bool
    body: Mapping
    before: Mapping | None
    waiting: list[Path]


def shape_findings(body: Mapping, schema: CrdSchema, version: str = "", *, partial: bool = False) -> list[ShapeFinding]:
    """Where ``body``, an object, departs from ``schema``, in the order of the walk; the first ``MOST_FINDINGS`` of them.

    ``version`` is the API version that applies; by default that of the object's own ``apiVersion``, and
    where it has none the newest the schema knows. An API version the schema lacks is not judged.
    ``partial``: the object is a patch: nothing is missing from it, ``$patch`` and its like are known, rules wait.
    """
    return list(inspect(body, schema, version, partial=partial).findings)


def inspect(
    body: Mapping, schema: CrdSchema, version: str = "", *, partial: bool = False, before: Mapping | None = None
) -> Inspection:
    """Like ``shape_findings``, with notes about CEL rules that could not be evaluated.

    ``before`` is the object as it was: rules that compare with it (``oldSelf``) wait for it.
    """
    root = _root(body, schema, version)
    run = _Run(schema, schema.resolve, [], [], partial, body, before, [])
    metadata = body.get("metadata")
    if metadata is not None:
        meta = _meta()
        _value(run._replace(resolve=meta), metadata, meta(OBJECT_META), ("metadata",), None)
        if isinstance(metadata, Mapping) and not partial:
            _name(run, metadata)
    if root is not None:
        _mapping(run, body, run.resolve(root), (), None)
    return Inspection(tuple(run.findings), tuple(run.notes), bool(run.waiting))


def _name(run: _Run, metadata: Mapping) -> None:
    """An object needs a name, or a part of one (apimachinery ``ValidateObjectMeta``)."""
    named = [value for key in ("name", "generateName") if not is_null(value := metadata.get(key)) and value is not None]
    if not named and not any(placeholder(entry.key.text) for entry in metadata.entries):
        run.findings.append(
            ShapeFinding("missing-key", ("metadata", "name"), metadata, "metadata has no name, which is required")
        )


@lru_cache(maxsize=1)
def _meta() -> Callable[[Ref], Shape]:
    return remembered(shape_of)


def _root(body: Mapping, schema: CrdSchema, version: str) -> Ref | None:
    if not version:
        written = string(body.get("apiVersion"))
        if written is None:
            return next(reversed(tuple(schema.roots.values())), None)
        version = written.rpartition("/")[2]
    return schema.roots.get(version)


def _value(run: _Run, node: Node, shape: Shape, path: Path, above: Place | None) -> None:
    if len(run.findings) >= MOST_FINDINGS:
        return
    if isinstance(node, Scalar):
        if node.value is not None:
            _scalar(run, node, shape, path)
    elif isinstance(node, Mapping):
        _mapping(run, node, shape, path, above)
    elif isinstance(node, Sequence):
        _sequence(run, node, shape, path, above)


def _scalar(run: _Run, node: Scalar, shape: Shape, path: Path) -> None:
    fault = scalar_fault(node, shape)
    if fault is not None:
        if not placeholder(node.text):
            _say(run, path, node, fault)
    elif shape.rules and not placeholder(node.text):
        _rules(run, node, shape, path)


def _mapping(run: _Run, node: Mapping, shape: Shape, path: Path, above: Place | None) -> None:
    if len(path) > DEEPEST:
        return
    before = len(run.findings)
    fault = container_fault(node, shape)
    if fault is not None:
        _say(run, path, node, fault)
        if fault.kind == "wrong-type":
            return
    here = Place(shape, path, above)
    properties, extra, resolve = shape.properties, shape.extra, run.resolve
    for name, entry in node.index.items():
        ref = properties.get(name, extra)
        if ref is not None:
            _value(run, entry.value, resolve(ref), (*path, name), here)
    if shape.closed:
        _unknown_keys(run, node, shape, here)
    if shape.required and not run.partial:
        _missing_keys(run, node, shape, path)
    if shape.rules and len(run.findings) == before:
        _rules(run, node, shape, path)


def _sequence(run: _Run, node: Sequence, shape: Shape, path: Path, above: Place | None) -> None:
    before = len(run.findings)
    fault = container_fault(node, shape)
    if fault is not None:
        _say(run, path, node, fault)
        if fault.kind == "wrong-type":
            return
    if shape.items is not None:
        below = run.resolve(shape.items)
        for i, item in enumerate(node.items):
            if isinstance(item, Scalar) and item.value is None:
                if below.types and not below.nullable:
                    _say(run, (*path, i), item, Fault("wrong-type", f"is null, its type is {type_words(below)}"))
            else:
                _value(run, item, below, (*path, i), above)
    if shape.unique is not None:
        _repeated(run, node, shape.unique, path)
    if shape.rules and len(run.findings) == before:
        _rules(run, node, shape, path)


def _unknown_keys(run: _Run, node: Mapping, shape: Shape, here: Place) -> None:
    properties = shape.properties
    top = not here.path
    for entry in node.entries:
        name = key_name(entry.key)
        if name in properties or (top and name in ALWAYS) or placeholder(name) or (run.partial and name.startswith("$")):
            continue
        if len(run.findings) >= MOST_FINDINGS:
            return
        words, suggestion = unknown_key_words(name, node.index, here, run.schema, run.resolve)
        run.findings.append(ShapeFinding("unknown-key", (*here.path, name), entry.key, words, suggestion))


def _missing_keys(run: _Run, node: Mapping, shape: Shape, path: Path) -> None:
    index = node.index
    for name in shape.required:
        entry = index.get(name)
        if entry is not None and not (isinstance(entry.value, Scalar) and entry.value.value is None):
            continue
        ref = shape.properties.get(name)
        known = None if ref is None else run.resolve(ref)
        if known is not None and (known.default or (entry is not None and known.nullable)):
            continue
        if entry is None and any(placeholder(e.key.text) for e in node.entries):
            continue
        where = spelled(path) or f"this {run.schema.kind}"
        what = f"{name} of {where} is null" if entry is not None else f"{where} has no {name}"
        message = f"{what}, which is required"
        run.findings.append(ShapeFinding("missing-key", (*path, name), node, message))


def _repeated(run: _Run, node: Sequence, names: tuple[str, ...], path: Path) -> None:
    seen: set[str] = set()
    for i, item in enumerate(node.items):
        parts = [lookup(item, name) for name in names] if names else [item]
        if not all(isinstance(part, Scalar) and not unknown_reason(part) for part in parts):
            continue
        identity = repr([plain(part) for part in parts])
        if identity in seen:
            texts = [part.text for part in parts if isinstance(part, Scalar)]
            what = " and ".join(f"{name} {text}" for name, text in zip(names, texts, strict=False)) or f"value {texts[0]}"
            _say(run, (*path, i), item, Fault("bad-value", f"repeats an earlier item of its list: {what}"))
        seen.add(identity)


def _rules(run: _Run, node: Node, shape: Shape, path: Path) -> None:
    if run.partial or not cel_rules.is_known(node):
        return
    rules = [rule for rule in shape.rules if run.before is not None or not cel_rules.is_transition(rule)]
    if len(rules) < len(shape.rules):
        run.waiting.append(path)
    if not rules:
        return
    data = {"self": _seen(run, node, shape, path)}
    for rule in rules:
        if cel_rules.is_transition(rule) and "oldSelf" not in data:
            old = _older(run, path)
            if old is None or not cel_rules.is_known(old):
                continue  # new, or it cannot be told which it was
            data["oldSelf"] = _seen(run, old, shape, path)
        try:
            if cel_rules.holds(rule, data):
                continue
        except cel_rules.CelFailure as failure:
            run.notes.append(f"rule of {spelled(path) or run.schema.kind} is not evaluated: {rule.rule} ({failure})")
            continue
        at, place = _field(rule, node, path)
        message = f"{spelled(path) or 'this ' + run.schema.kind}: {cel_rules.saying(rule, data)}"
        run.findings.append(ShapeFinding("cel", place, at, message))


def _seen(run: _Run, node: Node, shape: Shape, path: Path) -> Json:
    """What rules at ``path`` see of a node."""
    value = cel_rules.view(node, shape, run.resolve)
    return value | cel_rules.identity(node) if not path and isinstance(value, dict) else value


def _older(run: _Run, path: Path) -> Node | None:
    """What stood at ``path`` before, list items found by their keys; None where nothing did or nobody can tell.

    The API server compares items of lists of type ``map`` alone (Kubernetes, CRD validation rules, "transition rules").
    """
    root = _root(run.body, run.schema, "")
    shape = Shape() if root is None else run.resolve(root)
    now: Node | None = run.body
    old: Node | None = run.before
    for key in path:
        names, ref = shape.unique, shape.items
        if isinstance(key, str):
            ref = shape.properties.get(key, shape.extra)
            now, old = lookup(now, key), lookup(old, key)
        else:
            now = lookup(now, key)
            old = _same_item(old, now, names) if names else None
        if ref is None or old is None or now is None:
            return None
        shape = run.resolve(ref)
    return old


def _same_item(items: Node | None, item: Node | None, names: tuple[str, ...]) -> Node | None:
    wanted = [plain(lookup(item, name)) for name in names]
    held = items.items if isinstance(items, Sequence) else ()
    return next((old for old in held if [plain(lookup(old, name)) for name in names] == wanted), None)


def _field(rule: CelRule, node: Node, path: Path) -> tuple[Node, Path]:
    """Where a rule points: its fieldPath as far as it exists."""
    for key in keys(rule.field):
        below = lookup(node, key)
        if below is None:
            break
        node, path = below, (*path, key)
    return node, path


def _say(run: _Run, path: Path, node: Node, fault: Fault) -> None:
    if len(run.findings) >= MOST_FINDINGS:
        return
    message = f"{spelled(path)} {fault.message}" if path else f"this {run.schema.kind} {fault.message}"
    run.findings.append(ShapeFinding(fault.kind, path, node, message, fault.suggestion))
