"""policy.yaml to Policy. Shape first (JSON Schema), then meaning; every complaint names file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lintkit.errors import LintkitError
from lintkit.policy.model import (
    At,
    Expression,
    FixSpec,
    InsertSpec,
    Param,
    Policy,
    RelatedSpec,
    SetSpec,
    Validation,
    Value,
)
from lintkit.text.source import Source
from lintkit.tree.work import read_regular
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Mapping as MapNode
from lintkit.yamldoc.node import Node, Scalar, boolean, items, lookup, string, text
from lintkit.yamldoc.plain import settings
from lintkit.yamldoc.validate import validate

DEFAULT_SEVERITY: Mapping[str, str] = {"production": "error", "lab": "warning"}


def read_policy(file: Path, name: str, *, builtin: bool) -> Policy:
    """The policy in ``file`` (``name`` is how messages call it). LintkitError when it is not a valid policy."""
    try:
        source = Source(name, read_regular(file).decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise LintkitError(f"cannot be read: {getattr(error, 'strerror', None) or error}", name) from None
    docs = documents(source)
    if len(docs) != 1 or docs[0].trouble or not isinstance(docs[0].root, MapNode):
        trouble = docs[0].trouble if docs else None
        line = source.position(trouble.offset).line if trouble else 1
        raise LintkitError(trouble.message if trouble else "a policy file holds one mapping", name, line)
    root = docs[0].root
    if not builtin:
        validate(root, "policy.schema.json", name)
    return _policy(root, file, name, builtin=builtin)


def _line(node: Node) -> int:
    return node.doc.source.position(node.start).line


def _expression(node: Node | None) -> Expression | None:
    return Expression(str(node.text), _line(node)) if isinstance(node, Scalar) else None


def _required(node: Node | None, name: str, what: str) -> Expression:
    found = _expression(node)
    if found is None:
        raise LintkitError(f"{what} is missing", name)
    return found


def _policy(root: MapNode, file: Path, name: str, *, builtin: bool) -> Policy:
    subject = root.get("subject")
    subjects = tuple(str(s.text) for s in items(subject) if isinstance(s, Scalar)) or ((string(subject) or ""),)
    severity = _strings(root.get("severity"))
    return Policy(
        id=string(root.get("id")) or file.parent.name,
        family=file.parent.parent.name,
        title=string(root.get("title")) or "",
        subjects=subjects,
        # `on:` is the key `true` to Helm's reader, whose names the nodes carry
        on_change=string(root.get("true")) == "change",
        severity={**DEFAULT_SEVERITY, **severity},
        needs=tuple(_list(root.get("needs"))),
        params=_params(root.get("params")),
        variables=tuple(
            (text(lookup(v, "name")) or "", _required(lookup(v, "expression"), name, "a variable's expression"))
            for v in items(root.get("variables"))
        ),
        conditions=tuple(e for c in items(root.get("matchConditions")) if (e := _condition(c))),
        validations=tuple(_validation(v, name) for v in items(root.get("validations"))),
        why=_prose(root.get("why")),
        remedy=_prose(root.get("remedy")),
        references=tuple(_list(root.get("references"))),
        aliases=tuple(_list(root.get("aliases"))),
        origin=name,
        builtin=builtin,
        subject_line=_line(subject) if subject is not None else 1,
    )


def _condition(node: Node) -> Expression | None:
    return _expression(lookup(node, "expression") if isinstance(node, MapNode) else node)


def _prose(node: Node | None) -> str:
    return " ".join((string(node) or "").split())


def _list(node: Node | None) -> list[str]:
    return [str(item.text) for item in items(node) if isinstance(item, Scalar)]


def _strings(node: Node | None) -> dict[str, str]:
    if not isinstance(node, MapNode):
        return {}
    return {k: e.value.text for k, e in node if isinstance(e.value, Scalar)}


def _params(node: Node | None) -> dict[str, Param]:
    if not isinstance(node, MapNode):
        return {}
    found: dict[str, Param] = {}
    for key, entry in node:
        schema: Any = settings(entry.value)
        found[key] = Param({k: v for k, v in schema.items() if k != "default"}, schema.get("default"))
    return found


def _validation(node: Node, name: str) -> Validation:
    if not isinstance(node, MapNode):
        raise LintkitError("a validation is a mapping", name, _line(node))
    severity = node.get("severity")
    return Validation(
        expression=_required(node.get("expression"), name, "a validation's expression"),
        message=string(node.get("message")) or "",
        message_expression=_expression(node.get("messageExpression")),
        at=_place(node),
        related=tuple(_related(r) for r in items(node.get("related")) if isinstance(r, MapNode)),
        for_each=_expression(node.get("forEach")),
        severity=_strings(severity),
        severity_expression=_expression(lookup(severity, "expression")),
        needs=tuple(_list(node.get("needs"))),
        fix=_fix(node.get("fix"), name),
        line=_line(node),
        conceal=boolean(node.get("conceal")) is True,
        when=_expression(node.get("when")),
    )


def _related(node: MapNode) -> RelatedSpec:
    return RelatedSpec(
        _place(node),
        _expression(node.get("messageExpression")),
        string(node.get("message")) or "",
        _expression(node.get("forEach")),
    )


def _place(node: MapNode) -> At:
    """``at`` of a validation, related place or fix target, inside the subject that ``of`` beside it names."""
    at = node.get("at")
    of = _expression(node.get("of"))
    if isinstance(at, MapNode):
        return At(string(at.get("path")) or "", _expression(at.get("expression")), of, boolean(at.get("key")) is True)
    return At(string(at) or "", None, of)


def _value(node: Node | None) -> Value:
    if isinstance(node, MapNode) and set(node.index) == {"expression"}:
        return Value(computed=_expression(node.get("expression")))
    return Value(settings(node))


def _targets(node: Node | None) -> Iterable[MapNode]:
    return (item for item in items(node) if isinstance(item, MapNode))


def _fix(node: Node | None, name: str) -> FixSpec | None:
    if not isinstance(node, MapNode):
        return None
    if not string(node.get("title")) and node.get("titleExpression") is None:
        raise LintkitError("a fix needs a title or a titleExpression", name, _line(node))
    sets: list[SetSpec] = []
    chosen = node.get("set")
    if isinstance(chosen, MapNode):
        sets = [SetSpec(At(path), _value(entry.value)) for path, entry in chosen]
    else:
        sets = [
            SetSpec(_place(t), _value(t.get("value")), _expression(t.get("when")), _expression(t.get("forEach")))
            for t in _targets(chosen)
        ]
    removed = node.get("remove")
    safe = node.get("safe")
    return FixSpec(
        title=string(node.get("title")) or "",
        title_expression=_expression(node.get("titleExpression")),
        sets=tuple(sets),
        removes=tuple(_place(i) if isinstance(i, MapNode) else At(string(i) or "") for i in items(removed)),
        inserts=tuple(InsertSpec(_place(t), _value(t.get("value"))) for t in _targets(node.get("insert"))),
        safe=isinstance(safe, Scalar) and safe.value is True,
        safe_expression=_expression(lookup(safe, "expression")),
        when=_expression(node.get("when")),
        why=_prose(node.get("why")),
        appends=tuple(InsertSpec(_place(t), _value(t.get("value"))) for t in _targets(node.get("append"))),
    )
