"""CRUSH roots that pools use, and which of them share OSDs.

A pool's rule takes a root, or a device class of a root. Ceph keeps a class as a *shadow root* with an id of its
own (``default~ssd``), so a bare root and a class of it are two roots over partly the same OSDs: they overlap.
OSD sets are bit masks over *cells* (groups of OSDs that no root tells apart), so a thousand equal OSDs cost one bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lintkit.facts.ceph.model import ClusterInput, OsdGroup
from lintkit.records import NamedTuple


class Root(NamedTuple):
    """A used root: bit mask of its cells, number of OSDs, bytes."""

    name: str
    mask: int
    osds: int
    capacity: int


def root_name(root: str, device_class: str | None) -> str:
    """Name of the root a rule takes: ``default``, or its shadow ``default~ssd``."""
    return f"{root}~{device_class}" if device_class else root


def used_roots(cluster: ClusterInput) -> dict[str, Root]:
    """The roots pools of this cluster use, in the order of their first pool. One without OSDs has mask and capacity 0."""
    wanted = {root_name(pool.root, pool.device_class): (pool.root, pool.device_class) for pool in cluster.pools}
    return {name: _root(name, cluster.osds, *place) for name, place in wanted.items()}


def _root(name: str, groups: Sequence[OsdGroup], root: str, device_class: str | None) -> Root:
    mask = osds = capacity = 0
    for bit, group in enumerate(groups):
        if group.root == root and device_class in (None, "", group.device_class) and group.count:
            mask |= 1 << bit
            osds += group.count
            capacity += group.count * (group.size_bytes // 1024 * 1024)  # an OSD reports whole KiB (osd_stats.kb)
    return Root(name, mask, osds, capacity)


def overlapping_classic(uses: Iterable[tuple[str, int]]) -> set[str]:
    """Roots generation A and main-2026 call overlapping; ``uses`` is (root, OSD mask) of every pool in pool order.

    Each pool is compared with the *first* root seen so far whose OSDs (grown by the roots merged into it) meet
    its own, so the answer depends on the order of pools: a root overlapping only a later match is not noticed.
    Source: ``identify_subtrees_and_overlaps``, src/pybind/mgr/pg_autoscaler/module.py@2065a5e5.
    """
    status: dict[str, int] = {}  # root -> index of the merged set it belongs to
    merged: list[int] = []
    overlapping: set[str] = set()
    for root, mask in uses:
        first = next((seen for seen, index in status.items() if merged[index] & mask), None)
        if first is None:
            status[root] = len(merged)
            merged.append(mask)
            continue
        if first != root:
            overlapping |= {first, root}
        merged[status[first]] |= mask
        status[root] = status[first]
    return overlapping


def overlapping_exact(roots: Mapping[str, int]) -> set[str]:
    """Roots that share an OSD with another used root, whatever the order; ``roots`` maps a name to its OSD mask."""
    once = twice = 0
    for mask in roots.values():
        twice |= once & mask
        once |= mask
    return {name for name, mask in roots.items() if mask & twice}


def shared_budgets(roots: Mapping[str, int], cells: Sequence[int], target: int) -> dict[str, int]:
    """PG replica budget per root in generation B: every OSD gives ``target // n`` to each of the n roots that use it.

    ``cells`` are OSD counts, bit i of a mask is ``cells[i]``.
    Source: ``get_subtree_resource_status``, src/pybind/mgr/pg_autoscaler/module.py@17fde72d (change of 1afc25f9).
    """
    budgets = dict.fromkeys(roots, 0)
    for bit, count in enumerate(cells):
        users = [name for name, mask in roots.items() if mask >> bit & 1]
        for name in users:
            budgets[name] += count * (target // len(users))
    return budgets
