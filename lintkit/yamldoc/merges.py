"""What merge keys (``<<``) keep from counting, although somebody wrote it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lintkit.records import NamedTuple
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Entry, Hidden, Mapping, Node, Scalar, Sequence, Unknown, key_name
from lintkit.yamldoc.plain import plain

Merge = tuple[Scalar, Node, list[Entry]]


class _Standing(NamedTuple):
    """The entry of a name that counts so far, and where it is written: its key, or the ``<<`` that brings it."""

    entry: Entry
    at: Scalar
    record: Hidden | None = None


def hidden_by_merges(own: Iterable[Entry], merges: list[Merge], first: Scalar, doc: Document) -> Iterator[Hidden]:
    """What ``merges`` (the ``<<`` keys of a mapping, what they name, the entries they bring) hide of it.

    The place decides, as in go-yaml v2: a ``<<`` replaces what stands above it, a key what a ``<<`` above it brought
    (which is what merge keys are for). In a list the first mapping wins: a key that is written into the list itself,
    behind one that has it, never counts.
    """
    standing: dict[str, _Standing] = {}
    steps: list[tuple[int, Merge | Entry]] = [(m[0].start, m) for m in merges]
    steps += [(e.key.start, e) for e in own]
    for _, step in sorted(steps, key=lambda pair: pair[0]):
        if isinstance(step, Entry):
            standing[key_name(step.key)] = _Standing(step, step.key)
            continue
        merge, value, brought = step
        for entry in brought:
            name = key_name(entry.key)
            before = standing.get(name)
            record = None
            if before is not None and _differ(before.entry.value, entry.value):
                record = Hidden(name, before.at, entry.key, merge, value, first)
            standing[name] = _Standing(entry, merge, record)
    yield from (s.record for s in standing.values() if s.record is not None)
    for _, value, _ in merges:
        if isinstance(value, Sequence):
            yield from _hidden_in_list(value, first, doc)


def _hidden_in_list(value: Sequence, first: Scalar, doc: Document) -> Iterator[Hidden]:
    found: dict[str, Entry] = {}
    for source in value.items:
        if not isinstance(source, Mapping):
            continue
        written = id(source) not in doc.aliases
        for name, entry in source:
            before = found.setdefault(name, entry)
            if written and before is not entry and _differ(before.value, entry.value):
                yield Hidden(name, entry.key, before.key, None, None, first)


def _differ(a: Node, b: Node) -> bool:
    return not isinstance(a, Unknown) and not isinstance(b, Unknown) and plain(a) != plain(b)
