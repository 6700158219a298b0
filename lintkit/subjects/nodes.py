"""Nodes: the machines of an inventory as subjects, so that findings can point at the line that names them."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.finding import ResourceId
from lintkit.sources.inventory.model import ClusterNode, Inventory
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.document import path_of
from lintkit.yamldoc.node import Json, Mapping, Node, Path, lookup, text
from lintkit.yamldoc.transform import make_mapping, make_string

_ADDRESSES: Final = ("ansible_host", "ip")


def node_subjects(nodes: Iterable[ClusterNode], inventories: Iterable[Inventory]) -> list[Subject]:
    """Every node of the cluster, then the other hosts of its inventories (``etcd`` or ``bastion`` only)."""
    members = list(nodes)
    names = {node.name for node in members}
    others = [host for inventory in inventories for host in inventory.others if host.name not in names]
    holders = _holders([*members, *others])
    return [_node(node, holders, member=True) for node in members] + [_node(host, holders, member=False) for host in others]


def _holders(hosts: Iterable[ClusterNode]) -> dict[tuple[str, str], str]:
    """The first host that has an address, by setting and value."""
    found: dict[tuple[str, str], str] = {}
    for host in hosts:
        for key in _ADDRESSES:
            value = text(host.settings.get(key))
            if value:
                found.setdefault((key, value), host.name)
    return found


def _node(node: ClusterNode, holders: Dict[tuple[str, str], str], *, member: bool) -> Subject:
    home = node.home
    settings = make_mapping(home, node.settings.items())
    written = node.label_homes
    known = [(k, written.get(k) or make_string(home, v)) for k, v in node.labels.items() if v is not None]
    labels = make_mapping(home, known)
    body = make_mapping(home, (("name", make_string(home, node.name)), ("labels", labels), ("settings", settings)))
    twins: dict[str, Json] = {
        key: first
        for key in _ADDRESSES
        if (first := holders.get((key, text(node.settings.get(key)) or ""))) is not None and first != node.name
    }
    return Subject(
        kind="Node",
        id=f"Node/{node.name}",
        object=body,
        home=home,
        resource=ResourceId("Node", "", node.name),
        bindings=(
            *(_written(("settings", key), value) for key, value in node.settings.items()),
            *(_written(("labels", key), value) for key, value in written.items()),
            Binding((), make_mapping(home, (("name", home),)), ("name",)),
        ),
        facts={"member": member, "address": node.address, "defined": node.defined, "twins": twins},
    )


def _written(prefix: Path, value: Node) -> Binding:
    """A host's setting may stand in any file of the inventory: where it does, with its key."""
    root, path = value.doc.root, path_of(value)
    if isinstance(root, Mapping) and path and lookup(root, *path) is value:
        return Binding(prefix, root, path)
    return Binding(prefix, make_mapping(value, (("value", value),)), ("value",))
