"""How much data moves, against what Ceph computes object by object."""

from __future__ import annotations

import random

import pytest

from lintkit.facts.data_moves import moved_by_pgs, replaced


def stable_mod(hashed: int, count: int) -> int:
    """``ceph_stable_mod`` with the mask of a pool of ``count`` PGs (src/include/rados.h, osd_types.cc ``calc_pg_masks``)."""
    mask = (1 << (count - 1).bit_length()) - 1
    return hashed & mask if hashed & mask < count else hashed & (mask >> 1)


@pytest.mark.parametrize(("few", "many"), [(1, 2), (32, 128), (3, 4), (2, 3), (5, 7), (6, 12), (12, 16), (100, 300), (64, 65)])
def test_objects_that_another_count_places_anew(few: int, many: int) -> None:
    hashes = range(1 << 10)
    differ = sum(stable_mod(h, few) != stable_mod(h, many) for h in hashes)
    assert replaced(few, many) == differ / len(hashes)


def test_a_new_place_is_by_chance_the_old_one() -> None:
    place = random.Random(7)
    moved = 0
    for pg in range(128):
        old = place.sample(range(12), 3)
        new = place.sample(range(12), 3) if pg >= 32 else old
        moved += len({*new} - {*old})
    assert moved_by_pgs(32, 128, 3, 12) == 56
    assert abs(moved / (128 * 3) - 0.56) < 0.05


def test_nothing_moves_where_every_osd_holds_everything() -> None:
    assert moved_by_pgs(32, 256, 3, 3) == 0
    assert moved_by_pgs(64, 64, 3, 12) == 0
    assert moved_by_pgs(256, 32, 3, 12) == moved_by_pgs(32, 256, 3, 12) == 66
