"""The PG plan of a cluster as a table: every pool with its share and the reason, the roots, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lintkit.facts.ceph.autoscaler import BUDGET, OVERLAPPING
from lintkit.facts.ceph.model import DEFAULT_POOL_PG_NUM, PoolPlan
from lintkit.facts.pg_plan import ClusterPlan, Declared
from lintkit.finding import Finding
from lintkit.forecast import FAMILY, Forecast
from lintkit.subjects.environment import NotKnown

_LEFT: Final = "<"
_NAMED: Final = 3


def cluster_text(forecast: Forecast) -> str:
    """One cluster: what its pools get and why, what its OSDs carry, and what the suggested fixes would make of both."""
    resource, made = forecast.cluster.resource, forecast.before
    title = f"environment {forecast.environment}, CephCluster {resource.namespace}/{resource.name}"
    if isinstance(made, NotKnown):
        lines = [title, f"  not known: {made.reason}"]
    else:
        version = f"Ceph {made.input.ceph_version}" + (" (assumed: the version is not known)" if made.assumed else "")
        lines = [f"{title}: {made.osds} OSDs, {version}", "", *_pool_lines(made), "", *_root_lines(made)]
        lines += [f"  {w.code}: {detail}" for w in made.plan.warnings for detail in w.detail]
    return "\n".join([*lines, "", *_suggested(forecast)]) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], align: str) -> list[str]:
    """Rows below a head, two spaces apart; ``align`` has a ``<`` or ``>`` for every column."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    sized = list(zip(align, widths, strict=True))
    return [
        "  " + "  ".join(f"{cell:{side}{width}}" for cell, (side, width) in zip(row, sized, strict=True)).rstrip()
        for row in (head, *rows)
    ]


def _pool_lines(made: ClusterPlan) -> list[str]:
    rows = []
    for pool, plan in made.pairs:
        low, high = made.counts[plan.name]
        count = f"{plan.pg_num_accepted}" if low == high else f"{low}..{high}"
        cells = (plan.name, pool.application, _copies(pool), plan.root, _asked(pool), count, _share(plan, made))
        rows.append((*cells, reason(pool, plan, made)))
    return _table(("pool", "application", "copies", "CRUSH root", "asks for", "PGs", "per OSD", "why"), rows, "<<<<<>><")


def _copies(pool: Declared) -> str:
    return f"{pool.input.k}+{pool.input.m}" if pool.input.k else str(pool.input.size)


def _asked(pool: Declared) -> str:
    """What a pool tells the autoscaler of its size."""
    given = pool.input
    said = [f"ratio {given.target_size_ratio:g}"] if given.target_size_ratio else []
    if given.target_size_bytes:
        said.append(f"{given.target_size_bytes / (1 << 30):.0f} GiB")
    if given.bulk:
        said.append("bulk")
    if given.mode != "on":
        said.append(f"autoscale {given.mode}" + (f", pg_num {given.pg_num_created}" if given.pg_num_created else ""))
    return ", ".join(said) or "-"


def _share(plan: PoolPlan, made: ClusterPlan) -> str:
    osds = made.roots[plan.root].osds
    return f"{plan.pg_num_accepted * plan.size / osds:.1f}" if osds else "-"


def _root_lines(made: ClusterPlan) -> list[str]:
    lines = []
    for root, load in made.loads.items():
        order = ", by the order in which the pools are created" if root in made.swayed else ""
        if not order and _range(load) != f"{load[0]:.1f}":
            order = ", by the version of Ceph"
        bounds = f"target {made.input.mon_target_pg_per_osd}, limit {made.input.mon_max_pg_per_osd}"
        lines.append(f"  {root}: {made.roots[root].osds} OSDs, {_range(load)} PG replicas each ({bounds}){order}")
    if made.plan.overlapping_roots:
        what = "which share their OSDs' budget" if made.plan.generation == BUDGET else "whose pools the autoscaler leaves alone"
        lines.append(f"  overlapping CRUSH roots, {what}: {', '.join(made.plan.overlapping_roots)}")
    return lines


def _range(load: tuple[float, float]) -> str:
    low, high = (f"{value:.1f}" for value in load)
    return low if low == high else f"{low} to {high}"


def _suggested(forecast: Forecast) -> list[str]:
    """The fixes that lintkit's own policies offer, and the plan with them."""
    lines: list[str] = []
    if forecast.fixes:
        lines = [f"  suggested (lintkit check --select {FAMILY} --fix --unsafe-fixes):"]
        lines += [f"    {_said(f)}: {f.fix.title if f.fix else ''}" for f in forecast.fixes]
    elif not forecast.left and not forecast.open:
        return [f"  nothing to suggest: no policy of {FAMILY} finds anything here"]
    else:
        lines = ["  nothing to suggest: what the policies find has no fix that can be made"]
    lines += [f"    left, {_said(f)}: {why}" for f, why in forecast.left]
    lines += [f"    without a fix, {_said(f)}: {f.message}" for f in forecast.open]
    return [*lines, "", *_after(forecast)] if forecast.fixes else lines


def _said(finding: Finding) -> str:
    return f"{finding.policy} {finding.span.path}:{finding.span.start.line}"


def _after(forecast: Forecast) -> list[str]:
    if isinstance(forecast.before, NotKnown):
        return [f"  what they give is not known: {forecast.before.reason}"]
    if isinstance(forecast.after, NotKnown):
        return [f"  what they give is not known: {forecast.after.reason}"]
    old, new = forecast.before, forecast.after
    rows = []
    for change in forecast.pools:
        if change.changed:
            sides = ((change.before, old), (change.after, new))
            roots, counts, shares = zip(*(_side(plan, made) for plan, made in sides), strict=True)
            rows.append((change.name, _step(*roots), _step(*counts), _step(*shares)))
    head = "  which gives"
    if not rows:
        return [f"{head} the same number of PGs to every pool"]
    lines = [f"{head}:", "", *_table(("pool", "CRUSH root", "PGs", "per OSD"), rows, "<<<<"), ""]
    for root in forecast.roots:
        before, after = (_range(load) if load else "" for load in (root.before, root.after))
        unit = f"PG replicas on each OSD (target {new.input.mon_target_pg_per_osd})"
        lines.append(f"  {root.root}: {_step(before, after)} {unit}" if after else f"  {root.root}: no pool uses it any more")
    if forecast.freed:
        lines.append(f"  no longer overlapping: {', '.join(forecast.freed)}")
    return lines


def _side(plan: PoolPlan | None, made: ClusterPlan) -> tuple[str, str, str]:
    return (plan.root, str(plan.pg_num_accepted), _share(plan, made)) if plan else ("", "none", "none")


def _step(before: str, after: str) -> str:
    return f"{before} -> {after}" if before and after and before != after else after or before


def reason(pool: Declared, plan: PoolPlan, made: ClusterPlan) -> str:
    """Why a pool has this many PGs, in a few words."""
    implicit = "" if pool.subject is not None else ", made by Ceph itself"
    if plan.mode != "on":
        return f"autoscaler {plan.mode}, {plan.pg_num_created} as created{implicit}"
    if plan.skipped == OVERLAPPING:
        return f"left at {plan.pg_num_created}: {_overlap(plan.root, made)}{implicit}"
    if plan.skipped:
        return f"left at {plan.pg_num_created}: no OSD is on {plan.root}{implicit}"
    if plan.refused:
        return f"{plan.pg_num_wanted} wanted, refused: above mon_max_pg_per_osd{implicit}"
    if plan.overdrawn:
        return f"its pass overdraws the budget of the root: stays as created{implicit}"
    if plan.pg_num_wanted == plan.pg_num_created != plan.pg_num_final:
        return f"{plan.pg_num_final} would fit, too near to change{implicit}"
    return _growth(pool, plan) + implicit


def _overlap(root: str, made: ClusterPlan) -> str:
    """Which roots share OSDs with this one, and through which pools: those without a device class."""
    mask = made.roots[root].mask
    others = [name for name in made.plan.overlapping_roots if name == root or made.roots[name].mask & mask]
    wide = [name for name in others if "~" not in name]
    pools = [plan.name for plan in made.plan.pools if plan.root in wide]
    named = pools if len(pools) <= _NAMED else [*pools[:_NAMED], f"{len(pools) - _NAMED} more"]
    return f"roots {_listed(others)} overlap" + (f" through {_listed(named)}" if named else "")


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


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
