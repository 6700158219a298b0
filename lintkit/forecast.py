"""What suggested changes would give: the PG plan of every cluster before and after the fixes that lintkit offers.

The fixes of the policies about placement groups, safe or not, are made in memory as ``check --fix --unsafe-fixes`` would
make them, the repository is resolved again from the edited text, and the autoscaler is predicted again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.facts.ceph.model import PoolPlan
from lintkit.facts.pg_plan import ClusterPlan, plans
from lintkit.finding import Finding
from lintkit.records import NamedTuple, dataclass
from lintkit.repair import Rehearsed, rehearse
from lintkit.run import Loaded, Options
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Node, Sequence

FAMILY: Final = "pg-autoscaling"
"""The family of policies whose fixes are tried."""


class PoolChange(NamedTuple):
    """One pool before and after; None where it is not part of that plan (a fix may declare a pool)."""

    name: str
    before: PoolPlan | None
    after: PoolPlan | None

    @property
    def changed(self) -> bool:
        """Whether its CRUSH root or its number of PGs is another one."""
        a, b = self.before, self.after
        return a is None or b is None or (a.root, a.pg_num_accepted) != (b.root, b.pg_num_accepted)


class RootChange(NamedTuple):
    """PG replicas on each OSD of a CRUSH root, least and most, before and after; None where no pool uses the root."""

    root: str
    before: tuple[float, float] | None
    after: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """One CephCluster before and after the suggested fixes.

    ``before`` and ``after`` are plans, or why there is none. ``fixes`` are the findings whose fixes lie between them, as
    they were reported first; without any, ``after`` is ``before``. ``left`` are findings about this cluster with a fix
    that was not made, and why; ``open`` those without one.
    """

    environment: str
    cluster: Subject
    before: ClusterPlan | NotKnown
    after: ClusterPlan | NotKnown
    fixes: tuple[Finding, ...] = ()
    left: tuple[tuple[Finding, str], ...] = ()
    open: tuple[Finding, ...] = ()

    @property
    def pools(self) -> tuple[PoolChange, ...]:
        """Every pool of either plan, in the order of the first one."""
        old, new = _pools(self.before), _pools(self.after)
        return tuple(PoolChange(name, old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new)))

    @property
    def roots(self) -> tuple[RootChange, ...]:
        """Every CRUSH root of either plan."""
        old, new = _loads(self.before), _loads(self.after)
        return tuple(RootChange(name, old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new)))

    @property
    def freed(self) -> tuple[str, ...]:
        """CRUSH roots that overlap before and do not (or are not used) after."""
        if isinstance(self.before, NotKnown) or isinstance(self.after, NotKnown):
            return ()
        left = self.after.plan.overlapping_roots
        return tuple(root for root in self.before.plan.overlapping_roots if root not in left)


def _pools(made: ClusterPlan | NotKnown) -> dict[str, PoolPlan]:
    return {} if isinstance(made, NotKnown) else {pool.name: pool for pool in made.plan.pools}


def _loads(made: ClusterPlan | NotKnown) -> dict[str, tuple[float, float]]:
    return {} if isinstance(made, NotKnown) else dict(made.loads)


def forecasts(loaded: Loaded, options: Options) -> tuple[Forecast, ...]:
    """A forecast for every CephCluster that a repository describes, by environment. Nothing is written."""
    before = [(e, cluster, made) for e in loaded.environments for cluster, made in plans(e)]
    if not before:
        return ()
    done = rehearse(loaded, options, FAMILY)
    after = {(e.name, cluster.id): made for e in done.loaded.environments for cluster, made in plans(e)}
    return tuple(_forecast(e, cluster, made, after, done) for e, cluster, made in before)


def _forecast(
    environment: Environment,
    cluster: Subject,
    before: ClusterPlan | NotKnown,
    after: dict[tuple[str, str], ClusterPlan | NotKnown],
    done: Rehearsed,
) -> Forecast:
    gone = NotKnown("the cluster is no longer described")
    then = after.get((environment.name, cluster.id), gone)
    made = tuple(f for f in done.made if _concerns(f, environment, cluster))
    if not made and _pools(then) == _pools(before):
        then = before
    left = tuple((f, why) for f, why in done.left if _concerns(f, environment, cluster))
    unfixed = tuple(f for f in done.open if _concerns(f, environment, cluster))
    return Forecast(environment.name, cluster, before, then, made, left, unfixed)


def _concerns(finding: Finding, environment: Environment, cluster: Subject) -> bool:
    """Whether a finding is about a cluster, or its fix edits what a pool of that cluster is made of."""
    if finding.resource.namespace == cluster.resource.namespace and environment.name in finding.environments:
        return True
    edits = finding.fix.edits if finding.fix else ()
    spans = [(e.source.path, e.start, e.end) for e in edits]
    return bool(spans) and any(
        path == place[0] and start <= place[2] and place[1] <= end
        for place in _places(environment, cluster)
        for path, start, end in spans
    )


def _places(environment: Environment, cluster: Subject) -> Iterator[tuple[str, int, int]]:
    """The spans of everything that is written about the pools of a cluster."""
    namespace = cluster.resource.namespace
    todo: list[Node] = [p.object for p in environment.by_kind.get("Pool", ()) if p.resource.namespace == namespace]
    while todo:
        node = todo.pop()
        place = place_of(node)
        yield place.source.path, place.start, place.end
        if isinstance(node, Mapping):
            todo += [entry.value for entry in node.entries]
        elif isinstance(node, Sequence):
            todo += node.items
