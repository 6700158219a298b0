"""The repository behind a report, as a page shows it: environments, roles by node, PG plans, what delivers what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lintkit.inspect import by_origin, role_matrix, unread
from lintkit.pgs import clusters
from lintkit.report.info import ClusterPgs, Delivered, EnvironmentInfo, Overview, PoolPgs, RootLoad
from lintkit.report.tally import many
from lintkit.run import Loaded, Options
from lintkit.subjects.environment import Environment


def overview_of(loaded: Loaded, options: Options) -> Overview:
    """Everything a page shows beside the findings. PG plans are those of ``lintkit pgs``, roles those of ``lintkit env``."""
    plans: list[Any] = clusters(loaded, options)
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
    suggested = plan.get("suggested") or {}
    after = suggested.get("after") or {}
    return ClusterPgs(
        plan["namespace"],
        plan["name"],
        ceph_version=plan["ceph_version"],
        assumed=plan["version_assumed"],
        osds=plan["osds"],
        target=plan["mon_target_pg_per_osd"],
        pools=_pools(plan, after.get("pools")),
        roots=_roots(plan["roots"], after.get("roots")),
        notes=tuple(_notes(plan)),
        changes=tuple(_changes(suggested, after)),
    )


def _notes(plan: dict[str, Any]) -> Iterator[str]:
    if plan["overlapping_roots"]:
        left = "share their OSDs' budget" if plan["generation"] == "B" else "are left alone by the autoscaler"
        yield f"overlapping CRUSH roots {', '.join(plan['overlapping_roots'])}: their pools {left}"
    for code, warning in plan["warnings"].items():
        yield from (f"{code}: {detail}" for detail in warning["detail"])


def _changes(suggested: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Which suggested fixes the figures after them come from, and which were not made."""
    fixes = suggested.get("fixes", [])
    if fixes:
        policies = ", ".join(dict.fromkeys(fix["policy"] for fix in fixes))
        unknown = f" The plan with them is not known: {after['not_known']}." if "not_known" in after else ""
        yield f"After {many(len(fixes), 'suggested fix')}: {policies}.{unknown}"
    for fix in suggested.get("left", []):
        yield f"Not made: {fix.get('title') or fix['policy']} ({fix['path']}:{fix['line']}): {fix['reason']}"


def _pools(plan: dict[str, Any], after: dict[str, Any] | None) -> tuple[PoolPgs, ...]:
    """Every pool of a plan, then those that only the suggested fixes declare."""
    found = []
    for name, pool in plan["pools"].items():
        pgs, size, osds = pool["pg_num_accepted"], pool["size"], plan["roots"].get(pool["root"], {}).get("osds")
        share = round(pgs * size / osds, 1) if osds else None
        then = after[name]["pg_num_accepted"] if after and name in after else None
        found.append(PoolPgs(name, pool["root"], size, pgs, share, pool["reason"], then))
    for name, pool in (after or {}).items():
        if name not in plan["pools"]:
            found.append(PoolPgs(name, pool["root"], pool["size"], None, None, pool["reason"], pool["pg_num_accepted"]))
    return tuple(found)


def _roots(roots: dict[str, Any], after: dict[str, Any] | None) -> tuple[RootLoad, ...]:
    """PG replicas per OSD of every root of either plan."""
    found = []
    for name in dict.fromkeys((*roots, *(after or {}))):
        before, then = roots.get(name), (after or {}).get(name)
        found.append(RootLoad(name, (before or then or {})["osds"], _load(before), _load(then)))
    return tuple(found)


def _load(root: dict[str, Any] | None) -> tuple[float, float] | None:
    return (root["pg_replicas_per_osd"][0], root["pg_replicas_per_osd"][1]) if root else None
