"""Patches: reading them from files and strings, and laying them over the objects they are for.

The entries are those of a kustomization's ``patches`` and of a Flux Kustomization's ``spec.patches``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from lintkit.records import NamedTuple
from lintkit.sources.kustomize.jsonpatch import PatchError, json_patch
from lintkit.sources.kustomize.merge import strategic_merge
from lintkit.sources.kustomize.model import Id, Item, Trouble, changed, identity, items_of
from lintkit.sources.kustomize.select import selected
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents, embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.embed import embed, segment_map
from lintkit.yamldoc.node import Mapping, Node, Scalar, boolean, lookup
from lintkit.yamldoc.node import Sequence as ListNode
from lintkit.yamldoc.transform import with_entry, without_key

Load: TypeAlias = "Callable[[Scalar, list[Trouble]], Sequence[Document]]"

_ID_FIELDS: Final = ("name", "namespace")


class Patch(NamedTuple):
    """One patch, read: its documents' ``roots``, what it is for and where it is declared.

    ``target`` None: every root names its own target. ``home`` is the entry in the kustomization.
    """

    roots: tuple[Node, ...]
    target: Mapping | None
    rename: bool
    rekind: bool
    home: Node


def apply_patches(objects: Sequence[Mapping], patches: Sequence[Node]) -> tuple[list[Mapping], list[Trouble]]:
    """CR-shaped ``objects`` after the entries of a ``patches`` list (items ``{patch, target}``), and the troubles.

    Patches are strings in the list itself, as Flux and Argo CD take them.
    """
    troubles: list[Trouble] = []
    items = items_of(objects)
    for patch in read_patches(patches, None, troubles):
        items = apply_patch(items, patch, troubles)
    return [item.body for item in items], troubles


def read_patches(entries: Iterable[Node], load: Load | None, troubles: list[Trouble]) -> list[Patch]:
    """The patches of a ``patches`` or ``patchesJson6902`` list; entries that cannot be read give a trouble."""
    found: list[Patch] = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            troubles.append(_trouble("broken", "an entry of patches must be a mapping with patch or path", entry))
            continue
        inline, path = entry.get("patch"), entry.get("path")
        if isinstance(inline, Scalar) and inline.text.strip():
            docs: Sequence[Document] = inline_documents(inline)
        elif isinstance(path, Scalar) and path.text and load is not None:
            docs = load(path, troubles)
        else:
            what = "patch must be a string" if inline is not None else "a patch needs patch or path"
            troubles.append(_trouble("broken", what, inline or entry))
            continue
        _demand_json(docs, troubles, inline or path or entry)
        options = entry.get("options")
        target = entry.get("target")
        patch = Patch(
            _roots(docs, troubles, inline or path or entry),
            target if isinstance(target, Mapping) else None,
            boolean(lookup(options, "allowNameChange")) is True,
            boolean(lookup(options, "allowKindChange")) is True,
            entry,
        )
        found.append(patch)
    return found


def read_merges(entries: Iterable[Node], load: Load, troubles: list[Trouble]) -> list[Patch]:
    """The patches of a ``patchesStrategicMerge`` list: paths or whole patches as strings."""
    found: list[Patch] = []
    for entry in entries:
        if not isinstance(entry, Scalar) or not entry.text.strip():
            troubles.append(_trouble("broken", "an entry of patchesStrategicMerge must be a path or a patch", entry))
            continue
        is_text = "\n" in entry.text.strip() or ": " in entry.text or entry.text.startswith("{")
        docs = inline_documents(entry) if is_text else load(entry, troubles)
        found.append(Patch(_roots(docs, troubles, entry), None, False, False, entry))
    return found


def inline_documents(scalar: Scalar) -> list[Document]:
    """Every document of the YAML in a string; offsets keep mapping into the file that holds the string."""
    if "\n---" not in scalar.text:
        return [embed(scalar)]
    cut = [doc for doc in documents(Source("", scalar.text)) if doc.root is not None or doc.trouble is not None]
    if len(cut) <= 1:
        return [embed(scalar)] if not cut or cut[0].trouble else [_window(scalar, cut[0], len(scalar.text))]
    ends = [doc.root.start if doc.root else len(scalar.text) for doc in cut[1:]] + [len(scalar.text)]
    return [
        _window(scalar, doc, scalar.text.rfind("\n---", 0, end) if i + 1 < len(cut) else end)
        for i, (doc, end) in enumerate(zip(cut, ends, strict=True))
    ]


def _window(scalar: Scalar, doc: Document, end: int) -> Document:
    # all other documents are blanked out, so every offset stays what it was
    start = doc.root.start if doc.root else doc.trouble.offset if doc.trouble else 0
    begin = scalar.text.rfind("\n", 0, start) + 1
    blank = "".join("\n" if char == "\n" else " " for char in scalar.text[:begin])
    inner = segment_map(scalar)
    segments = inner if scalar.doc.segments is None else inner.compose(scalar.doc.segments)
    inside = Document(scalar.doc.source, scalar.doc.number, text=blank + scalar.text[begin:end], segments=segments, host=scalar)
    return embedded(inside)


def _demand_json(docs: Sequence[Document], troubles: list[Trouble], home: Node) -> None:
    # kustomize hands a text that starts with a bracket to a JSON parser as it is
    written = docs[0].text.strip() if docs else ""
    if not written.startswith("["):
        return
    try:
        json.loads(written)
    except ValueError:
        troubles.append(_trouble("broken", "a patch that starts with [ must be JSON, this is not: kustomize stops here", home))


def _roots(docs: Iterable[Document], troubles: list[Trouble], home: Node) -> tuple[Node, ...]:
    roots: list[Node] = []
    for doc in docs:
        if doc.trouble is not None:
            troubles.append(_trouble("broken", f"this patch is no YAML: {doc.trouble.message}", home))
        elif isinstance(doc.root, Mapping | ListNode):
            roots.append(doc.root)
        elif doc.root is not None:
            troubles.append(_trouble("broken", "a patch must be a mapping or a list of operations", home))
    return tuple(roots)


def apply_patch(items: list[Item], patch: Patch, troubles: list[Trouble], *, quiet: bool = False) -> list[Item]:
    """``items`` after one patch. ``quiet``: what it is for may lie in objects that cannot be seen, so say nothing."""
    if patch.target is not None and len(patch.roots) > 1:
        message = "several patches in one entry cannot share a target: kustomize refuses them"
        troubles.append(_trouble("broken", message, patch.home))
    for root in patch.roots:
        if isinstance(root, ListNode):
            items = _apply_operations(items, patch, root, troubles, quiet=quiet)
        elif isinstance(root, Mapping):
            items = _apply_merge(items, patch, root, troubles, quiet=quiet)
    return items


def _apply_operations(
    items: list[Item], patch: Patch, operations: ListNode, troubles: list[Trouble], *, quiet: bool
) -> list[Item]:
    if patch.target is None:
        troubles.append(_trouble("broken", "a JSON patch needs a target", patch.home))
        return items
    made = list(items)
    for index in _targets(items, patch, troubles, quiet=quiet):
        try:
            made[index] = changed(items[index], json_patch(items[index].body, operations))
        except PatchError as failed:
            message = f"{failed} in {describe(items[index].id)}: kustomize stops here"
            troubles.append(_trouble("broken", message, failed.home))
    return made


def _apply_merge(items: list[Item], patch: Patch, root: Mapping, troubles: list[Trouble], *, quiet: bool) -> list[Item]:
    if patch.target is None:
        wanted = identity(root)
        found = [i for i, item in enumerate(items) if item.known_as(wanted)]
        if len(found) != 1 and not (quiet and not found):
            kind = "broken" if found else "no-target"
            says = "matches several objects" if found else "matches no object"
            message = f"the patch for {describe(wanted)} {says} of this kustomization: kustomize stops here"
            troubles.append(_trouble(kind, message, patch.home))
    else:
        found = _targets(items, patch, troubles, quiet=quiet)
    if not found:
        return items
    laid = _without_id(root, patch)
    made: list[Item | None] = list(items)
    for index in found:
        body = strategic_merge(items[index].body, laid, items[index].id)
        made[index] = changed(items[index], body) if body is not None else None
    return [item for item in made if item is not None]


def _targets(items: list[Item], patch: Patch, troubles: list[Trouble], *, quiet: bool) -> list[int]:
    assert patch.target is not None
    try:
        found = selected(items, patch.target)
    except ValueError as error:
        troubles.append(_trouble("broken", str(error), patch.target))
        return []
    if not found and not quiet:
        troubles.append(_trouble("no-target", "no object matches the target of this patch: it does nothing", patch.target))
    return found


def _without_id(root: Mapping, patch: Patch) -> Mapping:
    # a patch keeps the target's identity unless its options allow otherwise
    if not patch.rekind:
        root = without_key(without_key(root, "apiVersion"), "kind")
    entry = root.index.get("metadata")
    if entry is None or not isinstance(entry.value, Mapping):
        return root
    metadata = without_key(entry.value, "namespace")
    if not patch.rename:
        metadata = without_key(metadata, "name")
    return with_entry(root, entry._replace(value=metadata), "metadata")


def describe(wanted: Id) -> str:
    """``Kind name`` or ``Kind namespace/name``, as people call an object."""
    where = "" if wanted.namespace in ("default", "-") else wanted.namespace + "/"
    return f"{wanted.kind or 'object'} {where}{wanted.name}".rstrip()


def _trouble(kind: str, message: str, home: Node) -> Trouble:
    return Trouble(kind, message, home, home.doc.source.path)
