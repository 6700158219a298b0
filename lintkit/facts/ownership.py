"""Facts about what several deliveries, or a delivery and its surroundings, say of one thing."""

from __future__ import annotations

import json
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.compute import charts, values_of, word
from lintkit.facts.deliveries import OURS, brought, chart_names
from lintkit.facts.storage import external
from lintkit.sources.argocd.application import read_application
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, boolean
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.unknowns import unknown_reason


def owned_twice(_subject: Subject, environment: Environment) -> Json:
    """Resources that two deliveries of the environment bring: ``of``, ``kind``, ``namespace``, ``name``, ``delivery``, ``other``
    (the delivery that comes first), ``other_of``."""
    labels = {str(d.facts["label"]) for d in environment.by_kind.get("Delivery", ())}
    first: dict[tuple[str, ...], Subject] = {}
    found: list[Json] = []
    for subject in environment.subjects:
        label = subject.origin.delivery
        if subject.kind in OURS or subject.kind == "Database" or label not in labels or not subject.resource.name:
            continue
        key = tuple(subject.resource)
        before = first.setdefault(key, subject)
        if before.origin.delivery != label:
            kind, namespace, name = subject.resource
            item: dict[str, Json] = {"of": subject.id, "kind": kind, "namespace": namespace, "name": name, "delivery": label}
            found.append({**item, "other": before.origin.delivery, "other_of": before.id})
    return found


def large(subject: Subject, environment: Environment) -> Json:
    """CustomResourceDefinitions of a delivery (``of``, ``name``, ``bytes`` as compact JSON), and ``charts`` it installs."""
    found: list[Json] = [
        {"of": r.id, "name": r.resource.shown, "bytes": len(json.dumps(plain(r.object), separators=(",", ":")))}
        for r in brought(subject, environment)
        if r.kind == "CustomResourceDefinition"
    ]
    return {"definitions": found, "charts": chart_names(subject, environment)}


def namespaces(subject: Subject, environment: Environment) -> Json:
    """Namespaces that a delivery brings: ``of``, ``name``, ``kinds`` (of what the environment has in it)."""
    found: list[Json] = []
    for resource in brought(subject, environment):
        if resource.kind == "Namespace":
            inside = {
                s.kind for s in environment.subjects if s.resource.namespace == resource.resource.name and s.kind not in OURS
            }
            found.append({"of": resource.id, "name": resource.resource.shown, "kinds": [*sorted(inside)]})
    return found


def operator_namespace(_subject: Subject, environment: Environment) -> Json:
    """Where operator and clusters of Rook do not meet.

    One item a place: ``of``, ``path``, ``what`` (operator, resource), ``name``, ``value``, ``wanted``, ``strict`` (the operator
    watches its own namespace only). Unknown namespaces and external clusters are left out.
    """
    found: list[Json] = []
    operators = [o for o in charts(environment, "rook-ceph") if word(o.object.get("namespace"))]
    if len(operators) == 1:
        home = word(operators[0].object.get("namespace"))
        strict = boolean(values_of(operators[0], "currentNamespaceOnly")) is True
        for release in charts(environment, "rook-ceph-cluster"):
            node = values_of(release, "operatorNamespace")
            value = word(node) or "rook-ceph"
            if value != home and not unknown_reason(node) and not release.origin.hidden:
                item: dict[str, Json] = {
                    "of": release.id,
                    "path": "values.operatorNamespace",
                    "what": "operator",
                    "name": "",
                    "value": value,
                }
                found.append({**item, "wanted": home, "strict": strict})
    clusters = environment.by_kind.get("CephCluster", ())
    known = {c.resource.namespace for c in clusters}
    if not known or any(external(c, environment) for c in clusters) or "" in known:
        return found
    for kind in ("CephBlockPool", "CephFilesystem", "CephObjectStore", "CephClient", "CephNFS", "CephObjectStoreUser"):
        for resource in environment.by_kind.get(kind, ()):
            namespace = resource.resource.namespace
            if namespace and namespace not in known and not _may_hold_cluster(environment, namespace):
                name = resource.resource.title
                item = {"of": resource.id, "path": "metadata.namespace", "what": "resource", "name": name}
                found.append({**item, "value": resource.resource.namespace, "wanted": sorted(known)[0], "strict": False})
    return found


def _may_hold_cluster(environment: Environment, namespace: str) -> bool:
    """Whether something that cannot be read may put a CephCluster into a namespace.

    A chart of another name does not, nor does a repository that an Application takes to another namespace.
    """
    reasons = [r for r in environment.unread if not r.startswith("chart ") or "rook" in r or "ceph" in r]
    if any(not r.startswith("repository ") for r in reasons):
        return True
    for delivery in environment.by_kind.get("Delivery", ()) if reasons else ():
        if str(delivery.facts["label"]) in environment.by_delivery:
            continue
        if delivery.facts["form"] != "Application" or read_application(delivery.object).destination.namespace in ("", namespace):
            return True
    return False


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Delivery": {"large": large, "namespaces": namespaces},
    "Environment": {"owned_twice": owned_twice, "operator_namespace": operator_namespace},
}
