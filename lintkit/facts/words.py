"""Nearest words: what somebody meant to write."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=65536)
def distance(a: str, b: str, limit: int) -> int:
    """Edit distance with adjacent swaps (optimal string alignment), cut off at ``limit + 1``."""
    if abs(len(a) - len(b)) > limit or len(set(a) ^ set(b)) > 2 * limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = before[j - 1] + (char != other)
            if before[j] < cost:
                cost = before[j] + 1
            if row[j - 1] < cost:
                cost = row[j - 1] + 1
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def nearest(word: str, known: Iterable[str], limit: int) -> tuple[str, ...]:
    """The known words closest to ``word``, all within ``limit`` edits, sorted; empty when none is."""
    scored = [(distance(word, other, limit), other) for other in known]
    best = min((score for score, _ in scored), default=limit + 1)
    return tuple(sorted(other for score, other in scored if score == best)) if best <= limit else ()
