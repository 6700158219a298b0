"""An environment: what reaches one cluster, and what is known about that cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from lintkit.sources.inventory.model import ClusterNode
from lintkit.sources.model import Resource
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json


class NotKnown(NamedTuple):
    """What a fact gives when it cannot be told; ``reason`` completes "not evaluated: ..."."""

    reason: str


@dataclass(frozen=True, slots=True)
class OsdEntry:
    """OSDs as the configuration states them: ``count`` of a class, on ``hosts`` hosts, each of ``size`` (``3.8Ti``)."""

    device_class: str
    count: int
    hosts: int | None = None
    size: str = ""


@dataclass(frozen=True)
class Environment:
    """The subjects of one cluster.

    ``evidence`` maps each kind of evidence (nodes, hosts, osds, base) to an empty string, or to the
    reason why it is missing. ``versions`` holds what could be told of ``ceph``, ``rook``,
    ``openstack``, ``kubernetes``. ``nodes`` is empty without an inventory. ``pool_uses`` are pairs of an
    OpenStack chart and the name of an RBD pool its values use. ``osds`` is what the configuration says of OSDs.
    ``unread`` are reasons why more may reach the cluster than is known here; ``own_urls`` the URLs of repositories read here.
    ``unrendered`` are namespaces with pods that lintkit cannot tell.
    """

    name: str
    profile: str
    subjects: tuple[Subject, ...]
    resources: tuple[Resource, ...]
    nodes: tuple[ClusterNode, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Json] = field(default_factory=dict)
    pool_uses: tuple[tuple[str, str], ...] = ()
    unrendered: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    own_urls: frozenset[str] = frozenset()
    osds: tuple[OsdEntry, ...] = ()

    base: Environment | None = None

    @cached_property
    def by_id(self) -> dict[str, Subject]:
        """Subjects by their id."""
        return {subject.id: subject for subject in self.subjects}

    @cached_property
    def by_kind(self) -> dict[str, tuple[Subject, ...]]:
        """Subjects by kind, in order."""
        found: dict[str, list[Subject]] = {}
        for subject in self.subjects:
            found.setdefault(subject.kind, []).append(subject)
        return {kind: tuple(members) for kind, members in found.items()}

    @cached_property
    def by_delivery(self) -> dict[str, tuple[Subject, ...]]:
        """Subjects by the delivery that brings them, in order."""
        found: dict[str, list[Subject]] = {}
        for subject in self.subjects:
            if subject.origin.delivery:
                found.setdefault(subject.origin.delivery, []).append(subject)
        return {label: tuple(members) for label, members in found.items()}

    @cached_property
    def view(self) -> dict[str, Json]:
        """What expressions call ``env``."""
        nodes: list[Json] = [
            {
                "name": node.name,
                "labels": {k: v for k, v in node.labels.items() if v is not None},
                "taints": [{"key": t.key, "value": t.value, "effect": t.effect} for t in node.taints],
            }
            for node in self.nodes
        ]
        return {
            "name": self.name,
            "profile": self.profile,
            "nodes": nodes,
            "roles": dict(self.roles),
            "versions": dict(self.versions),
        }


Fact: TypeAlias = "Callable[[Subject, Environment], Json | NotKnown]"
"""Computes one fact of a subject in its environment."""
