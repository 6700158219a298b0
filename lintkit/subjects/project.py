"""From what reaches an environment to its subjects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from lintkit.finding import ResourceId
from lintkit.sources.charts import ChartUse
from lintkit.sources.inventory.model import ClusterNode, Inventory
from lintkit.sources.leftovers import Leftover
from lintkit.sources.model import resource_of
from lintkit.sources.world import Gathered
from lintkit.subjects.components import chart_containers, component_subjects
from lintkit.subjects.containers import containers_of_resource
from lintkit.subjects.databases import database_of_chart, database_of_resource
from lintkit.subjects.deliveries import Missing, delivery_subjects, reference_subjects, values_file_subjects
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Binding, Subject
from lintkit.subjects.nodes import node_subjects
from lintkit.subjects.pools import metadata_pools, pool_subjects
from lintkit.subjects.queues import queue_of_component, queue_of_resource
from lintkit.subjects.rook_chart import Projected, rook_cluster_resources
from lintkit.subjects.unrendered import unrendered_namespaces
from lintkit.subjects.values import values_subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, lookup, text
from lintkit.yamldoc.transform import make_mapping, make_string


def project(
    gathered: Gathered,
    *,
    profile: str,
    inventories: Iterable[Inventory],
    versions: dict[str, str],
    roles: dict[str, Json],
    extra_nodes: tuple[ClusterNode, ...] = (),
    missing: Iterable[Missing] = (),
    leftovers: Iterable[Leftover] = (),
    unread: tuple[str, ...] = (),
    unread_into: frozenset[str] = frozenset(),
    own_urls: frozenset[str] = frozenset(),
) -> Environment:
    """The environment with its subjects, evidence and versions."""
    owners = _owners(gathered)
    subjects = _unique([*owners, *_derived(owners), *_components(gathered.charts)])
    others = _unique([values_subject(use, "OtherValues") for use in gathered.others])
    named = [*reference_subjects(missing), *values_file_subjects(leftovers)]
    deliveries = _unique([*delivery_subjects(gathered.deliveries), *named])
    bound = list(inventories)
    nodes = extra_nodes or tuple(node for inventory in bound for node in inventory.nodes)
    known = {**_versions(gathered, subjects), **versions}
    environment = Subject(
        kind="Environment",
        id=f"Environment/{gathered.name}",
        object=_environment_object(gathered, subjects),
        home=_home(gathered, subjects),
        resource=ResourceId("Environment", "", gathered.name),
        bindings=(),
    )
    return Environment(
        name=gathered.name,
        profile=profile,
        subjects=(*subjects, *others, *deliveries, *node_subjects(nodes, bound), environment) if subjects else tuple(deliveries),
        resources=tuple(s for s in gathered.resources),
        nodes=nodes,
        evidence=_evidence(nodes, bound, labels=bool(extra_nodes)),
        versions=known,
        roles=roles,
        pool_uses=_pool_uses(gathered.charts),
        unrendered=unrendered_namespaces(gathered, _rendered(gathered, subjects)),
        unread=(*unread, *gathered.opaque),
        unread_into=unread_into,
        own_urls=own_urls,
    )


def _rendered(gathered: Gathered, subjects: list[Subject]) -> frozenset[str]:
    """Deliveries that bring resources or chart components lintkit sees."""
    components = {s.origin.delivery for s in subjects if s.kind == "Component"}
    return frozenset(components | {r.origin.delivery for r in gathered.resources})


def _owners(gathered: Gathered) -> list[Subject]:
    found = [_owner(Projected(r, (Binding((), r.body, ()),))) for r in gathered.resources]
    for use in gathered.charts:
        if use.chart == "rook-ceph-cluster":
            found += [_owner(p) for p in _adjusted(use, rook_cluster_resources(use))]
    return found


def _adjusted(use: ChartUse, projected: list[Projected]) -> list[Projected]:
    """Resources of a chart after the delivery's patches; what a patch wrote is bound to where it stands."""
    if use.adjust is None:
        return projected
    by_id = {p.resource.id: p for p in projected}
    found: list[Projected] = []
    for body in use.adjust([p.resource.body for p in projected]):
        resource = resource_of(body, use.origin, use.namespace)
        if resource is None:
            continue
        before = by_id.get(resource.id)
        if before is not None and before.resource.body is body:
            found.append(before)
        else:
            found.append(Projected(resource, (Binding((), body, ()),)))
    return found


# kinds of ours that Kubernetes resources go by as well (mariadb-operator has a Database)
_OURS = frozenset(
    {"Pool", "Component", "Database", "MessageQueue", "Container", "Delivery", "Reference", "ValuesFile", "Environment"}
)


def _owner(projected: Projected) -> Subject:
    resource = projected.resource
    return Subject(
        kind=f"{resource.kind}.{resource.group}" if resource.kind in _OURS else resource.kind,
        id=f"{resource.kind}/{resource.namespace}/{resource.name}",
        object=resource.body,
        home=resource.home,
        resource=resource.id,
        bindings=projected.bindings,
        origin=resource.origin,
    )


def _derived(owners: Iterable[Subject]) -> list[Subject]:
    found: list[Subject] = []
    owners = list(owners)
    metadata = metadata_pools(owners)
    for owner in owners:
        found += pool_subjects(owner, metadata)
        found += containers_of_resource(owner)
        if owner.kind == "RabbitmqCluster" and isinstance(lookup(owner.object, "spec"), Mapping):
            found.append(queue_of_resource(owner))
        if owner.kind in ("PerconaXtraDBCluster", "MariaDB") and (database := database_of_resource(owner)):
            found.append(database)
    return found


def _components(charts: Iterable[ChartUse]) -> list[Subject]:
    found: list[Subject] = []
    for use in charts:
        found.append(values_subject(use))
        if database := database_of_chart(use):
            found.append(database)
        if use.chart in ("rook-ceph", "rook-ceph-cluster"):
            continue
        found += chart_containers(use)
        for component in component_subjects(use):
            found.append(component)
            if use.chart == "rabbitmq" and text(lookup(component.object, "component")) == "server":
                found.append(queue_of_component(component, use))
    return found


def _unique(subjects: list[Subject]) -> list[Subject]:
    """Subjects with ids of their own: a second one of the same name gets a number."""
    seen: dict[str, int] = {}
    found: list[Subject] = []
    for subject in subjects:
        count = seen[subject.id] = seen.get(subject.id, 0) + 1
        if count > 1:
            from lintkit.records import replace

            found.append(replace(subject, id=f"{subject.id}#{count}"))
        else:
            found.append(subject)
    return found


def _home(gathered: Gathered, subjects: list[Subject]) -> Node:
    if gathered.deliveries:
        return gathered.deliveries[0].home
    return subjects[0].home if subjects else make_mapping(gathered.resources[0].home, ()) if gathered.resources else _nowhere()


def _nowhere() -> Node:
    from lintkit.text.source import Source
    from lintkit.yamldoc.document import Document

    return Mapping(Document(Source("", "", builtin=True), 0), 0, 0, ())


def _environment_object(gathered: Gathered, subjects: list[Subject]) -> Mapping:
    home = _home(gathered, subjects)
    return make_mapping(home, (("name", make_string(home, gathered.name)),))


def _evidence(nodes: tuple[ClusterNode, ...], inventories: list[Inventory], *, labels: bool) -> dict[str, str]:
    if not nodes:
        return {"nodes": "no node inventory", "hosts": "no node inventory", "base": "no base revision"}
    evidence = {"hosts": "", "base": "no base revision"}
    blurred = next((n for n in nodes if n.unknown), None)
    if not labels and all(i.level == "names" for i in inventories):
        evidence["nodes"] = "the inventory names nodes but no labels"
    elif blurred is not None:
        evidence["nodes"] = f"labels of {blurred.name} are not known: {blurred.unknown}"
    else:
        evidence["nodes"] = ""
    return evidence


_OPERATOR_IMAGE: Final = regex(r"(?:^|/)rook/ceph:v?(\d+\.\d+\.\d+)(?![\d.])")


def _versions(gathered: Gathered, subjects: list[Subject]) -> dict[str, str]:
    found: dict[str, str] = {}
    for subject in subjects:
        if subject.kind == "CephCluster":
            version = ceph_version(text(lookup(subject.object, "spec", "cephVersion", "image")) or "")
            if version:
                found["ceph"] = version
    for use in gathered.charts:
        match = re.match(r"v?(\d+\.\d+\.\d+)", use.version)
        if match and use.chart in ("rook-ceph", "rook-ceph-cluster"):
            found.setdefault("rook", match[1])
    images = (text(s.object.get("image")) or "" for s in subjects if s.kind == "Container" and s.resource.kind == "Deployment")
    written = {match[1] for image in images if (match := _OPERATOR_IMAGE.search(image))}
    if len(written) == 1:
        found.setdefault("rook", written.pop())
    return found


def _pool_uses(charts: Iterable[ChartUse]) -> tuple[tuple[str, str], ...]:
    """RBD pools that values of cinder, glance and nova name (reference: chart values of OpenStack-Helm 2024.2 to 2026.1)."""
    found: list[tuple[str, str]] = []
    for use in charts:
        conf = lookup(use.values, "conf")
        names: list[Node | None] = []
        if use.chart == "nova":
            names.append(lookup(conf, "nova", "libvirt", "images_rbd_pool"))
        elif use.chart == "glance":
            names += [lookup(conf, "glance", section, "rbd_store_pool") for section in ("rbd", "glance_store")]
        elif use.chart == "cinder":
            names.append(lookup(conf, "cinder", "DEFAULT", "backup_ceph_pool"))
            backends = lookup(conf, "backends")
            if isinstance(backends, Mapping):
                names += [lookup(entry.value, "rbd_pool") for _, entry in backends]
        found += [(use.chart, name) for node in names if (name := text(node))]
    return tuple(found)


def ceph_version(image: str) -> str:
    """The Ceph version an image tag names (``quay.io/ceph/ceph:v19.2.3-20250717`` is 19.2.3); empty when it names none."""
    tag = image.partition("@")[0].rpartition(":")[2] if ":" in image.rsplit("/", 1)[-1] else ""
    match = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?![\d.])", tag)
    return ".".join(part for part in match.groups() if part) if match else ""
