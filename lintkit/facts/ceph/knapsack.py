"""Which groups of pools to round up: the 0/1 knapsack of generation B, exact and bounded.

Ceph fills a table over every reachable sum (``_find_optimal_pg_distribution``, module.py@17fde72d). The same optimum is
found here with far fewer sums: groups that rounding up would take further from their target are never in it; when all
others fit, all are; else sums are kept only while they are not dominated and a fractional relaxation of what remains
could still reach the best cost known. The worst case stays Ceph's, groups x (spare / gcd of the increases); real clusters keep
some hundred sums (1000 pools on 10000 OSDs: well below a second).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from lintkit.records import NamedTuple


class Choice(NamedTuple):
    """A group that moves as a whole: PG replicas if rounded down or up, and the distance from its target in each case."""

    down: int
    up: int
    cost_down: int
    cost_up: int


class _Item(NamedTuple):
    group: int
    weight: int
    gain: int  # how much rounding up lowers the cost; never negative


class _State(NamedTuple):
    total: int
    gain: int
    chosen: int  # bit per group index


def solve(choices: Sequence[Choice], spare: int) -> list[bool]:
    """True per group that is rounded up; the increases together stay within ``spare`` PG replicas.

    The smallest total cost wins; of equal ones the largest total; of those the set whose last differing group stays
    down, which is how Ceph's table settles ties (and why a tie depends on the order of pools).
    """
    items = [
        _Item(index, choice.up - choice.down, choice.cost_down - choice.cost_up)
        for index, choice in enumerate(choices)
        if choice.cost_up <= choice.cost_down and 0 < choice.up - choice.down <= spare
    ]
    if sum(item.weight for item in items) <= spare:
        chosen = sum(1 << item.group for item in items)
    else:
        from fractions import Fraction

        items.sort(key=lambda item: Fraction(-item.gain, item.weight))
        chosen = _search(items, spare)
    return [bool(chosen >> index & 1) for index in range(len(choices))]


def _search(items: Sequence[_Item], spare: int) -> int:
    weights = list(accumulate((item.weight for item in items), initial=0))
    gains = list(accumulate((item.gain for item in items), initial=0))
    best = _greedy(items, spare)
    states = [_State(0, 0, 0)]
    for position, item in enumerate(items):
        bit = 1 << item.group
        grown = [
            _State(state.total + item.weight, state.gain + item.gain, state.chosen | bit)
            for state in states
            if state.total + item.weight <= spare
        ]
        best = max(best, max((state.gain for state in grown), default=0))
        rest = position + 1
        states = [
            state
            for state in _undominated(states, grown)
            if state.gain + _bound(items, weights, gains, rest, spare - state.total) >= best
        ]
    return max(states, key=lambda state: (state.gain, state.total, -state.chosen)).chosen


def _greedy(items: Iterable[_Item], spare: int) -> int:
    """Gain of filling up in the given order."""
    gain = 0
    for item in items:
        if item.weight <= spare:
            spare -= item.weight
            gain += item.gain
    return gain


def _bound(items: Sequence[_Item], weights: Sequence[int], gains: Sequence[int], start: int, spare: int) -> int:
    """Most that items from ``start`` on could add if the last one might be cut (items are sorted by gain per weight)."""
    stop = bisect_right(weights, weights[start] + spare) - 1
    whole = gains[stop] - gains[start]
    if stop == len(items):
        return whole
    remainder = spare - (weights[stop] - weights[start])
    return whole + items[stop].gain * remainder // items[stop].weight


def _undominated(states: list[_State], grown: list[_State]) -> list[_State]:
    """Both lists (each sorted by total) as one, without states that a smaller total beats, one state per total."""
    kept: list[_State] = []
    best = -1
    for state in sorted(states + grown, key=lambda state: (state.total, -state.gain, state.chosen)):
        if state.gain < best or (kept and kept[-1].total == state.total):
            continue
        best = state.gain
        kept.append(state)
    return kept
