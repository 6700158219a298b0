"""An environment: what reaches one cluster, and what is known about that cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any, TypeAlias, TypeVar

from lintkit.records import NamedTuple, dataclass, field
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
    ``unread`` are reasons why more may reach the cluster than is known here; ``unread_into`` the namespaces it goes to, an
    empty one where that is not known (charts without data aside). ``own_urls`` are the URLs of repositories read here.
    ``unrendered`` are namespaces with pods that lintkit cannot tell. ``broken`` are files that cannot be parsed.
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
    unread_into: frozenset[str] = frozenset()
    own_urls: frozenset[str] = frozenset()
    osds: tuple[OsdEntry, ...] = ()
    broken: frozenset[str] = frozenset()

    base: Environment | None = None

    @cached_property
    def answers(self) -> dict[tuple[object, ...], Any]:
        """What ``once`` and ``once_each`` remember."""
        return {}

    @cached_property
    def by_id(self) -> dict[str, Subject]:
        """Subjects by their id."""
        return {subject.id: subject for subject in self.subjects}

    def before(self, subject: Subject) -> Subject | None:
        """The subject before the change; None without a base, when it is new, and where it cannot be told from others.

        Several of one name (alternatives that lie side by side) are told apart by their file.
        """
        base = self.base
        old = base.by_id.get(subject.id) if base is not None else None
        if base is None or old is None:
            return None
        second = subject.id.partition("#")[0] + "#2"
        several = second in self.by_id or second in base.by_id
        return None if several and old.home.doc.source.path != subject.home.doc.source.path else old

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

Answer = TypeVar("Answer")


def once(compute: Callable[[Environment], Answer]) -> Callable[[Environment], Answer]:
    """``compute``, which asks for the same thing of an environment again and again, answered once for each."""

    @wraps(compute)
    def answered(environment: Environment) -> Answer:
        known = environment.answers
        key = (compute,)
        if key not in known:
            known[key] = compute(environment)
        return known[key]  # type: ignore[no-any-return]

    return answered


def once_each(compute: Callable[[Subject, Environment], Answer]) -> Callable[[Subject, Environment], Answer]:
    """The same for what is asked of a subject in its environment."""

    @wraps(compute)
    def answered(subject: Subject, environment: Environment) -> Answer:
        known = environment.answers
        key = (compute, id(subject))
        if key not in known:
            # the subject is kept with its answer, so that its number stays its own
            known[key] = (subject, compute(subject, environment))
        return known[key][1]  # type: ignore[no-any-return]

    return answered
