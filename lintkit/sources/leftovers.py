"""Values files that lie among those of a delivery and that nothing refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from lintkit.records import NamedTuple
from lintkit.sources.scan import is_dead
from lintkit.text.regex import regex
from lintkit.tree.paths import parent
from lintkit.yamldoc.node import Mapping

if TYPE_CHECKING:
    from lintkit.sources.world import World

_NAME: Final = regex(r"(?:^|[-_.])(?:values|overrides)(?:[-_.]|$)")
_EXEMPT: Final = regex(r"(?:^|[-_./])(?:ci|tests?|examples?|samples?|schemas?|templates?|tpl|tmpl)(?:[-_./]|$)", re.IGNORECASE)
# a file name some of which is filled in later: {{ .cluster }}, ${SITE}, $(site), <site>
_HOLE: Final = regex(r"\{\{.*?\}\}|\$\{.*?\}|\$\(.*?\)|<[\w.-]+>|\$\w+")
_TOKEN: Final = regex(r"[^\s\"'`,\[\]()]+\.ya?ml\b")
_LETTER: Final = regex(r"\w")
_LONGEST: Final = 2000


class Leftover(NamedTuple):
    """A values file that nothing refers to: ``path``, its ``root``, and the ``delivery`` beside whose values it lies."""

    path: str
    root: Mapping
    delivery: str


def leftovers(world: World) -> dict[str, list[Leftover]]:
    """By environment, values files in a directory that gives a delivery its values or its chart, that nothing refers to.

    Counted as values are files whose name says so, and values of a chart that share most of their keys with a file beside them.
    A file is referred to when a delivery reads it, or when its name stands in any text of the tree, also with a part that is
    filled in later. Charts' own values.yaml, dead places and what a name calls a test, an example or a schema are left out.
    """
    if not world.delivered:
        return {}
    found: dict[str, list[Leftover]] = {}
    for environment, delivery, directory, siblings in _homes(world):
        for path in _unread(world, directory):
            root = _values(world, path, siblings)
            if root is not None:
                found.setdefault(environment, []).append(Leftover(path, root, delivery))
    if not found:
        return {}
    named = _named(world, {item.path for items in found.values() for item in items})
    kept = {name: [item for item in items if item.path not in named] for name, items in found.items()}
    return {name: list({item.path: item for item in reversed(items)}.values())[::-1] for name, items in kept.items() if items}


def _homes(world: World) -> Iterator[tuple[str, str, str, list[Mapping]]]:
    """Environment, delivery and directory of everything that takes values, with the roots of the values files there."""
    found: dict[tuple[str, str], tuple[str, list[Mapping]]] = {}
    for environment, release in world.releases:
        for layer in release.layers:
            path = layer.root.doc.source.path
            if path in world.files:
                siblings = found.setdefault((environment, parent(path)), (release.delivery, []))[1]
                siblings += [layer.root] if layer.root.doc.root is layer.root and layer.root.get("kind") is None else []
        if release.path:
            found.setdefault((environment, release.path), (release.delivery, []))
    for (environment, directory), (delivery, siblings) in found.items():
        yield environment, delivery, directory, siblings


def _unread(world: World, directory: str) -> Iterator[str]:
    for name in world.looked.children(directory):
        path = f"{directory}/{name}" if directory else name
        if not name.endswith((".yaml", ".yml")) or path in world.reader.reads or is_dead(path) or _EXEMPT.search(path):
            continue
        if name != "values.yaml" or "Chart.yaml" not in world.files.children(directory):
            yield path


def _values(world: World, path: str, siblings: Iterable[Mapping]) -> Mapping | None:
    """The root of a file that holds values; None for any other."""
    telling = _NAME.search(path.rpartition("/")[2].rpartition(".")[0]) is not None
    if not telling and (not siblings or path not in world.scan.values):
        return None
    docs = world.looked.documents(path)
    root = docs[0].root if len(docs) == 1 else None
    if not isinstance(root, Mapping) or not root.entries or (root.get("kind") is not None and root.get("apiVersion") is not None):
        return None
    keys = set(root.index)
    return root if telling or any(2 * len(keys & set(sibling.index)) > len(keys) for sibling in siblings) else None


def _named(world: World, paths: set[str]) -> set[str]:
    """Those of ``paths`` whose file name stands in a text of the tree, whole or with a part filled in later."""
    names = {path: path.rpartition("/")[2] for path in paths}
    found: set[str] = set()
    for other in world.files.paths:
        source = world.looked.source(other) if len(found) < len(paths) else None
        if source is None:
            continue
        found |= {path for path in paths - found if path != other and _mentions(source.text, path, names[path])}
        for pattern in _patterns(source.text):
            found |= {path for path in paths - found if pattern.fullmatch(path)}
    return found


def _patterns(text: str) -> Iterator[re.Pattern[str]]:
    """What file names of a text that have a part filled in later may become; ``*`` in a name counts as such a part.

    Where a hole stands in a directory alone, the rest of the path has to fit.
    """
    for line in text.splitlines():
        if len(line) > _LONGEST or ".y" not in line:
            continue
        for token in _TOKEN.findall(_HOLE.sub("*", line)):
            directory, _, name = token.rpartition("/")
            # a name that is all hole needs a directory to mean anything
            alone = "*" in name and _LETTER.search(name.rpartition(".")[0]) is not None
            if alone or ("*" in token and _LETTER.search(directory)):
                parts = (name if alone else token.lstrip("/")).split("*")
                yield re.compile("(?:^|.*/)" + "[^/]*".join(map(re.escape, parts)))


def _mentions(text: str, path: str, name: str) -> bool:
    """Whether a text names a file; the usual values.yaml counts only with its directory."""
    if name not in text:
        return False
    wanted = path if name in ("values.yaml", "values.yml") else name
    tail = "/".join(path.split("/")[-2:]) if wanted == path else wanted
    return re.search(rf"(?:^|[^\w.-]){re.escape(tail)}(?!\.?[\w-])", text) is not None
