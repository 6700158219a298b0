"""From a path in a subject to a place in a file: the line a person must edit."""

from __future__ import annotations

from lintkit.finding import Related, Span
from lintkit.records import NamedTuple
from lintkit.subjects.model import Subject
from lintkit.text.source import Place
from lintkit.yamldoc.document import path_of, place_of, pointer
from lintkit.yamldoc.embed import segment_map
from lintkit.yamldoc.layers import home_of
from lintkit.yamldoc.node import Alias, Entry, Key, Mapping, Node, Path, Scalar, Sequence, lookup


class Located(NamedTuple):
    """``place`` and ``span`` of a path; ``related`` are overridden layers and where an alias' value comes from."""

    place: Place
    span: Span
    related: tuple[Related, ...]


def locate(subject: Subject, path: Path, *, key: bool = False) -> Located:
    """Where ``path`` of ``subject`` is written; an absent or default value anchors at the nearest written ancestor.

    ``key`` marks the key of an entry instead of its value. A number below a text is one of its lines, from 0.
    """
    root, full = subject.binding(path)
    step = _walk(root, full)
    if step is None:
        return _at_node(subject.home)
    entry, node, exact, origin = step
    place, target = _line_place(node, full) or _place(entry, node, exact=exact and not (key and entry))
    related = list(_overridden(node)) if exact else []
    if origin is not None:
        related.insert(0, Related(place_of(origin), "the value comes from here"))
    return Located(place, _span(place, target), tuple(related))


def _at_node(node: Node) -> Located:
    place, target = _place(None, node, exact=False)
    return Located(place, _span(place, target), ())


class _Step(NamedTuple):
    entry: Entry | None
    node: Node
    exact: bool
    origin: Node | None


def _walk(root: Node, path: Path) -> _Step | None:
    """The deepest written node on the way; ``exact`` when it is the wanted one. None when nothing is written."""
    found = _Step(None, root, not path, None) if not root.doc.source.builtin else None
    stuck: _Step | None = None
    node: Node = root
    for depth, key in enumerate(path):
        entry, below = _down(node, key)
        if below is None or below.doc.source.builtin:
            found = _home(found, key) if found is not None and found.node is node else found
        if below is None:
            gone = _gone(node, str(key))
            if gone is not None and not gone.key.doc.source.builtin and stuck is None:
                found = _Step(gone, gone.value, depth == len(path) - 1, None)
            break
        alias = _alias(below)
        shared = bool(entry and entry.via) or alias is not None
        node = below
        if node.doc.source.builtin:
            continue
        exact = depth == len(path) - 1 or (depth == len(path) - 2 and line_of(node, path[-1]) is not None)
        if stuck is not None:
            stuck = stuck._replace(exact=exact, origin=node)
        elif shared:
            # an alias or a merge key: the place to edit is where it is used, not where the value stands
            use = found if entry and entry.via and found else _Step(entry, node, exact, None)
            stuck = use._replace(exact=exact, origin=alias.target if alias else node)
        else:
            found = _Step(entry, node, exact, None)
    return stuck or found


def _gone(node: Node, key: str) -> Entry | None:
    """What took ``key`` out of ``node``: a null in values, or a patch."""
    return ((node.nulls or {}).get(key) or (node.removed or {}).get(key)) if isinstance(node, Mapping) else None


def _alias(node: Node) -> Alias | None:
    """The alias that a value is; a scalar is one too after a merge of layers, which makes a new node at the same place."""
    known = node.doc.aliases
    if not known or id(node) in known or not isinstance(node, Scalar):
        return known.get(id(node))
    return next((a for a in known.values() if (a.start, a.end) == (node.start, node.end)), None)


def _line_place(node: Node, path: Path) -> tuple[Place, Node] | None:
    """The line of the text ``node`` that ``path`` ends with; None where it names none."""
    line = line_of(node, path[-1]) if path else None
    if line is None or not isinstance(node, Scalar):
        return None
    start, words = line
    first, last = segment_map(node).span(start, start + len(words))
    return _first_line(node.doc.place(first, last)), node


def line_of(node: Node | None, key: Key) -> tuple[int, str] | None:
    """Line ``key`` (from 0) of a text, without blanks around it, and where it starts; None where there is no such line."""
    lines = node.text.split("\n") if isinstance(node, Scalar) and isinstance(key, int) else []
    if not isinstance(key, int) or not 0 <= key < len(lines):
        return None
    line = lines[key]
    return sum(len(before) + 1 for before in lines[:key]) + len(line) - len(line.lstrip()), line.strip()


def _home(step: _Step, key: Key) -> _Step:
    """A step to a mapping of several layers, at the layer in which an absent ``key`` belongs."""
    home = home_of(step.node, key)
    if home is step.node:
        return step
    path = path_of(home)
    parent = lookup(home.doc.root, *path[:-1]) if path else None
    return _Step(_down(parent, path[-1])[0] if parent is not None else None, home, exact=False, origin=None)


def _down(node: Node, key: Key) -> tuple[Entry | None, Node | None]:
    if isinstance(node, Mapping):
        entry = node.index.get(str(key))
        return entry, entry.value if entry else None
    return None, lookup(node, key)


def _place(entry: Entry | None, node: Node, *, exact: bool) -> tuple[Place, Node]:
    """The span to mark: a scalar's value, a container's key, the first entry of an item."""
    if exact and isinstance(node, Scalar) and node.end > node.start:
        return place_of(node), node
    if entry is not None and not entry.key.doc.source.builtin and entry.key.end > entry.key.start:
        return place_of(entry.key), node
    if isinstance(node, Mapping) and node.entries:
        # layers are merged in the order of the lowest, so that the first entry may be any of the file's
        written = (e for e in node.entries if e.key.doc is node.doc and e.key.end > e.key.start)
        first = min(written, key=lambda e: e.key.start, default=None)
        if first is not None:
            end = first.value.end if isinstance(first.value, Scalar) and first.value.doc is node.doc else first.key.end
            end = max(end, first.key.end)
            newline = node.doc.text.find("\n", first.key.start, end)
            return node.doc.place(first.key.start, end if newline < 0 else newline), node
    if isinstance(node, Sequence) and node.items and node.items[0].doc is node.doc:
        return _place(None, node.items[0], exact=False)[0], node
    return _first_line(place_of(node)), node


def _first_line(place: Place) -> Place:
    newline = place.source.text.find("\n", place.start, place.end)
    return place if newline < 0 else place._replace(end=newline)


def _span(place: Place, node: Node) -> Span:
    doc = node.doc
    return Span(place.source.path, doc.number, place.first, place.last, pointer(doc, path_of(node)))


def _overridden(node: Node) -> tuple[Related, ...]:
    found: list[Related] = []
    under = node.under
    while under is not None and len(found) < 5:
        if not under.doc.source.builtin and isinstance(under, Scalar):
            found.append(Related(place_of(under), f"overrides {_one_line(under.text) or 'null'} here"))
        under = under.under
    return tuple(found)


def _one_line(text: str) -> str:
    """A value in a sentence: of a text of several lines, the first."""
    first, _, rest = text.strip().partition("\n")
    return f"{first} ..." if rest else text


def display_path(path: Path) -> str:
    """A path as people write it: ``spec.storage.nodes[1].name``."""
    out = ""
    for key in path:
        if isinstance(key, int):
            out += f"[{key}]"
        elif "." in key or not key:
            out += f"[{key!r}]"
        else:
            out += f".{key}" if out else key
    return out


def identity_path(root: Node, path: Path, prefix: Path = ()) -> str:
    """A path whose list items and lines of text are called by name or key, never by index: part of a fingerprint."""
    parts = [str(key) for key in prefix]
    node: Node | None = root
    for key in path:
        line = line_of(node, key)
        node = lookup(node, key) if node is not None else None
        if line is not None:
            parts.append(f"[{line[1].partition('=')[0].strip()}]")
        else:
            parts.append(_item_name(node) if isinstance(key, int) else str(key))
    return "/".join(parts)


def _item_name(item: Node | None) -> str:
    if isinstance(item, Scalar):
        return f"[{item.text}]"
    for key in ("name", "key", "id", "topologyKey", "app"):
        found = lookup(item, key)
        if isinstance(found, Scalar) and found.text:
            return f"[{key}={found.text}]"
    return "[]"
