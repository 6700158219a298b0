"""`lintkit pgs`: predictions of the PG autoscaler, from a repository or from a description, as text or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lintkit.errors import LintkitError
from lintkit.facts.ceph.model import PoolPlan
from lintkit.facts.ceph.whatif import answer
from lintkit.facts.pg_plan import ClusterPlan, Declared
from lintkit.finding import Finding
from lintkit.forecast import Forecast, forecasts
from lintkit.pgtable import cluster_text, reason
from lintkit.run import Loaded, Options
from lintkit.subjects.environment import NotKnown
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


def repository_answer(loaded: Loaded, options: Options, *, as_json: bool) -> str:
    """The prediction for every Ceph cluster that a repository describes, by environment, and what suggested fixes give.

    JSON has the form that ``schemas/pgs.schema.json`` describes.
    """
    if as_json:
        return json.dumps({"version": 1, "clusters": clusters(loaded, options)}, indent=2, ensure_ascii=False) + "\n"
    found = forecasts(loaded, options)
    if not found:
        return "no CephCluster: nothing in this repository runs Ceph that lintkit can tell\n"
    return "\n".join(cluster_text(forecast) for forecast in found)


def clusters(loaded: Loaded, options: Options) -> list[Json]:
    """The ``clusters`` of the JSON answer."""
    return [_cluster_json(forecast) for forecast in forecasts(loaded, options)]


def _cluster_json(forecast: Forecast) -> Json:
    resource = forecast.cluster.resource
    return {
        "environment": forecast.environment,
        "namespace": resource.namespace,
        "name": resource.name,
        **_plan_json(forecast.before),
        "suggested": {
            "fixes": [{**_place(f), **_fix(f)} for f in forecast.fixes],
            "left": [{**_place(f), **_fix(f), "reason": why} for f, why in forecast.left],
            "open": [{**_place(f), "message": f.message} for f in forecast.open],
            "after": _plan_json(forecast.after) if forecast.fixes else None,
        },
    }


def _place(finding: Finding) -> dict[str, Json]:
    return {"policy": finding.policy, "path": finding.span.path, "line": finding.span.start.line}


def _fix(finding: Finding) -> dict[str, Json]:
    return {"title": finding.fix.title, "safe": finding.fix.safe} if finding.fix else {}


def _plan_json(made: ClusterPlan | NotKnown) -> dict[str, Json]:
    if isinstance(made, NotKnown):
        return {"not_known": made.reason}
    return {
        "ceph_version": made.input.ceph_version,
        "version_assumed": made.assumed,
        "generation": made.plan.generation,
        "osds": made.osds,
        "mon_target_pg_per_osd": made.input.mon_target_pg_per_osd,
        "mon_max_pg_per_osd": made.input.mon_max_pg_per_osd,
        "pools": {plan.name: _pool_json(pool, plan, made) for pool, plan in made.pairs},
        "roots": {
            root: {"osds": made.roots[root].osds, "pg_replicas_per_osd": [round(low, 3), round(high, 3)]}
            for root, (low, high) in made.loads.items()
        },
        "overlapping_roots": [*made.plan.overlapping_roots],
        "mean_pg_replicas_per_osd": round(made.plan.mean_pg_replicas_per_osd, 3),
        "warnings": {w.code: {"summary": w.summary, "detail": [*w.detail]} for w in made.plan.warnings},
    }


def _pool_json(pool: Declared, plan: PoolPlan, made: ClusterPlan) -> Json:
    return {
        "application": pool.application,
        "root": plan.root,
        "size": plan.size,
        "chunks": [pool.input.k, pool.input.m] if pool.input.k else None,
        "declared": pool.subject is not None,
        "pg_num_created": plan.pg_num_created,
        "pg_num_final": plan.pg_num_final,
        "pg_num_wanted": plan.pg_num_wanted,
        "pg_num_wanted_by_order": [*made.counts[plan.name]],
        "pg_num_accepted": plan.pg_num_accepted,
        "would_adjust": plan.would_adjust,
        "mode": plan.mode,
        "bulk": plan.bulk,
        "bias": plan.bias,
        "target_size_ratio": plan.target_ratio,
        "effective_target_ratio": plan.effective_target_ratio,
        "skipped": plan.skipped or None,
        "reason": reason(pool, plan, made),
    }
