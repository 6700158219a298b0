"""The mon's last word: it refuses an increase that would put too many PGs on the OSDs of a root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from lintkit.facts.ceph.crush import Root
from lintkit.records import NamedTuple

SMALLEST_CLUSTER: Final = 3
"""The mon divides by at least this many OSDs ("assume min cluster size 3")."""


class Step(NamedTuple):
    """A pool on ``root`` whose ``pg_num`` the autoscaler would change to ``wanted``; ``size`` is PG replicas per PG."""

    name: str
    root: str
    size: int
    pg_num: int
    wanted: int


def accepted(steps: Sequence[Step], roots: Mapping[str, Root], cells: Sequence[int], max_pg_per_osd: int) -> dict[str, int]:
    """The pg_num every pool ends with: ``wanted`` or, where the mon refuses it, the one it began with.

    The mon adds up the PGs on all OSDs of the pool's root, of any pool, replaces the pool's own by the new number,
    divides by the number of those OSDs and refuses if the whole number is above ``max_pg_per_osd``; decreases pass.
    The autoscaler asks for all pools in one cycle, long before any PG has split, and again for the refused ones
    when the accepted changes are done; so every cycle is judged by what the last one left.
    ``cells`` are OSD counts per bit of a root's mask; OSDs are taken as equally weighted.
    Source: ``OSDMonitor::check_pg_num`` as its message states it ("cumulative PGs per OSD (... total PG replicas
    on N 'in' root OSDs by crush rule) which exceeds the mon_max_pg_per_osd value"); one refusal per cluster is measured
    on 18.2.7 and 20.2.4, refusals among several growing pools are derived.
    """
    now = {step.name: step.pg_num for step in steps}
    pending = [step for step in steps if step.wanted != step.pg_num]
    shares = _shares(roots, cells)
    while pending:
        load = _load(steps, now, roots, shares)
        passed = [step for step in pending if _fits(step, now[step.name], load, roots[step.root], max_pg_per_osd)]
        if not passed:
            break
        now.update((step.name, step.wanted) for step in passed)
        names = {step.name for step in passed}
        pending = [step for step in pending if step.name not in names]
    return now


def _fits(step: Step, pg_num: int, load: Mapping[str, Fraction], root: Root, max_pg_per_osd: int) -> bool:
    if step.wanted < pg_num:
        return True
    projected = load[step.root] + (step.wanted - pg_num) * step.size
    return projected // max(root.osds, SMALLEST_CLUSTER) <= max_pg_per_osd


def _load(
    steps: Sequence[Step], now: Mapping[str, int], roots: Mapping[str, Root], shares: Mapping[tuple[str, str], Fraction]
) -> dict[str, Fraction]:
    """PG replicas on the OSDs of every root, those of other roots' pools counted for the OSDs they share."""
    own = dict.fromkeys(roots, 0)
    for step in steps:
        own[step.root] += now[step.name] * step.size
    return {name: sum((shares[other, name] * own[other] for other in roots), Fraction()) for name in roots}


def _shares(roots: Mapping[str, Root], cells: Sequence[int]) -> dict[tuple[str, str], Fraction]:
    """For (a, b): which part of a's OSDs belongs to b."""
    shares: dict[tuple[str, str], Fraction] = {}
    for one in roots.values():
        for other in roots.values():
            common = one.mask & other.mask
            shared = one.osds if common == one.mask else sum(n for bit, n in enumerate(cells) if common >> bit & 1)
            shares[one.name, other.name] = Fraction(shared, one.osds) if one.osds else Fraction()
    return shares
