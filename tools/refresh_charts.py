"""Refresh what lintkit knows about Helm charts: ``python tools/refresh_charts.py CHARTS_DIR [--out schemas/charts]``.

CHARTS_DIR holds values files as charts ship them, nothing else is read and nothing is executed:

    openstack-helm/<version>/<chart>.yaml                  values.yaml of one chart, or
    openstack-helm/<version>/<chart>/values.yaml           with its templates/ beside it (optional)
    rook-ceph-<version>-values.yaml, rook-ceph-cluster-<version>-values.yaml

It writes, below ``--out``:

    openstack-helm/<release>/<chart>.yaml                  defaults that policies read, in the shape of values.yaml
    rook-ceph/<minor>.yaml, rook-ceph-cluster/<minor>.yaml the same for Rook
    keys/<chart>.json                                      every known values key, all versions and additions.yaml together
    reads/<release>.yaml                                   replica and budget keys that templates read (only from templates/)

Files of charts that CHARTS_DIR does not hold stay as they are. ``components/`` and ``additions.yaml`` are kept by hand;
``pytest tests/facts`` names every path in them that no chart has. A new release needs: its values in CHARTS_DIR, this
command, the tests, a look at the diff.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

Tree: TypeAlias = "dict[str, Tree] | int"
"""Known keys: a dict for a mapping, 1 for a key with a plain value, 0 for a mapping whose keys are free."""

FREE: Final = 0
LEAF: Final = 1

OPENSTACK_KEEP: Final = (
    "labels",
    "pod.replicas",
    "pod.affinity",
    "pod.lifecycle",
    "pod.tolerations",
    "pod.resources",
    "pod.useHostNetwork",
    "manifests",
    "images.tags",
    "endpoints.oslo_messaging.statefulset",
    "endpoints.oslo_messaging.hosts",
    "endpoints.oslo_cache.statefulset",
    "endpoints.oslo_cache.hosts",
    "endpoints.oslo_db*.hosts",
    "network.backend",
    "conf.*_uwsgi.uwsgi.processes",
    "storage",
    "volume",
    "ceph_client",
    "backup",
    "rbd_pool",
    "console.console_kind",
)
"""Values every OpenStack-Helm chart keeps; ``*`` stands for any characters of one key."""

CONF_KEEP: Final = {
    "nova": (
        "conf.ceph",
        "conf.libvirt",
        "conf.hypervisor",
        "conf.nova.libvirt",
        "conf.nova.upgrade_levels",
        "conf.nova.DEFAULT.*_allocation_ratio",
        "conf.nova.DEFAULT.reserved_*",
        "conf.nova.DEFAULT.*_workers",
        "conf.nova.DEFAULT.resume_guests_state_on_host_boot",
    ),
    "libvirt": ("conf.ceph", "conf.libvirt", "conf.dynamic_options.libvirt", "conf.qemu"),
    "cinder": ("conf.backends", "conf.ceph", "conf.cinder.DEFAULT", "conf.cinder.coordination"),
    "glance": ("conf.ceph", "conf.glance.DEFAULT", "conf.glance.glance_store", "conf.glance.rbd"),
    "neutron": (
        "conf.neutron.DEFAULT",
        "conf.l3_agent.DEFAULT",
        "conf.dhcp_agent.DEFAULT",
        "conf.plugins.ml2_conf.ml2",
        "conf.ovs_dpdk.enabled",
    ),
    "octavia": ("conf.octavia.health_manager", "conf.octavia.DEFAULT"),
    "gnocchi": ("conf.ceph", "conf.gnocchi.storage"),
    "heat": ("conf.heat.heat_api*.workers",),
    "designate": ("conf.designate.service:api.workers",),
    "masakari": ("conf.masakari.DEFAULT.masakari_api_workers",),
    "mistral": ("conf.mistral.api.api_workers",),
    "trove": ("conf.trove.DEFAULT.trove_api_workers",),
    "rabbitmq": ("conf.rabbitmq",),
    "mariadb": ("conf.galera", "conf.backup"),
    "mariadb-cluster": ("conf.galera",),
    "memcached": ("conf.memcached",),
    "openvswitch": ("conf.ovs_dpdk", "conf.ovs_hw_offload"),
    "ovn": ("conf.ovn_*",),
}
"""What single charts keep of ``conf``."""

ROOK_KEEP: Final = {
    "rook-ceph-cluster": (
        "operatorNamespace",
        "clusterName",
        "configOverride",
        "csiDriverNamePrefix",
        "toolbox.enabled",
        "toolbox.image",
        "toolbox.tolerations",
        "toolbox.affinity",
        "toolbox.resources",
        "monitoring",
        "cephImage",
        "cephClusterSpec",
        "cephBlockPools",
        "cephECBlockPools",
        "cephFileSystems",
        "cephObjectStores",
        "cephBlockPoolsVolumeSnapshotClass",
        "cephFileSystemVolumeSnapshotClass",
    ),
    "rook-ceph": (
        "image",
        "crds",
        "resources",
        "nodeSelector",
        "tolerations",
        "unreachableNodeTolerationSeconds",
        "currentNamespaceOnly",
        "allowLoopDevices",
        "deleteUnusedCrushRules",
        "priorityClassName",
        "enableDiscoveryDaemon",
        "discoveryDaemonInterval",
        "discover",
        "useOperatorHostNetwork",
        "enforceHostNetwork",
        "hostpathRequiresPrivileged",
        "disableDeviceHotplug",
        "scaleDownOperator",
        "monitoring",
        "csi.*",
    ),
}
ROOK_DROP: Final = ("csi.csi*Resource", "csi.csi*Volume", "csi.csi*VolumeMount")

OPENSTACK_KEYS: Final[dict[str, Tree]] = {
    "annotations": FREE,
    "endpoints": FREE,
    "global": FREE,
    "helm-toolkit": FREE,
    "overrides": FREE,
    "extraObjects": LEAF,
    "release_group": LEAF,
    "conf": {"overrides": FREE},
    "images": {"pull_policy": LEAF, "imagePullSecrets": LEAF},
    "pod": {
        "affinity": FREE,
        "annotations": FREE,
        "dns_policy": LEAF,
        "env": FREE,
        "etcSources": FREE,
        "lifecycle": {"upgrades": FREE},
        "mandatory_access_control": FREE,
        "priorityClassName": FREE,
        "probes": FREE,
        "runtimeClassName": FREE,
        "security_context": FREE,
        "user": FREE,
    },
    "dependencies": FREE,
    "network_policy": FREE,
}
"""Keys that helm-toolkit reads for every chart, whether or not its values name them."""

_FREE_NAMES: Final = frozenset({"annotations", "nodeSelector", "node_selector", "limits", "requests", "parameters", "podLabels"})
_FREE_ROOK: Final = frozenset({"cephClusterSpec", "ceph-csi-operator", "cephClusterMetadata", "global"})


class Chart(NamedTuple):
    """One chart of one version: where its values are, and its templates folder when there is one."""

    family: str
    name: str
    version: str
    values: Path
    templates: Path | None


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, for ordering (``2025.2.6`` -> ``(2025, 2, 6)``)."""
    return tuple(int(n) for n in re.findall(r"\d+", version))


def release_of(version: str) -> str:
    """Release line of a version: ``2025.2`` of ``2025.2.6``, ``1.19`` of ``1.19.5``."""
    return ".".join(version.split(".")[:2])


def charts_in(folder: Path) -> list[Chart]:
    """Every chart below ``folder``, oldest version first."""
    found = [*_openstack_charts(folder / "openstack-helm"), *_rook_charts(folder)]
    return sorted(found, key=lambda c: (c.family, c.name, numbers(c.version)))


def _openstack_charts(folder: Path) -> Iterator[Chart]:
    for values in sorted(folder.glob("*/*.yaml")):
        yield Chart("openstack-helm", values.stem, values.parent.name, values, None)
    for values in sorted(folder.glob("*/*/values.yaml")):
        chart, templates = values.parent, values.parent / "templates"
        yield Chart("openstack-helm", chart.name, chart.parent.name, values, templates if templates.is_dir() else None)


def _rook_charts(folder: Path) -> Iterator[Chart]:
    for values in sorted(folder.glob("rook-ceph*-values.yaml")):
        match = re.fullmatch(r"(rook-ceph(?:-cluster)?)-v?(\d+(?:\.\d+)+)-values", values.stem)
        if match:
            yield Chart("rook", match[1], match[2], values, None)


def compose(path: Path) -> yaml.MappingNode:
    """The root mapping of a values file, as nodes: scalars keep how they are written, so nothing is retyped."""
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise SystemExit(f"{path}: not a mapping")
    return root


def reduce(root: yaml.MappingNode, keep: Iterable[str], drop: Iterable[str] = ()) -> yaml.MappingNode:
    """``root`` with only the paths that ``keep`` names and without those ``drop`` names; document order stays."""
    kept = _kept(root, [k.split(".") for k in keep], [d.split(".") for d in drop])
    return kept if kept is not None else yaml.MappingNode("tag:yaml.org,2002:map", [])


def _kept(node: yaml.MappingNode, keep: list[list[str]], drop: list[list[str]]) -> yaml.MappingNode | None:
    pairs = []
    for key, value in node.value:
        into = [k[1:] for k in keep if k and fnmatchcase(key.value, k[0])]
        out = [d[1:] for d in drop if d and fnmatchcase(key.value, d[0])]
        if not into or [] in out:
            continue
        if [] in into and not out:
            pairs.append((key, value))
        elif isinstance(value, yaml.MappingNode):
            inner = _kept(value, [["*"]] if [] in into else into, out)
            if inner is not None:
                pairs.append((key, inner))
        elif [] in into:
            pairs.append((key, value))
    return yaml.MappingNode(node.tag, pairs, flow_style=False) if pairs else None


def written(chart: Chart, node: yaml.MappingNode) -> str:
    """The text of a defaults file."""
    _block_style(node)
    body: str = yaml.serialize(node, Dumper=yaml.SafeDumper, width=1000, allow_unicode=True)
    return f"# {chart.name} {chart.version}: chart defaults that policies read\n{body}"


def _block_style(node: yaml.Node) -> None:
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = not node.value
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                _block_style(part)


def key_tree(node: yaml.Node, path: tuple[str, ...], *, rook: bool) -> Tree:
    """Known keys below ``node``, which stands at ``path`` of the values."""
    if not isinstance(node, yaml.MappingNode):
        return LEAF
    if not node.value or _is_free(path, rook=rook):
        return FREE
    return {key.value: key_tree(value, (*path, key.value), rook=rook) for key, value in node.value}


def _is_free(path: tuple[str, ...], *, rook: bool) -> bool:
    if not path:
        return False
    if path[-1] in _FREE_NAMES or (path[-1] == "labels" and len(path) > 1):
        return True
    if rook:
        return path[0] in _FREE_ROOK or path[-1] == "labels"
    return path[0] == "conf" and len(path) == 2


def united(left: Tree, right: Tree) -> Tree:
    """Keys known to either; what is free in one is free."""
    if isinstance(left, dict) and isinstance(right, dict):
        return {k: united(left[k], right[k]) if k in left and k in right else v for k, v in (left | right).items()}
    if isinstance(left, dict):
        return left if right == LEAF else FREE
    if isinstance(right, dict):
        return right if left == LEAF else FREE
    return min(left, right)


def ordered(tree: Tree) -> Tree:
    """The same tree with sorted keys."""
    return {k: ordered(tree[k]) for k in sorted(tree)} if isinstance(tree, dict) else tree


def path_tree(path: str) -> Tree:
    """A tree that knows one dotted path; a final ``.*`` makes it a free mapping."""
    names = path.removesuffix(".*").split(".")
    tree: Tree = FREE if path.endswith(".*") else LEAF
    for name in reversed(names):
        tree = {name: tree}
    return tree


def keys_read(templates: Path) -> dict[str, object]:
    """Keys that the templates name literally below ``pod.replicas`` and ``pod.lifecycle.disruption_budget``."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in sorted(templates.rglob("*.yaml")))
    budgets = sorted(set(re.findall(r"\.Values\.pod\.lifecycle\.disruption_budget\.(\w+)", text)))
    replicas = sorted(set(re.findall(r"\.Values\.pod\.replicas\.(\w+)", text)))
    return {"replicas": replicas, "disruption_budget": budgets}


def refresh(charts_dir: Path, out: Path, by_hand: Path) -> list[Path]:
    """Write everything below ``out``; ``by_hand`` holds what is kept by hand. Returns the files written."""
    charts = charts_in(charts_dir)
    newest = {(c.family, c.name, release_of(c.version)): c for c in charts}
    files = [_write_defaults(c, out) for c in newest.values()]
    files += _write_keys(charts, out / "keys", by_hand)
    files += _write_reads(newest.values(), out / "reads", by_hand / "reads")
    return files


def _write_defaults(chart: Chart, out: Path) -> Path:
    root = compose(chart.values)
    if chart.family == "rook":
        node = reduce(root, ROOK_KEEP[chart.name], ROOK_DROP)
        return _write(out / chart.name / f"{release_of(chart.version)}.yaml", written(chart, node))
    node = reduce(root, (*OPENSTACK_KEEP, *CONF_KEEP.get(chart.name, ())))
    return _write(out / chart.family / release_of(chart.version) / f"{chart.name}.yaml", written(chart, node))


_BELOW: Final = {
    "label": ("node_selector_key", "node_selector_value"),
    "disruption_budget": ("min_available",),
    "tolerations": ("enabled", "tolerations"),
}


def component_paths(components: dict[str, Any]) -> Iterator[str]:
    """Values paths that a file of ``components/`` names, in the form of additions.yaml."""
    for component in components.get("components", ()):
        yield from (component[key] for key in ("replicas", "budget_manifest") if key in component)
        yield from (f"{component[key]}.{name}" for key, names in _BELOW.items() if key in component for name in names)
        yield from component["manifests"]
        yield from (f"{path}.{name}.*" for path in component.get("resources", ()) for name in ("limits", "requests"))
        yield from (f"images.tags.{tag}" for tag in component.get("images", ()))


def _plain(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if path.is_file() else {}
    return data


def _write_keys(charts: Iterable[Chart], out: Path, by_hand: Path) -> list[Path]:
    trees: dict[str, Tree] = {}
    for chart in charts:
        rook = chart.family == "rook"
        tree = key_tree(compose(chart.values), (), rook=rook)
        trees[chart.name] = united(trees.get(chart.name, {} if rook else OPENSTACK_KEYS), tree)
    more = _plain(by_hand / "additions.yaml")
    for name in trees:
        for path in (*more.get(name, ()), *component_paths(_plain(by_hand / "components" / f"{name}.yaml"))):
            trees[name] = united(trees[name], path_tree(path))
    dump = {name: json.dumps(ordered(tree), separators=(",", ":")) for name, tree in trees.items()}
    return [_write(out / f"{name}.json", text + "\n") for name, text in dump.items()]


def _write_reads(charts: Iterable[Chart], out: Path, before: Path) -> list[Path]:
    found: dict[str, dict[str, object]] = {}
    for chart in charts:
        if chart.templates:
            found.setdefault(release_of(chart.version), {})[chart.name] = keys_read(chart.templates)
    files = []
    for release, reads in found.items():
        old = before / f"{release}.yaml"
        text = yaml.safe_dump({**_plain(old), **reads}, default_flow_style=None, width=1000)
        files.append(_write(out / old.name, f"# Keys below pod that templates of OpenStack-Helm {release} read.\n{text}"))
    return files


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Refresh schemas/charts from values files of charts.")
    parser.add_argument("charts_dir", type=Path)
    here = Path(__file__).resolve().parents[1] / "schemas" / "charts"
    parser.add_argument("--out", type=Path, default=here)
    args = parser.parse_args()
    print(f"{len(refresh(args.charts_dir, args.out, here))} files written below {args.out}")


if __name__ == "__main__":
    main()
