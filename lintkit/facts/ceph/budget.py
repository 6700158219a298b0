"""Generation B: four passes that round within a budget (Ceph main of 2026, Tentacle backport 70730).

Source: ``PoolGroup``, ``_calculate_final_pool_pg_target``, ``_append_result`` and ``_get_pool_pg_targets``,
src/pybind/mgr/pg_autoscaler/module.py@17fde72d.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lintkit.facts.ceph.knapsack import Choice, solve
from lintkit.facts.ceph.model import DEFAULT_POOL_PG_NUM, Demand, ModuleError, Target
from lintkit.facts.ceph.powers import is_power_of_two, power_down, power_up
from lintkit.records import NamedTuple


class Variant(NamedTuple):
    """Where two states of the algorithm differ; the defaults are 17fde72d's.

    ``doubled_base``: what rounding down costs is taken off the budget twice, so less is left for rounding up.
    ``silent_at_zero``: a pass that uses the budget up exactly is silenced too, not only one that overdraws it.
    ``silences_roots``: the silence reaches the roots treated before it in the same pass.
    ``caps_replicas``: pg_num_max is compared with PG replicas instead of PGs, and so lifts smaller pools to it.
    ``plain_cost``: rounding is measured against the target without bias.
    """

    doubled_base: bool = False
    silent_at_zero: bool = False
    silences_roots: bool = False
    caps_replicas: bool = False
    plain_cost: bool = False


FINAL: Final = Variant()
INTERMEDIATE: Final = Variant(doubled_base=True, silent_at_zero=True, silences_roots=True, caps_replicas=True, plain_cost=True)
"""The text of ceph PR 67551 before 68532. Costs are whole numbers here and fractions there, which only ties could show;
pools in mode off that have equal shares and unequal PGs are one group there, and stay as they are here."""


class RootDemand(NamedTuple):
    """The pools of one root in pool order, its budget of PG replicas, and how many pools it has in all."""

    demands: tuple[Demand, ...]
    budget: int
    pool_count: int


class Group(NamedTuple):
    """Pools that are treated as one: same share, size, bias, bulk and autoscaling. ``share`` is in PG replicas before bias."""

    share: int
    size: int
    bias: float
    bulk: bool
    autoscaled: bool
    pools: tuple[Demand, ...]

    @property
    def target(self) -> int:
        """PG replicas one pool should have, bias counted in."""
        return int(self.share * self.bias)


class Draft(NamedTuple):
    """A root between passes: groups not placed yet, budget left, pools placed."""

    groups: tuple[Group, ...]
    left: int
    used: int


def assign(
    roots: Mapping[str, RootDemand], default_pg_num: int = DEFAULT_POOL_PG_NUM, variant: Variant = FINAL
) -> dict[str, Target]:
    """Targets of the pools of all ``roots`` (in the order of their first pool), by pool name.

    Raises :class:`ModuleError` where the module does.
    """
    drafts = {name: Draft(groups(root.demands, root.budget), root.budget, 0) for name, root in roots.items()}
    found: dict[str, Target] = {}
    for number in (1, 2, 3, 4):
        made: dict[str, Target] = {}
        for name, root in roots.items():
            drafts[name], targets = _pass(number, drafts[name], root, default_pg_num, variant)
            made.update(targets)
            if targets and drafts[name].left < (1 if variant.silent_at_zero else 0):
                silenced = made if variant.silences_roots else targets
                made.update({pool: target._replace(overdrawn=True) for pool, target in silenced.items()})
        found.update(made)
    return found


def groups(demands: Sequence[Demand], budget: int) -> tuple[Group, ...]:
    """Pools grouped in the order of their first one. A pool in mode off keeps its PGs, others get a share of the whole budget."""
    found: dict[tuple[int, int, float, bool, bool], list[Demand]] = {}
    for demand in demands:
        autoscaled = demand.mode != "off"
        share = int(demand.capacity_ratio * budget) if autoscaled else demand.pg_num * demand.size
        found.setdefault((share, demand.size, demand.bias, demand.bulk, autoscaled), []).append(demand)
    return tuple(
        Group(share, size, bias, bulk, autoscaled, tuple(pools)) for (share, size, bias, bulk, autoscaled), pools in found.items()
    )


def _pass(number: int, draft: Draft, root: RootDemand, default_pg_num: int, variant: Variant) -> tuple[Draft, dict[str, Target]]:
    """One pass: 1 mode off, 2 not bulk, 3 bulk above an even share of what is left, 4 the rest in even shares."""
    if not draft.groups:
        return draft, {}
    chosen = _chosen(number, draft, root)
    taken = {id(group) for group in chosen}
    rest = tuple(group for group in draft.groups if id(group) not in taken)
    if number == 4:
        even = int(draft.left * (1 / (root.pool_count - draft.used)))
        chosen = [group._replace(share=even) for group in chosen]
    targets = _round(chosen, draft.left, root.budget, default_pg_num, variant)
    spent = sum(targets[pool.name].pg_num * pool.size for group in chosen for pool in group.pools)
    used = draft.used + sum(len(group.pools) for group in chosen)
    return Draft(rest, draft.left - spent, used), targets


def _chosen(number: int, draft: Draft, root: RootDemand) -> list[Group]:
    if number == 1:
        return [group for group in draft.groups if not group.autoscaled]
    if number == 2:
        return [group for group in draft.groups if not group.bulk]
    if number == 4:
        return list(draft.groups)
    if draft.left == 0:
        raise ModuleError("float division by zero: the budget of a root is used up before its bulk pools are placed")
    even = 1 / (root.pool_count - draft.used)
    return [group for group in draft.groups if group.bulk and group.target / draft.left > even]


def _round(chosen: Sequence[Group], left: int, budget: int, default_pg_num: int, variant: Variant) -> dict[str, Target]:
    choices = [choice(group, variant) for group in chosen]
    base = sum(option.down for option in choices)
    ups = solve(choices, left - base * (2 if variant.doubled_base else 1))
    targets: dict[str, Target] = {}
    for group, option, up in zip(chosen, choices, ups, strict=True):
        value = (option.up if up else option.down) // len(group.pools)
        for pool in group.pools:
            targets[pool.name] = clamped(pool, value, budget, default_pg_num, variant)
    return targets


def choice(group: Group, variant: Variant = FINAL) -> Choice:
    """What rounding a group down or up means, in PG replicas of all its pools. A group in mode off stays as it is."""
    count = len(group.pools)
    if not group.autoscaled:
        return Choice(group.target * count, group.target * count, 0, 0)
    down = power_down(group.target / group.size) * group.size
    up = power_up(group.target / group.size) * group.size
    aim = group.share if variant.plain_cost else group.target
    return Choice(down * count, up * count, abs(down - aim) * count, abs(up - aim) * count)


def clamped(pool: Demand, value: int, budget: int, default_pg_num: int, variant: Variant = FINAL) -> Target:
    """The target of a pool that was rounded to ``value`` PG replicas, after its minimum and maximum.

    Raises :class:`ModuleError` where the module asserts a power of two (mode on) or divides by a budget of 0.
    """
    floor = default_pg_num if pool.pg_num_min is None else pool.pg_num_min
    pg_num = int(value / pool.size)
    if floor > pg_num:
        pg_num, value = floor, floor * pool.size
    if pool.pg_num_max and pool.pg_num_max < (value if variant.caps_replicas else pg_num):
        pg_num, value = pool.pg_num_max, pool.pg_num_max * pool.size
    if not budget:
        raise ModuleError(f"division by zero: the root of pool {pool.name} has a budget of 0 PG replicas")
    if pool.mode == "on" and not is_power_of_two(pg_num):
        raise ModuleError(f"AssertionError: pool {pool.name} would get pg_num {pg_num}, which is not a power of two")
    return Target(pg_num, value / budget)
