"""The change summary as Markdown: a table an environment, environments that change alike together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lintkit.finding import Changed, ChangeSummary
from lintkit.report.changed import (
    MOST_NAMES,
    TITLE,
    also,
    different,
    listed,
    more,
    nothing,
    rows,
    short,
    standing,
    state,
    turn,
    unchanged,
)
from lintkit.report.markdown_text import code, escape


def summary_lines(summary: ChangeSummary) -> Iterator[str]:
    """The lines of the summary; one that says so where nothing changes."""
    yield f"### {TITLE}\n"
    found = different(summary)
    if not found:
        yield escape(nothing(summary))
        return
    for names, environment in found:
        said = standing(environment)
        yield f"**{escape(listed(names))}**{f' ({escape(said)})' if said else ''}\n"
        yield "| | Name | Change |"
        yield "| --- | --- | --- |"
        for members, changed in rows(environment.changed):
            yield f"| {escape(changed.kind)} | {_names(members)} | {_change(changed)} |"
        yield ""
        yield from (f"- {escape(short(note, 400))}" for note in environment.notes)
        if environment.notes:
            yield ""
    if same := unchanged(summary):
        yield escape(same)


def _names(names: Sequence[str]) -> str:
    return ", ".join(code(short(name)) for name in names[:MOST_NAMES]) + more(len(names))


def _change(changed: Changed) -> str:
    said = "; ".join(
        escape(part) for part in (*(turn(t, changed) for t in changed.turns), also(changed), *changed.effects) if part
    )
    word = state(changed)
    if word == changed.state:
        word = f"**{word}**"
    return ": ".join(part for part in (word, said) if part)
