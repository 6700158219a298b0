"""Label selectors: ``matchLabels`` and ``matchExpressions`` against a set of labels."""

from __future__ import annotations

from collections.abc import Mapping as Dict

from lintkit.yamldoc.node import Mapping, Node, items, lookup, text


def selects_anything(selector: Node | None) -> bool:
    """Whether the selector says anything at all; an empty one matches everything."""
    return isinstance(selector, Mapping) and bool(selector.entries)


def selected(selector: Node | None, labels: Dict[str, str]) -> bool:
    """Whether ``labels`` satisfy every requirement of the selector."""
    wanted = lookup(selector, "matchLabels")
    if isinstance(wanted, Mapping) and any(labels.get(name) != _text(entry.value) for name, entry in wanted):
        return False
    return all(_satisfied(expression, labels) for expression in items(lookup(selector, "matchExpressions")))


def _satisfied(expression: Node, labels: Dict[str, str]) -> bool:
    name = _text(lookup(expression, "key"))
    operator = _text(lookup(expression, "operator"))
    values = [_text(item) for item in items(lookup(expression, "values"))]
    if operator == "In":
        return name in labels and labels[name] in values
    if operator == "NotIn":
        return name not in labels or labels[name] not in values
    if operator == "Exists":
        return name in labels
    return operator == "DoesNotExist" and name not in labels


def _text(node: Node | None) -> str:
    return text(node) or ""
