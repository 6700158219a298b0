"""Facts about node roles: labels a component asks for against its chart's own, terms that are ORed, hosts in conflict."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.placement import escaped
from lintkit.facts.workloads import bounds, whole, workloads
from lintkit.sources.inventory.model import parse_taint
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, is_null, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

# labels of OpenStack-Helm charts (OpenStack-Helm installation guide, "Label Kubernetes nodes") and the role they stand for
ROLES: Final = {
    "openstack-control-plane": "control",
    "openstack-compute-node": "compute",
    "openstack-network-node": "network",
    "l3-agent": "network",
    "ceph-osd": "storage",
    "ceph-mon": "storage",
}
_NODE_TERMS: Final[Path] = ("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
_IPV4: Final = regex(r"\d+(?:\.\d+){3}")
_ADDRESSES: Final = ("ansible_host", "ip", "access_ip")


def _default_selector(component: Subject) -> tuple[str, str]:
    """The node label that a Component's chart selects unless told otherwise, key and value; empty when not known."""
    default = component.facts.get("default_selector")
    return (str(default["key"]), str(default["value"])) if isinstance(default, dict) else ("", "")


def node_role(subject: Subject, environment: Environment) -> Json:
    """The role that a Component's chart gives it: control, compute, network or storage; empty for none of these."""
    return ROLES.get(_default_selector(subject)[0], "")


def dpdk(subject: Subject, environment: Environment) -> Json:
    """Whether a Component is a vswitch that polls its cards with DPDK (openvswitch, conf.ovs_dpdk.enabled)."""
    if text(subject.object.get("chart")) != "openvswitch":
        return False
    values = environment.by_id.get("ChartValues/" + subject.id.partition("/")[2].rpartition("/")[0])
    return values is not None and boolean(lookup(values.object, "values", "conf", "ovs_dpdk", "enabled")) is True


def half_selector(subject: Subject, environment: Environment) -> Json:
    """Which half of its node selector a Component's values set alone: ``written`` and ``other`` (key or value), ``pair``.

    Null when both or none are written, or the pair is the chart's own or one that other components of the environment use.
    """
    label = subject.object.get("nodeSelector")
    key, value = lookup(label, "key"), lookup(label, "value")
    if not (isinstance(key, Scalar) and isinstance(value, Scalar)) or unknown_reason(key) or unknown_reason(value):
        return None
    alone = [not key.doc.source.builtin, not value.doc.source.builtin]
    pair = (key.text, value.text)
    if all(alone) or not any(alone) or pair == _default_selector(subject):
        return None
    if any(other.id != subject.id and _pair(other) == pair for other in environment.by_kind.get("Component", ())):
        return None
    return {"written": "key" if alone[0] else "value", "other": "value" if alone[0] else "key", "pair": f"{pair[0]}={pair[1]}"}


def _pair(subject: Subject) -> tuple[str, str] | None:
    """A node selector whose halves come from one hand: both written, or both the chart's."""
    label = subject.object.get("nodeSelector")
    key, value = lookup(label, "key"), lookup(label, "value")
    if not (isinstance(key, Scalar) and isinstance(value, Scalar)):
        return None
    return (key.text, value.text) if key.doc.source.builtin == value.doc.source.builtin else None


def ored_terms(subject: Subject, environment: Environment) -> Json:
    """Required node affinities whose terms ask for different labels, one expression each, so that any of them suffices.

    One item each: ``of``, ``path`` (of the terms), ``title``, ``terms`` (as written), ``count``, and ``second`` (the
    second term's expression, for the fix; null when part of it cannot be read).
    """
    found: list[Json] = []
    for candidate in environment.subjects:
        if candidate.kind not in _DERIVED:
            spec = candidate.object.get("spec")
            if isinstance(spec, Mapping):
                _search(candidate, spec, ("spec",), found)
    return found


_DERIVED: Final = frozenset(
    {"Pool", "Component", "Database", "MessageQueue", "Container", "Node", "Environment", "ChartValues", "OtherValues"}
)


def _search(subject: Subject, node: Node, path: Path, found: list[Json]) -> None:
    if isinstance(node, Mapping):
        for name, entry in node:
            if isinstance(entry.value, Scalar):
                continue
            if name == "nodeAffinity":
                item = _ored(subject, lookup(entry.value, *_NODE_TERMS), (*path, name, *_NODE_TERMS))
                found += [item] if item else []
            elif name not in ("parameters", "data", "metadata"):
                _search(subject, entry.value, (*path, name), found)
    else:
        for i, item_node in enumerate(items(node)):
            if not isinstance(item_node, Scalar):
                _search(subject, item_node, (*path, i), found)


def _ored(subject: Subject, terms: Node | None, path: Path) -> Json:
    singles: list[Node] = []
    for term in items(terms):
        expressions = items(lookup(term, "matchExpressions"))
        if len(expressions) != 1 or lookup(term, "matchFields") is not None:
            return None
        singles.append(expressions[0])
    names = [text(lookup(expression, "key")) for expression in singles]
    if len(singles) < 2 or len(set(names)) < len(names) or None in names:
        return None
    if any(unknown_reason(lookup(e, "key")) for e in singles):
        return None
    return {
        "of": subject.id,
        "path": escaped(path),
        "title": subject.resource.title,
        "keys": [str(name) for name in names],
        "count": len(singles),
        "second": _expression(singles[1]),
    }


def _expression(node: Node) -> Json:
    parts: dict[str, Json] = {}
    for key in ("key", "operator"):
        value = text(lookup(node, key))
        if value is None:
            return None
        parts[key] = value
    listed = items(lookup(node, "values"))
    if any(text(item) is None or unknown_reason(item) for item in listed):
        return None
    return {**parts, "values": [text(item) for item in listed]} if listed else parts


def telling_labels(subject: Subject, environment: Environment) -> Json:
    """Keys of labels and taints that some nodes of the inventory carry and others do not, sorted."""
    carried = [{*node.labels, *(taint.key for taint in node.taints)} for node in environment.nodes]
    every: set[str] = {key for keys in carried for key in keys}
    return [*sorted(key for key in every if not all(key in keys for keys in carried))]


def host_conflicts(subject: Subject, environment: Environment) -> Json:
    """What of a host of the inventory cannot be right.

    One item each: ``kind`` (shared-address, undefined, bad-address, labels-shape or taints-shape), ``text`` (the value, never
    a secret), ``path``, ``other`` (the first host with the same address, and its id in ``of``), ``wanted`` (labels or taints
    in the form they need; null where they cannot be told).
    """
    found: list[Json] = []
    settings = subject.object.get("settings")
    if subject.facts.get("defined") is False:
        found.append(_conflict("undefined", "", ""))
    if isinstance(settings, Mapping):
        for name, entry in settings:
            path = escaped(("settings", name))
            value = text(entry.value) or ""
            if name in _ADDRESSES and not unknown_reason(entry.value):
                if _bad_octet(value):
                    found.append(_conflict("bad-address", value, path))
                else:
                    found += _shared(subject, name, value, path)
            elif name == "node_labels" and not _readable(entry.value, Mapping):
                found.append({**_conflict("labels-shape", value, path), "wanted": _as_labels(entry.value)})
            elif name == "node_taints" and not _taints(entry.value):
                wrong = next((i for i, item in enumerate(items(entry.value)) if not _taint(item)), None)
                item = _conflict("taints-shape", value, path if wrong is None else f"{path}[{wrong}]")
                found.append({**item, "wanted": _as_taints(entry.value)})
    return found


def _conflict(kind: str, value: str, path: str, other: str = "") -> dict[str, Json]:
    return {"kind": kind, "text": value, "path": path, "other": other, "of": f"Node/{other}" if other else "", "wanted": None}


def _as_labels(node: Node) -> Json:
    """The labels that a list of ``key=value`` means; None for anything else."""
    pairs = [(text(item) or "").partition("=") for item in items(node)]
    if not pairs or any(unknown_reason(item) for item in items(node)) or not all(key and equals for key, equals, _ in pairs):
        return None
    return {key.strip(): value.strip() for key, _, value in pairs}


def _as_taints(node: Node) -> Json:
    """The taints that a mapping of ``key: value:effect`` means; None for anything else."""
    if not isinstance(node, Mapping) or any(unknown_reason(entry.value) for _, entry in node):
        return None
    found: list[Json] = [f"{key}={text(entry.value) or ''}" for key, entry in node]
    return found if found and all(parse_taint(str(taint)) for taint in found) else None


def _bad_octet(address: str) -> bool:
    octets = address.split(".") if _IPV4.fullmatch(address) else []
    return any(int(octet) > 255 or (len(octet) > 1 and octet[0] == "0") for octet in octets)


def _shared(subject: Subject, name: str, value: str, path: str) -> list[Json]:
    """The first host in the inventory's order keeps the address; later ones are in conflict with it."""
    twins = subject.facts.get("twins")
    other = twins.get(name) if isinstance(twins, dict) and _IPV4.fullmatch(value) else None
    return [_conflict("shared-address", value, path, str(other))] if other else []


def _readable(node: Node, shape: type[Node]) -> bool:
    if isinstance(node, shape) or unknown_reason(node) or is_null(node):
        return True
    # INI inventories write these as text
    return isinstance(node, Scalar) and (text(node) or "").lstrip().startswith(("{", "["))


def _taints(node: Node) -> bool:
    if isinstance(node, Mapping) or not (items(node) or _readable(node, Mapping)):
        return False
    return all(_taint(item) for item in items(node))


def _taint(node: Node) -> bool:
    """Whether an item of ``node_taints`` is one: ``key=value:effect``, or a mapping of these, which newer kubespray takes."""
    mapped = isinstance(node, Mapping) and all(text(lookup(node, key)) for key in ("key", "effect"))
    return bool(mapped or unknown_reason(node) or parse_taint(text(node) or ""))


def replica_literal(subject: Subject, environment: Environment) -> Json | NotKnown:
    """A Component's replica count as written: ``type`` (integer, number, boolean, string, map, list or absent), ``text``,
    ``number`` (what it may stand for; null when it is no whole number)."""
    node = subject.object.get("replicas")
    reason = unknown_reason(node)
    if reason:
        return NotKnown(f"replicas: {reason}")
    if node is None:
        return {"type": "absent", "text": "", "number": None}
    if not isinstance(node, Scalar):
        return {"type": "map" if isinstance(node, Mapping) else "list", "text": "", "number": None}
    kind = {bool: "boolean", int: "integer", float: "number", str: "string"}.get(type(node.value), "absent")
    number = int(node.text) if re.fullmatch(r"\s*\d{1,4}\s*", node.text) else node.value if isinstance(node.value, int) else None
    return {"type": kind, "text": node.text, "number": None if isinstance(number, bool) else number}


def raft_members(subject: Subject, environment: Environment) -> Json:
    """Replicas of the two OVN databases of a Component's release: ``nb`` and ``sb``; null when not known."""
    release = subject.id.rpartition("/")[0]
    members = {name: environment.by_id.get(f"{release}/ovn_ovsdb_{name}") for name in ("nb", "sb")}
    return {name: whole(other.object.get("replicas"), None) if other else None for name, other in members.items()}


def idle_budgets(subject: Subject, environment: Environment) -> Json:
    """Chart releases with disruption budgets that protect nothing: minAvailable 0 for two or more replicas.

    One item a release: ``of`` and ``path`` of the first such budget, ``chart``, ``components`` (names) and ``parts``
    (``of``, ``path`` and ``component`` of each).
    """
    found: dict[str, list[dict[str, Json]]] = {}
    for workload in workloads(environment):
        owner = workload.subject
        budget = owner.object.get("disruptionBudget")
        least = bounds(workload, environment)[0]
        if owner.kind != "Component" or least is None or least < 2 or boolean(lookup(budget, "enabled")) is not True:
            continue
        value = lookup(budget, "minAvailable")
        if owner.facts.get("budget_mode") != "min-available" or not isinstance(value, Scalar) or value.text not in ("0", "0%"):
            continue
        name = text(owner.object.get("component")) or ""
        part: dict[str, Json] = {"of": owner.id, "path": "disruptionBudget.minAvailable", "component": name, "replicas": least}
        if "#" not in owner.id:  # two values files of one chart may tell of one release
            found.setdefault(owner.id.rpartition("/")[0], []).append(part)
    return [
        {
            "of": parts[0]["of"],
            "path": parts[0]["path"],
            "chart": release.rpartition("/")[2],
            "components": [part["component"] for part in parts],
            "parts": [*parts],
        }
        for release, parts in found.items()
    ]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Component": {
        "node_role": node_role,
        "dpdk": dpdk,
        "half_selector": half_selector,
        "replica_literal": replica_literal,
        "raft_members": raft_members,
    },
    "Environment": {"ored_terms": ored_terms, "idle_budgets": idle_budgets},
    "CephCluster": {"telling_labels": telling_labels},
    "Node": {"conflicts": host_conflicts},
}
