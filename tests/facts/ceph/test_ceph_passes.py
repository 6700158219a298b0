"""The parts of the autoscaler on their own: rounding, ratios, passes, the knapsack, overlapping roots, the mon's limit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintkit.facts.ceph import budget, classic
from lintkit.facts.ceph.crush import Root, overlapping_classic, overlapping_exact, root_name, shared_budgets
from lintkit.facts.ceph.knapsack import Choice, solve
from lintkit.facts.ceph.limits import Step, accepted
from lintkit.facts.ceph.model import Demand
from lintkit.facts.ceph.powers import effective_ratio, nearest_power, power_down, power_up


def demand(name: str, ratio: float = 0.0, size: int = 1, bias: float = 1.0, bulk: bool = False, mode: str = "on") -> Demand:
    return Demand(name, size, ratio, bias, bulk, mode, 32, None, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-3, 0), (0, 0), (0.9, 0), (1, 1), (1.9, 1), (3, 4), (5, 4), (6, 8), (12, 16), (24, 32), (48, 64), (96, 128), (100, 128)],
)
def test_rounding_goes_to_the_nearest_power_and_ties_go_up(value: float, expected: int) -> None:
    assert nearest_power(value) == expected


@pytest.mark.parametrize(
    ("value", "down", "up"),
    [(-5, 0, 0), (0.5, 0, 0), (1, 0, 1), (2, 1, 2), (3, 2, 4), (4, 2, 4), (4.5, 2, 4), (5, 4, 8), (64, 32, 64)],
)
def test_rounding_down_halves_an_exact_power_and_rounding_up_keeps_it(value: float, down: int, up: int) -> None:
    assert (power_down(value), power_up(value)) == (down, up)


@pytest.mark.parametrize(
    ("ratio", "total", "reserved", "capacity", "expected"),
    [
        (0.1, 0.1, 0, 0, 1.0),
        (0.5, 2, 0, 10, 0.25),
        (1, 2, 5, 10, 0.25),
        (1, 1, 20, 10, 0.0),
        (0, 1, 5, 10, 0.0),
        (0, 0, 5, 10, 0.0),
    ],
)
def test_ratios_are_divided_by_their_sum_and_shrunk_by_reserved_bytes(
    ratio: float, total: float, reserved: float, capacity: int, expected: float
) -> None:
    assert effective_ratio(ratio, total, reserved, capacity) == pytest.approx(expected)


def test_classic_passes_charge_shares_in_order_and_divide_the_rest() -> None:
    demands = [demand("big", 0.5, bulk=True), demand("even", 0.1, bulk=True), demand("small", 0.25), demand("meta", 0.5, bias=4)]
    targets = classic.assign(demands, budget=1000, pool_count=4)
    # small 0.25 of 1000; meta 0.5 of 750, times 4; left 375; big 0.5 is no more than an even half; both get 187.5
    assert {name: target.pg_num for name, target in targets.items()} == {"small": 256, "meta": 1024, "big": 128, "even": 128}
    assert targets["big"].final_ratio == 0.5
    assert targets["meta"].ideal == 1500


def test_a_bulk_pool_above_an_even_share_is_served_before_the_even_ones() -> None:
    targets = classic.assign([demand("even", 0.1, bulk=True), demand("big", 0.75, bulk=True)], budget=1000, pool_count=2)
    assert (targets["big"].ideal, targets["even"].ideal) == (750, 250)


def test_what_is_even_is_counted_among_the_pools_that_are_left() -> None:
    demands = [demand("meta"), demand("log"), demand("first", 0.4, bulk=True), demand("second", 0.1, bulk=True)]
    targets = classic.assign(demands, budget=1000, pool_count=4)  # 0.4 is above a quarter, not above a half
    assert (targets["first"].ideal, targets["second"].ideal) == (500, 500)


def test_pools_of_one_group_round_the_same_way() -> None:
    root = budget.RootDemand(tuple(demand(f"p{i}", 0.3) for i in range(3)), 300, 3)
    assert {target.pg_num for target in budget.assign({"r": root}).values()} == {64}  # 90 each; 3 x 128 would pass 300


def test_the_budget_is_spent_where_it_hits_targets_best() -> None:
    root = budget.RootDemand((demand("a", 0.45), demand("b", 0.55)), 400, 2)  # 180 and 220; one may go up to 256
    targets = budget.assign({"r": root})
    assert {name: target.pg_num for name, target in targets.items()} == {"a": 128, "b": 256}
    assert not targets["b"].overdrawn


def test_even_bulk_pools_divide_what_earlier_passes_left() -> None:
    demands = (demand("kept", 0.5), demand("a", bulk=True), demand("b", bulk=True))
    targets = budget.assign({"r": budget.RootDemand(demands, 1000, 3)})
    assert {name: target.pg_num for name, target in targets.items()} == {"kept": 512, "a": 128, "b": 128}


def test_bias_multiplies_the_target_and_is_charged_in_the_budget_generation() -> None:
    demands = (demand("meta", 0.1, bias=4.0), demand("rest", bulk=True))
    targets = budget.assign({"r": budget.RootDemand(demands, 1000, 2)})
    assert {name: target.pg_num for name, target in targets.items()} == {"meta": 512, "rest": 256}  # 488 left: 512 is too many


def test_the_intermediate_state_measures_rounding_without_bias() -> None:
    demands = (demand("meta", 0.1, bias=4.0),)  # wants 400 of 1000, is measured against 100
    assert budget.assign({"r": budget.RootDemand(demands, 1000, 1)}, variant=budget.INTERMEDIATE)["meta"].pg_num == 256


def test_the_intermediate_state_lifts_a_pool_to_its_maximum_when_its_replicas_pass_it() -> None:
    pool = Demand("p", 3, 0.2, 1.0, False, "on", 1, None, 128)  # 200 replicas: 64 PGs
    roots = {"r": budget.RootDemand((pool,), 1000, 1)}
    assert budget.assign(roots)["p"].pg_num == 64
    assert budget.assign(roots, variant=budget.INTERMEDIATE)["p"].pg_num == 128


def test_the_intermediate_state_charges_rounding_down_twice() -> None:
    root = budget.RootDemand((demand("a", 0.45), demand("b", 0.55)), 400, 2)
    targets = budget.assign({"r": root}, variant=budget.INTERMEDIATE)
    assert {target.pg_num for target in targets.values()} == {128}  # 400 - 2 x 256 leaves nothing to round up with


def test_a_pass_that_uses_the_budget_up_exactly_is_silent_only_in_the_intermediate_state() -> None:
    roots = {"r": budget.RootDemand((demand("a", mode="off"), demand("b")), 64, 2)}
    assert not budget.assign(roots)["b"].overdrawn
    assert budget.assign(roots, variant=budget.INTERMEDIATE)["b"].overdrawn


def test_silence_stays_within_a_root_except_in_the_intermediate_state() -> None:
    roots = {"one": budget.RootDemand((demand("a"),), 1000, 1), "two": budget.RootDemand((demand("b"),), 10, 1)}
    assert [target.overdrawn for target in budget.assign(roots).values()] == [False, True]
    assert [target.overdrawn for target in budget.assign(roots, variant=budget.INTERMEDIATE).values()] == [True, True]


def test_a_pool_in_mode_off_is_charged_as_it_is() -> None:
    kept = Demand("kept", 3, 0.9, 1.0, False, "off", 100, None, None)
    targets = budget.assign({"r": budget.RootDemand((kept, demand("rest", bulk=True)), 1000, 2)})
    assert targets["kept"].pg_num == 100
    assert targets["rest"].pg_num == 512  # all of the 700 left


choices = st.builds(
    lambda down, factor, cost_down, cost_up, count: Choice(
        down * count, down * count * factor, cost_down * count, cost_up * count
    ),
    st.integers(0, 12),
    st.sampled_from([1, 2]),
    st.integers(0, 8),
    st.integers(0, 8),
    st.integers(1, 3),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(choices, max_size=8), st.integers(-10, 150))
def test_the_knapsack_finds_what_trying_everything_finds(items: list[Choice], spare: int) -> None:
    """Least cost, then most PGs, then Ceph's way with ties: the last group that could differ stays down."""

    def score(ups: tuple[bool, ...]) -> tuple[int, int, tuple[bool, ...]]:
        pairs = list(zip(items, ups, strict=True))
        cost = sum(item.cost_up if up else item.cost_down for item, up in pairs)
        return cost, -sum(item.up - item.down for item, up in pairs if up), ups[::-1]

    def rises(ups: tuple[bool, ...]) -> bool:
        """A group that would rise by nothing is never called risen."""
        return all(item.up > item.down for item, up in zip(items, ups, strict=True) if up)

    def weight(ups: tuple[bool, ...]) -> int:
        return sum(item.up - item.down for item, up in zip(items, ups, strict=True) if up)

    every = itertools.product([False, True], repeat=len(items))
    allowed = [ups for ups in every if rises(ups) and (not any(ups) or weight(ups) <= spare)]
    assert tuple(solve(items, spare)) == min(allowed, key=score)


@settings(max_examples=50, deadline=None)
@given(st.lists(choices, min_size=9, max_size=60), st.integers(0, 400))
def test_larger_knapsacks_agree_with_a_plain_table(items: list[Choice], spare: int) -> None:
    table = {0: 0}
    for item in items:
        grown = {total + item.up - item.down: cost + item.cost_up - item.cost_down for total, cost in table.items()}
        for total, cost in grown.items():
            if total <= spare and cost < table.get(total, 1 << 60) and item.up > item.down:
                table[total] = cost
    best = min((cost, -total) for total, cost in table.items())
    ups = solve(items, spare)
    pairs = [item for item, up in zip(items, ups, strict=True) if up]
    cost = sum(item.cost_up - item.cost_down for item in pairs)
    assert (cost, -sum(item.up - item.down for item in pairs)) == best


def test_a_bare_root_and_its_class_are_different_roots() -> None:
    assert (root_name("default", None), root_name("default", "ssd"), root_name("default", "")) == (
        "default",
        "default~ssd",
        "default",
    )


def test_merged_roots_catch_what_meets_any_of_them() -> None:
    a, b, both = 0b0011, 0b1100, 0b0110
    assert overlapping_classic([("a", a), ("b", b)]) == set()
    assert overlapping_classic([("a", a), ("b", b), ("both", both)]) == {"a", "both"}
    assert overlapping_classic([("a", a), ("both", both), ("b", b)]) == {"a", "both", "b"}
    assert overlapping_classic([("a", a), ("b", b), ("both", both), ("b", b)]) == {"a", "both", "b"}


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.just(0)), max_size=8), st.lists(st.integers(0, 255), min_size=5, max_size=5)
)
def test_every_overlap_the_classic_generation_sees_is_one(uses: list[tuple[str, int]], masks: list[int]) -> None:
    roots = {name: masks[ord(name) - ord("a")] for name, _ in uses}
    seen = overlapping_classic([(name, roots[name]) for name, _ in uses])
    exact = overlapping_exact(roots)
    assert seen <= set(roots)
    assert bool(seen) == bool(exact)


def test_every_osd_gives_each_root_that_uses_it_an_equal_part() -> None:
    assert shared_budgets({"all": 0b11, "fast": 0b01}, [8, 16], 100) == {"all": 8 * 50 + 1600, "fast": 400}
    assert shared_budgets({"a": 1, "b": 1, "c": 1}, [10], 100) == {"a": 330, "b": 330, "c": 330}


def test_the_mon_counts_pools_of_other_roots_on_the_same_osds() -> None:
    roots = {"all": Root("all", 0b11, 8, 1), "fast": Root("fast", 0b01, 4, 1)}
    steps = [Step("wide", "all", 2, 400, 400), Step("narrow", "fast", 2, 1, 400)]
    assert accepted(steps, roots, [4, 4], 299) == {"wide": 400, "narrow": 1}  # (400 + 800) / 4 = 300
    assert accepted(steps, roots, [4, 4], 300) == {"wide": 400, "narrow": 400}


def test_the_mon_never_refuses_a_decrease() -> None:
    roots = {"r": Root("r", 1, 3, 1)}
    steps = [Step("p", "r", 3, 512, 256), Step("q", "r", 3, 512, 512)]
    assert accepted(steps, roots, [3], 100) == {"p": 256, "q": 512}


def test_the_mon_divides_by_three_osds_at_least() -> None:
    roots = {"r": Root("r", 1, 1, 1)}
    assert accepted([Step("p", "r", 1, 1, 512)], roots, [1], 170) == {"p": 512}
