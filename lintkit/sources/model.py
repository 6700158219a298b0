"""Resources and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from lintkit.finding import ResourceId
from lintkit.records import NamedTuple, dataclass, field
from lintkit.yamldoc.node import Mapping, Node, Scalar, lookup, text


class Layer(NamedTuple):
    """One source of settings for one thing: a name people use and its values."""

    name: str
    root: Mapping


class Origin(NamedTuple):
    """How a resource reaches its cluster: ``delivery`` ("Application rook-ceph-cluster") and its layers, lowest first.

    ``hidden`` names a later layer that cannot be read and may override what is known.
    """

    delivery: str = ""
    layers: tuple[str, ...] = ()
    hidden: str = ""

    def __str__(self) -> str:
        return " -> ".join(part for part in (self.delivery, *self.layers) if part)


Adjust: TypeAlias = "Callable[[Sequence[Mapping]], list[Mapping]]"


class Release(NamedTuple):
    """A Helm release as a delivery declares it, before its chart is looked at.

    ``chart`` is the chart's name in a chart repository (``repository`` its URL, may be empty), or
    ``path`` is the directory of a chart in this tree. ``layers`` is what users wrote, lowest
    precedence first, without any chart defaults. ``adjust`` is what happens to the CR-shaped objects
    of the release afterwards (kustomize patches), None for nothing. ``hidden`` names a layer that
    cannot be read and may override what is known. ``pin`` is the node that gives the version where that is known.
    """

    name: str
    namespace: str
    home: Node
    delivery: str
    chart: str = ""
    repository: str = ""
    version: str = ""
    path: str | None = None
    layers: tuple[Layer, ...] = ()
    hidden: str = ""
    adjust: Adjust | None = None
    pin: Node | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One object as the cluster will get it. ``home`` is where to point for the whole of it."""

    api_version: str
    kind: str
    namespace: str
    name: str
    body: Mapping
    home: Node
    origin: Origin = field(default_factory=Origin)

    @property
    def id(self) -> ResourceId:
        """Kind, namespace and name."""
        return ResourceId(self.kind, self.namespace, self.name)

    @property
    def group(self) -> str:
        """API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]


def resource_of(body: Mapping, origin: Origin, namespace: str = "") -> Resource | None:
    """The resource a CR-shaped mapping declares; None without apiVersion, kind or a name."""
    kind = lookup(body, "kind")
    version = lookup(body, "apiVersion")
    name = lookup(body, "metadata", "name")
    if not (isinstance(kind, Scalar) and isinstance(version, Scalar)):
        return None
    label = text(name) or text(lookup(body, "metadata", "generateName")) or ""
    where = text(lookup(body, "metadata", "namespace")) or namespace
    return Resource(version.text, kind.text, where, label, body, body, origin)
