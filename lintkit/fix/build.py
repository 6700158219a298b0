"""Intents to edits: several in one fix become one set of edits that touch each place once."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Listing

from lintkit.fix.block import block_changes
from lintkit.fix.flow import flow_changes
from lintkit.fix.intent import Append, Blocked, Create, Insert, Intent, Remove, Set
from lintkit.fix.layout import Change
from lintkit.fix.members import members, whole
from lintkit.fix.replace import replaced
from lintkit.fix.resolve import Task, put, tasks
from lintkit.text.edits import Edit
from lintkit.text.source import Source
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Json, Mapping, Sequence

__all__ = ["Append", "Blocked", "Create", "Insert", "Intent", "Remove", "Set", "edits_for"]


def edits_for(intents: Listing[Intent]) -> tuple[Edit, ...]:
    """The edits that make all ``intents`` true, sorted, none touching another; empty when they are true already.

    Raises Blocked with the reason when one of them cannot be carried out: then none is.
    """
    groups: dict[tuple[str, int, int, str], list[Task]] = {}
    changes: list[Change] = []
    for intent in intents:
        if isinstance(intent, Create):
            changes.append(Change(Source(intent.path, ""), 0, 0, intent.text, 0))
        elif isinstance(intent, Append):
            changes.append(_appended(intent))
        else:
            for task in tasks(intent):
                place = place_of(task.at[-1].node)
                key = (place.source.path, place.start, place.end, type(task.at[-1].node).__name__)
                groups.setdefault(key, []).append(task)
    for group in groups.values():
        changes += _changes(group)
    return _combined(changes)


def _changes(group: list[Task]) -> list[Change]:
    trail = group[0].at
    node = trail[-1].node
    if any(task.kind == "value" for task in group):
        return _new_value(group)
    assert isinstance(node, Mapping | Sequence)
    found = members(node, group)
    if found.emptied:
        return replaced(trail, whole(node, found.added))
    if node.flow:
        return flow_changes(trail, found)
    return block_changes(trail, found)


def _new_value(group: list[Task]) -> list[Change]:
    value: Json = None
    quote = False
    for task in group:
        if task.kind != "value":
            raise Blocked("the fix changes and replaces the same value")
        value = put(value, task.rest, task.value, append=task.append)
        quote = task.quote and not task.rest
    return replaced(group[0].at, value, quote=quote)


def _appended(intent: Append) -> Change:
    source = intent.source
    if source.builtin:
        raise Blocked("the file ships with lintkit")
    text = intent.text.replace("\r\n", "\n")
    text = text if text.endswith("\n") else text + "\n"
    if source.text.strip():
        lead = "" if source.text.endswith("\n") else "\n"
        text = lead + (text if text.startswith("---") else "---\n" + text)
    end = len(source.text)
    return Change(source, end, end, text.replace("\n", source.newline), -1)


def _combined(changes: Iterable[Change]) -> tuple[Edit, ...]:
    """Edits in order; those that touch become one."""
    found: list[Edit] = []
    for change in sorted(changes, key=lambda c: (c.source.path, c.start, c.end, -c.rank)):
        last = found[-1] if found else None
        if last is None or last.source.path != change.source.path or last.end < change.start:
            found.append(Edit(*change[:4]))
        elif change.start < last.end:
            raise Blocked("two parts of the fix change the same text")
        else:
            found[-1] = Edit(last.source, last.start, change.end, last.text + change.text)
    return tuple(e for e in found if e.source.text[e.start : e.end] != e.text)
