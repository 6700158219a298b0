"""The pools of a cluster by CRUSH root: what facts about their sizing share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lintkit.facts.pg_plan import Declared, declared_pools, root_of
from lintkit.facts.storage import external
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json

Root = tuple[str, list[Declared]]


def roots(pools: Iterable[Declared]) -> list[Root]:
    """Pools by the name of their CRUSH root."""
    found: dict[str, list[Declared]] = {}
    for pool in pools:
        found.setdefault(root_of(pool.input), []).append(pool)
    return list(found.items())


def clusters(environment: Environment) -> Iterator[tuple[Subject | None, tuple[Declared, ...] | NotKnown]]:
    """Every cluster run here with its pools; pools without a CephCluster here are a cluster too."""
    seen: set[str] = set()
    for cluster in environment.by_kind.get("CephCluster", ()):
        seen.add(cluster.resource.namespace)
        if not external(cluster, environment):
            yield cluster, declared_pools(cluster, environment)
    for pool in environment.by_kind.get("Pool", ()):
        if pool.resource.namespace not in seen:
            seen.add(pool.resource.namespace)
            yield None, declared_pools(pool, environment)


def each_root(environment: Environment, items: Callable[[str, list[Declared]], list[Json]]) -> Json | NotKnown:
    """What ``items`` gives for every root of every cluster."""
    found: list[Json] = []
    for _, pools in clusters(environment):
        if isinstance(pools, NotKnown):
            return pools
        for root, members in roots(pools):
            found += items(root, members)
    return found


def data_pools(members: list[Declared]) -> list[Declared]:
    """Data pools whose count the autoscaler decides."""
    return [p for p in members if p.subject is not None and p.subject.facts["role"] == "data" and p.input.mode != "off"]


def one_each(members: list[Declared]) -> list[Declared]:
    """One of the pools of each spec (an object store's metadata spec makes seven)."""
    return list({p.subject.id: p for p in members if p.subject is not None}.values())
