"""Environments that are called otherwise than before: a directory or an entry of the configuration with another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from lintkit.finding import ResourceId
from lintkit.records import replace
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import lookup, text
from lintkit.yamldoc.plain import served

_OWN: Final = frozenset({"Environment", "Reference", "ValuesFile", "Node"})
_ENOUGH: Final = 0.5
"""The share of what either has that both have, by kind, namespace and name."""

_Score = tuple[float, float, float]


def renamed(base: Sequence[Environment], head: Sequence[Environment]) -> dict[str, str]:
    """Environments of base that are in head under another name: the name before, by the one now.

    One that is gone and one that is new are the same when they have the same resources and Applications name the same
    clusters as destination. Where several fit alike none is taken: what is said of gone and new ones is true then.
    """
    gone = [e for e in base if e.name not in {h.name for h in head}]
    new = [e for e in head if e.name not in {b.name for b in base}]
    scores = {(b.name, h.name): score for b in gone for h in new if (score := _alike(b, h)) is not None}
    found: dict[str, str] = {}
    while scores:
        best = max(scores, key=lambda pair: scores[pair])
        rivals = [p for p in scores if p != best and (p[0] == best[0] or p[1] == best[1])]
        if all(scores[p] < scores[best] for p in rivals):
            found[best[1]] = best[0]
        for pair in (best, *rivals):
            del scores[pair]
    return found


def called(environment: Environment, name: str) -> Environment:
    """An environment under another name."""
    subjects = tuple(_called(s, name) if s.kind == "Environment" else s for s in environment.subjects)
    return replace(environment, name=name, subjects=subjects)


def _called(subject: Subject, name: str) -> Subject:
    return replace(subject, id=f"Environment/{name}", resource=ResourceId("Environment", "", name))


def _alike(base: Environment, head: Environment) -> _Score | None:
    """How alike two environments are: by what they have, what it says, and their names; None when they are different ones."""
    before, after = (_resources(e) for e in (base, head))
    both = before.keys() & after.keys()
    share = len(both) / len(before.keys() | after.keys()) if both else 0.0
    if share < _ENOUGH or _destinations(base) != _destinations(head):
        return None
    same = sum(served(before[key].object) == served(after[key].object) for key in both) / len(both)
    return share, same, SequenceMatcher(None, base.name, head.name).ratio()


def _resources(environment: Environment) -> Mapping[str, Subject]:
    return {s.id: s for s in environment.subjects if s.kind not in _OWN}


def _destinations(environment: Environment) -> set[str]:
    """The clusters that Applications are for."""
    spec = (lookup(d.object, "spec", "destination") for d in environment.by_kind.get("Delivery", ()))
    return {name for node in spec if (name := text(lookup(node, "server")) or text(lookup(node, "name")))}
