"""Facts about changes of services: volumes, versions of databases and of Rook, what ties services to Ceph, several upgrades."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from functools import lru_cache
from typing import Final

from lintkit.data import data_dir
from lintkit.facts.changes import before, ceph_step, difference, pairs
from lintkit.facts.compute import enabled_backends
from lintkit.facts.images import reference
from lintkit.facts.reading import words, written
from lintkit.facts.releases import release_changes
from lintkit.facts.rook_versions import numbers
from lintkit.facts.units import byte_count
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Path, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason


def _pxc_claim(part: str) -> Path:
    return ("spec", part, "volumeSpec", "persistentVolumeClaim")


_CLAIM: Final[Path] = ("resources", "requests", "storage")
# where claims say their size and class (cluster-operator 2.x, Percona operator 1.14 to 1.18, mariadb-operator v1alpha1)
_CLAIMS: Final[Dict[str, tuple[tuple[Path, Path], ...]]] = {
    "RabbitmqCluster": ((("spec", "persistence", "storage"), ("spec", "persistence", "storageClassName")),),
    "MariaDB": ((("spec", "storage", "size"), ("spec", "storage", "storageClassName")),),
    "PersistentVolumeClaim": ((("spec", *_CLAIM), ("spec", "storageClassName")),),
    "PerconaXtraDBCluster": tuple(
        ((*_pxc_claim(part), *_CLAIM), (*_pxc_claim(part), "storageClassName")) for part in ("pxc", "proxysql", "haproxy")
    ),
}
_STATEFUL: Final = frozenset({"mariadb", "mariadb-cluster", "rabbitmq", "ovn", "etcd", "postgresql", "redis", "ldap", "pxc-db"})
_WIRING: Final[Dict[str, tuple[Path, ...]]] = {
    "nova": tuple(("conf", "nova", "libvirt", key) for key in ("rbd_secret_uuid", "rbd_user", "images_rbd_pool", "images_type")),
    "glance": tuple(
        ("conf", "glance", section, key) for section in ("rbd", "glance_store") for key in ("rbd_store_pool", "rbd_store_user")
    ),
}
_BASE_SYSTEM: Final = regex(r"(?:ubuntu|debian|rocky(?:linux)?|centos|opensuse)[_-]?[a-z0-9]+")
_DATABASES: Final = {
    ("RabbitmqCluster", "RabbitmqCluster"): "rabbitmq",
    ("PerconaXtraDBCluster", "pxc"): "pxc",
    ("MariaDB", "MariaDB"): "mariadb",
    ("chart", "rabbitmq"): "rabbitmq",
    ("chart", "mariadb"): "mariadb",
}


def volume_changes(_subject: Subject, environment: Environment) -> Json:
    """Volumes of databases, queues and other stateful services whose size or class differs.

    Differences with ``name`` (of the resource or release), ``what`` (size or class) and ``smaller``.
    """
    found: list[Json] = []
    for kind, places in _CLAIMS.items():
        for new, old in pairs(environment, kind):
            for size, storage_class in places:
                found += _volume(new, old, new.object, old.object, size, storage_class)
    for new, old in pairs(environment, "StatefulSet"):
        templates: Path = ("spec", "volumeClaimTemplates")
        for i, _ in enumerate(items(lookup(new.object, *templates))):
            at: Path = (*templates, i, "spec")
            if words(lookup(new.object, *templates, i, "metadata", "name")) == words(
                lookup(old.object, *templates, i, "metadata", "name")
            ):
                found += _volume(new, old, new.object, old.object, (*at, *_CLAIM), (*at, "storageClassName"))
    for new, old in pairs(environment, "ChartValues"):
        if words(new.object.get("chart")) in _STATEFUL and _runs(new, environment):
            for size, storage_class in _chart_volumes(new):
                found += _volume(new, old, new.object, old.object, size, storage_class)
    return found


def _runs(values: Subject, environment: Environment) -> bool:
    """Whether any component of a release is switched on (pxc-db has none that could be switched off)."""
    prefix = values.id.replace("ChartValues/", "Component/", 1) + "/"
    return values.id.endswith("/pxc-db") or any(c.id.startswith(prefix) for c in environment.by_kind.get("Component", ()))


def _chart_volumes(values: Subject) -> Iterator[tuple[Path, Path]]:
    root: Path = ("values", "volume")
    if words(values.object.get("chart")) == "pxc-db":
        for part in ("pxc", "haproxy", "proxysql"):
            base: Path = ("values", part, "persistence")
            yield (*base, "size"), (*base, "storageClass")
        return
    volume = lookup(values.object, *root)
    if isinstance(volume, Mapping):
        yield (*root, "size"), (*root, "class_name")
        for name, entry in volume:
            if isinstance(entry.value, Mapping):
                yield (*root, name, "size"), (*root, name, "class_name")


def _volume(new: Subject, old: Subject, now: Node, was: Node, size: Path, storage_class: Path) -> Iterator[dict[str, Json]]:
    for what, path in (("size", size), ("class", storage_class)):
        a, b = lookup(was, *path), lookup(now, *path)
        # without a name the cluster's default counts, which may be the same
        if not words(a) or not words(b):
            continue
        item = difference(new.id, path, a, b)
        bytes_before, bytes_after = byte_count(words(a)), byte_count(words(b))
        if item is not None and (what == "class" or (bytes_before is not None and bytes_after is not None)):
            smaller = what == "size" and (bytes_after or 0) < (bytes_before or 0)
            yield {**item, "name": new.resource.name, "what": what, "smaller": smaller}


def database_versions(_subject: Subject, environment: Environment) -> Json:
    """Databases and queues whose image is of another version than before.

    One item each: ``of``, ``path``, ``engine`` (rabbitmq, pxc, mariadb), ``before``, ``after`` (``8.0``),
    ``up`` (it goes up a major version), ``down`` (it goes down one).
    """
    found: list[Json] = []
    for new, old in pairs(environment, "Container", "ChartValues"):
        engine, path = _engine(new)
        if not engine:
            continue
        was, now = (_database_version(lookup(s.object, *path), engine) for s in (old, new))
        if was and now and was != now:
            a, b = (_major(v, engine) for v in (was, now))
            item: dict[str, Json] = {"of": new.id, "path": written(path), "engine": engine, "before": was, "after": now}
            found.append({**item, "up": b > a, "down": b < a})
    return found


def _engine(subject: Subject) -> tuple[str, Path]:
    if subject.kind == "ChartValues":
        return ("pxc", ("values", "pxc", "image", "tag")) if words(subject.object.get("chart")) == "pxc-db" else ("", ())
    form, name = (words(subject.object.get(key)) for key in ("form", "name"))
    return _DATABASES.get((form, name), ""), ("image",)


def _database_version(node: Node | None, engine: str) -> str:
    """Major and minor version that an image or a tag names; empty when it names none."""
    written_image = "" if unknown_reason(node) else words(node)
    tag = reference(written_image).tag or written_image
    match = re.search(rf"{engine}-?v?(\d+\.\d+)", tag) or re.match(r"v?(\d+\.\d+)", tag)
    return match[1] if match else ""


def _major(version: str, engine: str) -> tuple[int, ...]:
    # MySQL counts 8.0 and 8.4 as majors (dev.mysql.com, release model)
    return numbers(version)[: 2 if engine == "pxc" else 1]


def wiring(subject: Subject, environment: Environment) -> Json:
    """Settings that tie a service to what it already keeps in Ceph, where they differ: differences."""
    old = before(subject, environment)
    if old is None or not _runs(subject, environment):
        return []
    chart = words(subject.object.get("chart"))
    paths = [("values", *path) for path in _WIRING.get(chart, ())]
    if chart == "cinder":
        names = [n for n in enabled_backends(old) if n in enabled_backends(subject)]
        keys = ("rbd_pool", "rbd_user", "rbd_secret_uuid")
        paths = [("values", "conf", "backends", name, key) for name in names for key in keys]
    found = [difference(subject.id, p, lookup(old.object, *p), lookup(subject.object, *p), "") for p in paths]
    return [{**item, "field": str(item["path"]).rpartition(".")[2]} for item in found if item]


@lru_cache(maxsize=1)
def _latest() -> dict[str, str]:
    table = json.loads((data_dir("schemas") / "tables" / "rook_versions.json").read_text("utf-8"))
    latest: dict[str, str] = table.get("latest", {})
    return latest


def rook_steps(_subject: Subject, environment: Environment) -> Json:
    """Rook versions that differ: of the operator's releases, else of its own Deployment, else of the cluster chart.

    One item each: ``of``, ``path``, ``before``, ``after`` (versions), ``minors`` (how many minor versions it goes up), ``next``
    (what to write for the newest known version of the next minor; empty when not known).
    """
    charts = [
        p for p in pairs(environment, "ChartValues") if words(p[0].object.get("chart")) in ("rook-ceph", "rook-ceph-cluster")
    ]
    operators = [p for p in charts if words(p[0].object.get("chart")) == "rook-ceph"]
    plain = [p for p in pairs(environment, "Deployment") if all(_operator_version(s) for s in p)]
    found: list[Json] = []
    for new, old in operators or plain or charts:
        (path, whole, now), (_, _, was) = (_operator_version(s) or _rook_version(s) for s in (new, old))
        a, b = numbers(was), numbers(now)
        if len(a) < 2 or len(b) < 2 or a[:2] == b[:2] or a[0] != b[0]:
            continue
        wanted = _latest().get(f"{a[0]}.{a[1] + 1}", "")
        was, now = was.removeprefix("v"), now.removeprefix("v")
        item: dict[str, Json] = {"of": new.id, "path": written(path), "before": was, "after": now, "minors": b[1] - a[1]}
        found.append({**item, "next": whole.replace(now, wanted) if wanted and "@" not in whole else ""})
    return found


def rook_step(subject: Subject, environment: Environment) -> Json:
    """By how many minor versions Rook goes up with this change; 0 when it stays or is not known."""
    found = rook_steps(subject, environment)
    steps = [item["minors"] for item in (found if isinstance(found, list) else []) if isinstance(item, dict)]
    return steps[0] if steps else 0


class _Version(NamedTuple):
    """Where a version stands, all that is written there, and the version; empty when it is not a full one."""

    path: Path
    whole: str
    version: str


def _operator_version(deployment: Subject) -> _Version | None:
    """The version of Rook's operator where its Deployment is delivered as it is (deploy/examples/operator.yaml)."""
    containers: Path = ("spec", "template", "spec", "containers")
    for i, container in enumerate(items(lookup(deployment.object, *containers)) if deployment.kind == "Deployment" else ()):
        image = text(lookup(container, "image")) or ""
        parts = reference(image)
        if parts.repository.endswith("rook/ceph") and text(lookup(container, "name")) == "rook-ceph-operator":
            full = re.match(r"v?\d+\.\d+\.\d+(?![\d.])", parts.tag)
            return _Version((*containers, i, "image"), image, full[0] if full else "")
    return None


def _rook_version(values: Subject) -> _Version:
    """What a release says of its Rook version."""
    tag = lookup(values.object, "values", "image", "tag") if words(values.object.get("chart")) == "rook-ceph" else None
    own = tag is not None and not tag.doc.source.builtin and bool(words(tag) or unknown_reason(tag))
    path: Path = ("values", "image", "tag") if own else ("version",)
    node = lookup(values.object, *path)
    version = "" if unknown_reason(node) else words(node)
    return _Version(path, version, version if re.fullmatch(r"v?\d+\.\d+\.\d+", version) else "")


def raised(subject: Subject, environment: Environment) -> Json:
    """Kinds of software that the change raises, one item a kind.

    ``kind``, ``of`` and ``path`` (the first place), ``before``, ``after``. Kinds: OpenStack release, base system of the images,
    Rook minor, Ceph major, database major.
    """
    found: list[dict[str, Json]] = []
    services = release_changes(subject, environment)
    for item in services if isinstance(services, list) else []:
        if isinstance(item, dict) and item["step"] in ("allowed", "skip"):
            found.append(_raise("OpenStack", item))
    found += _systems(environment)
    rook, databases = rook_steps(subject, environment), database_versions(subject, environment)
    found += [
        _raise("Rook", i) for i in (rook if isinstance(rook, list) else []) if isinstance(i, dict) and int(str(i["minors"])) > 0
    ]
    for cluster, _ in pairs(environment, "CephCluster"):
        ceph = ceph_step(cluster, environment)
        if isinstance(ceph, dict) and int(str(ceph["majors"])) > 0:
            found.append(_raise("Ceph", {**ceph, "of": cluster.id, "path": "spec.cephVersion.image"}))
    found += [
        _raise(str(i["engine"]), i) for i in (databases if isinstance(databases, list) else []) if isinstance(i, dict) and i["up"]
    ]
    kinds: dict[str, Json] = {}
    for item in found:
        kind = "database" if item["kind"] in _DATABASES.values() else str(item["kind"])
        kinds.setdefault(kind, item)
    return [*kinds.values()]


def _raise(kind: str, item: Dict[str, Json]) -> dict[str, Json]:
    return {"kind": kind, **{key: item[key] for key in ("of", "path", "before", "after")}}


def _systems(environment: Environment) -> Iterator[dict[str, Json]]:
    for new, old in pairs(environment, "Container"):
        was, now = (_BASE_SYSTEM.search(reference(text(s.object.get("image")) or "").tag) for s in (old, new))
        if was and now and was[0] != now[0]:
            yield {"kind": "base system", "of": new.id, "path": "image", "before": was[0], "after": now[0]}


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "CephCluster": {"rook_step": rook_step},
    "ChartValues": {"wiring": wiring},
    "Environment": {
        "volume_changes": volume_changes,
        "database_versions": database_versions,
        "rook_steps": rook_steps,
        "raised": raised,
    },
}
