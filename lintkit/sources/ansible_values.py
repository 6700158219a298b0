"""Ansible vars files that hold the values of a Helm release under a variable."""

from __future__ import annotations

from typing import Final

from lintkit.records import NamedTuple
from lintkit.text.regex import regex
from lintkit.tree.files import Reader
from lintkit.yamldoc.node import Mapping, Node, Sequence

_VALUES_NAME: Final = regex(r"_?(?P<chart>[a-z0-9][a-z0-9_]*?)_(?:helm_)?values(?:_overrides?)?|_?(?:helm_)?values")
_HELM_NAME: Final = regex(r"_?(?:[a-z0-9_]+_)?helm_values(?:_overrides?)?")
# words around a chart's name in variables of roles: openstack_helm_nova_values, rook_ceph_cluster_helm_values
_PREFIXES: Final = ("openstack_helm_", "osh_")

_OPENSTACK_HELM: Final = frozenset(
    {"pod", "labels", "conf", "endpoints", "images", "manifests", "network", "dependencies", "bootstrap", "secrets"}
)
_ROOK: Final = frozenset(
    {"cephClusterSpec", "cephBlockPools", "cephECBlockPools", "cephFileSystems", "cephObjectStores", "operatorNamespace"}
)
_WORDS: Final = ("_values", "helm_values")
_MAX_DEPTH: Final = 4


class AnsibleValues(NamedTuple):
    """Helm values in a vars file: the chart its variable's name suggests (may be empty), the values, the variable's key."""

    chart: str
    values: Mapping
    key: Node


def find_values(reader: Reader, path: str) -> list[AnsibleValues]:
    """Every variable of a vars file, role default or play that holds Helm values.

    A name ending in ``helm_values`` is enough; one ending in ``_values`` needs values that look like
    those of OpenStack-Helm (two of its common keys) or rook-ceph-cluster (one of its own).
    """
    source = reader.source(path)
    if source is None or "values" not in source.text or not any(word in source.text for word in _WORDS):
        return []
    found: list[AnsibleValues] = []
    for document in reader.documents(path):
        if document.root is not None:
            _search(document.root, 0, found)
    return found


def _search(node: Node, depth: int, found: list[AnsibleValues]) -> None:
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, Sequence):
        for item in node.items:
            _search(item, depth + 1, found)
        return
    if not isinstance(node, Mapping):
        return
    for name, entry in node:
        chart = _chart(name)
        if chart is not None and isinstance(entry.value, Mapping) and _is_values(name, entry.value):
            found.append(AnsibleValues(chart, entry.value, entry.key))
        elif not isinstance(entry.value, Mapping) or depth < 2:
            _search(entry.value, depth + 1, found)


def _chart(name: str) -> str | None:
    """The chart that a variable's name suggests; None when it is no name of values."""
    match = _VALUES_NAME.fullmatch(name)
    if match is None:
        return None
    chart = match.group("chart") or ""
    for prefix in _PREFIXES:
        chart = chart.removeprefix(prefix)
    return "" if chart in ("helm", "openstack_helm", "osh") else chart.replace("_", "-")


def _is_values(name: str, values: Mapping) -> bool:
    if _HELM_NAME.fullmatch(name):
        return True
    have = frozenset(values.index)
    return len(have & _OPENSTACK_HELM) >= 2 or bool(have & _ROOK)
