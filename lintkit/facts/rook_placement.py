"""Facts about where Rook places daemons.

Rook merges ``placement.all`` and a daemon's own key: affinities and spread constraints of the key replace those
of ``all``, tolerations add up (rook pkg/apis/ceph.rook.io/v1/placement.go). MDS, RGW and NFS take no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.placement import selectors_below
from lintkit.facts.reading import unknown_below, written
from lintkit.facts.scheduling import Toleration, ceph_daemons, reach
from lintkit.facts.storage import cluster_of, external
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, boolean, items, lookup, text
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.unknowns import unknown_reason

_PLACEMENT: Final = ("spec", "placement")
_FIELDS: Final = ("nodeAffinity", "podAffinity", "podAntiAffinity", "topologySpreadConstraints")
_OWN_PLACEMENT: Final = {
    "CephFilesystem": ("spec", "metadataServer"),
    "CephObjectStore": ("spec", "gateway"),
    "CephNFS": ("spec", "server"),
}
_HOSTNAME: Final = "kubernetes.io/hostname"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def _placement(subject: Subject, daemon: str) -> Node | None:
    return lookup(subject.object, *_PLACEMENT, daemon)


def _affinity(subject: Subject, daemon: str) -> Node | None:
    """The node affinity that counts for a daemon."""
    own = lookup(_placement(subject, daemon), "nodeAffinity")
    return own if own is not None else lookup(_placement(subject, "all"), "nodeAffinity")


def tolerations_of(node: Node | None) -> tuple[Toleration, ...]:
    """The tolerations of a list; the operator is Equal where none is given."""
    keys = ("key", "operator", "value", "effect")
    rows = ([text(lookup(item, key)) or "" for key in keys] for item in items(node))
    return tuple(Toleration(key, operator or "Equal", value, effect) for key, operator, value, effect in rows)


def covers(wide: Toleration, narrow: Toleration) -> bool:
    """Whether ``wide`` tolerates every taint that ``narrow`` does."""
    if wide.effect and wide.effect != narrow.effect:
        return False
    if wide.operator == "Exists":
        return not wide.key or wide.key == narrow.key
    return narrow.operator != "Exists" and (wide.key, wide.value) == (narrow.key, narrow.value)


def _shown(toleration: Toleration) -> str:
    head = toleration.key or "every taint"
    head += f"={toleration.value}" if toleration.operator == "Equal" and toleration.value else ""
    return f"{head}:{toleration.effect}" if toleration.effect else head


def _tolerations(subject: Subject, daemon: str) -> tuple[Toleration, ...]:
    return tuple(t for name in ("all", daemon) for t in tolerations_of(lookup(_placement(subject, name), "tolerations")))


def mon_nodes(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Names of the nodes that the mon placement can use: labels selected, taints tolerated."""
    reason = unknown_below(_placement(subject, "mon")) or unknown_below(_placement(subject, "all"))
    if reason:
        return NotKnown(f"placement of the mons is unknown: {reason}")
    workload = next((w for w in ceph_daemons(environment) if w.name == "mon" and w.subject.id == subject.id), None)
    reached = reach(workload, environment) if workload is not None else None
    if reached is None:
        return NotKnown("the nodes that mons can use are not known")
    return [node.name for node in reached.free]


def prepare_drift(subject: Subject, environment: Environment) -> Json | NotKnown:
    """How the OSD prepare jobs of a CephCluster are placed differently from its OSDs; a list of none or one item.

    ``path`` (of ``placement.osd``), ``missing`` (tolerations only the OSDs have, as ``key=value:effect``),
    ``selects_others`` (another node affinity), ``wanted`` (what ``placement.prepareosd`` needs: its own settings with
    the OSDs' tolerations and node affinity).
    """
    osd, prepare = _placement(subject, "osd"), _placement(subject, "prepareosd")
    reason = next((r for n in ("osd", "prepareosd", "all") if (r := unknown_below(_placement(subject, n)))), "")
    if reason:
        return NotKnown(f"placement is unknown: {reason}")
    own = tolerations_of(lookup(osd, "tolerations"))
    there = _tolerations(subject, "prepareosd")
    missing = [t for t in own if not any(covers(other, t) for other in there)]
    affinity = lookup(osd, "nodeAffinity")
    differs = affinity is not None and _required(affinity) != _required(_affinity(subject, "prepareosd"))
    if not missing and not differs:
        return []
    wanted = plain(prepare)
    wanted = dict(wanted) if isinstance(wanted, dict) else {}
    if missing:
        kept = wanted.get("tolerations")
        lost = [plain(item) for item, t in zip(items(lookup(osd, "tolerations")), own, strict=True) if t in missing]
        wanted["tolerations"] = [*(kept if isinstance(kept, list) else []), *lost]
    if differs:
        wanted["nodeAffinity"] = plain(affinity)
    path = "spec.placement.prepareosd" if prepare is not None else "spec.placement.osd"
    return [{"path": path, "missing": [_shown(t) for t in missing], "selects_others": differs, "wanted": wanted}]


def _required(affinity: Node | None) -> frozenset[frozenset[tuple[str, str, tuple[str, ...]]]] | None:
    """The required terms of a node affinity, order left out; None without any."""
    if affinity is None:
        return None
    selector = selectors_below(affinity)
    if selector is None:
        return None
    return frozenset(frozenset((t.key, t.operator, tuple(sorted(t.values))) for t in terms) for terms in selector.alternatives)


def dropped_terms(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Terms of ``placement.all`` that a daemon's own placement replaces.

    One item a daemon and field: ``daemon``, ``field``, ``path``, ``terms`` (label keys or topology keys of the lost terms),
    ``list`` and ``value`` (where to repeat the term and how; empty and null where several are lost, or terms are ORed).
    """
    placement = lookup(subject.object, *_PLACEMENT)
    reason = unknown_below(placement)
    if reason:
        return NotKnown(f"placement is unknown: {reason}")
    general = lookup(placement, "all")
    found: list[Json] = []
    for daemon, entry in placement if isinstance(placement, Mapping) else ():
        if daemon in ("all", "arbiter"):
            continue
        for field in _FIELDS:
            own, base = lookup(entry.value, field), lookup(general, field)
            lost = [key for key in _terms(base) if key not in _terms(own)] if own is not None and base is not None else []
            if lost:
                path: Path = (*_PLACEMENT, daemon, field)
                repeated = [r for r in _repeated(base, own, field) if set(_terms(r[1])) & set(lost)]
                where, value = repeated[0] if len(repeated) == 1 else (None, None)
                item: dict[str, Json] = {"daemon": daemon, "field": field, "path": written(path)}
                item["terms"] = list(dict.fromkeys(lost))
                found.append({**item, "list": "" if where is None else written((*path, *where)), "value": plain(value)})
    return found


def _repeated(base: Node | None, own: Node | None, field: str) -> Iterator[tuple[Path, Node]]:
    """Items of one field that another could repeat, with the list they belong in."""
    if field == "topologySpreadConstraints":
        yield from (((), item) for item in items(base))
    elif field == "nodeAffinity":
        terms = [items(lookup(node, _REQUIRED, "nodeSelectorTerms")) for node in (base, own)]
        if all(len(listed) == 1 for listed in terms):
            at: Path = (_REQUIRED, "nodeSelectorTerms", 0, "matchExpressions")
            yield from ((at, item) for item in items(lookup(terms[0][0], "matchExpressions")))
    else:
        yield from (((kind,), item) for kind in (_REQUIRED, _PREFERRED) for item in items(lookup(base, kind)))


def _terms(node: Node | None) -> list[str]:
    """Label keys and topology keys below a node, one for each term."""
    found: list[str] = []
    if isinstance(node, Mapping):
        for name, entry in node:
            value = text(entry.value)
            if name in ("key", "topologyKey") and value:
                found.append(value)
            else:
                found += _terms(entry.value)
    for item in items(node):
        found += _terms(item)
    return found


def unplaced_daemons(_subject: Subject, environment: Environment) -> Json:
    """Filesystems, object stores and NFS servers without a placement, in a cluster that places its own daemons.

    One item each: ``of``, ``path`` (the daemon's settings), ``placement_path``, ``kind``, ``name``, ``cluster``,
    ``wanted`` (node affinity and tolerations of ``placement.all``; empty when it has none or they cannot be read).
    """
    found: list[Json] = []
    for cluster in environment.by_kind.get("CephCluster", ()):
        placement = lookup(cluster.object, *_PLACEMENT)
        if external(cluster, environment) or not (isinstance(placement, Mapping) and placement.entries):
            continue
        for kind, path in _OWN_PLACEMENT.items():
            for subject in environment.by_kind.get(kind, ()):
                if subject.resource.namespace == cluster.resource.namespace and _unplaced(subject, path):
                    found.append(_unplaced_item(subject, path, cluster))
    return found


def _unplaced(subject: Subject, path: tuple[str, ...]) -> bool:
    settings = lookup(subject.object, *path)
    own = lookup(settings, "placement")
    elsewhere = bool(items(lookup(settings, "externalRgwEndpoints")))
    return not elsewhere and isinstance(settings, Mapping) and (own is None or (isinstance(own, Mapping) and not own.entries))


def _unplaced_item(subject: Subject, path: tuple[str, ...], cluster: Subject) -> Json:
    general = lookup(cluster.object, *_PLACEMENT, "all")
    parts = {name: lookup(general, name) for name in ("nodeAffinity", "tolerations")}
    wanted = {name: plain(node) for name, node in parts.items() if node is not None and not unknown_below(node)}
    return {
        "of": subject.id,
        "path": written(path),
        "placement_path": written((*path, "placement")),
        "kind": subject.resource.kind,
        "name": subject.resource.name,
        "cluster": cluster.resource.name,
        "wanted": wanted,
    }


def unspread_daemons(_subject: Subject, environment: Environment) -> Json:
    """MDS and RGW with several pods and no rule of their own that keeps them on different hosts.

    Rook starts two MDS pods for every active one, standby-replay or not (Rook Documentation, CephFilesystem CRD:
    activeCount), and adds no rule to them. To RGW it adds anti-affinity by hostname: required with host network, else only
    preferred (pkg/operator/ceph/object/spec.go), so an RGW with host network is never here.

    One item each: ``of``, ``path``, ``placement_path``, ``daemon`` (MDS or RGW), ``kind``, ``name``, ``count`` (pods).
    """
    found: list[Json] = []
    for kind, daemon, path, key in _SEVERAL:
        for subject in environment.by_kind.get(kind, ()):
            settings = lookup(subject.object, *path)
            placement, number = lookup(settings, "placement"), lookup(settings, key)
            count = _whole(number, 1) * (2 if daemon == "MDS" else 1)
            apart = _spread(placement) or (daemon == "RGW" and _kept_apart(subject, settings, environment))
            if count < 2 or apart or external(subject, environment) or unknown_below(placement) or unknown_reason(number):
                continue
            item: dict[str, Json] = {"of": subject.id, "path": written(path), "placement_path": written((*path, "placement"))}
            found.append({**item, "daemon": daemon, "kind": kind, "name": subject.resource.name, "count": count})
    return found


_SEVERAL: Final[tuple[tuple[str, str, Path, str], ...]] = (
    ("CephFilesystem", "MDS", ("spec", "metadataServer"), "activeCount"),
    ("CephObjectStore", "RGW", ("spec", "gateway"), "instances"),
)


def _kept_apart(store: Subject, gateway: Node | None, environment: Environment) -> bool:
    """Whether the pods of an object store share no host anyway, or there are none, or that cannot be told."""
    if items(lookup(gateway, "externalRgwEndpoints")):
        return True
    cluster = cluster_of(store, environment)
    network = lookup(cluster.object, "spec", "network") if cluster is not None else None
    own = lookup(gateway, "hostNetwork")
    if unknown_below(network) or unknown_reason(own):
        return True
    host = text(lookup(network, "provider")) == "host" or boolean(lookup(network, "hostNetwork")) is True
    return boolean(own) is True or (boolean(own) is None and host)


def _whole(node: Node | None, default: int) -> int:
    value = plain(node)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _spread(placement: Node | None) -> bool:
    """Whether anti-affinity or spread constraints on the hostname are there."""
    return any(_HOSTNAME in _terms(lookup(placement, field)) for field in ("podAntiAffinity", "topologySpreadConstraints"))


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "CephCluster": {"mon_nodes": mon_nodes, "prepare_drift": prepare_drift, "dropped_terms": dropped_terms},
    "CephNFS": {"external": external},
    "CephBlockPool": {"external": external},
    "Environment": {"unplaced_daemons": unplaced_daemons, "unspread_daemons": unspread_daemons},
}
