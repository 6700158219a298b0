"""Facts about one pool: how it asks for placement groups, how many OSDs a PG needs, which hosts it can use."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.errors import LintkitError
from lintkit.facts.ceph.autoscaler import generation
from lintkit.facts.ceph.powers import is_power_of_two, nearest_power, power_up
from lintkit.facts.ceph_settings import setting
from lintkit.facts.osds import BUILTIN_CLASSES, Osds, Room, host_room, osd_room, osds_of
from lintkit.facts.storage import cluster_of, external
from lintkit.facts.units import ceph_bytes
from lintkit.facts.words import nearest
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, NotKnown, once_each
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

COUNTS: Final = ("pg_num", "pgp_num", "pg_num_min", "pg_num_max")
_READ: Final = (*COUNTS, "pg_autoscale_mode", "pg_autoscale_bias", "target_size_ratio", "target_size_bytes", "bulk")
_TRUE: Final = frozenset({"true", "1"})
_MOST_BIAS: Final = 1000
MODES: Final = ("on", "off", "warn")


class Sizing(NamedTuple):
    """What a pool tells the PG autoscaler; None where it says nothing, or something Ceph does not take.

    ``mode`` is the effective one, ``own_mode`` whether the pool itself sets it. ``ratio`` counts the legacy field
    ``replicated.targetSizeRatio`` where the parameter is absent (Rook copies it then). ``bytes`` is ``target_size_bytes``.
    """

    mode: str
    own_mode: bool
    pg_num: int | None
    pgp_num: int | None
    pg_num_min: int | None
    pg_num_max: int | None
    ratio: float | None
    bytes: int | None
    bulk: bool
    bias: float


@once_each
def sizing(pool: Subject, environment: Environment) -> Sizing | NotKnown:
    """The sizing of a pool; NotKnown where a value it depends on cannot be read here."""
    body = pool.object.get("parameters")
    legacy = lookup(pool.object, "replicated", "targetSizeRatio")
    nodes = {key: lookup(body, key) for key in _READ}
    for name, node in (("parameters", body), *nodes.items(), ("targetSizeRatio", legacy)):
        reason = unknown_reason(node)
        if reason:
            return NotKnown(f"{name} of pool {pool.facts['ceph_name']} is unknown: {reason}")
    mode, own = _mode(nodes["pg_autoscale_mode"], pool, environment)
    counts = {key: _whole(nodes[key]) for key in COUNTS}
    size = nodes["target_size_bytes"]
    return Sizing(
        mode,
        own,
        counts["pg_num"],
        counts["pgp_num"],
        counts["pg_num_min"],
        counts["pg_num_max"],
        _ratio(nodes["target_size_ratio"] if nodes["target_size_ratio"] is not None else legacy),
        ceph_bytes(text(size) or "") or None,
        text(nodes["bulk"]) in _TRUE or boolean(nodes["bulk"]) is True,
        bias if (bias := _ratio(nodes["pg_autoscale_bias"])) and bias <= _MOST_BIAS else 1.0,
    )


def _mode(node: Node | None, pool: Subject, environment: Environment) -> tuple[str, bool]:
    if isinstance(node, Scalar):
        written = node.value
        word = ("on" if written else "off") if isinstance(written, bool) else node.text
        if word in MODES:
            return word, True
    default = setting(cluster_of(pool, environment), environment, "osd_pool_default_pg_autoscale_mode")
    return (default.value if default and default.value in MODES else "on"), False


def _whole(node: Node | None) -> int | None:
    written = text(node)
    return int(written) if written is not None and written.isdecimal() else None


def _ratio(node: Node | None) -> float | None:
    try:
        value = float(text(node) or "")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def rule_class(pool: Subject) -> Node | None:
    """The device class that a pool's CRUSH rule takes first: the primary one of ``hybridStorage``, else ``deviceClass``."""
    primary = lookup(pool.object, "replicated", "hybridStorage", "primaryDeviceClass")
    return pool.object.get("deviceClass") if primary is None else primary


class Shape(NamedTuple):
    """Copies of a replicated pool (``size``), or chunks of an erasure-coded one (``k`` data, ``m`` coding)."""

    size: int
    k: int
    m: int

    @property
    def width(self) -> int:
        """OSDs that one PG needs."""
        return self.size or self.k + self.m

    @property
    def raw_rate(self) -> float:
        """Raw bytes for a stored byte."""
        return float(self.size) if self.size else (self.k + self.m) / self.k


def shape(pool: Subject) -> Shape | NotKnown:
    """The shape of a pool; NotKnown when it has neither or both forms, or a value that cannot be read here."""
    size, reason = _number(pool, "replicated", "size")
    k, more = _number(pool, "erasureCoded", "dataChunks")
    m, most = _number(pool, "erasureCoded", "codingChunks")
    reason = reason or more or most
    name = pool.facts["ceph_name"]
    if reason:
        return NotKnown(f"the size of pool {name} is unknown: {reason}")
    if bool(size) == bool(k):
        return NotKnown(f"pool {name} has no valid size")
    return Shape(size, 0, 0) if size else Shape(0, k, m)


def _number(pool: Subject, *path: str) -> tuple[int, str]:
    outer, node = pool.object.get(path[0]), lookup(pool.object, *path)
    reason = unknown_reason(outer) or unknown_reason(node)
    value = node.value if isinstance(node, Scalar) else None
    return (value if type(value) is int and value > 0 else 0), reason


def sizing_fact(subject: Subject, environment: Environment) -> Json | NotKnown:
    """:class:`Sizing` of a pool as an object; numbers null where not set."""
    found = sizing(subject, environment)
    return found if isinstance(found, NotKnown) else dict(found._asdict())


def width_fact(subject: Subject, environment: Environment) -> Json | NotKnown:
    """OSDs that a PG of the pool needs: ``replicated.size``, or data and coding chunks."""
    found = shape(subject)
    return found if isinstance(found, NotKnown) else found.width


def pg_counts(subject: Subject, environment: Environment) -> Json | NotKnown:
    """PG counts of a pool that are set above 0.

    One item a key: ``key``, ``path``, ``value``, ``power`` (it is a power of two), ``rounded`` (the next power of
    two: down for ``pg_num_max``, else up), ``fits`` (all counts of the pool, rounded so, still agree), ``path``.
    """
    found = sizing(subject, environment)
    if isinstance(found, NotKnown):
        return found
    counts = {key: value for key in COUNTS if (value := getattr(found, key))}
    rounded = {key: _rounded(key, value) for key, value in counts.items()}
    low, now, high = rounded.get("pg_num_min", 1), rounded.get("pg_num"), rounded.get("pg_num_max", 1 << 31)
    fits = low <= (now or low) <= high and low <= high
    return [
        {
            "key": key,
            "path": f"parameters.{key}",
            "value": value,
            "power": is_power_of_two(value),
            "rounded": rounded[key],
            "fits": fits,
        }
        for key, value in counts.items()
    ]


def _rounded(key: str, value: int) -> int:
    up = power_up(value)
    return up if up == value or key != "pg_num_max" else up // 2


def autoscaler_generation(subject: Subject, environment: Environment) -> Json:
    """``A`` or ``B`` (or empty) for the autoscaler of the environment's Ceph version."""
    try:
        return generation(environment.versions.get("ceph", ""))
    except LintkitError:
        return ""


def even_pg_num(subject: Subject, environment: Environment) -> Json:
    """PGs for a pool that gets an even part of its root: 100 PG replicas an OSD, a power of two; null when not known.

    Pools are those declared for the cluster with the same device class (Ceph's rule of thumb for fixed counts).
    """
    form, room = shape(subject), _osd_count(subject, environment)
    if isinstance(form, NotKnown) or room is None:
        return None
    cluster, device_class = subject.facts["cluster"], text(subject.object.get("deviceClass"))
    beside = [
        p
        for p in environment.by_kind.get("Pool", ())
        if p.facts["cluster"] == cluster and text(p.object.get("deviceClass")) == device_class
    ]
    return max(1, nearest_power(100 * room / form.width / len(beside)))


def _osd_count(pool: Subject, environment: Environment) -> int | None:
    osds = cluster_osds(pool, environment)
    if isinstance(osds, NotKnown) or osds.open_reason:
        return None
    room = osd_room(osds, text(pool.object.get("deviceClass")) or "")
    return room.least if room.least == room.most and room.least else None


def cluster_osds(pool: Subject, environment: Environment) -> Osds | NotKnown:
    """The OSDs of a pool's cluster; NotKnown without one, or with several alternatives of one."""
    cluster = cluster_of(pool, environment)
    if cluster is None:
        return NotKnown(f"no CephCluster in namespace {pool.resource.namespace} is declared here")
    if any(c.resource.namespace == pool.resource.namespace for c in environment.by_kind["CephCluster"] if c is not cluster):
        return NotKnown(f"several files define CephCluster {cluster.resource.namespace}/{cluster.resource.name}")
    return osds_of(cluster, environment)


def domain_room(subject: Subject, environment: Environment) -> Json | NotKnown:
    """How many failure domains a pool can use against how many it needs.

    ``domain`` (host by default), ``needed`` (domains one PG is spread over), ``least`` and ``most`` (null without a
    limit) usable ones, ``of`` (what they are of: a device class, or empty). NotKnown for other domains than host and
    osd, and where the number is not known well enough to tell whether it is enough. A class that is configured on no
    OSD gives NotKnown too: that is another question.
    """
    domain = text(subject.object.get("failureDomain")) or "host"
    form = shape(subject)
    reason = unknown_reason(subject.object.get("failureDomain")) or unknown_reason(subject.object.get("deviceClass"))
    if reason:
        return NotKnown(f"the failure domain of pool {subject.facts['ceph_name']} is unknown: {reason}")
    if isinstance(form, NotKnown):
        return form
    if domain not in ("host", "osd"):
        return {"domain": domain, "needed": form.width, "least": form.width, "most": None, "of": ""}
    osds = cluster_osds(subject, environment)
    if isinstance(osds, NotKnown):
        return osds
    needed = needed_domains(subject, form.width)
    device_class = text(subject.object.get("deviceClass")) or ""
    room = host_room(osds, device_class) if domain == "host" else osd_room(osds, device_class)
    if room.most == 0 and device_class:
        return NotKnown(f"no OSD has device class {device_class}")
    if room.least < needed and not (room.most is not None and room.most < needed):
        return NotKnown(osds.open_reason or _doubt(domain, device_class, room))
    return {"domain": domain, "needed": needed, "least": room.least, "most": room.most, "of": device_class}


def needed_domains(pool: Subject, width: int) -> int:
    """Domains a PG spans: its width, divided by the copies that share one (``replicasPerFailureDomain``)."""
    together = lookup(pool.object, "replicated", "replicasPerFailureDomain")
    value = together.value if isinstance(together, Scalar) else None
    return -(-width // value) if type(value) is int and value > 1 else width


def _doubt(domain: str, device_class: str, room: Room) -> str:
    what = f"{domain}s with class {device_class}" if device_class else f"{domain}s with OSDs"
    return f"between {room.least} and {room.most if room.most is not None else 'any number of'} {what}"


def known_hosts(subject: Subject, environment: Environment) -> Json:
    """Hosts with OSDs of the pool's class for certain; null when nothing is known of them."""
    osds = cluster_osds(subject, environment)
    if isinstance(osds, NotKnown):
        return None
    return host_room(osds, text(subject.object.get("deviceClass")) or "").least or None


def device_class(subject: Subject, environment: Environment) -> Json | NotKnown:
    """The device class of a pool against those of its cluster's OSDs.

    ``name`` (empty without one), ``configured`` (classes that storage, nodes, devices or device sets name, sorted),
    ``detected`` (some OSDs get one of the builtin classes by detection), ``known`` (configured, or builtin where
    classes are detected), ``nearest`` (configured classes within two edits).
    """
    node = subject.object.get("deviceClass")
    reason = unknown_reason(node)
    if reason:
        return NotKnown(f"the device class of pool {subject.facts['ceph_name']} is unknown: {reason}")
    osds = cluster_osds(subject, environment)
    if isinstance(osds, NotKnown):
        return osds
    name = text(node) or ""
    configured = sorted({g.classes[0] for g in osds.groups if len(g.classes) == 1})
    detected = any(len(g.classes) > 1 for g in osds.groups) or not osds.groups
    hybrid = [
        text(lookup(subject.object, "replicated", "hybridStorage", k)) for k in ("primaryDeviceClass", "secondaryDeviceClass")
    ]
    return {
        "name": name,
        "hybrid": [h for h in hybrid if h],
        "configured": list(configured),
        "detected": detected,
        "known": name in configured or (detected and name in BUILTIN_CLASSES),
        "nearest": list(nearest(name, configured, 2)) if name else [],
    }


def root_rated(subject: Subject, environment: Environment) -> Json:
    """Whether another data pool with the same root and device class, whose count the autoscaler decides, has a ratio."""
    place = [text(subject.object.get(key)) for key in ("crushRoot", "deviceClass")]
    for other in environment.by_kind.get("Pool", ()):
        if other is subject or other.facts["role"] != "data" or other.facts["cluster"] != subject.facts["cluster"]:
            continue
        if [text(other.object.get(key)) for key in ("crushRoot", "deviceClass")] == place:
            wishes = sizing(other, environment)
            if not isinstance(wishes, NotKnown) and wishes.mode != "off" and wishes.ratio:
                return True
    return False


def on_stretch_cluster(subject: Subject, environment: Environment) -> Json:
    """Whether the pool's cluster is stretched over zones (``mon.stretchCluster`` with zones)."""
    cluster = cluster_of(subject, environment)
    return cluster is not None and bool(items(lookup(cluster.object, "spec", "mon", "stretchCluster", "zones")))


def is_new(subject: Subject, environment: Environment) -> Json:
    """Whether a base revision is known and has no such subject; false without one."""
    return environment.base is not None and subject.id not in environment.base.by_id


def ceph_version_fact(subject: Subject, environment: Environment) -> Json:
    """The environment's Ceph version; empty when it is not known."""
    return environment.versions.get("ceph", "")


def replica_default(environment: Environment, cluster: Subject | None) -> int:
    """``osd_pool_default_size`` of a cluster, 3 unless it says otherwise."""
    found = setting(cluster, environment, "osd_pool_default_size")
    return int(found.value) if found and found.value.isdecimal() and int(found.value) > 0 else 3


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Pool": {
        "sizing": sizing_fact,
        "width": width_fact,
        "pg_counts": pg_counts,
        "generation": autoscaler_generation,
        "even_pg_num": even_pg_num,
        "domain_room": domain_room,
        "known_hosts": known_hosts,
        "device_class": device_class,
        "on_stretch_cluster": on_stretch_cluster,
        "root_rated": root_rated,
        "is_new": is_new,
        "ceph_version": ceph_version_fact,
    },
    "CephObjectStore": {"external": external, "is_new": is_new},
    "CephObjectZone": {"external": external, "is_new": is_new},
    "CephFilesystem": {"external": external},
}
