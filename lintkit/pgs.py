"""`lintkit pgs`: predictions of the PG autoscaler, from a repository or from a description, as text or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lintkit.errors import LintkitError
from lintkit.facts.ceph.model import DEFAULT_POOL_PG_NUM, Plan, PoolPlan
from lintkit.facts.ceph.whatif import answer
from lintkit.facts.pg_plan import ClusterPlan, Declared, plans
from lintkit.run import Loaded
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json


def what_if_answer(file: Path, *, as_json: bool) -> str:
    """The prediction for the cluster that a JSON file describes. LintkitError when the file is no such description."""
    try:
        data = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise LintkitError("no such file", str(file)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise LintkitError(f"cannot be read: {error}", str(file)) from None
    except json.JSONDecodeError as error:
        raise LintkitError(f"is no JSON: {error.msg}", str(file), error.lineno) from None
    except ValueError:
        raise LintkitError("holds a number of thousands of digits", str(file)) from None
    try:
        result: Any = answer(data)
    except LintkitError as error:
        raise LintkitError(str(error), str(file)) from None
    if as_json:
        return json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    return _text(result)


def _text(result: Any) -> str:
    if "error" in result:
        return f"Ceph's autoscaler fails on this cluster: {result['error']}\n"
    lines = [f"{'pool':32} {'pg_num':>7} {'wanted':>7}  note"]
    for name, pool in result["pools"].items():
        note = pool.get("skipped") or ("will change" if pool.get("would_adjust") else "")
        lines.append(f"{name:32} {pool.get('pg_num_final') or '-'!s:>7} {pool.get('pg_num_wanted') or '-'!s:>7}  {note}".rstrip())
    if result["overlapping_roots"]:
        lines.append(f"overlapping CRUSH roots, left alone by the autoscaler: {', '.join(result['overlapping_roots'])}")
    lines.append(f"PG replicas per OSD, mean: {result['mean_pg_replicas_per_osd']}")
    return "\n".join(lines) + "\n"


def repository_answer(loaded: Loaded, *, as_json: bool) -> str:
    """The prediction for every Ceph cluster that a repository describes, by environment.

    JSON: ``{"version": 1, "clusters": [...]}``, one item a CephCluster with ``environment``, ``namespace``, ``name`` and
    either ``not_known`` (a reason) or ``ceph_version``, ``version_assumed``, ``generation``, ``osds``, ``pools``,
    ``roots``, ``overlapping_roots``, ``mean_pg_replicas_per_osd`` and ``warnings``.
    """
    if as_json:
        return json.dumps({"version": 1, "clusters": clusters(loaded)}, indent=2, ensure_ascii=False) + "\n"
    found = [(e, cluster, made) for e in loaded.environments for cluster, made in plans(e)]
    if not found:
        return "no CephCluster: nothing in this repository runs Ceph that lintkit can tell\n"
    return "\n".join(_cluster_text(e, cluster, made) for e, cluster, made in found)


def clusters(loaded: Loaded) -> list[Json]:
    """The ``clusters`` of the JSON answer."""
    return [_cluster_json(e, cluster, made) for e in loaded.environments for cluster, made in plans(e)]


def _cluster_json(environment: Environment, cluster: Subject, made: ClusterPlan | NotKnown) -> Json:
    head: dict[str, Json] = {
        "environment": environment.name,
        "namespace": cluster.resource.namespace,
        "name": cluster.resource.name,
    }
    if isinstance(made, NotKnown):
        return {**head, "not_known": made.reason}
    return {
        **head,
        "ceph_version": made.input.ceph_version,
        "version_assumed": made.assumed,
        "generation": made.plan.generation,
        "osds": sum(group.count for group in made.input.osds),
        "mon_target_pg_per_osd": made.input.mon_target_pg_per_osd,
        "pools": {plan.name: _pool_json(pool, plan) for pool, plan in zip(made.pools, made.plan.pools, strict=True)},
        "roots": {
            root: {"osds": made.roots[root].osds, "pg_replicas_per_osd": [round(low, 3), round(high, 3)]}
            for root, (low, high) in made.loads.items()
        },
        "overlapping_roots": [*made.plan.overlapping_roots],
        "mean_pg_replicas_per_osd": round(made.plan.mean_pg_replicas_per_osd, 3),
        "warnings": {w.code: {"summary": w.summary, "detail": [*w.detail]} for w in made.plan.warnings},
    }


def _pool_json(pool: Declared, plan: PoolPlan) -> Json:
    return {
        "root": plan.root,
        "size": plan.size,
        "declared": pool.subject is not None,
        "pg_num_created": plan.pg_num_created,
        "pg_num_final": plan.pg_num_final,
        "pg_num_wanted": plan.pg_num_wanted,
        "pg_num_accepted": plan.pg_num_accepted,
        "would_adjust": plan.would_adjust,
        "mode": plan.mode,
        "bulk": plan.bulk,
        "bias": plan.bias,
        "target_size_ratio": plan.target_ratio,
        "effective_target_ratio": plan.effective_target_ratio,
        "skipped": plan.skipped or None,
        "reason": _reason(pool, plan),
    }


def _cluster_text(environment: Environment, cluster: Subject, made: ClusterPlan | NotKnown) -> str:
    title = f"environment {environment.name}, CephCluster {cluster.resource.namespace}/{cluster.resource.name}"
    if isinstance(made, NotKnown):
        return f"{title}\n  not known: {made.reason}\n"
    osds = sum(group.count for group in made.input.osds)
    version = f"Ceph {made.input.ceph_version}" + (" (assumed: the version is not known)" if made.assumed else "")
    lines = [f"{title}: {osds} OSDs, {version}", "", *_pool_lines(made), "", *_root_lines(made)]
    lines += [f"  {w.code}: {detail}" for w in made.plan.warnings for detail in w.detail]
    return "\n".join(lines) + "\n"


def _pool_lines(made: ClusterPlan) -> list[str]:
    pairs = list(zip(made.pools, made.plan.pools, strict=True))
    width = max((len(plan.name) for _, plan in pairs), default=4)
    rooted = max((len(plan.root) for _, plan in pairs), default=4)
    lines = [f"  {'pool':{width}}  {'CRUSH root':{rooted}}  size     PGs  per OSD  why"]
    for pool, plan in pairs:
        osds = made.roots[plan.root].osds
        share = f"{plan.pg_num_accepted * plan.size / osds:.1f}" if osds else "-"
        row = f"{plan.name:{width}}  {plan.root:{rooted}}  {plan.size:>4}  {plan.pg_num_accepted:>6}  {share:>7}"
        lines.append(f"  {row}  {_reason(pool, plan)}")
    return lines


def _root_lines(made: ClusterPlan) -> list[str]:
    lines = []
    for root, (low, high) in made.loads.items():
        load = f"{low:.1f}" if round(low, 1) == round(high, 1) else f"{low:.1f} to {high:.1f}"
        order = "" if round(low, 1) == round(high, 1) else ", by the order in which the pools are created"
        target = made.input.mon_target_pg_per_osd
        lines.append(f"  {root}: {made.roots[root].osds} OSDs, {load} PG replicas each (target {target}){order}")
    overlapping = _left_alone(made.plan)
    if overlapping:
        lines.append(f"  overlapping CRUSH roots, {overlapping}: {', '.join(made.plan.overlapping_roots)}")
    return lines


def _left_alone(plan: Plan) -> str:
    if not plan.overlapping_roots:
        return ""
    return "which share their OSDs' budget" if plan.generation == "B" else "whose pools the autoscaler leaves alone"


def _reason(pool: Declared, plan: PoolPlan) -> str:
    """Why a pool has this many PGs, in a few words."""
    implicit = "" if pool.subject is not None else ", made by Ceph itself"
    if plan.skipped:
        return f"{plan.skipped}: stays as created{implicit}"
    if plan.refused:
        return f"{plan.pg_num_wanted} wanted, refused: above mon_max_pg_per_osd{implicit}"
    if plan.mode != "on":
        return f"autoscaler {plan.mode}, {plan.pg_num_created} as created{implicit}"
    if plan.overdrawn:
        return f"its pass overdraws the budget of the root: stays as created{implicit}"
    if plan.pg_num_wanted == plan.pg_num_created != plan.pg_num_final:
        return f"{plan.pg_num_final} would fit, too near to change{implicit}"
    return _growth(pool, plan) + implicit


def _growth(pool: Declared, plan: PoolPlan) -> str:
    least, most = pool.input.pg_num_min, pool.input.pg_num_max
    if most and plan.pg_num_wanted == most and (plan.pg_num_ideal or 0) > most:
        return f"pg_num_max {most}"
    floored = plan.pg_num_ideal is not None and plan.pg_num_ideal < plan.pg_num_wanted == (least or DEFAULT_POOL_PG_NUM)
    if plan.target_ratio and plan.effective_target_ratio is not None:
        if floored:
            return f"the minimum, ratio {plan.target_ratio:g} asks for less"
        return f"ratio {plan.target_ratio:g} is {plan.effective_target_ratio:.0%} of its root"
    if plan.bulk:
        return "bulk: an even share of what is left"
    if plan.target_bytes:
        return "target_size_bytes"
    if least and plan.pg_num_wanted == least:
        return f"minimum {least}"
    return "the minimum: nothing says how large it gets"
