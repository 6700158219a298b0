"""Facts about databases and queues: their server settings, backups, the replicas that services count on."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.compute import values_of, word
from lintkit.facts.deliveries import kept_from, prunes
from lintkit.facts.reading import nameless
from lintkit.facts.storage import node_count
from lintkit.facts.words import nearest
from lintkit.subjects.environment import Environment, Fact, NotKnown, once
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_ASSIGNMENT: Final = regex(r"^[ \t]*([A-Za-z][\w.-]*)[ \t]*=[ \t]*([^#\n]*)", re.MULTILINE)


def settings(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Settings that the embedded configuration of a Database (my.cnf) or MessageQueue (rabbitmq.conf) makes.

    One item a setting: ``key`` (dashes as underscores), ``value`` (lower case) and ``path`` (a line of the text). Of
    several assignments of a key the last one counts, and what overrides a chart's whole ``my.cnf`` comes after it.
    A rabbitmq chart's ``cluster_partition_handling`` counts as one.
    """
    found: dict[str, Json] = {}
    for name in ("baseConfiguration", "configuration"):
        node = subject.object.get(name)
        if unknown_reason(node):
            return NotKnown(f"the server configuration is unknown: {unknown_reason(node)}")
        if not isinstance(node, Scalar) or node.doc.source.builtin:
            continue
        for match in _ASSIGNMENT.finditer(node.text):
            key, value = match[1].replace("-", "_"), match[2].strip().strip("\"'").lower()
            line = node.text.count("\n", 0, match.start(1))
            found[key] = {"key": key, "value": value, "path": f"{name}[{line}]"}
    handling = subject.object.get("partitionHandling")
    if handling is not None and not unknown_reason(handling):
        key = "cluster_partition_handling"
        found[key] = {"key": key, "value": word(handling).lower(), "path": "partitionHandling"}
    return list(found.values())


def backups(subject: Subject, environment: Environment) -> Json:
    """Names of the mariadb-operator Backup and PhysicalBackup resources that refer to a MariaDB database."""
    found: list[Json] = []
    for kind in ("Backup", "PhysicalBackup"):
        for other in environment.by_kind.get(kind, ()):
            reference = lookup(other.object, "spec", "mariaDbRef")
            if (text(other.object.get("apiVersion")) or "").startswith("k8s.mariadb.com/") and text(
                lookup(reference, "name")
            ) == subject.facts.get("name"):
                found.append(other.resource.name)
    return found


def deletion(subject: Subject, environment: Environment) -> Json:
    """What may delete a queue's or database's resource.

    ``delivery`` that prunes it (empty when none does), ``form`` (its kind), ``kept`` (an annotation keeps it from being
    deleted), ``owned`` (it is a resource of its own, not a chart's), ``queue``, ``paused``.
    """
    owner = environment.by_id.get(str(subject.facts.get("owner") or ""))
    label = subject.origin.delivery
    delivery = next((d for d in environment.by_kind.get("Delivery", ()) if d.facts["label"] == label), None)
    pruned = delivery is not None and prunes(delivery).value is True
    return {
        "delivery": label if pruned else "",
        "form": str(delivery.facts["form"]) if delivery is not None and pruned else "",
        "kept": owner is not None and kept_from(owner.object, "delete"),
        "owned": owner is not None and owner.kind != "Component",
        "queue": subject.kind == "MessageQueue",
        "paused": subject.kind == "Database" and subject.facts["owner"] != "" and word(subject.object.get("paused")) == "true",
    }


def finalizers(subject: Subject, environment: Environment) -> Json:
    """Finalizers of a database's resource: ``name`` and ``path``."""
    listed = items(subject.object.get("finalizers"))
    return [{"name": word(node), "path": f"finalizers[{i}]"} for i, node in enumerate(listed) if not unknown_reason(node)]


def servers(subject: Subject, environment: Environment) -> Json:
    """Servers that a chart's endpoints count on by the name of their StatefulSet, where the environment delivers them.

    One item an endpoint: ``service`` (oslo_messaging, oslo_cache), ``path``, ``name`` (of the StatefulSet),
    ``count`` (members the endpoint lists), ``of`` and ``at`` (the server), ``server`` (its name), ``replicas`` (members it has).
    """
    found: list[Json] = []
    for service in ("oslo_messaging", "oslo_cache"):
        stateful = values_of(subject, "endpoints", service, "statefulset")
        name, count = lookup(stateful, "name"), lookup(stateful, "replicas")
        if not text(name) or unknown_reason(name) or unknown_reason(count) or not isinstance(count, Scalar):
            continue
        matches = _servers(environment).get(word(name), [])
        if len(matches) != 1 or not isinstance(count.value, int) or isinstance(count.value, bool):
            continue
        server, at, replicas = matches[0]
        found.append(
            {
                "service": service,
                "path": f"values.endpoints.{service}.statefulset.replicas",
                "name": word(name),
                "count": count.value,
                "of": server.id,
                "at": at,
                "server": f"{server.resource.kind} {server.resource.name}" if server.kind != "Component" else word(name),
                "replicas": replicas,
            }
        )
    return found


@once
def _servers(environment: Environment) -> dict[str, list[tuple[Subject, str, int]]]:
    """Queues and caches by the name of their StatefulSet (cluster operator: NAME-server; OpenStack-Helm: RELEASE-CHART)."""
    found: dict[str, list[tuple[Subject, str, int]]] = {}
    scaled = {
        text(lookup(h.object, "spec", "scaleTargetRef", "name")) for h in environment.by_kind.get("HorizontalPodAutoscaler", ())
    }
    candidates = [(c, f"{c.resource.name}-server", "spec.replicas") for c in environment.by_kind.get("RabbitmqCluster", ())]
    for component in environment.by_kind.get("Component", ()):
        chart = text(component.object.get("chart"))
        if chart in ("rabbitmq", "memcached") and text(component.object.get("component")) == "server":
            release = component.id.split("/")[2]
            candidates.append((component, f"{release}-{chart}", "replicas"))
    for subject, name, at in candidates:
        node = lookup(subject.object, *at.split("."))
        value = _count(node, 1 if subject.kind == "RabbitmqCluster" else None)
        if value is not None and name not in scaled and not subject.origin.hidden:
            found.setdefault(name, []).append((subject, at, value))
    return found


def _count(node: Node | None, absent: int | None) -> int | None:
    if node is None:
        return absent
    return node.value if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool) else None


def hosts(subject: Subject, environment: Environment) -> Json:
    """Short host names of database, messaging and cache endpoints in a chart's values.

    One item a name: ``service``, ``path``, ``host``, ``exists`` (a Service, release or resource of the environment goes by
    it, or may: the name of one cannot be read), ``nearest``. Names with a dot, unknown ones and chart defaults nobody wrote
    are left out.
    """
    known = _services(environment)
    unnamed = nameless(environment, "Service", "StatefulSet", "Deployment", "RabbitmqCluster", "Database")
    found: list[Json] = []
    for service in ("oslo_db", "oslo_db_api", "oslo_db_cell0", "oslo_messaging", "oslo_cache"):
        for path in (("hosts", "default"), ("statefulset", "name")):
            node = values_of(subject, "endpoints", service, *path)
            name = text(node)
            fqdn = values_of(subject, "endpoints", service, "host_fqdn_override", "default")
            if node is None or not name or "." in name or unknown_reason(node) or node.doc.source.builtin or text(fqdn):
                continue
            found.append(
                {
                    "service": service,
                    "path": f"values.endpoints.{service}.{'.'.join(path)}",
                    "host": name,
                    "exists": name in known or unnamed,
                    "nearest": list(nearest(name, known, max(2, len(name) // 4))),
                }
            )
    return found


@once
def _services(environment: Environment) -> set[str]:
    """Service and StatefulSet names that the environment's databases, queues, caches and plain resources have."""
    found: set[str] = set()
    for subject in environment.subjects:
        name = subject.resource.name
        if subject.kind in ("Service", "StatefulSet", "Deployment"):
            found.add(name)
        elif subject.kind == "RabbitmqCluster":
            found |= {name, f"{name}-nodes", f"{name}-server"}
        elif subject.kind == "Database":
            found |= service_names(subject)
        elif subject.kind == "ChartValues":
            chart = text(subject.object.get("chart")) or ""
            found |= {name, chart, f"{name}-{chart}"}
            endpoints = values_of(subject, "endpoints")
            own = {"rabbitmq": "oslo_messaging", "memcached": "oslo_cache", "mariadb": "oslo_db"}.get(chart, "")
            listed = lookup(endpoints, own, "hosts") if own else None
            found |= {word(e.value) for _, e in listed} if isinstance(listed, Mapping) else set()
    return found


def service_names(database: Subject) -> set[str]:
    """Names of the Services that the operators and charts make for a Database."""
    name, chart = database.resource.name, str(database.facts["chart"])
    ends = ("", "-haproxy", "-haproxy-replicas", "-proxysql", "-pxc", "-primary", "-secondary", "-internal")
    full = f"{name}-pxc-db" if chart == "pxc-db" else name
    found = {base + end for base in (name, full) for end in ends}
    return found | ({"mariadb", "mariadb-server", "mariadb-server-primary"} if chart.startswith("mariadb") else set())


def pool_copies(subject: Subject, environment: Environment) -> Json:
    """Copies that Ceph keeps below a database's or queue's volumes: ``pool``, ``of``, ``size``; null when not known."""
    name = text(subject.object.get("storageClass"))
    classes = [c for c in environment.by_kind.get("StorageClass", ()) if c.resource.name == name]
    if len(classes) != 1 or not (text(lookup(classes[0].object, "provisioner")) or "").endswith(".rbd.csi.ceph.com"):
        return None
    parameters = lookup(classes[0].object, "parameters")
    wanted = text(lookup(parameters, "dataPool")) or text(lookup(parameters, "pool"))
    pools = [p for p in environment.by_kind.get("Pool", ()) if p.facts["ceph_name"] == wanted]
    size = lookup(pools[0].object, "replicated", "size") if len(pools) == 1 else None
    if not isinstance(size, Scalar) or not isinstance(size.value, int):
        return None
    return {"pool": wanted or "", "of": pools[0].id, "size": size.value}


def copies(subject: Subject, environment: Environment) -> Json:
    """Members of a database or queue; 1 when that is not written."""
    key = "size" if subject.kind == "Database" else "replicas"
    return _count(subject.object.get(key), 1) or 1


def upgrade(subject: Subject, environment: Environment) -> Json:
    """What decides the version: ``form`` (pxc, rabbitmq, or empty where nothing does), ``apply`` (lower case), ``written``."""
    empty = {"form": "", "apply": "", "written": ""}
    key = {"Database": "upgrade", "MessageQueue": "image"}[subject.kind]
    node = subject.object.get(key)
    form = word(subject.object.get("form"))
    if unknown_reason(node):
        return {**empty}
    name = "pxc" if word(subject.object.get("engine")) == "pxc" else "rabbitmq" if form == "RabbitmqCluster" else ""
    return {"form": name, "apply": word(node).lower(), "written": word(node)}


def schedules(subject: Subject, environment: Environment) -> Json:
    """How many backup schedules a Percona database has; null when that cannot be told."""
    node = subject.object.get("schedule")
    return None if unknown_reason(node) else len(items(node))


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Database": {
        "settings": settings,
        "backups": backups,
        "deletion": deletion,
        "finalizers": finalizers,
        "node_count": node_count,
        "pool_copies": pool_copies,
        "schedules": schedules,
        "copies": copies,
        "upgrade": upgrade,
    },
    "MessageQueue": {
        "settings": settings,
        "deletion": deletion,
        "finalizers": finalizers,
        "pool_copies": pool_copies,
        "copies": copies,
        "upgrade": upgrade,
    },
    "ChartValues": {"servers": servers, "hosts": hosts},
}
