"""Orders in which the pools of a cluster may have been created, which generation A lets decide.

Up to :data:`MOST` pools of a root whose share counts against the others are tried in every order; of more, each is
tried first and last, beside the order given, its reverse, and by what pools ask for, both ways. Roots that share OSDs
are tried with the pools of each of them first and last, because the overlap is found by comparing pools in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Final

from lintkit.facts.ceph.crush import root_name
from lintkit.facts.ceph.model import PoolInput

MOST: Final = 5
"""Pools of one root that are tried in every order: 120 of them."""

Pools = tuple[PoolInput, ...]


def creation_orders(pools: Pools) -> tuple[Pools, ...]:
    """The orders to try, the given one first, none twice. ``.mgr`` is always the first pool of a cluster."""
    first = tuple(p for p in pools if p.name == ".mgr")
    rest = tuple(p for p in pools if p.name != ".mgr")
    return tuple(dict.fromkeys((*first, *order) for order in _orders(rest)))


def _orders(pools: Pools) -> Iterator[Pools]:
    yield pools
    yield pools[::-1]
    by_wish = tuple(sorted(pools, key=lambda p: (p.bulk, p.target_size_ratio, p.target_size_bytes)))
    yield by_wish
    yield by_wish[::-1]
    roots = dict.fromkeys(_root(p) for p in pools)
    for root in roots:
        yield from _within(pools, [i for i, p in enumerate(pools) if _root(p) == root and _takes(p)])
    if len(roots) > 1:
        for root in roots:
            own, others = (tuple(p for p in pools if (_root(p) == root) is mine) for mine in (True, False))
            yield own + others
            yield others + own


def _root(pool: PoolInput) -> str:
    return root_name(pool.root, pool.device_class)


def _takes(pool: PoolInput) -> bool:
    """Whether what a pool asks for is taken from what the pools after it get."""
    return bool(pool.target_size_ratio or pool.target_size_bytes)


def _within(pools: Pools, slots: list[int]) -> Iterator[Pools]:
    """The pools with those at ``slots`` changing places among each other."""
    own = [pools[i] for i in slots]
    if len(own) <= MOST:
        orders: Iterator[tuple[PoolInput, ...]] = permutations(own)
    else:
        orders = (way for i, p in enumerate(own) for way in ((p, *own[:i], *own[i + 1 :]), (*own[:i], *own[i + 1 :], p)))
    for order in orders:
        made = list(pools)
        for slot, pool in zip(slots, order, strict=True):
            made[slot] = pool
        yield tuple(made)
