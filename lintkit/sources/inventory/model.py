"""What an inventory says: cluster nodes with their labels and taints, and where each is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lintkit.records import NamedTuple, dataclass, field
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Node

LABELS: Final = "labels"
NAMES: Final = "names"

HOSTNAME_LABEL: Final = "kubernetes.io/hostname"
CONTROL_PLANE: Final = "node-role.kubernetes.io/control-plane"
"""Label (empty value) and taint key (NoSchedule) that kubeadm and Talos give control-plane nodes."""

EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_IPV4: Final = regex(r"\d+(?:\.\d+){3}")


class Taint(NamedTuple):
    """A node taint; ``value`` is empty when the taint has none."""

    key: str
    value: str
    effect: str


CONTROL_PLANE_TAINT: Final = Taint(CONTROL_PLANE, "", "NoSchedule")


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """One node of a cluster.

    ``home`` is the scalar that names the node (a host key, ``hostname:``, ``metadata.name``).
    A label whose value is None has a value that cannot be read here. ``label_homes`` holds the value
    of every label somebody wrote, so not those that kubeadm or the kubelet add. ``unknown`` says why labels,
    taints or the name are not fully known, empty when they are. ``groups`` are Ansible groups, outermost
    first, without ``all``. ``address`` is where the node is reached, as written. ``settings`` are the
    values of an Ansible host that decide these (``ansible_host``, ``ip``, ``node_labels``, ``node_taints``,
    ...), whatever their type. ``defined`` is False for a host that only a child group mentions although
    the inventory lists its hosts under ``all``. ``allocatable`` is what the node offers to pods by resource, where it tells.
    """

    name: str
    labels: Mapping[str, str | None]
    taints: tuple[Taint, ...]
    home: Node
    label_homes: Mapping[str, Node] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    unknown: str = ""
    address: str = ""
    settings: Mapping[str, Node] = field(default_factory=dict)
    defined: bool = True
    allocatable: Mapping[str, str] = field(default_factory=dict)


class Inventory(NamedTuple):
    """The nodes of one cluster as one file or directory declares them.

    ``form`` is ``ansible-yaml``, ``ansible-ini``, ``ansible`` (a directory of both), ``talos``, ``talhelper``,
    ``kubernetes`` or ``cluster-api``. ``level`` is ``labels`` when labels are declared, ``names`` when
    only names are known. ``notes`` say what could not be read. ``others`` are hosts of the inventory that
    are no cluster nodes (``etcd`` or ``bastion`` only).
    """

    path: str
    form: str
    nodes: tuple[ClusterNode, ...]
    level: str
    notes: tuple[str, ...] = ()
    others: tuple[ClusterNode, ...] = ()


def level_of(nodes: Iterable[ClusterNode]) -> str:
    """``labels`` when any node has a label that somebody declared (even an unreadable one), else ``names``."""
    return LABELS if any(n.label_homes or "node_labels" in n.settings for n in nodes) else NAMES


def same_node(a: str, b: str) -> bool:
    """Whether two names mean one node: equal, or equal first labels unless both are FQDNs or one is an IPv4 address."""
    left, right = a.lower(), b.lower()
    if left == right:
        return True
    if ("." in left and "." in right) or _IPV4.fullmatch(left) or _IPV4.fullmatch(right):
        return False
    return left.partition(".")[0] == right.partition(".")[0] != ""


def parse_taint(text: str) -> Taint | None:
    """``key=value:effect`` or ``key:effect`` as kubectl writes taints; None for anything else."""
    head, colon, effect = text.strip().rpartition(":")
    key, _, value = head.partition("=")
    if not colon or not key or effect not in EFFECTS or ":" in head or "=" in value:
        return None
    return Taint(key, value, effect)


def first_reason(*reasons: str) -> str:
    """The first reason that is not empty."""
    return next((reason for reason in reasons if reason), "")
