"""A kustomization built: resources and components gathered, generators run, transformers applied, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lintkit.records import NamedTuple, dataclass, field
from lintkit.sources.kustomize.charts import charts
from lintkit.sources.kustomize.generate import absorb, generate
from lintkit.sources.kustomize.model import FILE_NAMES, Build, Id, Item, Step, Trouble, item_of, items_of, strings
from lintkit.sources.kustomize.names import repair_references
from lintkit.sources.kustomize.patches import Load, describe
from lintkit.sources.kustomize.steps import steps
from lintkit.sources.model import Adjust, Release
from lintkit.text.regex import regex
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, items, lookup, text
from lintkit.yamldoc.transform import map_scalars

MAX_DEPTH: Final = 50
MAX_OPENED: Final = 2_000
MAX_OBJECTS: Final = 50_000
"""How many kustomizations one build opens, and objects it hands on from level to level: each level may double both."""
_REMOTE: Final = regex(
    r"[a-z][a-z0-9+.-]*::|[a-z][a-z0-9+.-]*://|(?:gh|git|[\w.-]+@[\w.-]+):|(?:github|gitlab|bitbucket)\.(?:com|org)[/:]"
)
_CONFIGURATION: Final = ("transformers", "generators", "validators", "configurations")


@dataclass(slots=True)
class _Work:
    """What one build collects on its way."""

    reader: Reader
    troubles: list[Trouble] = field(default_factory=list)
    partial: set[str] = field(default_factory=set)
    visited: set[str] = field(default_factory=set)
    done: dict[str, _Gathered] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)
    opened: int = 0
    objects: int = 0


class _Gathered(NamedTuple):
    """What a directory yields. ``hidden``: more objects that cannot be seen here (a chart's, a remote base's)."""

    items: list[Item]
    releases: list[tuple[Release, tuple[Step, ...]]]
    hidden: bool


class _Place(NamedTuple):
    """The kustomization being worked on, and the directories that led to it."""

    directory: str
    file: str
    root: Mapping
    stack: tuple[str, ...]
    component: bool


def build(reader: Reader, directory: str) -> Build:
    """What ``kustomize build directory`` yields, every value standing where a person edits it.

    A Component built by itself yields its own objects, as in kustomize; its files are ``partial``.
    Bad input never raises: what cannot be done is a trouble, and the rest of the build stands.
    """
    work = _Work(reader)
    directory = directory.strip("/")
    place = _open(work, directory, None, "", (), component=False)
    gathered = _gather(work, place, _Gathered([], [], False)) if place else _Gathered([], [], True)
    final = [item for item in repair_references(gathered.items) if not _local_only(item)]
    objects = tuple(_without_variables(item.body, work.variables) for item in final)
    releases = tuple(release._replace(adjust=_adjust(after)) for release, after in gathered.releases)
    troubles = tuple(dict.fromkeys(work.troubles))
    return Build(objects, releases, troubles, frozenset(work.partial), frozenset(work.visited))


def kustomization_file(reader: Reader, directory: str) -> str | None:
    """The path of the kustomization file in ``directory``; None when there is none."""
    for name in FILE_NAMES:
        path = f"{directory}/{name}" if directory else name
        if reader.exists(path):
            return path
    return None


def _open(work: _Work, directory: str, home: Node | None, path: str, stack: tuple[str, ...], *, component: bool) -> _Place | None:
    """The kustomization in ``directory``, None (and a trouble at ``home``) when there is none that can be read."""
    work.opened += 1
    if work.opened > MAX_OPENED or work.objects > MAX_OBJECTS:
        most = f"{MAX_OPENED:,} kustomizations" if work.opened > MAX_OPENED else f"{MAX_OBJECTS:,} objects"
        message = f"a build of more than {most}: the rest is not judged"
        if not any(trouble.kind == "limit" for trouble in work.troubles):
            work.troubles.append(Trouble("limit", message, home, path or directory))
        return None
    file = kustomization_file(work.reader, directory)
    if file is None:
        message = f"there is no kustomization file in {directory or '.'}"
        work.troubles.append(Trouble("missing", message, home, path or directory))
        return None
    work.visited.add(directory)
    docs = [doc for doc in work.reader.documents(file) if doc.root is not None or doc.trouble is not None]
    bad = next((doc.trouble.message for doc in docs if doc.trouble), None)
    if bad or len(docs) != 1 or not isinstance(docs[0].root, Mapping):
        message = f"this kustomization cannot be read: {bad or 'it must be one mapping'}"
        work.troubles.append(Trouble("broken", message, home, path or file))
        return None
    root = docs[0].root
    is_component = text(root.get("kind")) == "Component"
    if home is not None and is_component != component:
        wanted = "a Component belongs under components" if is_component else "only a Component belongs under components"
        work.troubles.append(Trouble("broken", f"{wanted}: kustomize stops here", home, path))
    if is_component:
        work.partial.add(file)
    return _Place(directory, file, root, (*stack, directory), is_component)


def _gather(work: _Work, place: _Place, into: _Gathered) -> _Gathered:
    """What ``place`` yields together with ``into``, which is empty unless ``place`` is a component."""
    found, releases, hidden = list(into.items), list(into.releases), into.hidden
    root = place.root
    taken = {item.id for item in found}
    for entry in (*items(root.get("resources")), *items(root.get("bases"))):
        below = _resource(work, place, entry)
        _append(work, found, taken, below.items, entry)
        releases += below.releases
        hidden = hidden or below.hidden
    before = len(work.troubles)
    made = generate(work.reader, place.directory, root, work.troubles)
    found = absorb(found, made, work.troubles, quiet=hidden or place.component)
    releases += [(release, ()) for release in charts(work.reader, place.directory, root, work.troubles)]
    hidden = hidden or bool(releases) or len(work.troubles) > before
    hidden = _unsupported(work, place) or hidden
    gathered = _Gathered(found, releases, hidden)
    for entry in strings(root.get("components")):
        gathered = _component(work, place, entry, gathered)
    return _transformed(work, place, gathered)


def _transformed(work: _Work, place: _Place, gathered: _Gathered) -> _Gathered:
    work.objects += len(gathered.items)
    step = steps(place.root, _loader(work, place), work.troubles, quiet=gathered.hidden or place.component)
    named = text(place.root.get("namespace")) or ""
    releases = [
        (release if release.namespace else release._replace(namespace=named), (*after, step))
        for release, after in gathered.releases
    ]
    return _Gathered(step(gathered.items, work.troubles), releases, gathered.hidden)


def _loader(work: _Work, place: _Place) -> Load:
    """Reads a file that ``place`` names for a patch or a configuration; such files are never judged alone."""

    def load(node: Scalar, troubles: list[Trouble]) -> Sequence[Document]:
        path = join(place.directory, node.text)
        if path is None or not work.reader.exists(path):
            kind = "remote" if _REMOTE.match(node.text) else "missing"
            message = f"{node.text} is outside this tree" if kind == "remote" else f"there is no file {node.text}"
            troubles.append(Trouble(kind, message, node, place.file))
            return ()
        work.partial.add(path)
        return work.reader.documents(path)

    return load


def _resource(work: _Work, place: _Place, entry: Node) -> _Gathered:
    nothing = _Gathered([], [], True)
    if not isinstance(entry, Scalar) or not entry.text:
        work.troubles.append(Trouble("broken", "a resource must be a path", entry, place.file))
        return nothing
    path = join(place.directory, entry.text) if not entry.text.startswith("/") else None
    if path is not None and work.reader.exists(path):
        return _file(work, place, entry, path)
    if path is not None and work.reader.is_directory(path):
        return _directory(work, place, entry, path)
    if _REMOTE.match(entry.text) or "?ref=" in entry.text:
        work.troubles.append(Trouble("remote", f"{entry.text} is outside this tree", entry, place.file))
    else:
        work.troubles.append(Trouble("missing", f"there is no file or directory {entry.text}", entry, place.file))
    return nothing


def _directory(work: _Work, place: _Place, entry: Scalar, path: str) -> _Gathered:
    if path in place.stack or len(place.stack) > MAX_DEPTH:
        work.troubles.append(Trouble("cycle", f"{entry.text} leads back to itself", entry, place.file))
        return _Gathered([], [], True)
    known = work.done.get(path)
    if known is None:
        below = _open(work, path, entry, place.file, place.stack, component=False)
        known = _gather(work, below, _Gathered([], [], False)) if below else _Gathered([], [], True)
        work.done[path] = known
    return known


def _component(work: _Work, place: _Place, entry: Scalar, gathered: _Gathered) -> _Gathered:
    path = join(place.directory, entry.text) if not entry.text.startswith("/") else None
    if path is None or not work.reader.is_directory(path):
        remote = _REMOTE.match(entry.text) is not None
        message = f"{entry.text} is outside this tree" if remote else f"there is no directory {entry.text}"
        work.troubles.append(Trouble("remote" if remote else "missing", message, entry, place.file))
        return gathered._replace(hidden=True)
    if path in place.stack or len(place.stack) > MAX_DEPTH:
        work.troubles.append(Trouble("cycle", f"{entry.text} leads back to itself", entry, place.file))
        return gathered
    below = _open(work, path, entry, place.file, place.stack, component=True)
    return _gather(work, below, gathered) if below else gathered._replace(hidden=True)


def _file(work: _Work, place: _Place, entry: Scalar, path: str) -> _Gathered:
    if place.component:
        work.partial.add(path)
    found: list[Item] = []
    hidden = False
    for doc in work.reader.documents(path):
        if doc.trouble is not None:
            message = f"{path} holds a document that is no YAML: {doc.trouble.message}"
            work.troubles.append(Trouble("broken", message, entry, place.file))
            hidden = True
        elif doc.root is not None and not (isinstance(doc.root, Scalar) and doc.root.value is None):
            bodies = _objects(doc.root)
            good = [body for body in bodies if _is_object(body)]
            found += items_of(good)
            if not bodies or len(good) != len(bodies):
                message = f"{path} holds something that is no object with kind and metadata.name"
                work.troubles.append(Trouble("broken", message, entry, place.file))
                hidden = True
    return _Gathered(found, [], hidden)


def _objects(root: Node) -> list[Mapping]:
    if not isinstance(root, Mapping):
        return []
    listed = root.get("items")
    if (text(root.get("kind")) or "").endswith("List") and listed is not None:
        return [body for item in items(listed) for body in _objects(item)]
    return [root]


def _is_object(body: Mapping) -> bool:
    name = lookup(body, "metadata", "name") or lookup(body, "metadata", "generateName")
    return text(body.get("kind")) is not None and name is not None


def _append(work: _Work, found: list[Item], taken: set[Id], new: list[Item], home: Node) -> None:
    """Put ``new`` into ``found``, whose identities are ``taken``."""
    room = MAX_OBJECTS - work.objects
    work.objects += len(new)
    if len(new) > room >= 0:
        message = f"a build of more than {MAX_OBJECTS:,} objects: the rest is not judged"
        work.troubles.append(Trouble("limit", message, home, home.doc.source.path))
    for item in new[: max(room, 0)]:
        if item.id in taken:
            message = f"{describe(item.id)} is in this kustomization already: kustomize stops here"
            work.troubles.append(Trouble("broken", message, home, home.doc.source.path))
        else:
            taken.add(item.id)
            found.append(item)


def _unsupported(work: _Work, place: _Place) -> bool:
    """Troubles for what is not done here; whether objects may be missing because of it."""
    root = place.root
    for name in _CONFIGURATION:
        for reference in strings(root.get(name)):
            path = join(place.directory, reference.text) if "\n" not in reference.text else None
            if path is not None and work.reader.exists(path):
                work.partial.add(path)
    for name in ("generators", "transformers", "validators", "replacements", "vars"):
        node = root.get(name)
        if items(node):
            work.troubles.append(Trouble("unsupported", f"{name} of a kustomization are not applied here", node, place.file))
    for variable in items(root.get("vars")):
        name_of = text(lookup(variable, "name"))
        if name_of:
            work.variables.add(name_of)
    return bool(items(root.get("generators")))


def _without_variables(body: Mapping, variables: set[str]) -> Mapping:
    if not variables:
        return body
    marks = tuple(f"$({name})" for name in variables)

    def hide(scalar: Scalar) -> Node:
        if not any(mark in scalar.text for mark in marks):
            return scalar
        return Unknown(scalar.doc, scalar.start, scalar.end, "a kustomize variable is put in here", scalar.under)

    made = map_scalars(body, hide)
    return made if isinstance(made, Mapping) else body


def _local_only(item: Item) -> bool:
    mark = text(lookup(item.body, "metadata", "annotations", "config.kubernetes.io/local-config"))
    return mark is not None and mark != "false"


def _adjust(after: tuple[Step, ...]) -> Adjust:
    def adjust(objects: Sequence[Mapping]) -> list[Mapping]:
        found = [item_of(body) for body in objects]
        for step in after:
            found = step(found, [])
        return [item.body for item in repair_references(found)]

    return adjust
