"""Finding inventories in a tree, and loading one that configuration names.

Paths decide first, then a look at the text; only what is likely an inventory is composed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from lintkit.sources.inventory import ansible, capi, kubernetes, talos
from lintkit.sources.inventory.groups import ALL, UNGROUPED, Part, merge_hosts
from lintkit.sources.inventory.ini import looks_ini, read_ini
from lintkit.sources.inventory.model import NAMES, ClusterNode, Inventory, level_of
from lintkit.text.regex import regex
from lintkit.tree.files import Reader
from lintkit.tree.paths import parent
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import lookup, text

_NO_INVENTORY: Final = regex(r"(?:^|/)(?:\.archive|molecule|tests|group_vars|host_vars|roles/[^/]+|inventor(?:y|ies)/sample)/")
_YAML: Final = regex(r"\.ya?ml$")
_ANSIBLE_YAML: Final = regex(r"(?:^|/)(?:hosts|inventory)\.ya?ml$|(?:^|/)inventor(?:y|ies)/.*\.ya?ml$")
_ANSIBLE_INI: Final = regex(
    r"(?:^|/)(?:(?:hosts|inventory)\.ini|hosts|inventory)$|(?:^|/)inventor(?:y|ies)/(?:.*/)?(?:[^/]+\.ini|[^./]+)$"
)
_OTHER: Final = regex(r"talos|talconfig|clusterconfig|node|machine|capi|cluster-?api|kubeadm|control-?plane|worker|inventor")
_SAMPLE: Final = regex(r"\.(?:example|sample)$")
_NODE: Final = regex(r"^[ \t-]*\"?kind\"?:[ \t]*[\"']?(?:Node|NodeList)\b", re.MULTILINE)
_GROUPS: Final = regex(r"(?:^|[ \t{,\"'])(?:hosts|children|plugin)[\"']?:", re.MULTILINE)
_VARS_DIRECTORIES: Final = frozenset({"group_vars", "host_vars"})

Roles = Mapping[str, Mapping[str, str]]


def find_inventories(reader: Reader, *, role_groups: Roles | None = None) -> list[Inventory]:
    """Every inventory of a tree, by path.

    Talos machine files and Cluster API documents of one directory are one inventory. ``role_groups`` are
    labels that hosts of an Ansible group get (from configuration). An Ansible inventory that cannot be read
    has a note and no nodes.
    """
    found: list[Inventory] = []
    machines: dict[str, list[tuple[str, ClusterNode]]] = {}
    cluster_api: dict[str, list[str]] = {}
    for path in reader.under(""):
        low = path.lower()
        if _YAML.search(low):
            if not (_OTHER.search(low) or _ANSIBLE_YAML.search(low)) or _NO_INVENTORY.search(low):
                continue
            for form in _yaml_forms(reader, path, low):
                if form == "cluster-api":
                    cluster_api.setdefault(parent(path), []).append(path)
                elif form == "talos" and (node := talos.machine_node(reader.documents(path))):
                    machines.setdefault(parent(path), []).append((path, node))
                    break
                elif inventory := _yaml_inventory(reader, path, form, role_groups):
                    found.append(inventory)
                    break
        elif _ANSIBLE_INI.search(low) and not _NO_INVENTORY.search(low) and _is_ini(reader, path):
            found.append(_ini_inventory(reader, path, role_groups))
    found += [_talos_inventory(directory, nodes) for directory, nodes in machines.items()]
    found += [i for directory, paths in cluster_api.items() if (i := _capi_inventory(reader, directory, paths))]
    return sorted(found, key=lambda i: (i.path, i.form))


def load_inventory(reader: Reader, path: str, *, role_groups: Roles | None = None) -> Inventory | None:
    """The inventory at ``path``: a file of any form (``.example`` included) or a directory; None when there is none."""
    path = path.rstrip("/")
    if reader.is_directory(path):
        return _directory_inventory(reader, path, role_groups)
    source = reader.source(path)
    if source is None:
        return None
    if source.text.startswith("#!"):
        return Inventory(path, "ansible", (), NAMES, ("an inventory script is not run",))
    if not _yaml_name(path) and looks_ini(source.text):
        return _ini_inventory(reader, path, role_groups)
    for form in _yaml_forms(reader, path, "inventory/" + _SAMPLE.sub("", path.lower())):
        if form == "cluster-api":
            found = _capi_inventory(reader, path, [path])
        elif form == "talos":
            node = talos.machine_node(reader.documents(path))
            found = _talos_inventory(path, [(path, node)]) if node is not None else None
        else:
            found = _yaml_inventory(reader, path, form, role_groups)
        if found is not None:
            return found
    return None


def _yaml_name(path: str) -> bool:
    return bool(_YAML.search(_SAMPLE.sub("", path.lower()))) or path.lower().endswith(".json")


def _yaml_forms(reader: Reader, path: str, low: str) -> Iterator[str]:
    """The forms that the text of a YAML file may have, the likeliest first."""
    source = reader.source(path)
    if source is None:
        return
    body = source.text
    if "clusterName:" in body and "nodes:" in body and "hostname:" in body:
        yield "talhelper"
    if ("machine:" in body and "hostname:" in body) or "kind: HostnameConfig" in body:
        yield "talos"
    if "Node" in body and _NODE.search(body):
        yield "kubernetes"
    if any(kind in body for kind in capi.KINDS):
        yield "cluster-api"
    if _ANSIBLE_YAML.search(low) and _GROUPS.search(body):
        yield "ansible-yaml"


def _is_ini(reader: Reader, path: str) -> bool:
    source = reader.source(path)
    return source is not None and looks_ini(source.text)


def _yaml_inventory(reader: Reader, path: str, form: str, roles: Roles | None) -> Inventory | None:
    docs = reader.documents(path)
    notes = _troubles(path, docs)
    if form == "ansible-yaml":
        hosts = _yaml_hosts(docs)
        named = bool(re.search(r"(?:^|/)(?:hosts|inventory)\.", path.lower()))
        if not hosts.parts and not hosts.notes and not (notes and named):
            return None
        return _ansible(reader, path, parent(path), form, ansible.Hosts(hosts.parts, notes + hosts.notes), roles)
    nodes: list[ClusterNode] = []
    if form == "kubernetes":
        nodes = [node for doc in docs for node in kubernetes.kubernetes_nodes(doc)]
    elif form == "talhelper":
        nodes = [node for doc in docs if talos.is_talconfig(doc.root) for node in talos.talhelper_nodes(doc, reader)]
    return Inventory(path, form, tuple(nodes), level_of(nodes), notes) if nodes else None


def _troubles(path: str, docs: Iterable[Document]) -> tuple[str, ...]:
    return tuple(f"{path} cannot be read: {doc.trouble.message}" for doc in docs if doc.trouble is not None)


def _yaml_hosts(docs: Iterable[Document]) -> ansible.Hosts:
    parts: list[Part] = []
    notes: list[str] = []
    for doc in docs:
        plugin = text(lookup(doc.root, "plugin"))
        if plugin:
            notes.append(f"inventory plugin {plugin} is not run")
        elif ansible.is_inventory(doc.root):
            hosts = ansible.read_yaml(doc)
            parts += hosts.parts
            notes += hosts.notes
    return ansible.Hosts(tuple(parts), tuple(notes))


def _ini_inventory(reader: Reader, path: str, roles: Roles | None) -> Inventory:
    source = reader.source(path)
    hosts = read_ini(source) if source is not None else ansible.Hosts(())
    return _ansible(reader, path, parent(path), "ansible-ini", hosts, roles)


def _ansible(reader: Reader, path: str, directory: str, form: str, hosts: ansible.Hosts, roles: Roles | None) -> Inventory:
    groups = dict.fromkeys([ALL, UNGROUPED, *(part.group for part in hosts.parts)])
    groups.update(dict.fromkeys(child for part in hosts.parts for child in part.children))
    names = dict.fromkeys(mention.name for part in hosts.parts for mention in part.hosts)
    files, unread = ansible.read_vars(reader, directory, groups, names)
    merged, odd = merge_hosts(hosts.parts, [files])
    nodes, others, notes = ansible.cluster_nodes(merged, roles)
    return Inventory(path, form, nodes, level_of(nodes), (*hosts.notes, *unread, *odd, *notes), others)


def _directory_inventory(reader: Reader, directory: str, roles: Roles | None) -> Inventory | None:
    """All Ansible inventory files below a directory as one, as ``ansible -i directory/`` reads them; else what is found there."""
    parts: list[Part] = []
    notes: list[str] = []
    for path in reader.under(directory):
        inside = path[len(directory) + 1 if directory else 0 :]
        if not _VARS_DIRECTORIES.isdisjoint(inside.split("/")[:-1]) or _SAMPLE.search(path):
            continue
        source = reader.source(path)
        if source is None:
            continue
        if _yaml_name(path):
            if not _GROUPS.search(source.text):
                continue
            docs = reader.documents(path)
            hosts = _yaml_hosts(docs)
            notes += _troubles(path, docs)
        elif posixpath.splitext(path)[1] in ("", ".ini") and looks_ini(source.text):
            hosts = read_ini(source)
        else:
            continue
        parts += hosts.parts
        notes += hosts.notes
    if parts:
        return _ansible(reader, directory, directory, "ansible", ansible.Hosts(tuple(parts), tuple(notes)), roles)
    return _found_below(reader, directory, roles)


def _found_below(reader: Reader, directory: str, roles: Roles | None) -> Inventory | None:
    nodes: list[ClusterNode] = []
    notes: list[str] = []
    form = ""
    for path in reader.under(directory):
        inventory = load_inventory(reader, path, role_groups=roles) if _yaml_name(path) else None
        if inventory is not None and inventory.nodes:
            nodes += inventory.nodes
            notes += inventory.notes
            form = form or inventory.form
    return Inventory(directory, form, tuple(nodes), level_of(nodes), tuple(notes)) if nodes else None


def _talos_inventory(directory: str, nodes: list[tuple[str, ClusterNode]]) -> Inventory:
    path = nodes[0][0] if len(nodes) == 1 else directory
    return Inventory(path, "talos", tuple(node for _, node in nodes), level_of(node for _, node in nodes))


def _capi_inventory(reader: Reader, directory: str, paths: list[str]) -> Inventory | None:
    nodes, notes = capi.machine_nodes(doc for path in paths for doc in reader.documents(path))
    if not nodes and not notes:
        return None
    return Inventory(paths[0] if len(paths) == 1 else directory, "cluster-api", tuple(nodes), level_of(nodes), notes)
