"""Patches of a Fleet overlay: ``pool_patch.yaml`` changes ``pool.yaml`` (Fleet's ``manifest/patch``)."""

from __future__ import annotations

from collections.abc import Iterable

from lintkit.sources.fleet import Lost
from lintkit.sources.kustomize.jsonpatch import PatchError, json_patch
from lintkit.sources.kustomize.merge import strategic_merge
from lintkit.sources.kustomize.model import identity
from lintkit.tree.files import Reader
from lintkit.yamldoc.node import Mapping, Node, Sequence, lookup, text


def patched(reader: Reader, objects: list[Mapping], patches: Iterable[str], lost: list[Lost]) -> list[Mapping]:
    """``objects`` of one file after the patch files for it: lists of operations (JSON Patch), or partial objects to merge."""
    for path in patches:
        for doc in reader.documents(path):
            root = doc.root
            if root is not None:
                objects = [made for body in objects if (made := _patched(body, root, lost)) is not None]
    return objects


def _patched(body: Mapping, patch: Node, lost: list[Lost]) -> Mapping | None:
    if isinstance(patch, Sequence):
        try:
            return json_patch(body, patch)
        except PatchError as error:
            lost.append(Lost(f"a patch that cannot be applied: {error}", patch))
            return body
    if not isinstance(patch, Mapping) or not _meant(body, patch):
        return body
    return strategic_merge(body, patch, identity(body))


def _meant(body: Mapping, patch: Mapping) -> bool:
    """Whether nothing that a patch says of its target speaks against ``body``."""
    named = (("kind",), ("metadata", "name"))
    return all(lookup(patch, *path) is None or text(lookup(patch, *path)) == text(lookup(body, *path)) for path in named)
