"""Values files that lie among those of a delivery and that nothing refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from lintkit.sources.scan import is_dead
from lintkit.tree.paths import parent
from lintkit.yamldoc.node import Mapping

if TYPE_CHECKING:
    from lintkit.sources.world import World

_NAME: Final = re.compile(r"(?:^|[-_.])(?:values|overrides)(?:[-_.]|$)")
_EXEMPT: Final = re.compile(
    r"(?:^|[-_./])(?:ci|tests?|examples?|samples?|schemas?|templates?|tpl|tmpl)(?:[-_./]|$)", re.IGNORECASE
)
# a file name some of which is filled in later: {{ .cluster }}, ${SITE}, $(site), <site>
_HOLE: Final = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|\$\(.*?\)|<[\w.-]+>|\$\w+")
_HOLED: Final = re.compile(
    r"[^\s\"'`,\[\]]*(?:\{\{[^{}\n]*\}\}|\$\{[^}\n]*\}|\$\([^)\n]*\)|<[\w.-]+>|\$\w+)[^\s\"'`,\[\]]*\.ya?ml"
)


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
        source = world.looked.source(other)
        if source is None or len(found) == len(paths):
            continue
        found |= {path for path in paths - found if path != other and _mentions(source.text, path, names[path])}
        for made in _HOLED.findall(source.text) if len(found) < len(paths) else ():
            pattern = _pattern(made)
            found |= {path for path in paths - found if pattern.fullmatch(path)}
    return found


def _pattern(written: str) -> re.Pattern[str]:
    """What a path with holes may become: a hole in a directory's name stands for one directory, as does one in a file's."""
    name = written.rpartition("/")[2]
    parts = _HOLE.split(name if _HOLE.search(name) else written)
    return re.compile("(?:^|.*/)" + "[^/]*".join(map(re.escape, parts)).lstrip("/"))


def _mentions(text: str, path: str, name: str) -> bool:
    """Whether a text names a file; the usual values.yaml counts only with its directory."""
    if name not in text:
        return False
    wanted = path if name in ("values.yaml", "values.yml") else name
    tail = "/".join(path.split("/")[-2:]) if wanted == path else wanted
    return re.search(rf"(?:^|[^\w.-]){re.escape(tail)}(?:$|[^\w-])", text) is not None
