"""Facts about what a change takes away: pools, file systems, object stores, StorageClasses, backends, clusters, definitions.

Things are known by kind, namespace and name (pools by the name Ceph gives them), never by file: a moved file is no
removal. A place in head is the nearest thing that is still there: the list of the chart the thing was in, the resource
it was part of, the rest of its file, its delivery, or the environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.changes import difference, newly_hidden, pairs
from lintkit.facts.compute import charts, enabled_backends, values_of, written
from lintkit.facts.reading import unknown_below
from lintkit.facts.storage import external
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, boolean, items, lookup, string, text
from lintkit.yamldoc.plain import served
from lintkit.yamldoc.unknowns import unknown_reason

_STORES: Final = {
    "CephBlockPool": "pool",
    "CephFilesystem": "filesystem",
    "CephObjectStore": "object store",
    "CephObjectZone": "object zone",
}
_DERIVED: Final = frozenset(
    {"Pool", "Component", "Database", "MessageQueue", "Container", "Delivery", "Reference", "ValuesFile", "Environment"}
)
_ROOK: Final = (".ceph.rook.io", ".objectbucket.io")


class Place(NamedTuple):
    """A place in head: a subject's id and a path in it; ``key`` tells that it is the list something was taken from."""

    of: str
    path: str
    listed: bool = False


def _unsure(environment: Environment, what: str) -> str:
    """Why something that is gone here may still be there; empty when it is certainly gone."""
    before = environment.base.unread if environment.base is not None else ()
    new = next((reason for reason in environment.unread if reason not in before), "")
    return f"{what} is not found any more, but with this change something cannot be read: {new}" if new else ""


def there(subject: Subject, environment: Environment) -> bool:
    """Whether an environment has something of the kind and name: the second and third of one name count as one."""
    return subject.id.partition("#")[0] in environment.by_id


def _place(old: Subject, environment: Environment) -> Place:
    """The nearest thing to ``old`` that is still there."""
    base = environment.base
    root, path = old.binding(())
    for chart in base.by_kind.get("ChartValues", ()) if base is not None else ():
        whole, prefix = chart.binding(("values",))
        if whole is root and path[: len(prefix)] == prefix and chart.id in environment.by_id:
            keys = path[len(prefix) : len(prefix) + 1]
            return Place(chart.id, written(("values", *keys)), listed=bool(keys))
    return _beside(old, environment)


def _beside(old: Subject, environment: Environment) -> Place:
    doc = old.home.doc
    same = [
        s
        for s in environment.subjects
        if s.kind not in _DERIVED and s.home.doc.source.path == doc.source.path and not s.home.doc.source.builtin
    ]
    if same:
        before = [s for s in same if (s.home.doc.number, s.home.start) < (doc.number, old.home.start)]
        return Place((before or same)[-1 if before else 0].id, "")
    label = old.origin.delivery
    delivery = next((d for d in environment.by_kind.get("Delivery", ()) if d.facts.get("label") == label), None)
    return Place(delivery.id if delivery else f"Environment/{environment.name}", "")


def removed_stores(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Pools, CephFilesystems, object stores, StorageClasses of Ceph and enabled Cinder backends that are gone.

    One item each: ``what``, ``name``, ``of`` and ``path`` (the nearest place), ``alone`` (a StorageClass whose pool is
    still there), ``insert`` (path of the list that ``entry`` was in; empty when it cannot be put back there), ``set`` (path of
    the backends' list, with ``text`` to write there).
    """
    if environment.base is None:
        return []
    found = [*_gone_stores(environment, environment.base), *_gone_backends(environment, environment.base)]
    reason = _unsure(environment, f"{found[0]['what']} {found[0]['name']}") if found else ""
    certain: list[Json] = [{k: v for k, v in item.items() if k != "lost"} for item in found if not item["lost"]]
    if found and not certain:
        reason = reason or f"{found[0]['what']} {found[0]['name']} is not found any more, but {found[0]['lost']}"
    return NotKnown(reason) if reason else certain


def lost(old: Subject, environment: Environment) -> str:
    """Why what is gone may stand in a file that cannot be read now; empty when it does not."""
    path = old.home.doc.source.path
    if path in environment.broken:
        return f"{path} cannot be parsed"
    base = environment.base
    root, _ = old.binding(())
    for chart in base.by_kind.get("ChartValues", ()) if base is not None else ():
        now = environment.by_id.get(chart.id)
        if chart.binding(("values",))[0] is root and now is not None and newly_hidden(now, chart):
            return now.origin.hidden
    return ""


def _gone_stores(environment: Environment, base: Environment) -> Iterator[dict[str, Json]]:
    gone: set[tuple[str, str]] = set()
    for kind, what in _STORES.items():
        for old in base.by_kind.get(kind, ()):
            if external(old, base) is True or _still(old, environment, base):
                continue
            gone.add((old.resource.namespace, old.resource.name))
            yield {**_item(what, old.resource.name, old, _place(old, environment)), "lost": lost(old, environment)}
    yield from _gone_entries(environment, base)
    for old in base.by_kind.get("StorageClass", ()):
        provisioner = string(lookup(old.object, "provisioner")) or ""
        parameters = lookup(old.object, "parameters")
        pool = next((text(n) for k in ("fsName", "objectStoreName", "pool") if (n := lookup(parameters, k)) is not None), "")
        where = text(lookup(parameters, "clusterID")) or text(lookup(parameters, "objectStoreNamespace")) or ""
        ceph = provisioner.endswith(("csi.ceph.com", "ceph.rook.io/bucket"))
        if ceph and not there(old, environment) and not any(n == pool and where in ("", ns) for ns, n in gone):
            place = _place(old, environment)
            item = _item("StorageClass", old.resource.name, old, place._replace(listed=False))
            yield {**item, "alone": True, "lost": lost(old, environment)}


def _still(old: Subject, environment: Environment, base: Environment) -> bool:
    """Whether a store has a counterpart: by its kind and name, a block pool by the name Ceph gives it."""
    if old.kind != "CephBlockPool":
        return there(old, environment)
    own = next((p for p in base.by_kind.get("Pool", ()) if p.facts["owner"] == old.id), None)
    return there(own if own is not None else old, environment)


def _gone_entries(environment: Environment, base: Environment) -> Iterator[dict[str, Json]]:
    """Data pools that left a CephFilesystem which is still there."""
    for pool in base.by_kind.get("Pool", ()):
        owner = environment.by_id.get(str(pool.facts["owner"]))
        if pool.facts["owner_kind"] != "CephFilesystem" or owner is None or there(pool, environment):
            continue
        before = base.by_id.get(owner.id)
        if external(pool, base) is True or (before is not None and newly_hidden(owner, before)):
            continue
        if unknown_below(lookup(owner.object, "spec", "dataPools")):
            continue
        name = str(pool.facts["ceph_name"])
        written_here = bool(items(lookup(owner.object, "spec", "dataPools")))
        yield _item("data pool", name, pool, Place(owner.id, "spec.dataPools", listed=written_here))


def _item(what: str, name: str, old: Subject, place: Place) -> dict[str, Json]:
    root, path = old.binding(())
    entry: Node | None = lookup(root, *path) if old.kind != "Pool" else old.object
    known = place.listed and entry is not None and not entry.doc.source.builtin and not unknown_below(entry)
    return {
        "what": what,
        "name": name,
        "of": place.of,
        "path": place.path,
        "alone": False,
        "insert": place.path if known else "",
        "entry": served(entry) if known else None,
        "set": "",
        "text": "",
        "lost": "",
    }


def _gone_backends(environment: Environment, base: Environment) -> Iterator[dict[str, Json]]:
    path = "values.conf.cinder.DEFAULT.enabled_backends"
    for old in charts(base, "cinder"):
        now = environment.by_id.get(old.id)
        if now is None or newly_hidden(now, old):
            continue
        if any(unknown_reason(lookup(s.object, *path.split("."))) for s in (old, now)):
            continue
        left = enabled_backends(now)
        for name in (n for n in enabled_backends(old) if n not in left):
            defined = lookup(values_of(now, "conf", "backends"), name) is not None
            yield {
                **_item("Cinder backend", name, old, Place(now.id, path)),
                "set": path if defined else "",
                "text": ",".join((*left, name)),
            }


def removed_definitions(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Rook's CustomResourceDefinitions that are not delivered any more.

    One item a place: ``of``, ``path``, ``names`` (of the definitions; empty for all of the operator chart), ``switch``
    (``crds.enabled`` was turned off there).
    """
    base = environment.base
    if base is None:
        return []
    kept = _definitions(environment)
    if any(_gives(c) for c in charts(environment, "rook-ceph")):
        return []
    found: list[dict[str, Json]] = []
    if not kept:
        for old in charts(base, "rook-ceph"):
            now = environment.by_id.get(old.id)
            if now is not None and newly_hidden(now, old):
                continue
            if _gives(old) and (now is None or boolean(values_of(now, "crds", "enabled")) is False):
                place = Place(now.id, "values.crds.enabled") if now is not None else _beside(old, environment)
                found.append({"of": place.of, "path": place.path, "names": [], "switch": now is not None})
    places: dict[Place, list[Json]] = {}
    for name, resource in _definitions(base).items():
        old_subject = base.by_id.get(resource)
        if name not in kept and old_subject is not None:
            places.setdefault(_beside(old_subject, environment), []).append(name)
    found += [{"of": p.of, "path": p.path, "names": names, "switch": False} for p, names in places.items()]
    reason = _unsure(environment, "a definition of Rook") if found else ""
    return NotKnown(reason) if reason else [*found]


def _gives(chart: Subject) -> bool:
    """Whether a release of the operator chart brings the definitions (``crds.enabled``, true by default)."""
    return boolean(values_of(chart, "crds", "enabled")) is not False


def _definitions(environment: Environment) -> dict[str, str]:
    """Rook's definitions among the resources: name to subject id."""
    kind = "CustomResourceDefinition"
    return {s.resource.name: s.id for s in environment.by_kind.get(kind, ()) if s.resource.name.endswith(_ROOK)}


def removed_clusters(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """CephClusters that are gone, and rook-ceph-cluster releases with another operator namespace.

    One item each: ``what`` (``gone``, ``name``, ``namespace``, ``operatorNamespace``), ``name`` (of the cluster before), ``of``,
    ``path``, ``before``, ``after``, ``fixable`` (``before`` can be written at ``path``).
    """
    base = environment.base
    if base is None:
        return []
    now, was = environment.by_kind.get("CephCluster", ()), base.by_kind.get("CephCluster", ())
    new = [c for c in now if not there(c, base)]
    gone = [c for c in was if not there(c, environment) and not lost(c, environment)]
    if len(gone) == len(new) == 1:
        found = [_renamed(gone[0], new[0])]
    else:
        found = [_gone(old, _place(old, environment)) for old in gone]
        reason = _unsure(environment, f"CephCluster {gone[0].resource.name}") if gone else ""
        if reason:
            return NotKnown(reason)
    for chart, old in pairs(environment, "ChartValues"):
        if text(chart.object.get("chart")) == "rook-ceph-cluster":
            key = ("values", "operatorNamespace")
            item = difference(chart.id, key, lookup(old.object, *key), lookup(chart.object, *key), "rook-ceph")
            if item is not None:
                found.append(_cluster_item("operatorNamespace", chart.resource.name, item, fixable=True))
    return [*found]


def _renamed(old: Subject, new: Subject) -> dict[str, Json]:
    what = "name" if old.resource.name != new.resource.name else "namespace"
    was, now = (getattr(s.resource, what) for s in (old, new))
    node = lookup(new.object, "metadata", what)
    chart = new.binding(("spec",))[1] != ("spec",)
    place: dict[str, Json] = {"of": new.id, "path": f"metadata.{what}", "before": was, "after": now}
    # the chart takes the namespace from its release
    fixable = not chart and node is not None if what == "namespace" else True
    both = old.resource.name != new.resource.name and old.resource.namespace != new.resource.namespace
    return _cluster_item(what, old.resource.name, place, fixable=fixable and not both)


def _gone(old: Subject, place: Place) -> dict[str, Json]:
    return _cluster_item(
        "gone", old.resource.name, {"of": place.of, "path": place.path, "before": "", "after": ""}, fixable=False
    )


def _cluster_item(what: str, name: str, at: dict[str, Json], *, fixable: bool) -> dict[str, Json]:
    return {"what": what, "name": name, "fixable": fixable, **{key: at[key] for key in ("of", "path", "before", "after")}}


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {
        "removed_stores": removed_stores,
        "removed_definitions": removed_definitions,
        "removed_clusters": removed_clusters,
    },
}
