"""What a run says of deliveries that it could not follow: one line a reason, with the place while there are few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from lintkit.sources.world import Problem
from lintkit.yamldoc.document import place_of

MAX_SENTENCES: Final = 3
"""How many problems of one kind are each a sentence; more are counted, and `lintkit env` lists them."""

_GENERAL: Final = {
    "missing": "file that a delivery names and that is not in this tree (see `lintkit env`)",
    "unknown": "source that cannot be read here (see `lintkit env`)",
    "remote": "source that cannot be read here (see `lintkit env`)",
    "cycle": "kustomization that leads back to itself (see `lintkit env`)",
    "no-target": "patch that matches nothing (see `lintkit env`)",
    "unsupported": "part of a kustomization that is not applied here (see `lintkit env`)",
    "limit": "delivery beyond a limit (see `lintkit env`)",
}
_ELSEWHERE: Final = ("unknown", "remote")
"""Kinds whose message says it all: what is not here is one thing, however many places name it."""
_BROKEN: Final = "part of a delivery that could not be built (see `lintkit env`)"
_WORDS: Final = {
    "cycle": "kustomization that leads back to itself",
    "no-target": "patch that matches nothing",
    "unsupported": "not applied here",
    "limit": "beyond a limit",
}


def problems_by_reason(problems: Iterable[Problem]) -> Counter[str]:
    """Reasons with how often each occurred: the sentence of a problem, or the general one where many are of its kind."""
    by_kind: dict[str, Counter[str]] = {}
    for kind, message, where, _ in dict.fromkeys((p.kind, p.message, _where(p), p.environment) for p in problems):
        if kind in _ELSEWHERE:
            sentence = f"source that cannot be read here ({message.removesuffix(' cannot be read here')})"
        else:
            sentence = f"{_WORDS.get(kind, 'could not be built')}: {where}{message}"
        by_kind.setdefault(kind, Counter())[sentence] += 1
    found: Counter[str] = Counter()
    for kind, sentences in by_kind.items():
        if kind == "missing" or len(sentences) > MAX_SENTENCES:
            found[_GENERAL.get(kind, _BROKEN)] += sum(sentences.values())
        else:
            found.update(sentences)
    return found


def _where(problem: Problem) -> str:
    if problem.home is None or problem.home.doc.source.builtin:
        return f"{problem.path}: " if problem.path else ""
    place = place_of(problem.home)
    return f"{place.source.path}:{place.first.line}: "
