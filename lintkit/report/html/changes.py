"""The section on what a change does to what the clusters get: a table an environment."""

from __future__ import annotations

from collections.abc import Sequence

from lintkit.finding import Changed, ChangeSummary, EnvironmentChange
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
from lintkit.report.html.markup import Markup, el, join, scroller


def changes(summary: ChangeSummary | None) -> Markup | None:
    """Every environment in which something changes, those that change alike together; None without a base."""
    if summary is None:
        return None
    found = different(summary)
    parts = [part for names, environment in found for part in _environment(names, environment)]
    if not found:
        parts.append(el("p", nothing(summary), class_="nothing"))
    elif same := unchanged(summary):
        parts.append(el("p", same, class_="nothing"))
    lead = el("p", "What this change adds, removes and changes in each cluster, whether or not anything is wrong.", class_="lead")
    return el("section", el("h2", TITLE), lead if found else None, *parts, id="changes")


def _environment(names: Sequence[str], environment: EnvironmentChange) -> list[Markup]:
    said, about = listed(names), standing(environment)
    title = el("h3", said, el("span", about, class_="of") if about else None)
    head = el("tr", *(el("th", name, scope="col") for name in ("Name", "Kind", "Change")))
    body = [_row(members, changed) for members, changed in rows(environment.changed)]
    caption = f"Changes in {said}"
    table = el("table", el("caption", caption), el("thead", head), el("tbody", *body))
    notes = el("ul", *(el("li", short(note, 400)) for note in environment.notes), class_="callout")
    return [title, scroller(caption, table), *([notes] if environment.notes else [])]


def _row(names: Sequence[str], changed: Changed) -> Markup:
    shown = [part for name in names[:MOST_NAMES] for part in (", ", el("code", short(name)))][1:]
    name = el("th", join(*shown), more(len(names)), scope="row")
    word = state(changed)
    badge = el("span", word, class_=f"badge {'warning' if changed.state == 'removed' else ''}".rstrip()) if word else None
    told = "; ".join(part for part in (*(turn(t, changed) for t in changed.turns), also(changed)) if part)
    effects = [el("div", el("strong", effect)) for effect in changed.effects]
    return el("tr", name, el("td", changed.kind), el("td", badge, " " if badge else None, told, *effects, class_="text"))
