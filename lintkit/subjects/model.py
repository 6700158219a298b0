"""Subjects: what policies judge."""

from __future__ import annotations

from collections.abc import Mapping as Dict

from lintkit.finding import ResourceId
from lintkit.records import NamedTuple, dataclass, field
from lintkit.sources.model import Origin
from lintkit.yamldoc.node import Json, Mapping, Node, Path


class Binding(NamedTuple):
    """Where part of a subject is written: subject path ``prefix`` is ``path`` in ``root`` (a CR or chart values)."""

    prefix: Path
    root: Mapping
    path: Path


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to judge in one environment.

    ``kind`` is a Kubernetes kind or one of ours (``Pool``, ``Component``, ...); ``id`` is unique in the
    environment ("Pool/rook-ceph/glance.images"). ``object`` is what expressions call ``object``.
    ``resource`` and ``prefix`` name it in its cluster: subject path p is ``prefix + p`` of the
    resource. ``bindings`` say where its paths are written (the longest matching prefix counts).
    ``home`` is where to point when nothing of it is written. ``facts`` are those that the
    projection itself knows.
    """

    kind: str
    id: str
    object: Mapping
    home: Node
    resource: ResourceId
    bindings: tuple[Binding, ...]
    prefix: Path = ()
    origin: Origin = field(default_factory=Origin)
    facts: Dict[str, Json] = field(default_factory=dict)

    def binding(self, path: Path) -> tuple[Mapping, Path]:
        """The root that holds subject path ``path`` and the path in it."""
        best = max(
            (b for b in self.bindings if path[: len(b.prefix)] == b.prefix),
            key=lambda b: len(b.prefix),
            default=Binding((), self.object, ()),
        )
        return best.root, best.path + path[len(best.prefix) :]
