"""Agreement with measured clusters and with Ceph's own unit tests, where those references are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lintkit.facts.ceph import budget, classic
from lintkit.facts.ceph.autoscaler import plan
from lintkit.facts.ceph.crush import overlapping_classic, shared_budgets
from lintkit.facts.ceph.model import Demand, ModuleError
from lintkit.facts.ceph.powers import effective_ratio
from lintkit.facts.ceph.whatif import answer, parse

SHARED = Path(__file__).resolve().parents[4] / "shared" / "pg_oracle"


def _read(name: str) -> Any:
    file = SHARED / name
    return json.loads(file.read_text()) if file.is_file() else None


CASES: list[Any] = _read("cases.json") or []
VECTORS: dict[str, Any] = _read("upstream_vectors.json") or {}
needs_cases = pytest.mark.skipif(not CASES, reason="the measured cases are not here")
needs_vectors = pytest.mark.skipif(not VECTORS, reason="Ceph's vectors are not here")


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_plan_is_what_ceph_chose(case: Any) -> None:
    """All versions, main-2026 too. Only the mon's own warning is left aside where the module alone was driven."""
    expected = case["expected"]
    cluster = parse({**case["inputs"], "ceph_version": case["ceph_version"]})
    if "module_raised" in expected:
        with pytest.raises(ModuleError):
            plan(cluster)
        return
    result = plan(cluster)
    assert list(result.overlapping_roots) == expected["overlapping_roots"]
    assert result.mon_target_pg_per_osd == expected["mon_target_pg_per_osd"]
    for name, want in expected["pools"].items():
        pool = result.pool(name)
        assert pool is not None
        for key, value in want.items():
            got = {"pg_autoscale_mode": pool.mode, "skipped": pool.skipped}.get(key)
            if key == "root" and value != pool.root:
                assert value.partition("~")[0] == pool.root.partition("~")[0]
                continue
            got = getattr(pool, key) if got is None else got
            assert got == (pytest.approx(value, abs=1e-4) if isinstance(value, float) else value), (name, key)
    means = expected["mean_pg_replicas_per_osd"]
    assert result.mean_pg_replicas_per_osd == pytest.approx(means["wanted"], abs=1e-3)
    if expected.get("applied"):
        assert result.mean_pg_replicas_accepted == pytest.approx(means["accepted"], abs=1e-3)
        assert [pool.name for pool in result.pools if pool.refused] == expected["mon_refused"]
    by_mon = set() if case["source"] == "daemon" else {"POOL_PG_NUM_NOT_POWER_OF_TWO"}
    got_warnings = {
        item.code: {"summary": item.summary, "detail": list(item.detail)} for item in result.warnings if item.code not in by_mon
    }
    assert got_warnings == expected["warnings"]


@needs_cases
def test_the_answers_are_plain_json() -> None:
    for case in CASES:
        json.dumps(answer({**case["inputs"], "ceph_version": case["ceph_version"]}), allow_nan=False)


def _groups(kind: str, generation: str) -> list[Any]:
    return [
        (group, row)
        for group in VECTORS.get(kind, [])
        if generation in group["generation"]
        for row in group.get("cases") or group.get("vectors")
    ]


@needs_vectors
def test_ratios_agree_with_ceph_s_vectors() -> None:
    for _, row in _groups("effective_target_ratio", "classic_3pass"):
        got = effective_ratio(row["target_ratio"], row["total_target_ratio"], row["total_target_bytes"], row["capacity"])
        assert got == pytest.approx(row["expected"], abs=1e-9)


def _demand(name: str, pool: Any, bias: float) -> Demand:
    mode = "warn" if pool.get("autoscale", True) else "off"
    return Demand(name, pool["size"], pool["capacity_ratio"], bias, pool["bulk"], mode, pool["pg_num_target"], None, None)


@needs_vectors
@pytest.mark.parametrize("row", [row for _, row in _groups("final_pg_target", "classic_3pass")], ids=lambda row: row["test"])
def test_classic_passes_agree_with_ceph_s_vectors(row: Any) -> None:
    for root_id, root in row["roots"].items():
        pools = {name: pool for name, pool in row["pools"].items() if str(pool["root_id"]) == root_id}
        if int(root_id) in row["overlapped_roots"]:
            assert all(pool["expected_final_pg_target"] is None for pool in pools.values())
            continue
        demands = [_demand(name, pool, row["bias"]) for name, pool in pools.items()]
        targets = classic.assign(demands, root["pg_left"], root["pool_count"])
        for name, pool in pools.items():
            assert targets[name].pg_num == pool["expected_final_pg_target"], name
            assert targets[name].final_ratio == pytest.approx(pool["expected_final_ratio"], abs=1e-9), name


@needs_vectors
@pytest.mark.parametrize("row", [row for _, row in _groups("final_pg_target", "knapsack_4pass")], ids=lambda row: row["test"])
def test_budgeted_passes_agree_with_ceph_s_vectors(row: Any) -> None:
    roots = {}
    for root_id, root in row["roots"].items():
        pools = {name: pool for name, pool in row["pools"].items() if str(pool["root_id"]) == root_id}
        demands = tuple(_demand(name, pool, row["bias"]) for name, pool in pools.items())
        roots[root_id] = budget.RootDemand(demands, root["pg_left"], root["pool_count"])
    targets = budget.assign(roots)
    for name, pool in row["pools"].items():
        assert targets[name].pg_num == pool["production_final_pg_target"], name
        if pool["asserted_by_upstream"]:
            assert targets[name].pg_num == pool["expected_final_pg_target"], name
            assert targets[name].final_ratio == pytest.approx(pool["expected_final_ratio"], abs=1e-9), name


@needs_vectors
def test_overlapping_roots_and_shared_budgets_agree_with_ceph_s_vectors() -> None:
    group = VECTORS["overlapping_roots"]
    rules = {rule["rule_id"]: str(rule["root_id"]) for rule in group["rules"]}
    uses = [rules[pool["crush_rule"]] for pool in group["pools_in_order"]]
    for case in group["cases"]:
        masks = {root: sum(1 << osd for osd in osds) for root, osds in case["osds_under_root"].items()}
        if case["generation"] == "classic_3pass":
            want = {str(root) for root in case["expected_overlapped_roots"]}
            assert overlapping_classic((root, masks[root]) for root in uses) == want
        else:
            used = {root: masks[root] for root in uses}
            osds = 1 + max(osd for under in case["osds_under_root"].values() for osd in under)
            assert shared_budgets(used, [1] * osds, case["mon_target_pg_per_osd"]) == case["expected_root_pg_target"]
