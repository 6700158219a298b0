"""Strategic merge: a partial object laid over a whole one.

Lists of Kubernetes' own kinds merge by key where their schema says so; lists of custom resources
replace. Checked against ``kubectl kustomize`` in ``tests/sources/test_kustomize_engine.py``.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from lintkit.sources.kustomize.model import Id, is_core
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence, is_null, text
from lintkit.yamldoc.scalars import TAG_STR
from lintkit.yamldoc.transform import with_entries, with_items, with_removed, with_under

Names: TypeAlias = "tuple[str, ...]"

# merge keys of the lists of a pod spec (Kubernetes OpenAPI, x-kubernetes-patch-merge-key)
_POD: Final[dict[Names, Names]] = {
    ("containers",): ("name",),
    ("initContainers",): ("name",),
    ("ephemeralContainers",): ("name",),
    ("volumes",): ("name",),
    ("imagePullSecrets",): ("name",),
    ("hostAliases",): ("ip",),
    ("resourceClaims",): ("name",),
    ("topologySpreadConstraints",): ("topologyKey", "whenUnsatisfiable"),
    **{
        (containers, field): merge_keys
        for containers in ("containers", "initContainers", "ephemeralContainers")
        for field, merge_keys in (
            ("env", ("name",)),
            ("ports", ("containerPort", "protocol")),
            ("volumeMounts", ("mountPath",)),
            ("volumeDevices", ("devicePath",)),
        )
    },
}
_OTHER: Final[dict[tuple[str, Names], Names]] = {
    ("Service", ("spec", "ports")): ("port", "protocol"),
    ("ServiceAccount", ("secrets",)): ("name",),
    ("ServiceAccount", ("imagePullSecrets",)): ("name",),
    ("MutatingWebhookConfiguration", ("webhooks",)): ("name",),
    ("ValidatingWebhookConfiguration", ("webhooks",)): ("name",),
    ("CSINode", ("spec", "drivers")): ("name",),
    ("Node", ("spec", "podCIDRs")): (),
}
_TEMPLATES: Final[dict[str, Names]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"), ("spec", "template", "spec")
    ),
}
_DIRECTIVE: Final = "$patch"


def strategic_merge(base: Mapping, patch: Mapping, target: Id) -> Mapping | None:
    """``base`` with ``patch`` laid over it; None when the patch deletes it.

    Containers keep standing in ``base``, values stand in the patch with the value they replace ``under`` them.
    ``target`` says which schema holds. The id of ``base`` is not protected here.
    """
    merged = _over(base, patch, target if is_core(target.group) else None, ())
    return merged if isinstance(merged, Mapping) else None


def pod_spec_path(kind: str) -> Names:
    """Where objects of a core kind hold their pod spec; empty when they hold none."""
    return _TEMPLATES.get(kind, ())


def _merge_keys(schema: Id | None, path: Names) -> Names | None:
    if schema is None:
        return None
    if path == ("metadata", "finalizers"):
        return ()
    if path == ("metadata", "ownerReferences"):
        return ("uid",)
    if path[-1:] == ("conditions",) and path[:1] == ("status",):
        return ("type",)
    found = _OTHER.get((schema.kind, path))
    if found is not None:
        return found
    prefix = _TEMPLATES.get(schema.kind)
    if prefix and path[: len(prefix)] == prefix:
        return _POD.get(path[len(prefix) :])
    return None


def _over(base: Node | None, patch: Node, schema: Id | None, path: Names) -> Node | None:
    if is_null(patch):
        return None
    if isinstance(patch, Mapping):
        return _mapping(base, patch, schema, path)
    if isinstance(patch, Sequence):
        return _sequence(base, patch, schema, path)
    if isinstance(patch, Scalar) and isinstance(base, Scalar) and (base.style or base.tag == TAG_STR) and not patch.style:
        # kustomize keeps the quotes of the value it replaces: 2 over "1" reaches the cluster as the string "2"
        return Scalar(patch.doc, patch.start, patch.end, patch.text, "", TAG_STR, patch.anchor, base)
    return with_under(patch, base)


def _mapping(base: Node | None, patch: Mapping, schema: Id | None, path: Names) -> Node | None:
    directive = text(patch.get(_DIRECTIVE))
    if directive == "delete":
        return None
    fields = [(name, entry) for name, entry in patch if not name.startswith("$")]
    if directive == "replace" or not isinstance(base, Mapping):
        entries = [Entry(e.key, value, e.via) for name, e in fields if (value := _over(None, e.value, schema, (*path, name)))]
        return with_under(with_entries(patch, entries), base)
    above = dict(fields)
    result: list[Entry] = []
    removed: dict[str, Entry] = {}
    for name, entry in base:
        upper = above.pop(name, None)
        if upper is None:
            result.append(entry)
            continue
        value = _over(entry.value, upper.value, schema, (*path, name))
        if value is None:
            removed[name] = upper
        else:
            result.append(Entry(entry.key if isinstance(value, Mapping) else upper.key, value, upper.via))
    for name, upper in above.items():
        value = _over(None, upper.value, schema, (*path, name))
        if value is not None:
            result.append(Entry(upper.key, value, upper.via))
    return with_removed(with_entries(base, result), removed)


def _sequence(base: Node | None, patch: Sequence, schema: Id | None, path: Names) -> Node:
    directives = [text(item.get(_DIRECTIVE)) if isinstance(item, Mapping) else None for item in patch.items]
    bare = [i for i, item in enumerate(patch.items) if isinstance(item, Mapping) and len(item.index) == 1 and directives[i]]
    replaces = any(directives[i] == "replace" for i in bare)
    wanted = [item for i, item in enumerate(patch.items) if i not in bare]
    merge_keys = _merge_keys(schema, path)
    if merge_keys is None or replaces or not isinstance(base, Sequence):
        made = [value for item in wanted if (value := _over(None, item, schema, path)) is not None]
        return with_under(with_items(patch, made), base)
    if not merge_keys:
        taken = {text(item) for item in wanted}
        return with_items(base, [*wanted, *(item for item in base.items if text(item) not in taken)])
    return with_items(base, _by_key(base, wanted, merge_keys, schema, path))


def _by_key(base: Sequence, wanted: list[Node], merge_keys: Names, schema: Id | None, path: Names) -> list[Node]:
    # kustomize puts the items of the patch first, those it does not name after them
    rest = list(base.items)
    made: list[Node] = []
    for item in wanted:
        index = next((i for i, other in enumerate(rest) if _same(item, other, merge_keys)), None)
        value = _over(rest.pop(index) if index is not None else None, item, schema, path)
        if value is not None:
            made.append(value)
    return made + rest


def _same(item: Node, other: Node, merge_keys: Names) -> bool:
    if not (isinstance(item, Mapping) and isinstance(other, Mapping)):
        return False
    names = [name for name in merge_keys if isinstance(item.get(name), Scalar)]
    return bool(names) and all(text(item.get(name)) == text(other.get(name)) for name in names)
