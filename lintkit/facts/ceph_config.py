"""Facts about ceph.conf texts of an environment, beside the central settings of its clusters."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.ceph_settings import Setting, settings_of
from lintkit.facts.storage import external
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, lookup


def config_overrides(_subject: Subject, environment: Environment) -> Json:
    """Override texts with settings, one item a cluster.

    ``of`` and ``path`` (the text), ``keys`` (distinct, in order), ``rook`` (version; empty when not known),
    ``cluster`` (its id), ``central`` (the cluster has a ``cephConfig``), ``settings`` (section to key to value),
    ``conflicts`` (items with ``key``, ``value``, ``central``: the value in ``cephConfig``, ``cluster`` and
    ``at``: where that one stands).
    """
    found: list[Json] = []
    for cluster in environment.by_kind.get("CephCluster", ()):
        settings = settings_of(cluster, environment)
        texts = [s for s in settings if s.of != cluster.id]
        if not texts or external(cluster, environment):
            continue
        central = {(s.who, s.key): s for s in settings if s.of == cluster.id and not s.unknown}
        found.append(
            {
                "of": texts[0].of,
                "path": "data.config",
                "keys": list(dict.fromkeys(s.key for s in texts)),
                "rook": environment.versions.get("rook", ""),
                "cluster": cluster.id,
                "central": lookup(cluster.object, "spec", "cephConfig") is not None,
                "settings": _by_section(texts),
                "conflicts": [c for s in texts if (c := _conflict(s, central.get((s.who, s.key)))) is not None],
            }
        )
    return found


def _by_section(settings: Iterable[Setting]) -> dict[str, Json]:
    found: dict[str, dict[str, Json]] = {}
    for setting in settings:
        found.setdefault(setting.who, {})[setting.key] = setting.value
    return {**found}


def _conflict(setting: Setting, other: Setting | None) -> Json:
    if other is None or other.value == setting.value:
        return None
    return {"key": setting.key, "value": setting.value, "central": other.value, "cluster": other.of, "at": other.path}


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"config_overrides": config_overrides}}
