"""kustomize's own transformers besides patches: namespace, name, labels, annotations, replicas, images.

Which fields they touch is kustomize's default configuration (api/internal/konfig/builtinpluginconsts).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lintkit.sources.kustomize.fields import Change, FieldSpec, add_entries, change_at
from lintkit.sources.kustomize.model import Item, Trouble, changed, computed, is_core, items_of, mappings
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, boolean, text
from lintkit.yamldoc.node import Sequence as ListNode
from lintkit.yamldoc.transform import with_entries, with_items, with_under

_WORKLOADS: Final = ("ReplicationController", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job")
_TEMPLATE_MARKS: Final = (
    *((("spec", "template", "metadata"), kind) for kind in _WORKLOADS),
    (("spec", "jobTemplate", "metadata"), "CronJob"),
    (("spec", "jobTemplate", "spec", "template", "metadata"), "CronJob"),
)
_MATCH: Final = ("selector", "matchLabels")
_AFFINE: Final = ("labelSelector", "matchLabels")
_SOFT, _HARD = "preferredDuringSchedulingIgnoredDuringExecution", "requiredDuringSchedulingIgnoredDuringExecution"
_SELECTORS: Final = (
    FieldSpec(("spec", "selector"), True, "Service", "", "v1"),
    FieldSpec(("spec", "selector"), True, "ReplicationController", "", "v1"),
    *(FieldSpec(("spec", *_MATCH), True, kind) for kind in ("Deployment", "ReplicaSet", "DaemonSet")),
    FieldSpec(("spec", *_MATCH), True, "StatefulSet", "apps"),
    FieldSpec(("spec", "volumeClaimTemplates[]", "metadata", "labels"), True, "StatefulSet", "apps"),
    *(
        FieldSpec(("spec", "template", "spec", *path), False, kind, "apps")
        for kind in ("Deployment", "StatefulSet")
        for path in (
            *(("affinity", side, _SOFT, "podAffinityTerm", *_AFFINE) for side in ("podAffinity", "podAntiAffinity")),
            *(("affinity", side, _HARD, *_AFFINE) for side in ("podAffinity", "podAntiAffinity")),
            ("topologySpreadConstraints", *_AFFINE),
        )
    ),
    FieldSpec(("spec", *_MATCH), False, "Job", "batch"),
    FieldSpec(("spec", "jobTemplate", "spec", *_MATCH), False, "CronJob", "batch"),
    FieldSpec(("spec", *_MATCH), False, "PodDisruptionBudget", "policy"),
    FieldSpec(("spec", "podSelector", "matchLabels"), False, "NetworkPolicy", "networking.k8s.io"),
    FieldSpec(("spec", "ingress", "from", "podSelector", "matchLabels"), False, "NetworkPolicy", "networking.k8s.io"),
    FieldSpec(("spec", "egress", "to", "podSelector", "matchLabels"), False, "NetworkPolicy", "networking.k8s.io"),
)
_NAMESPACES: Final = (
    FieldSpec(("metadata", "name"), True, "Namespace"),
    FieldSpec(("spec", "service", "namespace"), True, "APIService", "apiregistration.k8s.io"),
    FieldSpec(
        ("spec", "conversion", "webhook", "clientConfig", "service", "namespace"),
        False,
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
    ),
)
_KEEPS_NAME: Final = (
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
)
_COUNTED: Final = frozenset(("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"))
_CONTAINERS: Final = frozenset(("containers", "initContainers"))


def set_namespace(objects: Sequence[Mapping], namespace: Scalar) -> list[Mapping]:
    """CR-shaped ``objects`` in ``namespace``, as kustomize's ``namespace`` and Flux's ``targetNamespace`` set it."""
    return [item.body for item in into_namespace(items_of(objects), namespace)]


def apply_images(objects: Sequence[Mapping], images: Sequence[Node]) -> list[Mapping]:
    """CR-shaped ``objects`` after the entries of an ``images`` list (items ``{name, newName, newTag, digest}``)."""
    found = items_of(objects)
    for image in images:
        if isinstance(image, Mapping):
            found = replace_image(found, image)
    return [item.body for item in found]


def into_namespace(found: list[Item], namespace: Scalar) -> list[Item]:
    """Every namespaced object in ``namespace``; Namespace objects take its name, default service accounts follow."""
    return [_into_namespace(item, namespace) for item in found]


def _into_namespace(item: Item, namespace: Scalar) -> Item:
    def put(old: Node | None) -> Node:
        return old if isinstance(old, Scalar) and old.text == namespace.text else with_under(namespace, old)

    body: Node = item.body
    if item.id.namespace != "-":
        body = change_at(body, ("metadata", "namespace"), put, namespace)
    for spec in _NAMESPACES:
        if spec.fits(item.id) and is_core(item.id.group):
            body = change_at(body, spec.path, put, namespace if spec.create else None)
    if item.id.kind in ("RoleBinding", "ClusterRoleBinding"):
        body = change_at(body, ("subjects",), lambda subject: _subject(subject, put, namespace))
    return changed(item, body) if isinstance(body, Mapping) else item


def _subject(subject: Node | None, put: Change, namespace: Scalar) -> Node | None:
    if isinstance(subject, Mapping) and text(subject.get("name")) == "default":
        return change_at(subject, ("namespace",), put, namespace)
    return None


def rename(found: list[Item], prefix: Scalar | None, suffix: Scalar | None) -> list[Item]:
    """Every object with ``prefix`` and ``suffix`` around its name (not Namespaces, CRDs and APIServices)."""
    before, after = (prefix.text if prefix else ""), (suffix.text if suffix else "")

    def put(old: Node | None) -> Node | None:
        if not isinstance(old, Scalar):
            return None
        return computed(old, f"{before}{old.text}{after}", "namePrefix and nameSuffix are added to this name", old)

    made: list[Item] = []
    for item in found:
        keeps = (item.id.group, item.id.kind) in _KEEPS_NAME
        body = item.body if keeps else change_at(item.body, ("metadata", "name"), put)
        made.append(changed(item, body) if isinstance(body, Mapping) else item)
    return made


def label(
    found: list[Item], pairs: Mapping, *, selectors: bool, templates: bool, extra: tuple[FieldSpec, ...] = ()
) -> list[Item]:
    """Every object with the labels of ``pairs``, in pod templates and selectors where asked for."""
    specs = [FieldSpec(("metadata", "labels"), True), *extra]
    if selectors or templates:
        specs += [FieldSpec((*path, "labels"), True, kind) for path, kind in _TEMPLATE_MARKS]
    if selectors:
        specs += _SELECTORS
    return _mark(found, pairs, specs)


def annotate(found: list[Item], pairs: Mapping) -> list[Item]:
    """Every object and its pod template with the annotations of ``pairs``."""
    templates = [FieldSpec((*path, "annotations"), True, kind) for path, kind in _TEMPLATE_MARKS]
    return _mark(found, pairs, [FieldSpec(("metadata", "annotations"), True), *templates])


def _mark(found: list[Item], pairs: Mapping, specs: list[FieldSpec]) -> list[Item]:
    if not pairs.entries:
        return found
    made: list[Item] = []
    for item in found:
        body: Node = item.body
        for spec in specs:
            if spec.fits(item.id):
                body = change_at(body, spec.path, lambda old: add_entries(old, pairs), pairs if spec.create else None)
        made.append(changed(item, body) if isinstance(body, Mapping) else item)
    return made


def label_settings(entry: Mapping) -> tuple[Mapping, bool, bool, tuple[FieldSpec, ...]] | None:
    """Pairs, selectors, templates and further fields of an entry of ``labels``; None without pairs."""
    pairs = entry.get("pairs")
    if not isinstance(pairs, Mapping):
        return None
    extra = tuple(
        FieldSpec(
            tuple((text(spec.get("path")) or "").split("/")),
            boolean(spec.get("create")) is True,
            text(spec.get("kind")) or "",
            text(spec.get("group")) or "",
            text(spec.get("version")) or "",
        )
        for spec in mappings(entry.get("fields"))
    )
    return pairs, boolean(entry.get("includeSelectors")) is True, boolean(entry.get("includeTemplates")) is True, extra


def count(found: list[Item], entry: Mapping, troubles: list[Trouble], *, quiet: bool) -> list[Item]:
    """The workload that an entry of ``replicas`` names with its ``count``; only the four core kinds have one."""
    name, number = text(entry.get("name")), entry.get("count")
    if not name or not isinstance(number, Scalar):
        troubles.append(Trouble("broken", "replicas needs name and count", entry, entry.doc.source.path))
        return found
    made: list[Item] = []
    hit = False
    for item in found:
        named = item.id.kind in _COUNTED and is_core(item.id.group) and any(i.name == name for i in (item.id, *item.past))
        hit = hit or named
        body = change_at(item.body, ("spec", "replicas"), lambda old: with_under(number, old), number) if named else item.body
        made.append(changed(item, body) if isinstance(body, Mapping) else item)
    if not hit and not quiet:
        message = f"no Deployment, StatefulSet, ReplicaSet or ReplicationController is called {name}: kustomize stops here"
        troubles.append(Trouble("no-target", message, entry, entry.doc.source.path))
    return made


def replace_image(found: list[Item], image: Mapping) -> list[Item]:
    """Every container image that an entry of ``images`` names, changed; custom resources have containers too."""
    name = text(image.get("name"))
    if not name:
        return found
    try:
        pattern = re.compile(rf"{name}(?::[a-zA-Z0-9_.{{}}-]*)?(?:@sha256:[a-zA-Z0-9_.{{}}-]*)?")
    except re.error:
        return found

    def put(old: Node | None) -> Node | None:
        return _image(old, image) if isinstance(old, Scalar) and pattern.fullmatch(old.text) else None

    made: list[Item] = []
    for item in found:
        body = item.body if item.id.kind == "CustomResourceDefinition" else _in_containers(item.body, put)
        made.append(changed(item, body) if isinstance(body, Mapping) else item)
    return made


def _in_containers(node: Node, put: Change) -> Node:
    if isinstance(node, Mapping):
        entries = []
        for entry in node.entries:
            value = _in_containers(entry.value, put)
            if entry.key.text in _CONTAINERS and isinstance(value, ListNode):
                value = change_at(value, ("image",), put)
            entries.append(entry if value is entry.value else entry._replace(value=value))
        same = all(a is b for a, b in zip(entries, node.entries, strict=True))
        return node if same else with_entries(node, entries)
    if isinstance(node, ListNode):
        made = [_in_containers(item, put) for item in node.items]
        same = all(a is b for a, b in zip(made, node.items, strict=True))
        return node if same else with_items(node, made)
    return node


def _image(old: Scalar, image: Mapping) -> Node:
    name, tag, digest = split_image(old.text)
    new_name, new_tag, new_digest = (image.get(field) for field in ("newName", "newTag", "digest"))
    if any(isinstance(node, Unknown) for node in (new_name, new_tag, new_digest)):
        return Unknown(image.doc, image.start, image.end, "an image that cannot be read here", old)
    name = text(new_name) or name
    if text(new_tag) or text(new_digest):
        tag, digest = text(new_tag) or "", text(new_digest) or ""
    full = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    home = next((node for node in (new_tag, new_digest, new_name) if isinstance(node, Scalar) and node.text), old)
    return old if full == old.text else computed(home, full, "images: puts this image together", old)


def split_image(image: str) -> tuple[str, str, str]:
    """Name, tag and digest of an image reference; a registry's port is no tag."""
    rest, _, digest = image.partition("@")
    slash = rest.find("/")
    colon = rest.find(":", max(slash, 0))
    return (rest, "", digest) if colon < 0 else (rest[:colon], rest[colon + 1 :], digest)


def hide_field(item: Item, path: tuple[str, ...], reason: str) -> Item:
    """``item`` with the value at ``path`` unknown (any list item on the way means all): something writes it later."""

    def hide(old: Node | None) -> Node | None:
        return Unknown(old.doc, old.start, old.end, reason, old) if old is not None else None

    names = tuple(part for part in path if part != "*" and not part.isdigit() and "=" not in part)
    body = change_at(item.body, names, hide)
    return changed(item, body) if isinstance(body, Mapping) else item
