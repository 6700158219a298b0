"""Which objects a patch, replica count or replacement is for: kustomize's selectors."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lintkit.sources.kustomize.model import Item
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Mapping, Node, lookup, text

_TERM: Final = regex(
    r"\s*(?:(?P<set>[^\s,!=()]+)\s+(?P<how>in|notin)\s*\((?P<values>[^)]*)\)|(?P<not>!)?\s*(?P<key>[^\s,!=()]+)"
    r"\s*(?:(?P<op>==|=|!=)\s*(?P<value>[^\s,!=()]*))?)\s*(?:,|$)"
)


def selected(items: list[Item], target: Mapping) -> list[int]:
    """Indexes of the items that ``target`` selects; raises ValueError for a selector that cannot be read.

    Every field given must match: regular expressions anchored at both ends for group, version, kind, name and
    namespace (the declared or the current name and namespace), selectors for labels and annotations.
    """
    fields = {name: text(target.get(name)) or "" for name in ("group", "version", "kind", "name", "namespace")}
    patterns = {name: _checked(value) for name, value in fields.items() if value}
    labels = text(target.get("labelSelector")) or ""
    annotations = text(target.get("annotationSelector")) or ""
    return [
        index
        for index, item in enumerate(items)
        if _matches(item, patterns)
        and (not labels or _chosen(lookup(item.body, "metadata", "labels"), labels))
        and (not annotations or _chosen(lookup(item.body, "metadata", "annotations"), annotations))
    ]


@lru_cache(maxsize=1024)
def _checked(value: str) -> str:
    """A regular expression that must match as a whole; ValueError when it is none."""
    try:
        re.compile(f"(?:{value})")
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    return f"^(?:{value})$"


@lru_cache(maxsize=4096)
def _fits(pattern: str, name: str) -> bool:
    if name == pattern[4:-2]:
        return True
    # of a pattern of somebody else's: an engine that cannot run away
    from lintkit.schema.patterns import matches

    found = matches(pattern, name)
    if found is None:
        raise ValueError(f"{pattern[4:-2]!r} is no regular expression of kustomize")
    return found


def _matches(item: Item, patterns: dict[str, str]) -> bool:
    first, now = item.first, item.id
    for field, pattern in patterns.items():
        current = getattr(now, field)
        if _fits(pattern, current):
            continue
        if field not in ("name", "namespace") or not _fits(pattern, getattr(first, field)):
            return False
    return True


def _chosen(marks: Node | None, selector: str) -> bool:
    have = {name: text(entry.value) or "" for name, entry in marks} if isinstance(marks, Mapping) else {}
    return all(_term(have, *term) for term in _terms(selector))


@lru_cache(maxsize=256)
def _terms(selector: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    found: list[tuple[str, str, tuple[str, ...]]] = []
    at = 0
    while at < len(selector):
        match = _TERM.match(selector, at)
        if match is None or match.end() == at:
            raise ValueError(f"{selector!r} is no label selector")
        at = match.end()
        if match["set"]:
            found.append((match["set"], match["how"], tuple(v.strip() for v in match["values"].split(","))))
        elif match["op"]:
            found.append((match["key"], "notin" if match["op"] == "!=" else "in", (match["value"],)))
        else:
            found.append((match["key"], "absent" if match["not"] else "present", ()))
    return tuple(found)


def _term(have: dict[str, str], key: str, how: str, values: tuple[str, ...]) -> bool:
    if how == "in":
        return have.get(key) in values
    if how == "notin":
        return have.get(key) not in values
    return (key in have) == (how == "present")
