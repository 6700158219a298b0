"""What one kustomization does to the objects it has gathered, in kustomize's order.

The order is that of kustomize's ``configureBuiltinTransformers``: patchesStrategicMerge, patches, namespace,
prefix and suffix, labels, annotations, patchesJson6902, replicas, images, replacements.
"""

from __future__ import annotations

from collections.abc import Sequence

from lintkit.sources.kustomize.model import Item, Step, Trouble, items_of, mappings
from lintkit.sources.kustomize.patches import Load, Patch, apply_patch, read_merges, read_patches
from lintkit.sources.kustomize.select import selected
from lintkit.sources.kustomize.transform import (
    annotate,
    count,
    hide_field,
    into_namespace,
    label,
    label_settings,
    rename,
    replace_image,
)
from lintkit.yamldoc.node import Mapping, Node, Scalar, items, text


def transform(objects: Sequence[Mapping], settings: Mapping) -> tuple[list[Mapping], list[Trouble]]:
    """CR-shaped ``objects`` after the transformers of ``settings``, a mapping with a kustomization's fields.

    For deliveries that carry such fields themselves (Argo CD's ``source.kustomize``, a Flux Kustomization's spec):
    paths in it cannot be read, everything inline is.
    """
    troubles: list[Trouble] = []
    made = steps(settings, None, troubles)(items_of(objects), troubles)
    return [item.body for item in made], troubles


def steps(root: Mapping, load: Load | None, troubles: list[Trouble], *, quiet: bool = False) -> Step:
    """All transformations of the kustomization ``root`` as one step; patches are read now, once.

    ``quiet``: some objects it may be meant for cannot be seen here.
    """
    merges = read_merges(items(root.get("patchesStrategicMerge")), load, troubles) if load else []
    patches = read_patches(items(root.get("patches")), load, troubles)
    late = read_patches(items(root.get("patchesJson6902")), load, troubles)

    def step(found: list[Item], said: list[Trouble]) -> list[Item]:
        found = _patched(found, [*merges, *patches], said, quiet=quiet)
        found = _named(found, root)
        found = _marked(found, root)
        found = _patched(found, late, said, quiet=quiet)
        for entry in mappings(root.get("replicas")):
            found = count(found, entry, said, quiet=quiet)
        for entry in mappings(root.get("images")):
            found = replace_image(found, entry)
        for entry in mappings(root.get("replacements")):
            found = _replaced(found, entry, load)
        return found

    return step


def _patched(found: list[Item], patches: list[Patch], troubles: list[Trouble], *, quiet: bool) -> list[Item]:
    for patch in patches:
        found = apply_patch(found, patch, troubles, quiet=quiet)
    return found


def _named(found: list[Item], root: Mapping) -> list[Item]:
    namespace = _scalar(root.get("namespace"))
    if namespace is not None:
        found = into_namespace(found, namespace)
    prefix, suffix = _scalar(root.get("namePrefix")), _scalar(root.get("nameSuffix"))
    return rename(found, prefix, suffix) if prefix or suffix else found


def _marked(found: list[Item], root: Mapping) -> list[Item]:
    for entry in mappings(root.get("labels")):
        settings = label_settings(entry)
        if settings is not None:
            pairs, selectors, templates, extra = settings
            found = label(found, pairs, selectors=selectors, templates=templates, extra=extra)
    common, annotations = root.get("commonLabels"), root.get("commonAnnotations")
    if isinstance(common, Mapping):
        found = label(found, common, selectors=True, templates=True)
    return annotate(found, annotations) if isinstance(annotations, Mapping) else found


def _replaced(found: list[Item], entry: Mapping, load: Load | None) -> list[Item]:
    path = entry.get("path")
    if isinstance(path, Scalar):
        roots = [doc.root for doc in load(path, [])] if load else []
        inner = [r for root in roots for r in ([root] if isinstance(root, Mapping) else mappings(root))]
    else:
        inner = [entry]
    for replacement in inner:
        for target in mappings(replacement.get("targets")):
            found = _hidden(found, target)
    return found


def _hidden(found: list[Item], target: Mapping) -> list[Item]:
    select = target.get("select")
    try:
        chosen = selected(found, select) if isinstance(select, Mapping) else []
        for rejected in mappings(target.get("reject")):
            refused = set(selected(found, rejected))
            chosen = [index for index in chosen if index not in refused]
    except ValueError:
        chosen = []
    made = list(found)
    fields = [text(node) or "" for node in items(target.get("fieldPaths"))] or ["metadata.name"]
    for index in chosen:
        for field in fields:
            made[index] = hide_field(made[index], field_path(field), "a kustomize replacement writes this value")
    return made


def field_path(field: str) -> tuple[str, ...]:
    """A replacement's ``fieldPath`` in parts: dots part them, ``[name]`` and ``\\.`` keep dots in a name."""
    parts: list[str] = []
    word = ""
    depth = 0
    escaped = False
    for char in field:
        if escaped:
            word, escaped = word + char, False
        elif char == "\\":
            escaped = True
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        elif char == "." and not depth:
            parts.append(word)
            word = ""
        else:
            word += char
    parts.append(word)
    return tuple(part for part in parts if part)


def _scalar(node: Node | None) -> Scalar | None:
    return node if isinstance(node, Scalar) and node.text and node.value is not None else None
