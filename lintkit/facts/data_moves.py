"""How much of a pool's data a change moves, where that follows from Git.

An object lies in the PG that its hash gives modulo ``pg_num``, and CRUSH places that number modulo ``pgp_num``, which
follows ``pg_num`` (src/osd/osd_types.cc, ``raw_pg_to_pps``; docs.ceph.com/en/latest/rados/operations/placement-groups).
So when N PGs become M, those numbered from the smaller count on are placed anew or join another: of powers of two ``1 - N/M``
of the data. A new place may be the old one, by chance for ``size`` of all OSDs. New OSDs take their share of the weight.
"""

from __future__ import annotations

from lintkit.facts.osds import Osds


def moved_by_pgs(before: int, after: int, width: int, osds: int) -> int:
    """About how many percent of a pool's data a change of its PG count moves.

    ``width`` is how many of ``osds`` OSDs hold an object. 0 where every OSD holds everything.
    """
    if before == after or osds <= width:
        return 0
    return round(100 * replaced(*sorted((before, after))) * (1 - width / osds))


def replaced(few: int, many: int) -> float:
    """The share of objects that lie in PGs from number ``few`` on where there are ``many`` (``ceph_stable_mod``)."""
    if few < 1 or few >= many:
        return 0.0
    half = 1 << ((many - 1).bit_length() - 1)
    # below a power of two, a PG of the lower half holds twice as much where its partner of the upper half is missing
    double = max(0, half - max(few, many - half))
    return (many - few + double) / (2 * half)


def weight_by_class(osds: Osds) -> dict[str, int]:
    """Bytes of the OSDs of each device class; without the classes of which some OSD's number, class or size is not known."""
    found: dict[str, int] = {}
    unsure: set[str] = set()
    for group in osds.groups:
        if group.count is None or group.size is None or len(group.classes) > 1:
            unsure.update(group.classes if group.count != 0 else ())
        else:
            name = group.classes[0]
            found[name] = found.get(name, 0) + group.count * group.size
    return {name: weight for name, weight in found.items() if name not in unsure}


def share(part: int, whole: int) -> int:
    """Percent, rounded down: what is said to be moved at least."""
    return 100 * part // whole if whole > 0 else 0
