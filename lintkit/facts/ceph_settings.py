"""Settings of Ceph itself: ``cephConfig`` of a CephCluster and the ceph.conf text that overrides it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final, NamedTuple

from lintkit.facts.storage import cluster_of
from lintkit.subjects.environment import Environment, Fact, once_each
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Scalar, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

OVERRIDE: Final = "rook-config-override"
"""Name of the ConfigMap whose ``config`` Rook writes into ceph.conf, where it counts before ``cephConfig``."""

_ASSIGNMENT: Final = regex(r"\s*([A-Za-z][\w \-/]*?)\s*=\s*(.*?)\s*(?:[#;].*)?")
_SECTION: Final = regex(r"\s*\[([^\]]+)\]\s*(?:[#;].*)?")


class Setting(NamedTuple):
    """``key`` with underscores, ``value`` as text, ``who`` it is for (global, mon, osd.3), and where it is written."""

    key: str
    value: str
    who: str
    of: str
    path: str
    unknown: str = ""


@once_each
def settings_of(cluster: Subject, environment: Environment) -> list[Setting]:
    """Every setting of a cluster, the ones that count first."""
    name = f"ConfigMap/{cluster.resource.namespace}/{OVERRIDE}"
    override = environment.by_id.get(name)
    return [*(_of_text(override) if override else ()), *_of_cluster(cluster)]


def setting(cluster: Subject | None, environment: Environment, key: str) -> Setting | None:
    """The setting that decides ``key`` for mons and managers; None where nothing sets it."""
    if cluster is None:
        return None
    found = (s for s in settings_of(cluster, environment) if s.key == key and s.who.split(".")[0] in ("global", "mon", "mgr"))
    return next(found, None)


def _of_cluster(cluster: Subject) -> Iterator[Setting]:
    sections = lookup(cluster.object, "spec", "cephConfig")
    if not isinstance(sections, Mapping):
        return
    for who, section in sections:
        if not isinstance(section.value, Mapping):
            continue
        for key, entry in section.value:
            if isinstance(entry.value, Scalar):
                path = f"spec.cephConfig.{_escaped(who)}.{_escaped(key)}"
                yield Setting(_normal(key), entry.value.text, who, cluster.id, path, unknown_reason(entry.value))


def _of_text(override: Subject) -> Iterator[Setting]:
    who = "global"
    for number, line in enumerate((text(lookup(override.object, "data", "config")) or "").split("\n")):
        section = _SECTION.fullmatch(line)
        if section:
            who = section[1].strip()
            continue
        pair = _ASSIGNMENT.fullmatch(line)
        if pair:
            yield Setting(_normal(pair[1]), pair[2].strip("\"'"), who, override.id, f"data.config[{number}]")


def _normal(key: str) -> str:
    """Ceph reads spaces, dashes and underscores in a key alike."""
    return re.sub(r"[ \-]+", "_", key.strip())


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[")


def ceph_settings(subject: Subject, environment: Environment) -> Json:
    """Settings of a CephCluster: ``key``, ``value``, ``who``, ``of`` and ``path``, ``number`` (null when it is none).

    Those whose value cannot be read here are left out.
    """
    return [
        {"key": s.key, "value": s.value, "who": s.who, "of": s.of, "path": s.path, "number": _number(s.value)}
        for s in settings_of(subject, environment)
        if not s.unknown
    ]


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() else None


def mgr_modules(subject: Subject, environment: Environment) -> Json:
    """Entries of ``mgr.modules``: ``name``, ``path``, ``enabled`` (null when not written)."""
    found: list[Json] = []
    for i, item in enumerate(items(lookup(subject.object, "spec", "mgr", "modules"))):
        enabled = lookup(item, "enabled")
        value = enabled.value if isinstance(enabled, Scalar) and isinstance(enabled.value, bool) else None
        found.append({"name": text(lookup(item, "name")) or "", "path": f"spec.mgr.modules[{i}]", "enabled": value})
    return found


def max_pg_per_osd(subject: Subject, environment: Environment) -> Json:
    """``mon_max_pg_per_osd`` of the subject's cluster where it is set to a number, else null."""
    found = setting(cluster_of(subject, environment), environment, "mon_max_pg_per_osd")
    return _number(found.value) if found and not found.unknown else None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "CephCluster": {"ceph_settings": ceph_settings, "mgr_modules": mgr_modules, "max_pg_per_osd": max_pg_per_osd},
}
