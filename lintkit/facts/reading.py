"""Small readers that several fact modules share: paths as text, the first unknown below a node, quantities."""

from __future__ import annotations

from lintkit.subjects.environment import Environment
from lintkit.yamldoc.node import Mapping, Node, Path, Scalar, items
from lintkit.yamldoc.unknowns import unknown_reason


def written(path: Path) -> str:
    """A path as policies name places: ``a.b[0].c``, with dots and backslashes in keys escaped."""
    parts = (
        f"[{key}]" if isinstance(key, int) else "." + key.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[")
        for key in path
    )
    return "".join(parts).removeprefix(".")


def nameless(environment: Environment, *kinds: str) -> bool:
    """Whether the name of a subject of ``kinds`` cannot be read: then it may be the one that somebody else names."""
    return any(not subject.resource.name for kind in kinds for subject in environment.by_kind.get(kind, ()))


def unknown_below(node: Node | None) -> str:
    """Why ``node`` or anything below it cannot be read; empty when all of it can."""
    reason = unknown_reason(node)
    if reason or node is None:
        return reason
    if isinstance(node, Mapping):
        return next((r for _, entry in node if (r := unknown_below(entry.value))), "")
    return next((r for item in items(node) if (r := unknown_below(item))), "")


def words(node: Node | None) -> str:
    """The text of any scalar as a person wrote it; empty for anything else."""
    return node.text if isinstance(node, Scalar) and node.value is not None else ""


def type_word(value: Node) -> str:
    """How a value is typed as YAML: boolean, integer, number, null, string, list or map."""
    if isinstance(value, Scalar):
        read = value.value
        if isinstance(read, bool):
            return "boolean"
        if read is None:
            return "null"
        return {int: "integer", float: "number", str: "string"}[type(read)]
    return "map" if isinstance(value, Mapping) else "list"
