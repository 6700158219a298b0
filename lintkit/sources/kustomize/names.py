"""References between objects after their names have changed, as kustomize repairs them at the end of a build."""

from __future__ import annotations

from typing import Final

from lintkit.sources.kustomize.fields import FieldSpec, change_at
from lintkit.sources.kustomize.merge import pod_spec_path
from lintkit.sources.kustomize.model import Id, Item, changed, is_core
from lintkit.yamldoc.node import Mapping, Node, Scalar, text
from lintkit.yamldoc.transform import with_entry, with_under

# where a pod spec names other objects (kustomize's nameReference defaults)
_POD: Final = (
    ("ConfigMap", ("volumes", "configMap", "name")),
    ("ConfigMap", ("volumes", "projected", "sources", "configMap", "name")),
    ("Secret", ("volumes", "secret", "secretName")),
    ("Secret", ("volumes", "projected", "sources", "secret", "name")),
    ("Secret", ("imagePullSecrets", "name")),
    ("ServiceAccount", ("serviceAccountName",)),
    ("PersistentVolumeClaim", ("volumes", "persistentVolumeClaim", "claimName")),
    ("PriorityClass", ("priorityClassName",)),
    *(
        (kind, (containers, *path, "name"))
        for containers in ("containers", "initContainers")
        for kind, path in (
            ("ConfigMap", ("env", "valueFrom", "configMapKeyRef")),
            ("ConfigMap", ("envFrom", "configMapRef")),
            ("Secret", ("env", "valueFrom", "secretKeyRef")),
            ("Secret", ("envFrom", "secretRef")),
        )
    ),
)
_ANY_SCALED: Final = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
_FIELDS: Final = (
    *((kind, FieldSpec(("spec", "scaleTargetRef", "name"), False, "HorizontalPodAutoscaler")) for kind in _ANY_SCALED),
    ("Secret", FieldSpec(("spec", "tls", "secretName"), False, "Ingress")),
    ("Secret", FieldSpec(("imagePullSecrets", "name"), False, "ServiceAccount")),
    ("Secret", FieldSpec(("parameters", "secretName"), False, "StorageClass")),
    ("Service", FieldSpec(("spec", "serviceName"), False, "StatefulSet")),
    ("Service", FieldSpec(("spec", "rules", "http", "paths", "backend", "serviceName"), False, "Ingress")),
    ("Service", FieldSpec(("spec", "rules", "http", "paths", "backend", "service", "name"), False, "Ingress")),
    ("Service", FieldSpec(("spec", "defaultBackend", "service", "name"), False, "Ingress")),
    ("Service", FieldSpec(("spec", "service", "name"), False, "APIService")),
    ("Service", FieldSpec(("webhooks", "clientConfig", "service", "name"), False, "ValidatingWebhookConfiguration")),
    ("Service", FieldSpec(("webhooks", "clientConfig", "service", "name"), False, "MutatingWebhookConfiguration")),
    ("Service", FieldSpec(("spec", "rules", "backendRefs", "name"), False, "HTTPRoute")),
    ("Role", FieldSpec(("roleRef", "name"), False, "RoleBinding")),
    ("ClusterRole", FieldSpec(("roleRef", "name"), False, "RoleBinding")),
    ("ClusterRole", FieldSpec(("roleRef", "name"), False, "ClusterRoleBinding")),
    ("PersistentVolume", FieldSpec(("spec", "volumeName"), False, "PersistentVolumeClaim")),
    ("StorageClass", FieldSpec(("spec", "storageClassName"), False, "PersistentVolume")),
    ("StorageClass", FieldSpec(("spec", "storageClassName"), False, "PersistentVolumeClaim")),
    ("StorageClass", FieldSpec(("spec", "volumeClaimTemplates", "spec", "storageClassName"), False, "StatefulSet")),
    ("IngressClass", FieldSpec(("spec", "ingressClassName"), False, "Ingress")),
)
_BINDINGS: Final = ("RoleBinding", "ClusterRoleBinding")

_Renamed = dict[tuple[str, str], list[Item]]


def repair_references(items: list[Item]) -> list[Item]:
    """``items`` with every reference to a former name or namespace of one of them following it to the present one."""
    renamed: _Renamed = {}
    moved: _Renamed = {}
    for item in items:
        for name in {old.name for old in item.past} - {item.id.name}:
            renamed.setdefault((item.id.kind, name), []).append(item)
        if item.id.kind == "ServiceAccount" and item.past:
            for name in {old.name for old in (*item.past, item.id)}:
                moved.setdefault((item.id.kind, name), []).append(item)
    if not renamed and not moved:
        return items
    return [_repair(item, renamed, moved) for item in items]


def _repair(item: Item, renamed: _Renamed, moved: _Renamed) -> Item:
    body: Node = item.body
    if is_core(item.id.group) or item.id.group == "gateway.networking.k8s.io":
        pod = pod_spec_path(item.id.kind)
        places = [(kind, (*pod, *path)) for kind, path in _POD] if pod else []
        places += [(kind, spec.path) for kind, spec in _FIELDS if spec.fits(item.id)]
        for kind, path in places:
            body = change_at(body, path, lambda old, kind=kind: _follow(old, kind, item, renamed))  # type: ignore[misc]
        if item.id.kind in _BINDINGS:
            body = change_at(body, ("subjects",), lambda subject: _subject(subject, item, moved))
    return changed(item, body) if isinstance(body, Mapping) else item


def _follow(old: Node | None, kind: str, referrer: Item, renamed: _Renamed) -> Node | None:
    if not isinstance(old, Scalar):
        return None
    target = _choose(renamed.get((kind, old.text), ()), referrer.id, old.text)
    name = _name_node(target)
    return with_under(name, old) if name is not None else None


def _choose(candidates: list[Item] | tuple[Item, ...], referrer: Id, name: str) -> Item | None:
    """The one object meant: of several with that former name, the one that was renamed as the referrer was."""
    near = [c for c in candidates if referrer.namespace == "-" or c.id.namespace in ("-", referrer.namespace)] or list(candidates)
    if len(near) > 1:
        prefixes = [c for c in near if referrer.name.startswith(c.id.name[: c.id.name.find(name)]) and name in c.id.name]
        near = prefixes or near
    return near[0] if len(near) == 1 else None


def _name_node(item: Item | None) -> Node | None:
    metadata = item.body.get("metadata") if item else None
    return metadata.get("name") if isinstance(metadata, Mapping) else None


def _subject(subject: Node | None, referrer: Item, moved: _Renamed) -> Node | None:
    if not isinstance(subject, Mapping) or text(subject.get("kind")) != "ServiceAccount":
        return None
    name, namespace = text(subject.get("name")) or "", text(subject.get("namespace")) or "default"
    found = [c for c in moved.get(("ServiceAccount", name), ()) if _was(c, name, namespace)]
    target = _choose(found, referrer.id._replace(namespace="-"), name)
    metadata = target.body.get("metadata") if target else None
    result = subject
    for field in ("name", "namespace"):
        value = metadata.get(field) if isinstance(metadata, Mapping) else None
        entry = subject.index.get(field)
        if value is not None and entry is not None:
            result = with_entry(result, entry._replace(value=with_under(value, entry.value)), field)
    return result


def _was(item: Item, name: str, namespace: str) -> bool:
    return any(old.name == name and old.namespace == namespace for old in (item.id, *item.past))
