"""Facts about what pods ask of nodes: requests added up by the node label that their workloads select."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import chart_defaults, components
from lintkit.facts.placement import Selector, escaped
from lintkit.facts.roles import ROLES
from lintkit.facts.scheduling import pod_selectors
from lintkit.facts.units import quantity
from lintkit.facts.workloads import Workload, bounds, workloads
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, NotKnown, once_each
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_RESOURCES: Final = ("cpu", "memory")
_OPERATORS: Final = ("RabbitmqCluster", "PerconaXtraDBCluster", "MariaDB")


class _Asked(NamedTuple):
    """What the pods of one workload request together, and where its count is written."""

    workload: Workload
    pods: int
    amount: float


@once_each
def node_requests(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """Requests of all pods that are bound to one node label, for each label and resource: CPU in cores, memory in bytes.

    One item each: ``label`` (key=value), ``names`` (by which a configuration may know it: the label, its key, the role that
    OpenStack-Helm gives it, the roles of the configuration), ``resource`` (cpu or memory), ``requested``, ``nodes`` (that
    have the label), ``workloads`` (that request something), ``of`` and ``path`` (the count of the one that requests most),
    ``title`` and ``others`` (``of``, ``path``, ``title``, ``requested`` of the next three).

    It is the least that is requested: an autoscaler counts with its minimum, a DaemonSet with one node less than there are,
    and what cannot be told (a count, selector or request, the second of two of one name) is left out. A limit without a
    request is one.
    """
    reason = environment.evidence.get("nodes", "")
    if reason:
        return NotKnown(reason)
    asked: dict[tuple[str, str], list[_Asked]] = {}
    for workload in workloads(environment):
        if workload.role == "run" or "#" in workload.subject.id:
            continue
        labels = _labels(pod_selectors(workload))
        if not labels:
            continue
        sizes = _pod_requests(workload, environment)
        for label in sorted(labels):
            pods = _nodes(environment, label) - 1 if workload.daemon else bounds(workload, environment)[0]
            for resource, size in sizes.items() if pods and pods > 0 else ():
                asked.setdefault((label, resource), []).append(_Asked(workload, pods or 0, size * (pods or 0)))
    return [_item(environment, *key, found) for key, found in asked.items() if _nodes(environment, key[0])]


def node_sizes(_subject: Subject, environment: Environment) -> Json:
    """Whether any node tells what it offers."""
    return any(node.allocatable for node in environment.nodes)


def node_room(subject: Subject, environment: Environment) -> Json | NotKnown:
    """The items of ``node_requests`` for labels whose nodes tell what they offer, with ``offered``: what is left of it
    without the node that offers most. Nodes tell where a saved node list has their ``status.allocatable``; not known where
    none does and something is requested."""
    asked = node_requests(subject, environment)
    if not isinstance(asked, list):
        return asked
    if asked and not node_sizes(subject, environment):
        return NotKnown("no node sizes")
    found: list[Json] = []
    for item in asked:
        if isinstance(item, dict):
            offers = _offers(environment, str(item["label"]), str(item["resource"]))
            found += [{**item, "offered": sum(offers) - max(offers)}] if offers else []
    return found


def _offers(environment: Environment, label: str, resource: str) -> list[float]:
    """What each node with a label offers; empty when one of them does not tell."""
    key, _, value = label.partition("=")
    found: list[float] = []
    for node in environment.nodes:
        if node.labels.get(key) == value:
            try:
                found.append(quantity(node.allocatable.get(resource, "")))
            except ValueError:
                return []
    return found


def _item(environment: Environment, label: str, resource: str, asked: list[_Asked]) -> Json:
    ranked = sorted(asked, key=lambda a: (-a.amount, a.workload.subject.id))
    places: list[dict[str, Json]] = [
        {
            "of": a.workload.subject.id,
            "path": escaped(_place(a.workload)),
            "title": f"{a.pods} pod{'' if a.pods == 1 else 's'} of {a.workload.title}",
            "requested": a.amount,
        }
        for a in ranked[:4]
    ]
    return {
        "label": label,
        "names": _names(environment, label),
        "resource": resource,
        "requested": sum(a.amount for a in asked),
        "nodes": _nodes(environment, label),
        "workloads": len(asked),
        "of": places[0]["of"],
        "path": places[0]["path"],
        "title": places[0]["title"],
        "others": [*places[1:]],
    }


def _place(workload: Workload) -> Path:
    """Where the number of pods is decided: the count, or what selects the nodes of a DaemonSet."""
    if workload.daemon:
        return ("nodeSelector",) if workload.subject.kind == "Component" else workload.pods[0]
    return workload.replicas_path


def _names(environment: Environment, label: str) -> Json:
    key = label.partition("=")[0]
    roles = [name for name, role in environment.roles.items() if isinstance(role, dict) and role.get("label") in (label, key)]
    return [*dict.fromkeys((label, key, *([ROLES[key]] if key in ROLES else []), *sorted(roles)))]


def _nodes(environment: Environment, label: str) -> int:
    key, _, value = label.partition("=")
    return sum(1 for node in environment.nodes if node.labels.get(key) == value)


def _labels(selectors: list[Selector] | None) -> set[str]:
    """The labels that every node of a workload must have."""
    found: set[str] = set()
    for selector in selectors or ():
        if len(selector.alternatives) == 1:
            terms = selector.alternatives[0]
            found |= {f"{t.key}={t.values[0]}" for t in terms if t.operator == "In" and len(t.values) == 1}
    return found


def _pod_requests(workload: Workload, environment: Environment) -> dict[str, float]:
    """What one pod requests, as far as it can be told."""
    found: dict[str, float] = {}
    for node in _containers(workload, environment):
        for name in _RESOURCES:
            amount = _amount(lookup(node, "requests", name))
            if amount is None and lookup(node, "requests", name) is None:
                amount = _amount(lookup(node, "limits", name))
            if amount:
                found[name] = found.get(name, 0.0) + amount
    return found


def _amount(node: Node | None) -> float | None:
    if not isinstance(node, Scalar) or unknown_reason(node) or isinstance(node.value, bool):
        return None
    try:
        return quantity(node.text)
    except ValueError:
        return None


def _containers(workload: Workload, environment: Environment) -> Iterator[Node]:
    """The resources of each container that a workload's pods run."""
    body = workload.subject.object
    found: list[Node | None]
    if workload.subject.kind == "Component":
        found = _of_chart(workload.subject, environment)
    elif workload.subject.kind in _OPERATORS:
        found = [lookup(body, *workload.pods[0], "resources")]
    else:
        found = [lookup(c, "resources") for c in items(lookup(body, *workload.pods[0], "containers"))]
    yield from (node for node in found if isinstance(node, Mapping))


def _of_chart(component: Subject, environment: Environment) -> list[Node | None]:
    if boolean(component.object.get("resourcesEnabled")) is not True:
        return []
    _, namespace, release, chart, _ = component.id.split("/", 4)
    values = environment.by_id.get(f"ChartValues/{namespace}/{release}/{chart}")
    if values is None:
        return []
    defaults = chart_defaults(chart, text(values.object.get("version")) or "")
    name = text(component.object.get("component"))
    spec = next((s for s in components(chart, defaults.release if defaults else "") if s.component == name), None)
    paths: tuple[Path, ...] = spec.resources if spec else ()
    return [lookup(values.object, "values", *path) for path in paths]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {"node_requests": node_requests, "node_room": node_room, "node_sizes": node_sizes}
}
