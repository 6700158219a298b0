"""Taints and tolerations: what a pod may run on (Kubernetes reference, "Taints and Tolerations")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lintkit.sources.inventory.model import ClusterNode, Taint
from lintkit.yamldoc.node import Node, items, lookup, text


class Toleration(NamedTuple):
    """A toleration. An empty ``key`` with Exists covers every taint, an empty ``effect`` every effect."""

    key: str
    operator: str
    value: str
    effect: str

    def __str__(self) -> str:
        head = self.key or "every taint"
        head += f"={self.value}" if self.operator == "Equal" and self.value else ""
        return f"{head}:{self.effect}" if self.effect else head


def tolerations_of(node: Node | None) -> tuple[Toleration, ...]:
    """The tolerations of a list; the operator is Equal where none is given."""
    return tuple(
        Toleration(
            text(lookup(item, "key")) or "",
            text(lookup(item, "operator")) or "Equal",
            text(lookup(item, "value")) or "",
            text(lookup(item, "effect")) or "",
        )
        for item in items(node)
    )


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration covers a taint."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.operator == "Exists":
        return not toleration.key or toleration.key == taint.key
    return toleration.key == taint.key and toleration.value == taint.value


def covers(wide: Toleration, narrow: Toleration) -> bool:
    """Whether ``wide`` tolerates every taint that ``narrow`` does."""
    if wide.effect and wide.effect != narrow.effect:
        return False
    if wide.operator == "Exists":
        return not wide.key or wide.key == narrow.key
    return narrow.operator != "Exists" and (wide.key, wide.value) == (narrow.key, narrow.value)


def untolerated(node: ClusterNode, tolerations: Iterable[Toleration]) -> list[Taint]:
    """Taints of a node that keep a pod with ``tolerations`` away (NoSchedule and NoExecute)."""
    known = tuple(tolerations)
    hard = (taint for taint in node.taints if taint.effect in ("NoSchedule", "NoExecute"))
    return [taint for taint in hard if not any(tolerates(t, taint) for t in known)]
