"""Facts about size ratios: pools without one beside others, and sums that are not 1."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Any, Final

from lintkit.facts.pg_effects import changed
from lintkit.facts.pg_groups import clusters, data_pools, each_root, one_each, roots
from lintkit.facts.pg_plan import ClusterPlan, Declared, cluster_plan
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, lookup


def unrated_pools(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Data pools without ``target_size_ratio`` and ``target_size_bytes`` on a CRUSH root where others have a ratio.

    One item a pool: ``of``, ``name``, ``root``, ``rated`` (items with ``of``, ``name``, ``ratio``), ``share`` (an equal
    part of what the ratios leave of 1, as text; empty when they leave nothing), ``ratios`` (items with ``of``, ``path`` and
    ``value``: a set of ratios that adds up to 1; where others leave a share, it alone, else every ratio of the root, a
    pool without one counted as an average one), ``own`` (the pool's own value there, as text), ``before`` and ``after``
    (PGs, without and with the sets of all such pools; null where no plan is known).
    """
    found: list[Json] = []
    for cluster, pools in clusters(environment):
        if isinstance(pools, NotKnown):
            return pools
        items = [item for root, members in roots(pools) for item in _unrated(root, members)]
        made = cluster_plan(cluster, environment) if cluster is not None and items else None
        if isinstance(made, ClusterPlan):
            new = {str(r["of"]): {"target_size_ratio": float(str(r["value"]))} for item in items for r in item["ratios"]}
            then = changed(made, new)
            counts = {p.name: p.pg_num_accepted for p in then.pools} if then else {}
            known = {p.name: p.pg_num_accepted for p in made.plan.pools}
            items = [{**i, "before": known.get(i["name"]), "after": counts.get(i["name"])} for i in items]
        found += items
    return found


def _unrated(root: str, members: list[Declared]) -> list[dict[str, Any]]:
    data = data_pools(members)
    rated = [p for p in data if p.input.target_size_ratio]
    lacking = [p for p in data if not p.input.target_size_ratio and not p.input.target_size_bytes]
    if not rated or not lacking:
        return []
    left = 1 - _ratio_sum(members)
    share = _text(left / len(lacking)) if left / len(lacking) >= 0.001 else ""
    others = [{"of": p.subject.id, "name": p.input.name, "ratio": _text(p.input.target_size_ratio)} for p in rated if p.subject]
    whole = [] if share else _whole_set(members, lacking, sum(p.input.target_size_ratio for p in rated) / len(rated))
    found: list[dict[str, Any]] = []
    for pool in lacking:
        assert pool.subject is not None
        one = [{"of": pool.subject.id, "path": _PARAMETER, "value": share}]
        own = share or next(r["value"] for r in whole if r["of"] == pool.subject.id)
        item = {"of": pool.subject.id, "name": pool.input.name, "root": root, "rated": others, "share": share}
        found.append({**item, "ratios": whole or one, "own": own, "before": None, "after": None})
    return found


_PARAMETER: Final = "parameters.target_size_ratio"
_LEGACY: Final = "replicated.targetSizeRatio"


def _whole_set(members: list[Declared], lacking: list[Declared], average: float) -> list[dict[str, Any]]:
    """Every ratio of a root, those of ``lacking`` as ``average``, divided by their sum."""
    total = _ratio_sum(members) + average * len(lacking)
    found: list[dict[str, Any]] = []
    for pool in one_each(members):
        ratio = pool.input.target_size_ratio or (average if pool in lacking else 0)
        if ratio and pool.subject is not None:
            legacy = _is_legacy(pool.subject) and pool not in lacking
            value = round(ratio / total, 4)
            found.append(
                {
                    "of": pool.subject.id,
                    "path": _LEGACY if legacy else _PARAMETER,
                    "value": value if legacy else _text(value),
                }
            )
    return found


def _is_legacy(pool: Subject) -> bool:
    return lookup(pool.object, "parameters", "target_size_ratio") is None


def _ratio_sum(members: list[Declared]) -> float:
    return sum(p.input.target_size_ratio for p in members)


def _text(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def ratio_sums(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Pools with a ratio on CRUSH roots where every data pool has one.

    One item a pool: ``of``, ``name``, ``root``, ``ratio``, ``path`` (where the ratio is set), ``single`` (the sum over
    the root's pools, each spec of RGW metadata counted once), ``metadata`` (of that sum the RGW metadata specs' part),
    ``legacy`` (set by ``replicated.targetSizeRatio``).
    """
    return each_root(environment, _sums)


def _sums(root: str, members: list[Declared]) -> list[Json]:
    data = data_pools(members)
    rated = [p for p in one_each(members) if p.input.target_size_ratio]
    if not rated or any(not p.input.target_size_ratio for p in data):
        return []
    metadata = [
        p for p in rated if p.subject and p.subject.facts["application"] == "rgw" and p.subject.facts["role"] == "metadata"
    ]
    found: list[Json] = []
    for pool in rated:
        assert pool.subject is not None
        legacy = _is_legacy(pool.subject)
        found.append(
            {
                "of": pool.subject.id,
                "name": pool.input.name,
                "root": root,
                "ratio": pool.input.target_size_ratio,
                "path": _LEGACY if legacy else _PARAMETER,
                "single": sum(p.input.target_size_ratio for p in rated),
                "metadata": sum(p.input.target_size_ratio for p in metadata),
                "legacy": legacy,
            }
        )
    return found


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"unrated_pools": unrated_pools, "ratio_sums": ratio_sums}}
