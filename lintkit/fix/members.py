"""The members of a mapping or list, and what shall become of them."""

from __future__ import annotations

from lintkit.fix.intent import Blocked
from lintkit.fix.resolve import Task, put, same
from lintkit.records import NamedTuple
from lintkit.yamldoc.node import Json, Key, Mapping, Node, Sequence, key_name


class New(NamedTuple):
    """A member to add: an entry with ``key``, or an item (``key`` None); ``after`` is the number of its neighbour."""

    key: str | None
    value: Json
    after: int = -1
    quote: bool = False


class Members(NamedTuple):
    """What is written in a container (spans without layout, values), which numbers go, and what comes."""

    spans: tuple[tuple[int, int], ...]
    values: tuple[Node, ...]
    dropped: frozenset[int]
    added: tuple[New, ...]
    merged: bool = False

    @property
    def emptied(self) -> bool:
        """Whether nothing that is written now stays."""
        return not self.merged and len(self.dropped) == len(self.spans)


def members(node: Mapping | Sequence, tasks: list[Task]) -> Members:
    """The members of ``node`` and what ``tasks`` do to them."""
    if isinstance(node, Sequence):
        spans = tuple((item.start, item.end) for item in node.items)
        gone = frozenset(task.number for task in tasks if task.kind == "drop")
        return Members(spans, tuple(node.items), gone, _new_items(tasks))
    own = [entry for entry in node.entries if not entry.via]
    shift = len(node.entries) - len(own)
    spans = tuple((entry.key.start, max(entry.key.end, entry.value.end)) for entry in own)
    gone = frozenset(task.number - shift for task in tasks if task.kind == "drop")
    numbers = {key_name(entry.key): i for i, entry in enumerate(own)}
    merged = shift > 0 or (not node.flow and bool(own) and spans[0][0] != node.start)
    return Members(spans, tuple(e.value for e in own), gone, _new_entries(tasks, numbers), merged)


def _new_items(tasks: list[Task]) -> tuple[New, ...]:
    found: list[New] = []
    for task in tasks:
        if task.kind == "item" and not same(task.value, [new.value for new in found]):
            found.append(New(None, task.value, task.after if isinstance(task.after, int) else -1, task.quote))
    return tuple(found)


def _new_entries(tasks: list[Task], numbers: dict[str, int]) -> tuple[New, ...]:
    found: dict[str, New] = {}
    for task in tasks:
        if task.kind == "key":
            old = found.get(task.key)
            value = put(old.value if old else None, task.rest, task.value, append=task.append)
            after = numbers.get(_name(task.after), -1)
            found[task.key] = New(task.key, value, after, task.quote and not task.rest)
    return tuple(found.values())


def _name(key: Key | None) -> str:
    return "" if key is None else str(key)


def whole(node: Mapping | Sequence, new: tuple[New, ...]) -> Json:
    """The container with nothing but the new members."""
    if isinstance(node, Sequence):
        return [member.value for member in new]
    if any(member.key is None for member in new):
        raise Blocked("a mapping takes keys")
    return {member.key: member.value for member in new if member.key is not None}
