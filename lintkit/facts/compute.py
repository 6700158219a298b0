"""Facts about hypervisors: the libvirt settings of the nova chart, per node overrides included, and RBD secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.subjects.environment import Environment, Fact, NotKnown, once
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.transform import merge
from lintkit.yamldoc.unknowns import unknown_reason

KEYS: Final = (
    "virt_type",
    "cpu_mode",
    "cpu_model",
    "cpu_models",
    "images_type",
    "images_rbd_pool",
    "rbd_user",
    "rbd_secret_uuid",
    "hw_disk_discard",
    "live_migration_scheme",
)
_RBD: Final[tuple[str, ...]] = ("images_rbd_pool", "rbd_user", "rbd_secret_uuid")


def written(path: Path) -> str:
    """A path as ``at`` takes it, dots in keys escaped."""
    parts = (f"[{k}]" if isinstance(k, int) else "." + str(k).replace("\\", "\\\\").replace(".", "\\.") for k in path)
    return "".join(parts).removeprefix(".")


def charts(environment: Environment, name: str) -> list[Subject]:
    """The values of every release of chart ``name``."""
    return _by_chart(environment).get(name, [])


@once
def _by_chart(environment: Environment) -> dict[str, list[Subject]]:
    found: dict[str, list[Subject]] = {}
    for subject in environment.by_kind.get("ChartValues", ()):
        found.setdefault(text(subject.object.get("chart")) or "", []).append(subject)
    return found


def values_of(subject: Subject, *path: str) -> Node | None:
    """A node of a release's values."""
    return lookup(subject.object, "values", *path)


def word(node: Node | None) -> str:
    """A setting as the service reads it: lists joined by commas, booleans in lower case, empty when unset."""
    if isinstance(node, Scalar):
        value = node.value
        return "" if value is None else str(value).lower() if isinstance(value, bool) else node.text
    return ",".join(word(item) for item in items(node))


def libvirt(subject: Subject, environment: Environment) -> Json:
    """Sections of libvirt settings in the values of the nova chart: the common one, and one for each node override that has any.

    One item a section: ``path`` (of its libvirt mapping), ``where`` (empty, or the hosts or label it is
    for), one field a setting (``KEYS``, empty when unset; a list is joined by commas), ``set`` (names
    the section itself gives), ``unknown`` (names that cannot be read), ``absent`` (RBD settings that are empty).
    """
    if text(subject.object.get("chart")) != "nova":
        return []
    return [_section(path, where, own, whole) for path, where, own, whole in _sections(subject)]


def _sections(subject: Subject) -> Iterator[tuple[Path, str, Node | None, Node | None]]:
    base = values_of(subject, "conf", "nova", "libvirt")
    yield ("values", "conf", "nova", "libvirt"), "", base, base
    for key in ("hosts", "labels"):
        path: Path = ("values", "conf", "overrides", "nova_compute", key)
        for i, item in enumerate(items(lookup(subject.object, *path))):
            own = lookup(item, "conf", "nova", "libvirt")
            if own is None:
                continue
            label = lookup(item, "label")
            name = text(lookup(item, "name")) or f"{word(lookup(label, 'key'))}={word(lookup(label, 'values'))}"
            yield (
                (*path, i, "conf", "nova", "libvirt"),
                f"host {name}" if key == "hosts" else f"label {name}",
                own,
                merge(base, own),
            )


def _section(path: Path, where: str, own: Node | None, whole: Node | None) -> Json:
    nodes = {key: lookup(whole, key) for key in KEYS}
    found: dict[str, Json] = {key: word(node) for key, node in nodes.items()}
    unknown = [key for key, node in nodes.items() if unknown_reason(node)]
    return {
        "path": written(path),
        "where": where,
        **found,
        "set": [key for key in KEYS if lookup(own, key) is not None],
        "unknown": list(unknown),
        "absent": [key for key in _RBD if not found[key] and key not in unknown],
    }


def cinder_rbd(subject: Subject, environment: Environment) -> Json:
    """``rbd_user`` and ``rbd_secret_uuid`` that all RBD backends of Cinder share; empty where they differ or there are none."""
    found: dict[str, Json] = {}
    for key in ("rbd_user", "rbd_secret_uuid"):
        values = {
            word(lookup(backend, key))
            for cinder in charts(environment, "cinder")
            for _, backend in rbd_backends(cinder)
            if lookup(backend, key) is not None and not unknown_reason(lookup(backend, key))
        }
        found[key] = next(iter(values)) if len(values) == 1 else ""
    return found


def rbd_backends(cinder: Subject) -> list[tuple[str, Node]]:
    """Enabled Cinder backends with the RBD driver, by name."""
    backends = values_of(cinder, "conf", "backends")
    found = []
    for name in enabled_backends(cinder):
        backend = lookup(backends, name)
        if backend is not None and "rbd" in word(lookup(backend, "volume_driver")).lower():
            found.append((name, backend))
    return found


def enabled_backends(cinder: Subject) -> list[str]:
    """Names in ``enabled_backends`` of a cinder release."""
    return [n.strip() for n in word(values_of(cinder, "conf", "cinder", "DEFAULT", "enabled_backends")).split(",") if n.strip()]


def migration(subject: Subject, environment: Environment) -> Json:
    """Nova's ``live_migration_scheme`` for a libvirt release: ``of``, ``path``, ``scheme`` (empty when unset or unknown)."""
    for nova in charts(environment, "nova"):
        node = values_of(nova, "conf", "nova", "libvirt", "live_migration_scheme")
        scheme = "" if unknown_reason(node) else word(node)
        return {"of": nova.id, "path": "values.conf.nova.libvirt.live_migration_scheme", "scheme": scheme}
    return {"of": "", "path": "", "scheme": ""}


def rbd_secrets(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Places that give the libvirt secret of the Ceph user, where they are not all equal.

    One item a place that differs from what most places use: ``of``, ``path``, ``what``, ``value``, ``wanted``,
    ``others`` (items with ``of``, ``path``, ``what`` that hold ``wanted``). Only charts of the environment count;
    backends with a Ceph configuration or user of their own are left out.
    """
    places: list[tuple[Subject, Path, str, str]] = []
    for subject, path, what in _secret_places(environment):
        node = lookup(subject.object, *path)
        if subject.origin.hidden:
            return NotKnown(f"values of {what} may be overridden by {subject.origin.hidden}")
        if unknown_reason(node):
            return NotKnown(f"the secret of {what} is unknown: {unknown_reason(node)}")
        if word(node):
            places.append((subject, path, what, word(node)))
    counted = Counter(value for *_, value in places)
    if len(counted) < 2:
        return []
    wanted = counted.most_common(1)[0][0]
    others: list[Json] = [{"of": s.id, "path": written(p), "what": w} for s, p, w, v in places if v == wanted]
    return [
        {"of": s.id, "path": written(p), "what": w, "value": v, "wanted": wanted, "others": others}
        for s, p, w, v in places
        if v != wanted
    ]


def _secret_places(environment: Environment) -> Iterator[tuple[Subject, Path, str]]:
    user = ""
    for nova in charts(environment, "nova"):
        if boolean(values_of(nova, "conf", "ceph", "enabled")) is not False:
            user = user or word(values_of(nova, "conf", "nova", "libvirt", "rbd_user"))
            yield nova, ("values", "conf", "nova", "libvirt", "rbd_secret_uuid"), "nova libvirt"
            yield nova, ("values", "conf", "ceph", "cinder", "secret_uuid"), "nova ceph"
    for release in charts(environment, "libvirt"):
        if boolean(values_of(release, "conf", "ceph", "enabled")) is not False:
            yield release, ("values", "conf", "ceph", "cinder", "secret_uuid"), "libvirt ceph"
    for cinder in charts(environment, "cinder"):
        for name, backend in rbd_backends(cinder):
            own_cluster = word(lookup(backend, "rbd_ceph_conf")) not in ("", "/etc/ceph/ceph.conf")
            own_user = bool(user) and word(lookup(backend, "rbd_user")) not in ("", user)
            if not own_cluster and not own_user and lookup(backend, "rbd_secret_uuid") is not None:
                yield cinder, ("values", "conf", "backends", name, "rbd_secret_uuid"), f"cinder backend {name}"


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "ChartValues": {"libvirt": libvirt, "cinder_rbd": cinder_rbd, "migration": migration},
    "Environment": {"rbd_secrets": rbd_secrets},
}
