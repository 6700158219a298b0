"""Facts about the order in which deliveries start: waves of sibling Applications, dependsOn of Flux."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import components
from lintkit.facts.deliveries import brought, chart_names
from lintkit.facts.rbd import uses
from lintkit.records import NamedTuple
from lintkit.sources.argocd.application import WAVE, read_application
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

# operator charts and repositories -> kinds they serve
_OPERATORS: Final = (
    (regex(r"^rook-ceph$|^rook-operator$|rook/.*operator"), ("CephCluster",)),
    (regex(r"^pxc-operator$|percona-xtradb-cluster-operator"), ("PerconaXtraDBCluster",)),
    (regex(r"^mariadb-operator(-crds)?$|mariadb-operator"), ("MariaDB",)),
    (regex(r"rabbitmq.*operator|cluster-operator"), ("RabbitmqCluster",)),
)
_STATE: Final = ("PerconaXtraDBCluster", "MariaDB", "RabbitmqCluster")


class _Side(NamedTuple):
    """A delivery with what it is to others: ``roles`` among operator, storage, database, keystone, service."""

    subject: Subject
    roles: frozenset[str]
    operates: frozenset[str]
    kinds: frozenset[str]
    pools: bool


def too_late(_subject: Subject, environment: Environment) -> Json:
    """Sibling Applications that do not start before what needs them, by the wave of each.

    One item an Application that is too late: ``of``, ``path``, ``name``, ``wave``, ``role`` (operator, storage, database,
    keystone), and ``dependents`` (items with ``of``, ``path``, ``name``, ``wave``, ``role``, whose wave is not higher), ``floor``
    (the highest wave of what it needs itself, null when there is nothing). Only
    children of one app of apps are siblings; unknown waves are left out.
    """
    groups: dict[str, list[tuple[_Side, int]]] = {}
    for delivery in environment.by_kind.get("Delivery", ()):
        parent = str(delivery.facts["parent"])
        if delivery.facts["form"] != "Application" or not parent:
            continue
        app = read_application(delivery.object)
        wave = 0 if app.wave_node is None else app.wave
        if wave is None or unknown_reason(app.wave_node):
            continue
        groups.setdefault(parent, []).append((_side(delivery, environment), wave))
    found: list[Json] = []
    for members in groups.values():
        for early, wave in members:
            late = [(s, w, role) for s, w in members if s is not early and w <= wave and (role := needs(early, s))]
            if late:
                before = [w for s, w in members if s is not early and needs(s, early)]
                found.append({**_item(early, wave, late), "floor": max(before, default=None)})
    return found


def _item(early: _Side, wave: int, late: list[tuple[_Side, int, tuple[str, str]]]) -> dict[str, Json]:
    path = "metadata.annotations." + WAVE.replace(".", "\\.")
    return {
        "of": early.subject.id,
        "path": path,
        "name": early.subject.resource.name,
        "wave": wave,
        "role": late[0][2][0],
        "dependents": [
            {"of": s.subject.id, "path": path, "name": s.subject.resource.name, "wave": w, "role": role[1]} for s, w, role in late
        ],
    }


def needs(early: _Side, late: _Side) -> tuple[str, str] | None:
    """The roles in which ``late`` needs ``early`` to be there first; None when it does not."""
    if early.operates & late.kinds and not early.kinds & early.operates:
        return "operator", "storage" if "CephCluster" in late.kinds else "database"
    if "storage" in early.roles and (late.pools or ("database" in late.roles and late.pools)) and "storage" not in late.roles:
        return "storage", "service"
    if "database" in early.roles and "keystone" in late.roles:
        return "database", "keystone"
    if "keystone" in early.roles and "service" in late.roles and not early.roles & late.roles:
        return "keystone", "service"
    return None


def _side(delivery: Subject, environment: Environment) -> _Side:
    names = [str(n) for n in _listed(chart_names(delivery, environment))]
    spec = lookup(delivery.object, "spec")
    urls = [text(lookup(s, "repoURL")) or "" for s in (*items(lookup(spec, "sources")), lookup(spec, "source")) if s is not None]
    operates = {k for pattern, kinds in _OPERATORS for k in kinds if any(pattern.search(n) for n in (*names, *urls))}
    kinds = frozenset(s.resource.kind for s in brought(delivery, environment))
    releases = [s for s in environment.by_delivery.get(str(delivery.facts["label"]), ()) if s.kind == "ChartValues"]
    used = {text(r.object.get("chart")) or "" for r in releases}
    roles = set(_roles(kinds, used))
    if operates and not kinds & operates:
        roles.add("operator")
    return _Side(delivery, frozenset(roles), frozenset(operates), kinds, any(_uses_pools(r) for r in releases))


def _uses_pools(release: Subject) -> bool:
    return next(iter(uses(release)), None) is not None


def _roles(kinds: frozenset[str], used: set[str]) -> Iterator[str]:
    if "CephCluster" in kinds:
        yield "storage"
    if kinds & set(_STATE) or used & {"rabbitmq", "memcached", "mariadb", "mariadb-cluster", "pxc-db"}:
        yield "database"
    if "keystone" in used:
        yield "keystone"
    elif any(spec.group == "openstack" for chart in used for spec in components(chart)[:1]):
        yield "service"


def unordered(_subject: Subject, environment: Environment) -> Json:
    """Flux deliveries that need another one of the environment and do not wait for it by ``dependsOn``, however indirectly.

    One item a pair: ``of``, ``path``, ``name``, ``role`` (of the one that should wait), ``needs`` (its name), ``needs_of``,
    ``needs_role``. A HelmRelease waits for what its Kustomization waits for.
    """
    flux = [d for d in environment.by_kind.get("Delivery", ()) if d.facts["form"] in ("Kustomization", "HelmRelease")]
    if not flux:
        return []
    edges = {d.id: _edges(d, flux) for d in flux}
    sides = [_side(d, environment) for d in flux]
    # a Kustomization speaks for the releases it holds
    sides = [s for s in sides if s.subject.facts["form"] == "HelmRelease" or not _only_releases(s, environment)]
    found: list[Json] = []
    for early in sides:
        for late in sides:
            pair = needs(early, late) if early is not late else None
            if pair is None or early.subject.id in _reached(late.subject.id, edges) or _together(early, late):
                continue
            found.append(
                {
                    "of": late.subject.id,
                    "path": "spec.dependsOn",
                    "name": late.subject.resource.name,
                    "role": pair[1],
                    "needs": early.subject.resource.name,
                    "needs_of": early.subject.id,
                    "needs_role": pair[0],
                }
            )
    return found


def _together(early: _Side, late: _Side) -> bool:
    return early.subject.facts["label"] == late.subject.facts["parent"]


def _only_releases(side: _Side, environment: Environment) -> bool:
    members = environment.by_delivery.get(str(side.subject.facts["label"]), ())
    return any(m.kind == "Delivery" and m.facts["form"] == "HelmRelease" for m in members)


def _edges(delivery: Subject, flux: list[Subject]) -> set[str]:
    found: set[str] = set()
    for node in items(lookup(delivery.object, "spec", "dependsOn")):
        name = text(lookup(node, "name"))
        namespace = text(lookup(node, "namespace")) or delivery.resource.namespace
        for other in flux:
            if other.facts["form"] == delivery.facts["form"] and (other.resource.name, other.resource.namespace) == (
                name,
                namespace,
            ):
                found.add(other.id)
    # what a Kustomization waits for, its releases wait for; to wait for a Kustomization is to wait for its releases
    found |= {f"parent:{delivery.facts['parent']}"} if delivery.facts["parent"] else set()
    return found


def _reached(start: str, edges: Dict[str, set[str]]) -> set[str]:
    """Ids that ``start`` waits for, directly or through others, with the releases of a Kustomization it waits for."""
    labels = {i: i.split("/", 2) for i in edges}
    seen: set[str] = set()
    queue = [start]
    while queue:
        at = queue.pop()
        for step in edges.get(at, ()):
            targets = [step]
            if step.startswith("parent:"):
                label = step.removeprefix("parent:")
                targets = [i for i, parts in labels.items() if f"{parts[1]} {parts[2]}" == label]
                # the parent itself is no dependency, what it waits for is
                queue += [t for t in targets if t not in seen]
                continue
            for target in targets:
                if target not in seen:
                    seen.add(target)
                    queue.append(target)
    inside = {f"parent:{labels[i][1]} {labels[i][2]}" for i in seen if i in labels}
    return seen | {i for i, steps in edges.items() if steps & inside}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def health_of_applications(_subject: Subject, environment: Environment) -> Json:
    """``waves`` (different waves among Applications that another one brings), and ``maps``: each argocd-cm of the environment,
    also as values of the argo-cd chart: ``of``, ``path`` of its data, and whether one of them has a health customization for
    Applications (``restored``)."""
    found: set[int] = set()
    for delivery in environment.by_kind.get("Delivery", ()):
        if delivery.facts["form"] == "Application" and delivery.facts["parent"]:
            app = read_application(delivery.object)
            found.add(app.wave or 0)
    maps = [(r, "data") for r in environment.by_kind.get("ConfigMap", ()) if r.resource.name == "argocd-cm"]
    releases = [r for r in environment.by_kind.get("OtherValues", ()) if text(r.object.get("chart")) == "argo-cd"]
    maps += [(r, "values.configs.cm") for r in releases if isinstance(lookup(r.object, "values", "configs", "cm"), Mapping)]
    restored = any(_restores(lookup(r.object, *path.split("."))) for r, path in maps)
    return {"waves": [*sorted(found)], "maps": [{"of": r.id, "path": path, "restored": restored} for r, path in maps]}


def _restores(data: Node | None) -> bool:
    """Whether settings give Applications a health: a key of its own, or in the text of all customizations."""
    for key, entry in data if isinstance(data, Mapping) else ():
        whole = key == "resource.customizations" and (unknown_reason(entry.value) or "Application" in (text(entry.value) or ""))
        if whole or "argoproj.io_Application" in key:
            return True
    return unknown_reason(data) != ""


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {"too_late": too_late, "unordered": unordered, "application_health": health_of_applications},
}
