"""The change summary as Markdown: a table an environment, environments that change alike together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lintkit.finding import Changed, ChangeSummary, EnvironmentChange, Turn
from lintkit.report.markdown_text import code, escape
from lintkit.report.tally import many

_NAMES: Final = 8
_LONGEST: Final = 80
_Row = tuple[list[str], Changed]


def summary_lines(summary: ChangeSummary) -> Iterator[str]:
    """The lines of the summary; one that says so where nothing changes."""
    yield "### What the clusters get\n"
    different = [e for e in summary.environments if e.changed]
    if not different:
        yield _nothing(summary.unplaced)
        return
    for names, environment in _alike(different):
        yield f"**{escape(_listed(names))}**{f' ({environment.state} with this change)' if environment.state else ''}\n"
        yield "| | Name | Change |"
        yield "| --- | --- | --- |"
        for members, changed in _rows(environment.changed):
            yield f"| {escape(changed.kind)} | {_names(members)} | {_change(changed)} |"
        yield ""
        yield from (f"- {escape(_short(note, 400))}" for note in environment.notes)
        if environment.notes:
            yield ""
    if same := [e.environment for e in summary.environments if not e.changed]:
        yield f"No change in {escape(_listed(same))}."


def _nothing(unplaced: Sequence[str]) -> str:
    if not unplaced:
        return "No change in what the clusters get."
    files = many(len(unplaced), "changed file")
    return f"No change in what the clusters get that lintkit can tell; it does not follow {files}: {escape(_listed(unplaced))}"


def _alike(environments: Sequence[EnvironmentChange]) -> list[tuple[list[str], EnvironmentChange]]:
    found: dict[tuple[object, ...], tuple[list[str], EnvironmentChange]] = {}
    for environment in environments:
        found.setdefault((environment.changed, environment.notes, environment.state), ([], environment))[0].append(
            environment.environment
        )
    return list(found.values())


def _rows(changed: Sequence[Changed]) -> list[_Row]:
    """What changes alike in one row, at the place of the first."""
    found: dict[tuple[object, ...], _Row] = {}
    for item in changed:
        found.setdefault((item.kind, item.state, item.turns, item.also, item.why, item.effects), ([], item))[0].append(item.name)
    return list(found.values())


def _names(names: Sequence[str]) -> str:
    return ", ".join(code(_short(name)) for name in names[:_NAMES]) + _more(len(names))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_short(name) for name in names[:_NAMES]) + _more(len(names))


def _more(count: int) -> str:
    return f" and {count - _NAMES} more" if count > _NAMES else ""


def _change(changed: Changed) -> str:
    turns = "; ".join(escape(_turn(turn, changed.state)) for turn in changed.turns)
    also = "also " * bool(turns) + escape(_listed(changed.also)) if changed.also else ""
    said = "; ".join(part for part in (turns, also, *map(escape, changed.effects)) if part)
    if changed.state == "changed":
        return said
    word = {"added": "**added**", "removed": "**removed**"}[changed.state]
    if changed.why:
        word = {"added": "not found before", "removed": "not found any more"}[changed.state] + " (unknown)"
    return f"{word}: {said}" if said else word


def _turn(turn: Turn, state: str) -> str:
    """``size 3 → 2``; of what is added or removed one value alone."""
    name = f"{_short(turn.name)} " if turn.name else ""
    if state == "added":
        return name + _value(turn.after)
    if state == "removed":
        return name + _value(turn.before)
    before, after = _value(turn.before), _value(turn.after)
    return name + (before if turn.before is None and turn.after is None else f"{before} → {after}")


def _value(value: str | None) -> str:
    return "unknown" if value is None else _short(value) or "none"


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
