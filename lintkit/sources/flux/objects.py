"""The objects of one environment by name, and references between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from lintkit.records import NamedTuple
from lintkit.yamldoc.node import Mapping, Node, lookup, text

Local: TypeAlias = "Callable[[str], str | None]"
"""Where the repository of a URL is in this tree: ``""`` this very repository, a directory, or None."""


class Missing(NamedTuple):
    """Something a delivery refers to that is not in this tree: what, and where the reference stands."""

    message: str
    home: Node


class Reference(NamedTuple):
    """A reference to another object: ``namespace`` is filled in where the API has a default; ``home`` is the reference."""

    kind: str
    name: str
    namespace: str
    home: Node

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Objects(NamedTuple):
    """Objects of one environment, found by kind and name; build it once with ``index_objects``."""

    by_name: dict[tuple[str, str], tuple[Mapping, ...]]

    def find(self, kind: str, name: str, namespace: str = "") -> Mapping | None:
        """The object of that kind, name and namespace.

        An object (or a reference) without a namespace matches any, because what sets it may be out
        of sight; an exact match comes first.
        """
        candidates = self.by_name.get((kind, name), ())
        exact = next((o for o in candidates if namespace_of(o) == namespace), None)
        if exact is not None:
            return exact
        return next((o for o in candidates if not namespace or not namespace_of(o)), None)


def index_objects(objects: Objects | Iterable[Mapping]) -> Objects:
    """``objects`` ready to be searched by kind and name."""
    if isinstance(objects, Objects):
        return objects
    found: dict[tuple[str, str], list[Mapping]] = {}
    for body in objects:
        kind, name = text(body.get("kind")), name_of(body)
        if kind and name:
            found.setdefault((kind, name), []).append(body)
    return Objects({key: tuple(bodies) for key, bodies in found.items()})


def name_of(body: Node | None) -> str:
    """``metadata.name``; empty when absent or unknown."""
    return text(lookup(body, "metadata", "name")) or ""


def namespace_of(body: Node | None) -> str:
    """``metadata.namespace``; empty when absent or unknown."""
    return text(lookup(body, "metadata", "namespace")) or ""


def group_of(body: Node | None) -> str:
    """The API group; empty for the core group."""
    return (text(lookup(body, "apiVersion")) or "").rpartition("/")[0]


def reference(node: Node | None, kind: str, namespace: str) -> Reference | None:
    """A ``{kind, name, namespace}`` node as a reference; None without a name. ``kind`` and ``namespace`` are defaults."""
    name = text(lookup(node, "name"))
    if node is None or not name:
        return None
    return Reference(text(lookup(node, "kind")) or kind, name, text(lookup(node, "namespace")) or namespace, node)


def references(nodes: Sequence[Node], kind: str, namespace: str) -> tuple[Reference, ...]:
    """Every readable reference of a list such as ``spec.dependsOn``."""
    found = (reference(node, kind, namespace) for node in nodes)
    return tuple(ref for ref in found if ref is not None)


def nowhere(url: str) -> str | None:
    """A ``Local`` that knows no repository."""
    return None
