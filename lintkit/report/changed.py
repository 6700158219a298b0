"""The change summary in words: what changes alike together, and how a setting is told. Each format writes it its own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lintkit.finding import Changed, ChangeSummary, EnvironmentChange, Turn
from lintkit.report.tally import many

TITLE: Final = "What the clusters get"
MOST_NAMES: Final = 8
_LONGEST: Final = 80


def nothing(summary: ChangeSummary) -> str:
    """That nothing changes, as far as that can be told."""
    if summary.unplaced:
        files = many(len(summary.unplaced), "changed file")
        return f"No change in what the clusters get that lintkit can tell; it does not follow {files}: {listed(summary.unplaced)}"
    if summary.followed:
        files = many(len(summary.followed), "file")
        return f"No change in what the clusters get that lintkit can tell, by {files}: {listed(summary.followed)}"
    return "No change in what the clusters get."


def different(summary: ChangeSummary) -> list[tuple[list[str], EnvironmentChange]]:
    """Environments in which something changes, with the names of all that change alike."""
    found: dict[tuple[object, ...], tuple[list[str], EnvironmentChange]] = {}
    for environment in summary.environments:
        if environment.changed:
            key = (environment.changed, environment.notes, environment.state, environment.was)
            found.setdefault(key, ([], environment))[0].append(environment.environment)
    return list(found.values())


def standing(environment: EnvironmentChange) -> str:
    """Whether an environment is new or gone, or what it was called; empty for one that stays."""
    if environment.was:
        return f"was {short(environment.was)}"
    return f"{environment.state} with this change" if environment.state else ""


def unchanged(summary: ChangeSummary) -> str:
    """In which environments nothing changes, where something does in others; empty for none."""
    same = [e.environment + f" (was {e.was})" * bool(e.was) for e in summary.environments if not e.changed]
    return f"No change in {listed(same)}." if same and len(same) < len(summary.environments) else ""


def rows(changed: Sequence[Changed]) -> list[tuple[list[str], Changed]]:
    """What changes alike in one row, with the names of all of it, at the place of the first."""
    found: dict[tuple[object, ...], tuple[list[str], Changed]] = {}
    for item in changed:
        found.setdefault((item._replace(name=""),), ([], item))[0].append(item.name)
    return list(found.values())


def state(changed: Changed) -> str:
    """``added``, ``removed``, or that it may only seem so; empty for what is there on both sides."""
    if changed.state == "changed":
        return ""
    if changed.why:
        return {"added": "not found before", "removed": "not found any more"}[changed.state] + " (unknown)"
    return changed.state


def turn(setting: Turn, changed: Changed) -> str:
    """``size 3 → 2``; of what is added or removed one value alone."""
    name = f"{short(setting.name)} " if setting.name else ""
    if changed.state == "added":
        return name + _value(setting.after)
    if changed.state == "removed":
        return name + _value(setting.before)
    before, after = _value(setting.before), _value(setting.after)
    return name + (before if setting.before is None and setting.after is None else f"{before} → {after}")


def also(changed: Changed) -> str:
    """What else differs; empty for nothing."""
    return ("also " * bool(changed.turns) + listed(changed.also)) if changed.also else ""


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(short(name) for name in names[:MOST_NAMES]) + more(len(names))


def more(count: int) -> str:
    """How many names beyond the first are left out; empty for none."""
    return f" and {count - MOST_NAMES} more" if count > MOST_NAMES else ""


def _value(value: str | None) -> str:
    return "unknown" if value is None else short(value) or "none"


def short(text: str, longest: int = _LONGEST) -> str:
    """The beginning of a text that is too long for a table."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
