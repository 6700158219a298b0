"""What a Flux Kustomization finds at its path: the objects before its own patches and variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lintkit.records import NamedTuple
from lintkit.sources.model import Release
from lintkit.tree.files import Reader
from lintkit.tree.paths import join, parent
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, items, string, text

if TYPE_CHECKING:
    from lintkit.sources.kustomize.model import Trouble


class Contents(NamedTuple):
    """Objects on their way to a cluster, Helm releases that kustomize itself declares, and what went wrong."""

    objects: list[Mapping]
    releases: tuple[Release, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def contents(reader: Reader, directory: str) -> Contents:
    """What Flux builds from a directory before anything of the Kustomization is applied.

    With a kustomization file its build; without one every manifest below, and the builds of
    subdirectories that have one (fluxcd/pkg kustomize generator).
    """
    from lintkit.sources.kustomize.build import build, kustomization_file

    if kustomization_file(reader, directory) is not None:
        made = build(reader, directory)
        return Contents(list(made.objects), tuple(made.releases), tuple(made.troubles))
    objects: list[Mapping] = []
    releases: list[Release] = []
    troubles: list[Trouble] = []
    nested: dict[str, str | None] = {}
    built: set[str] = set()
    for path in reader.under(directory):
        top = _nested(reader, directory, parent(path), nested)
        if top is None:
            objects += manifests(reader, path) if path.endswith((".yaml", ".yml")) else ()
        elif top not in built:
            built.add(top)
            made = build(reader, top)
            objects += made.objects
            releases += made.releases
            troubles += made.troubles
    return Contents(objects, tuple(releases), tuple(troubles))


def _nested(reader: Reader, top: str, directory: str, known: dict[str, str | None]) -> str | None:
    """The uppermost directory below ``top`` (not itself), on the way to ``directory``, with a kustomization file."""
    from lintkit.sources.kustomize.build import kustomization_file

    if directory in (top, ""):
        return None
    if directory not in known:
        above = _nested(reader, top, parent(directory), known)
        known[directory] = above or (directory if kustomization_file(reader, directory) is not None else None)
    return known[directory]


def manifests(reader: Reader, path: str) -> list[Mapping]:
    """The Kubernetes objects of a file: mappings with apiVersion and kind; the items of a List one by one."""
    found: list[Mapping] = []
    for document in reader.documents(path):
        root = document.root
        if isinstance(root, Mapping) and "apiVersion" in root and "kind" in root:
            listed = items(root.get("items")) if (text(root.get("kind")) or "").endswith("List") else ()
            found += [item for item in listed if isinstance(item, Mapping)] if listed else [root]
    return found


def with_components(reader: Reader, directory: str, components: Sequence[Node], below: Contents) -> Contents:
    """``below`` after the kustomize Components of ``spec.components``, paths relative to ``directory``.

    They are applied to the finished build of the path; Flux itself adds them to its kustomization
    file, which differs only for what that file's own patches do to their resources.
    """
    made = below
    for node in components:
        written = string(node)
        path = join(directory, written) if written else None
        if path is not None:
            made = _component(reader, path, made, (directory,))
    return made


def _component(reader: Reader, directory: str, below: Contents, stack: tuple[str, ...]) -> Contents:
    from lintkit.sources.kustomize.build import kustomization_file
    from lintkit.sources.kustomize.generate import absorb, generate
    from lintkit.sources.kustomize.model import items_of
    from lintkit.sources.kustomize.steps import steps

    file = kustomization_file(reader, directory) if directory not in stack else None
    roots: Iterable[Node | None] = (doc.root for doc in reader.documents(file)) if file else ()
    root = next((root for root in roots if isinstance(root, Mapping)), None)
    if not isinstance(root, Mapping):
        return below
    troubles = list(below.troubles)
    found = Contents(below.objects + _resources(reader, directory, root), below.releases)
    for node in items(root.get("components")):
        written = string(node)
        path = join(directory, written) if written else None
        if path is not None:
            found = _component(reader, path, found, (*stack, directory))
    made = absorb(items_of(found.objects), generate(reader, directory, root, troubles), troubles, quiet=True)

    def load(node: Scalar, said: list[Trouble]) -> Sequence[Document]:
        path = join(directory, node.text)
        return reader.documents(path) if path is not None else ()

    done = steps(root, load, troubles, quiet=True)(made, troubles)
    return Contents([item.body for item in done], found.releases, (*found.troubles, *troubles))


def _resources(reader: Reader, directory: str, root: Mapping) -> list[Mapping]:
    found: list[Mapping] = []
    for node in items(root.get("resources")):
        written = string(node)
        path = join(directory, written) if written else None
        if path is None:
            continue
        found += manifests(reader, path) if reader.exists(path) else contents(reader, path).objects
    return found
