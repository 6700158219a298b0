"""What a change summary says of the data that Ceph moves: in words, where it follows from Git."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.facts.data_moves import share, weight_by_class
from lintkit.facts.osds import osds_of
from lintkit.facts.pg_changes import moved
from lintkit.facts.pg_plan import ClusterPlan
from lintkit.facts.pools import shape
from lintkit.facts.storage import external
from lintkit.facts.summary_pairs import Pair, Sides
from lintkit.finding import Changed, Turn
from lintkit.subjects.environment import NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import boolean
from lintkit.yamldoc.unknowns import unknown_reason

DOMAIN: Final = "failure domain"
CLASS: Final = "device class"
ROOT: Final = "CRUSH root"
SIZE: Final = "size"


def pool_effects(pair: Pair, told: Changed, plans: tuple[ClusterPlan | NotKnown | None, ...]) -> tuple[str, ...]:
    """What Ceph does about a pool that is another than before; ``plans`` are those of its cluster on both sides."""
    if pair.before is None or pair.after is None:
        return ()
    turns = {turn.name: turn for turn in told.turns if turn.before is not None and turn.after is not None}
    copied = all(not isinstance(form := shape(s), NotKnown) and form.size for s in (pair.before, pair.after))
    found = [*_placement(pair.after, turns), *_copies(turns)] if copied else []
    if not any(name in turns for name in (DOMAIN, CLASS, ROOT)) and (percent := _split(pair.after, plans)):
        found.append(f"Ceph moves about {percent} % of its data")
    return tuple(found)


def _placement(pool: Subject, turns: dict[str, Turn]) -> Iterator[str]:
    """Another rule places everything anew: an OSD has one class, and a class is a tree of its own in CRUSH.

    (docs.ceph.com/en/latest/rados/operations/crush-map-edits, "Migrating from a legacy SSD rule to device classes")
    """
    updates = pool.object.get("enableCrushUpdates")
    if not turns.keys() & {DOMAIN, CLASS, ROOT} or unknown_reason(updates):
        return
    if boolean(updates) is not True:
        yield "Rook ignores the new placement"
    elif CLASS in turns:
        yield f"Ceph moves {'all' if turns[CLASS].before and turns[CLASS].after else 'nearly all'} its data"
    elif ROOT in turns:
        yield "Ceph moves all data that lies outside of the new root"
    else:
        yield "Ceph moves most of its data"


def _copies(turns: dict[str, Turn]) -> Iterator[str]:
    before, after = (int(value or 0) for value in turns[SIZE][1:]) if SIZE in turns else (0, 0)
    if before < after:
        yield f"Ceph makes {share(after - before, before)} % more copies"
    elif after < before:
        yield f"Ceph drops {share(before - after, before)} % of the copies"


def _split(pool: Subject, plans: tuple[ClusterPlan | NotKnown | None, ...]) -> int:
    before, after = plans
    if not isinstance(before, ClusterPlan) or not isinstance(after, ClusterPlan):
        return 0
    old = {plan.name: plan for plan in before.plan.pools}
    own = [plan for declared, plan in after.pairs if declared.subject is not None and declared.subject.id == pool.id]
    return moved(old[own[0].name], own[0], after) if len(own) == 1 and own[0].name in old else 0


def cluster_effects(pair: Pair, sides: Sides) -> tuple[str, ...]:
    """What new OSDs of a CephCluster take over, by class, where Git says how large all of that class are.

    OSDs that leave Git stay in Ceph (rook Documentation/Storage-Configuration/Advanced/ceph-osd-mgmt.md).
    """
    if pair.before is None or pair.after is None or external(pair.after, sides.after) is True:
        return ()
    before, after = (osds_of(s, side) for s, side in zip((pair.before, pair.after), sides, strict=True))
    if isinstance(before, NotKnown) or isinstance(after, NotKnown):
        return ()
    if not before.open_reason and not after.open_reason and after.total() < before.total():
        return ("Rook removes no OSD",)
    was, now = weight_by_class(before), weight_by_class(after)
    grown = {name: share(now[name] - was[name], now[name]) for name in now if name in was}
    return tuple(
        f"Ceph moves at least {percent} % of the data on {name or 'its'} OSDs to new ones"
        for name, percent in grown.items()
        if percent > 0
    )
