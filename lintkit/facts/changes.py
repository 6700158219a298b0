"""Facts about changes of Ceph resources: what a setting was before, and what it is now.

A difference is an item with ``of`` and ``path`` (where it stands in head), ``field`` (the setting's name), ``before`` and
``after`` (as people read them, empty for absent), ``old`` (the value before, to restore it) and ``had`` (somebody wrote one
before; without, restoring means removing). What cannot be read on one of the sides is no difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.openstack import hpa_minimum
from lintkit.facts.reading import unknown_below, words, written
from lintkit.facts.rook_versions import numbers
from lintkit.facts.scheduling import ceph_daemons, reach
from lintkit.facts.storage import external
from lintkit.sources.inventory.model import same_node
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.subjects.project import ceph_version
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.plain import served
from lintkit.yamldoc.unknowns import unknown_reason

_NETWORK: Final[tuple[tuple[str, Json], ...]] = (
    ("selectors", None),
    ("addressRanges", None),
    ("ipFamily", "IPv4"),
    ("dualStack", False),
)
_EC_FIELDS: Final[tuple[tuple[Path, Json], ...]] = (
    (("erasureCoded", "dataChunks"), None),
    (("erasureCoded", "codingChunks"), None),
    (("erasureCoded", "algorithm"), ""),
    (("erasureCoded", "stripeUnit"), ""),
    (("deviceClass",), ""),
    (("failureDomain",), "host"),
)
# what the parameters mean when they were never set (Ceph, osd_pool_default_* and pg_autoscaler, v18 to v20)
_PARAMETER_DEFAULTS: Final = {"target_size_ratio": "0", "target_size_bytes": "0", "compression_mode": "none"}


def pairs(environment: Environment, *kinds: str) -> Iterator[tuple[Subject, Subject]]:
    """Subjects of some kinds that are there on both sides of a change: as they are and as they were."""
    for kind in kinds if environment.base is not None else ():
        for subject in environment.by_kind.get(kind, ()):
            old = environment.before(subject)
            if old is not None and not newly_hidden(subject, old):
                yield subject, old


def before(subject: Subject, environment: Environment) -> Subject | None:
    """The subject before the change; None without a base, when it is new, or when they cannot be compared."""
    old = environment.before(subject)
    return None if old is not None and newly_hidden(subject, old) else old


def newly_hidden(subject: Subject, old: Subject) -> bool:
    """Whether a layer that could be read before cannot be read now: what differs may only seem to."""
    return bool(subject.origin.hidden) and subject.origin.hidden != old.origin.hidden


def shown(value: Json) -> str:
    """A value as people read it; empty for none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def difference(of: str, path: Path, old: Node | None, new: Node | None, default: Json = None) -> dict[str, Json] | None:
    """The difference of one setting (see the module); None when there is none. ``default`` is what an absent value means."""
    if unknown_below(old) or unknown_below(new):
        return None
    was, now = served(old), served(new)
    was, now = default if was is None else was, default if now is None else now
    if was == now:
        return None
    return {
        "of": of,
        "path": written(path),
        "field": ".".join(str(key) for key in path if not isinstance(key, int)),
        "before": shown(was),
        "after": shown(now),
        "old": served(old),
        "had": old is not None and not old.doc.source.builtin,
    }


def ec_changes(subject: Subject, environment: Environment) -> Json:
    """Settings of an erasure-coded pool that a profile or CRUSH rule is made of and that differ: differences."""
    old = before(subject, environment)
    if old is None or not all(_chunks(s) for s in (subject, old)):
        return []
    found = [difference(subject.id, p, lookup(old.object, *p), lookup(subject.object, *p), d) for p, d in _EC_FIELDS]
    return [{**item, "field": str(item["field"]).removeprefix("erasureCoded.")} for item in found if item]


def _chunks(pool: Subject) -> bool:
    node = lookup(pool.object, "erasureCoded", "dataChunks")
    return isinstance(node, Scalar) and isinstance(node.value, int) and node.value > 0


def network_changes(subject: Subject, environment: Environment) -> Json:
    """Settings of a CephCluster's network that differ: differences.

    ``hostNetwork: true`` means ``provider: host`` (rook pkg/apis/ceph.rook.io/v1/network.go).
    """
    old = before(subject, environment)
    if old is None:
        return []
    base: Path = ("spec", "network")
    now, was = lookup(subject.object, *base), lookup(old.object, *base)
    found: list[Json] = []
    if not any(unknown_reason(lookup(n, key)) for n in (now, was) for key in ("provider", "hostNetwork")):
        (provider, key), (old_provider, _) = _provider(now), _provider(was)
        if provider != old_provider:
            node = lookup(was, key)
            found.append(
                {
                    "of": subject.id,
                    "path": written((*base, key)),
                    "field": key,
                    "before": old_provider or "the pod network",
                    "after": provider or "the pod network",
                    "old": served(node),
                    "had": node is not None,
                }
            )
    for name, default in _NETWORK:
        item = difference(subject.id, (*base, name), lookup(was, name), lookup(now, name), default)
        if item is not None:
            found.append({**item, "field": name})
    return found


def _provider(network: Node | None) -> tuple[str, str]:
    """The network that counts, and the key that decides it."""
    provider = words(lookup(network, "provider"))
    if not provider and boolean(lookup(network, "hostNetwork")) is True:
        return "host", "hostNetwork"
    return provider, "provider"


def dropped_settings(subject: Subject, environment: Environment) -> Json:
    """Settings of a Pool or CephCluster that are gone: Rook sets values and never takes one back.

    One item a key: ``key``, ``where`` (the mapping's name), ``path`` (of the mapping), ``before``, ``default`` (what Ceph
    means by none; empty when that is not known here).
    """
    old = before(subject, environment)
    if old is None:
        return []
    places: tuple[Path, ...] = (("parameters",),) if subject.kind == "Pool" else _cluster_settings(old)
    found: list[Json] = []
    for path in places:
        was, now = lookup(old.object, *path), lookup(subject.object, *path)
        if not isinstance(was, Mapping) or unknown_reason(now) or unknown_reason(lookup(subject.object, *path[:-1])):
            continue
        there = now.index if isinstance(now, Mapping) else {}
        for key, entry in was:
            moved = key == "target_size_ratio" and lookup(subject.object, "replicated", "targetSizeRatio") is not None
            if key not in there and not moved and not isinstance(entry.value, Mapping):
                default = _PARAMETER_DEFAULTS.get(key, "") if subject.kind == "Pool" else ""
                found.append(
                    {
                        "key": key,
                        "where": str(path[-1] if path[-2:-1] != ("cephConfig",) else f"cephConfig of {path[-1]}"),
                        "path": written(path),
                        "before": words(entry.value),
                        "default": default,
                    }
                )
    return found


def _cluster_settings(old: Subject) -> tuple[Path, ...]:
    config = lookup(old.object, "spec", "cephConfig")
    sections: list[Path] = [("spec", "cephConfig", name) for name, _ in config] if isinstance(config, Mapping) else []
    return (*sections, ("spec", "healthCheck", "muteHealthWarning"))


def pool_order(subject: Subject, environment: Environment) -> Json:
    """What happens to the data pools of a CephFilesystem that existed before; a list of none or one item.

    ``what`` (``renamed``; ``moved`` when entries changed places or one came between; ``first`` or ``places`` when all have
    names, so that only the first place counts, and only for a file system that is made anew), ``path`` (of the first entry
    that is not what it was), ``name`` (its Ceph name before, without the file system's), ``after``, ``old`` (the list as it
    was, with entries of head that were not in it at its end), ``fixable``. A list that got shorter is a removal, not this.
    """
    old = before(subject, environment)
    if old is None:
        return []
    base: Path = ("spec", "dataPools")
    was, now = items(lookup(old.object, *base)), items(lookup(subject.object, *base))
    if any(unknown_below(node) for node in (*was, *now)):
        return []
    names, wanted = _pool_names(now), _pool_names(was)
    labels, known = [n for n, _ in names], [n for n, _ in wanted]
    # an existing file system finds its pools by their names (rook pkg/operator/ceph/file/filesystem.go, updateFilesystem)
    ordered = all(own for _, own in (*names, *wanted)) and {*known} <= {*labels}
    if ordered and [label for label in labels if label in known] == known and labels[:1] == known[:1]:
        return []
    for i, (name, own) in enumerate(wanted[: len(now)]):
        here, own_here = names[i]
        values = served(was[i]), served(now[i])
        if own or own_here:
            if name == here:
                continue
            what = "moved" if name in labels or here in known else "renamed"
        else:
            elsewhere = any(served(n) == values[0] for n in now[i + 1 :]) or any(served(n) == values[1] for n in was)
            if values[0] == values[1] or not elsewhere:
                continue
            what = "moved"
        if len(now) < len(was) and what == "moved":
            return []
        more = [served(n) for n, (label, own_n) in zip(now, names, strict=True) if _is_new(n, label, was, known, own=own_n)]
        return [
            {
                "what": what if not ordered else "first" if i == 0 else "places",
                "path": written((*base, i)),
                "name": name,
                "after": here,
                "old": [*(served(n) for n in was), *(more if what == "moved" else [served(n) for n in now[len(was) :]])],
                "fixable": not (ordered and i) and not any(n.doc.source.builtin for n in (*was, *now)),
            }
        ]
    return []


def _pool_names(pools: tuple[Node, ...]) -> list[tuple[str, bool]]:
    """Names below the file system's own, and whether somebody gave them."""
    found = [text(lookup(pool, "name")) for pool in pools]
    return [(name or f"data{i}", bool(name)) for i, name in enumerate(found)]


def _is_new(node: Node, label: str, was: tuple[Node, ...], known: list[str], *, own: bool) -> bool:
    return label not in known if own else all(served(other) != served(node) for other in was)


def ceph_step(subject: Subject, environment: Environment) -> Json:
    """The Ceph version of a CephCluster on both sides: ``before`` and ``after`` (``19.2.3``; empty when not known),
    ``majors`` (how many releases it goes up), ``point_down`` (an older point release of the same major)."""
    old = before(subject, environment)
    image: Path = ("spec", "cephVersion", "image")
    nodes = [lookup(s.object, *image) if s is not None else None for s in (old, subject)]
    was, now = ("" if unknown_reason(n) else ceph_version(words(n)) for n in nodes)
    a, b = numbers(was), numbers(now)
    known = bool(a and b)
    return {
        "before": was if known else "",
        "after": now if known else "",
        "majors": b[0] - a[0] if known else 0,
        "point_down": known and a[0] == b[0] and len(a) == len(b) and b < a,
    }


def placement_losses(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Nodes that mons or OSDs could use before and that the placement excludes now.

    One item a daemon: ``daemon``, ``path``, ``nodes`` (those still in the inventory). OSDs: storage nodes only.
    """
    base = environment.base
    if base is None:
        return []
    found: list[Json] = []
    for daemon in ("mon", "osd"):
        nodes = [_reached(subject, daemon, side) for side in (environment, base)]
        if nodes[0] is None or nodes[1] is None:
            return NotKnown(f"the nodes that {daemon}s can use are not known")
        here = {node.name for node in environment.nodes}
        lost = [n for n in nodes[1] if n in here and n not in nodes[0] and (daemon == "mon" or _stores(subject, n))]
        if lost:
            own = lookup(subject.object, "spec", "placement", daemon) is not None
            path: Path = ("spec", "placement", daemon if own else "all")
            found.append({"daemon": daemon, "path": written(path), "nodes": [*lost]})
    return found


def _reached(subject: Subject, daemon: str, environment: Environment) -> list[str] | None:
    of = environment.by_id.get(subject.id)
    if of is None or unknown_below(lookup(of.object, "spec", "placement")):
        return None
    workload = next((w for w in ceph_daemons(environment) if w.name == daemon and w.subject.id == of.id), None)
    found = reach(workload, environment) if workload is not None else None
    return [node.name for node in found.free] if found is not None else None


def _stores(cluster: Subject, node: str) -> bool:
    storage = lookup(cluster.object, "spec", "storage")
    listed = [text(lookup(item, "name")) or "" for item in items(lookup(storage, "nodes"))]
    return boolean(lookup(storage, "useAllNodes")) is True or any(same_node(node, name) for name in listed if name)


_MEMBERS: Final = {"Pool": "copies", "CephCluster": "mons", "Database": "galera"}


def counts(subject: Subject, environment: Environment) -> Json:
    """How many copies or members a Pool, CephCluster, Database, MessageQueue or Component has on both sides.

    A list of none or one item: ``what``, ``path``, ``before``, ``after`` (the minimum of an autoscaler where one owns the
    count), ``members`` (copies, mons, brokers of the RabbitMQ operator, galera, peers of other quorums), ``own`` (nobody else
    owns the count), ``survived_before`` and ``survived_after`` (members that may fail while a majority stays). Nothing for an
    external cluster or a count that is not known.
    """
    old = before(subject, environment)
    ours = subject.kind not in ("Pool", "CephCluster") or external(subject, environment) is not True
    if old is None or environment.base is None or not ours:
        return []
    what, path, default = _counted(subject)
    if not path:
        return []
    first, last = (_whole(lookup(s.object, *path), default) for s in (old, subject))
    if first is None or last is None:
        return []
    bounds = [_hpa(s, e) for s, e in ((old, environment.base), (subject, environment))]
    was, now = (value if bound is None else bound for value, bound in zip((first, last), bounds, strict=True))
    own = all(bound is None for bound in bounds)
    members = "brokers" if subject.resource.kind == "RabbitmqCluster" else _MEMBERS.get(subject.kind, "peers")
    survived = {"survived_before": max(was - 1, 0) // 2, "survived_after": max(now - 1, 0) // 2}
    return [{"what": what, "path": written(path), "before": was, "after": now, "members": members, "own": own, **survived}]


def _counted(subject: Subject) -> tuple[str, Path, int | None]:
    name = subject.resource.shown
    if subject.kind == "Pool":
        return f"replicated.size of pool {subject.facts['ceph_name']}", ("replicated", "size"), None
    if subject.kind == "CephCluster":
        return f"mon.count of CephCluster {name}", ("spec", "mon", "count"), None
    if subject.kind == "Database":
        return f"database {name}", ("size",), None
    if subject.kind == "MessageQueue":
        # a RabbitmqCluster without replicas has one (cluster-operator 2.x)
        return f"queue {name}", ("replicas",), 1
    chart, role = (text(lookup(subject.object, key)) or "" for key in ("chart", "role"))
    return (f"{name}", ("replicas",), None) if chart in ("ovn", "etcd") and role == "database" else ("", (), None)


def _whole(node: Node | None, default: int | None) -> int | None:
    if node is None:
        return default
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _hpa(subject: Subject, environment: Environment) -> int | None:
    if subject.kind != "Component":
        return None
    found = hpa_minimum(subject, environment)
    return found if isinstance(found, int) else None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Pool": {"ec_changes": ec_changes, "dropped_settings": dropped_settings, "counts": counts},
    "CephCluster": {
        "network_changes": network_changes,
        "dropped_settings": dropped_settings,
        "ceph_step": ceph_step,
        "placement_losses": placement_losses,
        "counts": counts,
    },
    "CephFilesystem": {"pool_order": pool_order},
    "Database": {"counts": counts},
    "MessageQueue": {"counts": counts},
    "Component": {"counts": counts},
}
