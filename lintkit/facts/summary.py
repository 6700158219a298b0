"""The change summary: what a change does to what each cluster gets, whether or not anything is wrong with it.

Base and head are compared subject by subject, paired by identity as policies pair them: a file that moved and a form that
changed are no difference. What cannot be read on a side is unknown there, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.summary_effects import cluster_effects
from lintkit.facts.summary_pairs import Sides, others, text_of, things
from lintkit.facts.summary_services import chart_changes, node_changes
from lintkit.facts.summary_storage import cluster_turns, load_changes, pool_changes, prediction_notes
from lintkit.finding import Changed, EnvironmentChange, Turn
from lintkit.sources.kustomize.model import CLUSTER_SCOPED
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Path, items, lookup, text
from lintkit.yamldoc.plain import served
from lintkit.yamldoc.unknowns import placeholder, unknown_reason

# told by rows of their own, or by what they are part of
_TOLD: Final = frozenset(
    {
        "Pool",
        "Component",
        "Container",
        "Database",
        "MessageQueue",
        "ChartValues",
        "OtherValues",
        "Node",
        "Reference",
        "Environment",
        "Delivery",
    }
)
# how many of it run, and what, where a resource says so
_COUNTS: Final[Dict[str, tuple[tuple[str, Path], ...]]] = {
    "CephFilesystem": (("active MDS", ("spec", "metadataServer", "activeCount")),),
    "CephObjectStore": (("gateways", ("spec", "gateway", "instances")),),
    "RabbitmqCluster": (("replicas", ("spec", "replicas")), ("image", ("spec", "image"))),
    "PerconaXtraDBCluster": (("members", ("spec", "pxc", "size")), ("image", ("spec", "pxc", "image"))),
    "MariaDB": (("replicas", ("spec", "replicas")), ("image", ("spec", "image"))),
    "Deployment": (("replicas", ("spec", "replicas")),),
    "StatefulSet": (("replicas", ("spec", "replicas")),),
}
_WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet")
_CLUSTER: Final = (("spec", "mon", "count"), ("spec", "mgr", "count"), ("spec", "cephVersion", "image"))
# what rows of their own tell of a resource
_COVERED: Final[Dict[str, tuple[Path, ...]]] = {
    "CephCluster": _CLUSTER,
    "CephBlockPool": (("spec",),),
    "CephFilesystem": (("spec", "metadataPool"), ("spec", "dataPools")),
    "CephObjectStore": (("spec", "metadataPool"), ("spec", "dataPool")),
    "CephObjectZone": (("spec", "metadataPool"), ("spec", "dataPool")),
}
# where deliveries say what they bring
_REVISION: Final = "targetRevision"
_TOLD_APART: Final = frozenset({"helm", "kustomize", "directory", "path", "values", "valuesFrom", "source", "sources", _REVISION})


def environment_changes(environments: Iterable[Environment]) -> tuple[EnvironmentChange, ...]:
    """What differs in every environment, by name; one without a base differs in all it has."""
    return tuple(_environment(e) for e in sorted(environments, key=lambda e: e.name))


def _environment(after: Environment) -> EnvironmentChange:
    sides = Sides(after.base or Environment(after.name, after.profile, (), ()), after)
    found = (
        *pool_changes(sides),
        *load_changes(sides),
        *_resources(sides, ("CephCluster",)),
        *chart_changes(sides),
        *node_changes(sides),
        *_resources(sides, _rest(sides)),
        *_deliveries(sides),
    )
    notes = (*prediction_notes(sides, found), *(changed.why for changed in found if changed.why))
    gone = all(subject.kind == "Environment" for subject in after.subjects)
    state = "new" if after.base is None else "gone" if gone else ""
    return EnvironmentChange(after.name, found, tuple(dict.fromkeys(notes)), state)


def _rest(sides: Sides) -> list[str]:
    kinds = dict.fromkeys((*sides.after.by_kind, *sides.before.by_kind))
    return [kind for kind in kinds if kind not in _TOLD and kind != "CephCluster"]


def _resources(sides: Sides, kinds: Iterable[str]) -> Iterator[Changed]:
    for kind in kinds:
        for pair in things(sides, kind, _name):
            turns = cluster_turns(pair, sides) if kind == "CephCluster" else _counts(kind, pair.before, pair.after)
            covered = (*_COVERED.get(kind, ()), *(path for _, path in _COUNTS.get(kind, ())))
            also = others(pair.before, pair.after, 2, covered) if pair.before and pair.after else ()
            # a block pool that is new or gone is told as the pool it is
            if kind == "CephBlockPool" and not also:
                continue
            if found := pair.changed(kind, turns, also):
                yield found._replace(effects=cluster_effects(pair, sides)) if kind == "CephCluster" else found


def _name(subject: Subject) -> str:
    _, namespace, name = subject.resource
    return f"{namespace}/{name}" if namespace and name and subject.kind not in CLUSTER_SCOPED else name


def _counts(kind: str, before: Subject | None, after: Subject | None) -> list[Turn]:
    counts = [Turn(name, text_of(before, path), text_of(after, path)) for name, path in _COUNTS.get(kind, ())]
    images = tuple(_images(s) for s in (before, after)) if kind in _WORKLOADS else ({}, {})
    names = dict.fromkeys((*images[1], *images[0]))
    return [*counts, *(Turn(f"image of {name}", *(side.get(name, "") for side in images)) for name in names)]


def _images(workload: Subject | None) -> dict[str, str | None]:
    """The image of every container that a workload names."""
    containers = items(lookup(workload.object, "spec", "template", "spec", "containers")) if workload is not None else ()
    found: dict[str, str | None] = {}
    for container in containers:
        image = lookup(container, "image")
        found[text(lookup(container, "name")) or "unknown"] = None if unknown_reason(image) else text(image) or ""
    return found


def _deliveries(sides: Sides) -> Iterator[Changed]:
    """Deliveries that are new, gone, or apply otherwise than before; what they bring is told as what it is."""
    for pair in things(sides, "Delivery", lambda delivery: delivery.resource.name):
        specs = [_spec(s) for s in pair[:2]]
        before, after = (_sources(spec) for spec in specs)
        turns: list[Turn] = []
        also = [key for key in dict.fromkeys((*specs[1], *specs[0])) if key not in _TOLD_APART and _differ(key, *specs)]
        names = dict.fromkeys((*after, *before))
        for name in names:
            of = f" of {name}" if len(names) > 1 else ""
            was, now = before.get(name, {}), after.get(name, {})
            turns.append(Turn("revision" + of, *(_revision(side) for side in (was, now))))
            also += [f"{key}{of}" for key in dict.fromkeys((*now, *was)) if key not in _TOLD_APART and _differ(key, was, now)]
        if found := pair.changed(str(pair.any.facts["form"]), turns, tuple(also) if pair.before and pair.after else ()):
            yield found


def _differ(key: str, before: Dict[str, Json], after: Dict[str, Json]) -> bool:
    return before.get(key) != after.get(key)


def _revision(source: Dict[str, Json]) -> str | None:
    value = source.get(_REVISION)
    shown = "" if value is None else str(value)
    return None if placeholder(shown) else shown


def _spec(delivery: Subject | None) -> Dict[str, Json]:
    body = served(delivery.object) if delivery is not None else None
    spec = body.get("spec") if isinstance(body, dict) else None
    return spec if isinstance(spec, dict) else {}


def _sources(spec: Dict[str, Json]) -> dict[str, Dict[str, Json]]:
    """The sources of an Application by what they bring: the chart, the path, the name others call it by, or the repository."""
    several = spec.get("sources")
    found: dict[str, Dict[str, Json]] = {}
    for source in several if isinstance(several, list) else [spec.get("source")]:
        if isinstance(source, dict):
            name = next((str(source[key]) for key in ("chart", "path", "ref", "repoURL") if source.get(key)), "source")
            while name in found:
                name += "'"
            found[name] = source
    return found
