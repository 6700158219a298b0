"""The repository behind a report, as a page shows it: environments, roles by node, PG plans, what delivers what."""

from __future__ import annotations

from typing import Any

from lintkit.inspect import by_origin, role_matrix, unread
from lintkit.pgs import clusters
from lintkit.report.info import ClusterPgs, Delivered, EnvironmentInfo, Overview, PoolPgs, RootLoad
from lintkit.run import Loaded
from lintkit.subjects.environment import Environment


def overview_of(loaded: Loaded) -> Overview:
    """Everything a page shows beside the findings. PG plans are those of ``lintkit pgs``, roles those of ``lintkit env``."""
    plans: list[Any] = clusters(loaded)
    return Overview(loaded.root.name, tuple(_environment(loaded, e, plans) for e in loaded.environments))


def _environment(loaded: Loaded, environment: Environment, plans: list[Any]) -> EnvironmentInfo:
    return EnvironmentInfo(
        environment.name,
        environment.profile,
        tuple(sorted(environment.versions.items())),
        role_matrix(environment),
        environment.evidence.get("nodes", ""),
        tuple(_delivered(environment)),
        tuple(_cluster(plan) for plan in plans if plan["environment"] == environment.name),
        tuple(unread(loaded, environment)),
    )


def _delivered(environment: Environment) -> list[Delivered]:
    """Every delivery with what it brings, those that bring nothing known included, then files that none names."""
    layers: dict[str, dict[str, None]] = {}
    kinds: dict[str, dict[str, list[str]]] = {}
    for origin, found in by_origin(environment).items():
        layers.setdefault(origin.delivery, {}).update(dict.fromkeys(origin.layers))
        for kind, names in found.items():
            kinds.setdefault(origin.delivery, {}).setdefault(kind, []).extend(names)
    parents = {str(s.facts["label"]): str(s.facts["parent"]) for s in environment.by_kind.get("Delivery", ())}
    labels = sorted({*parents, *kinds}, key=lambda label: (not label, label))
    return [
        Delivered(
            label,
            parents.get(label, ""),
            tuple(layers.get(label, ())),
            tuple((kind, tuple(names)) for kind, names in sorted(kinds.get(label, {}).items())),
        )
        for label in labels
    ]


def _cluster(plan: dict[str, Any]) -> ClusterPgs:
    """One item of ``clusters`` of ``lintkit pgs --format json``."""
    if "not_known" in plan:
        return ClusterPgs(plan["namespace"], plan["name"], not_known=plan["not_known"])
    osds = {name: root["osds"] for name, root in plan["roots"].items()}
    notes = [f"{code}: {detail}" for code, warning in plan["warnings"].items() for detail in warning["detail"]]
    if plan["overlapping_roots"]:
        left = "share their OSDs' budget" if plan["generation"] == "B" else "are left alone by the autoscaler"
        notes.insert(0, f"overlapping CRUSH roots {', '.join(plan['overlapping_roots'])}: their pools {left}")
    return ClusterPgs(
        plan["namespace"],
        plan["name"],
        ceph_version=plan["ceph_version"],
        assumed=plan["version_assumed"],
        osds=plan["osds"],
        target=plan["mon_target_pg_per_osd"],
        pools=tuple(_pool(name, pool, osds.get(pool["root"], 0)) for name, pool in plan["pools"].items()),
        roots=tuple(RootLoad(name, root["osds"], *root["pg_replicas_per_osd"]) for name, root in plan["roots"].items()),
        notes=tuple(notes),
    )


def _pool(name: str, pool: dict[str, Any], osds: int) -> PoolPgs:
    pgs, size = pool["pg_num_accepted"], pool["size"]
    return PoolPgs(name, pool["root"], size, pgs, round(pgs * size / osds, 1) if osds else None, pool["reason"])
