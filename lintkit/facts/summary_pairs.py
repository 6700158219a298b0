"""Both sides of every thing that a change summary speaks of, and what differs between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lintkit.facts.changes import newly_hidden
from lintkit.facts.reading import written
from lintkit.facts.removals import lost
from lintkit.finding import Changed, Turn
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Mapping, Node, Path, lookup, text
from lintkit.yamldoc.plain import served
from lintkit.yamldoc.unknowns import unknown_reason


class Sides(NamedTuple):
    """An environment before and after a change."""

    before: Environment
    after: Environment

    def turned(self) -> Sides:
        """The same the other way round."""
        return Sides(self.after, self.before)

    def doubt(self, gone: Subject) -> str:
        """Why ``gone``, which is not found after the change, may still be there; empty when it is certainly gone."""
        path = gone.home.doc.source.path
        if path in self.after.broken:
            return f"{path} cannot be parsed"
        new = next((reason for reason in self.after.unread if reason not in self.before.unread), "")
        return new or (lost(gone, self.after) if self.after.base is self.before else "")


class Pair(NamedTuple):
    """A subject before and after; one of them is None where it was not there. ``doubt`` is why it may be all the same.

    ``name`` is for readers, and no other thing of the kind has it.
    """

    before: Subject | None
    after: Subject | None
    doubt: str = ""
    name: str = ""

    @property
    def any(self) -> Subject:
        """The subject as it is, or as it was."""
        found = self.after or self.before
        assert found is not None
        return found

    def changed(self, kind: str, turns: Iterable[Turn], also: tuple[str, ...] = ()) -> Changed | None:
        """What differs of it; None when nothing does. Settings that are empty on both sides are left out."""
        told = tuple(turn for turn in turns if turn.before != "" or turn.after != "")
        if self.before is None or self.after is None:
            return Changed(kind, self.name, "added" if self.after else "removed", told, why=self.doubt)
        differ = tuple(turn for turn in told if turn.before != turn.after)
        why = ""
        if newly_hidden(self.after, self.before):
            differ, why = tuple(turn._replace(after=None) for turn in differ), self.after.origin.hidden
        elif newly_hidden(self.before, self.after):
            differ, why = tuple(turn._replace(before=None) for turn in differ), self.before.origin.hidden
        if why and not differ and not also:
            differ = (Turn("settings", None, None),)
        return Changed(kind, self.name, "changed", differ, also, why) if differ or also else None


def things(sides: Sides, kind: str, name: Callable[[Subject], str]) -> Iterator[Pair]:
    """Every subject of a kind with its counterpart, those after the change first, each in order.

    Several of one name (alternatives that lie side by side) are told apart by their file, as ``Environment.before`` does.
    ``name`` is what readers call a subject; where several would be called the same, the namespace is said, else the file.
    """
    both = [side.by_kind.get(kind, ()) for side in sides]
    several = {_stem(s) for members in both for s in members if "#" in s.id}
    before, after = ({_key(s, several): s for s in members} for members in both)
    found: list[Pair] = []
    for key, subject in after.items():
        old = before.get(key)
        found.append(Pair(old, subject, "" if old else sides.turned().doubt(subject)))
    found += [Pair(subject, None, sides.doubt(subject)) for key, subject in before.items() if key not in after]
    for pair, called in zip(found, _names([pair.any for pair in found], name), strict=True):
        yield pair._replace(name=called)


def _names(subjects: list[Subject], name: Callable[[Subject], str]) -> list[str]:
    """A name of its own for each; unknown where a generator gives it."""
    names = [name(subject) or "unknown" for subject in subjects]
    spaces = {(called, s.resource.namespace) for called, s in zip(names, subjects, strict=True)}
    places = Counter(called for called, _ in spaces)
    names = [_spaced(n, s.resource.namespace) if places[n] > 1 else n for n, s in zip(names, subjects, strict=True)]
    count = Counter(names)
    return [f"{n} ({s.home.doc.source.path})" if count[n] > 1 else n for n, s in zip(names, subjects, strict=True)]


def _spaced(name: str, namespace: str) -> str:
    return f"{namespace}/{name}" if namespace and not name.startswith(f"{namespace}/") else name


def _stem(subject: Subject) -> str:
    return subject.id.partition("#")[0]


def _key(subject: Subject, several: set[str]) -> tuple[str, str]:
    stem = _stem(subject)
    return stem, subject.home.doc.source.path if stem in several else ""


def text_of(subject: Subject | None, path: Path) -> str | None:
    """A value as it is written; empty for none, None when it cannot be read."""
    node = lookup(subject.object, *path) if subject is not None else None
    return None if unknown_reason(node) else text(node) or ""


def same(before: Node | None, after: Node | None) -> bool:
    """Whether two values reach the cluster as the same."""
    return before is after or served(before) == served(after)


def others(
    before: Subject, after: Subject, depth: int, covered: Iterable[Path] = (), *, below: Path = (), by_hand: bool = False
) -> tuple[str, ...]:
    """Paths below ``below`` where two subjects differ, at most ``depth`` keys long, those of ``covered`` left out.

    ``by_hand``: only where somebody wrote one of the values, not where a chart's defaults differ.
    """
    found = _differing(lookup(before.object, *below), lookup(after.object, *below), (), frozenset(covered))
    paths = (path[:depth] for path, nodes in found if not by_hand or not all(n.doc.source.builtin for n in nodes))
    return tuple(dict.fromkeys(written(path) for path in paths))


def _differing(
    before: Node | None, after: Node | None, path: Path, covered: frozenset[Path]
) -> Iterator[tuple[Path, list[Node]]]:
    if path in covered or same(before, after):
        return
    nodes = [node for node in (before, after) if node is not None]
    keys = dict.fromkeys(key for node in nodes if isinstance(node, Mapping) for key in node.index)
    if keys and all(isinstance(node, Mapping) for node in nodes):
        for key in keys:
            yield from _differing(lookup(before, key), lookup(after, key), (*path, key), covered)
    else:
        yield path, nodes
