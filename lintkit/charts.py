"""Helm charts as data: default values, workloads, known keys, and which chart a values file is for.

The data is in ``schemas/charts`` (docs/charts.md): small files, read only for charts in use and only once.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from lintkit.data import data_dir
from lintkit.records import NamedTuple
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, items, lookup, text
from lintkit.yamldoc.node import Path as ValuesPath
from lintkit.yamldoc.transform import keys

KeyTree: TypeAlias = "dict[str, KeyTree] | int"
"""Known values keys: a dict for a mapping, 1 for a key with a plain value, 0 for a mapping whose keys are free."""

OPENSTACK_HELM: Final = "openstack-helm"


class Defaults(NamedTuple):
    """Default values of a chart, reduced to what policies read.

    ``release`` is the line the data is of (``2025.2``, ``1.19``); ``exact`` whether that is the line
    of the version asked for, so that a policy may speak of a default as certain.
    """

    document: Document
    release: str
    exact: bool


class KeysRead(NamedTuple):
    """Keys that the templates of a chart read, below ``pod.replicas`` and ``pod.lifecycle.disruption_budget``."""

    replicas: frozenset[str]
    disruption_budget: frozenset[str]


class ComponentSpec(NamedTuple):
    """One workload of an OpenStack-Helm chart and the values paths that decide about it; absent paths are empty.

    ``component`` names it in its chart (the key below ``pod.replicas`` where it has one); ``name`` is the
    Kubernetes object's name when the release is called like the chart, empty when not known; ``group``
    is ``openstack`` or ``infrastructure``; ``role`` one of api, engine, proxy, compute, agent, database,
    queue, cache, controller, exporter, dns. ``manifests`` switch it on: any true one does.
    ``backend`` must be among ``network.backend`` as well. ``anti_affinity`` is the key that helm-toolkit
    looks for below ``pod.affinity.anti.*`` before ``default``; empty when the workload has none.
    ``images`` are keys of ``images.tags``. ``since`` and ``until`` are the first and last release that has it.
    """

    chart: str
    group: str
    component: str
    name: str
    workload: str
    role: str
    label: ValuesPath
    manifests: tuple[ValuesPath, ...]
    replicas: ValuesPath
    backend: str
    anti_affinity: str
    disruption_budget: ValuesPath
    budget_manifest: ValuesPath
    tolerations: ValuesPath
    resources: tuple[ValuesPath, ...]
    images: tuple[str, ...]
    pod_labels: tuple[tuple[str, str], ...]
    since: str
    until: str


@lru_cache(maxsize=256)
def chart_defaults(name: str, version: str = "") -> Defaults | None:
    """Default values of chart ``name`` at ``version``; None for a chart without data.

    The version picks the release line (``2025.2.6``, ``2026.1.8+sha``, ``v1.19.5``). Beyond the known lines it
    is the nearest one; for an old-scheme (``0.3.13``), missing or unreadable version the newest. Neither is exact.
    """
    releases = _releases(name)
    if not releases:
        return None
    release, exact = _pick(tuple(releases), version)
    return Defaults(_document(releases[release]), release, exact)


def known_chart(name: str) -> bool:
    """Whether there are default values for chart ``name``."""
    return bool(_releases(name))


def chart_names() -> frozenset[str]:
    """Every chart with default values."""
    return frozenset(_tables())


@lru_cache(maxsize=256)
def components(name: str, release: str = "") -> tuple[ComponentSpec, ...]:
    """Workloads of OpenStack-Helm chart ``name`` in ``release`` (``2025.2``; the newest when empty)."""
    wanted = _numbers(release) or (9999,)
    return tuple(
        spec
        for spec in _components(name)
        if (not spec.since or _numbers(spec.since) <= wanted) and (not spec.until or wanted <= _numbers(spec.until))
    )


@lru_cache(maxsize=256)
def keys_read(name: str, release: str) -> KeysRead | None:
    """What the templates of chart ``name`` read in ``release``; None when that was not recorded."""
    document = _optional(f"reads/{release}.yaml") if re.fullmatch(r"\d+\.\d+", release) else None
    found = lookup(document.root, name) if document else None
    if found is None:
        return None
    return KeysRead(frozenset(_texts(lookup(found, "replicas"))), frozenset(_texts(lookup(found, "disruption_budget"))))


@lru_cache(maxsize=256)
def keys_told(name: str) -> KeysRead | None:
    """What the templates of chart ``name`` can be expected to read in a release whose templates were not looked at.

    Keys that some release's templates read or some release's defaults name; None where no templates were looked at.
    """
    found = [read for release in _releases(name) if (read := keys_read(name, release))]
    roots = [_document(path).root for path in _releases(name).values()]
    for root in roots if found else ():
        below = (lookup(root, "pod", "replicas"), lookup(root, "pod", "lifecycle", "disruption_budget"))
        found.append(KeysRead(*(frozenset(node.index) if isinstance(node, Mapping) else frozenset() for node in below)))
    return KeysRead(*(frozenset().union(*names) for names in zip(*found, strict=True))) if found else None


@lru_cache(maxsize=64)
def known_keys(name: str) -> KeyTree | None:
    """Every values key that chart ``name`` knows, all releases together; None when not recorded. Read only."""
    path = _folder() / "keys" / f"{name}.json"
    if name not in _tables() or not path.is_file():
        return None
    tree: KeyTree = json.loads(path.read_text(encoding="utf-8"))
    return tree


def _folder() -> Path:
    return data_dir("schemas") / "charts"


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, Path]]:
    """Chart -> release -> its defaults file, oldest release first."""
    found: dict[str, dict[str, Path]] = {}
    folder = _folder()
    lines = sorted((folder / OPENSTACK_HELM).glob("*/*.yaml"), key=lambda p: _numbers(p.parent.name))
    for path in lines:
        found.setdefault(path.stem, {})[path.parent.name] = path
    single = [path for chart in ("rook-ceph*", "ceph-csi-drivers", "pxc-db") for path in folder.glob(f"{chart}/*.yaml")]
    for path in sorted(single, key=lambda p: _numbers(p.stem)):
        found.setdefault(path.parent.name, {})[path.stem] = path
    return found


def _releases(name: str) -> dict[str, Path]:
    return _tables().get(name, {})


def _pick(releases: tuple[str, ...], version: str) -> tuple[str, bool]:
    line = _numbers(version)[:2]
    newest = _numbers(releases[-1])
    if len(line) < 2 or (line[0] >= 2000) != (newest[0] >= 2000) or line[0] < 1:
        return releases[-1], False
    exact = next((r for r in releases if _numbers(r) == line), None)
    if exact:
        return exact, True
    return next((r for r in reversed(releases) if _numbers(r) < line), releases[0]), False


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"[vV=~^]?\s*(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(n) for n in match[1].split(".")) if match else ()


@lru_cache(maxsize=256)
def _document(path: Path) -> Document:
    relative = path.relative_to(_folder().parent.parent).as_posix()
    return documents(Source(relative, path.read_text(encoding="utf-8"), builtin=True))[0]


def _optional(relative: str) -> Document | None:
    path = _folder() / relative
    return _document(path) if path.is_file() else None


@lru_cache(maxsize=64)
def _components(name: str) -> tuple[ComponentSpec, ...]:
    document = _optional(f"components/{name}.yaml") if name in _tables() else None
    if document is None:
        return ()
    group = text(lookup(document.root, "group")) or ""
    return tuple(_spec(name, group, item) for item in items(lookup(document.root, "components")))


def _spec(chart: str, group: str, node: Node) -> ComponentSpec:
    def word(key: str) -> str:
        return text(lookup(node, key)) or ""

    def path(key: str) -> ValuesPath:
        return keys(word(key)) if word(key) else ()

    labels = lookup(node, "pod_labels")
    return ComponentSpec(
        chart=chart,
        group=group,
        component=word("component"),
        name=word("name"),
        workload=word("workload"),
        role=word("role"),
        label=path("label"),
        manifests=tuple(keys(p) for p in _texts(lookup(node, "manifests"))),
        replicas=path("replicas"),
        backend=word("backend"),
        anti_affinity=word("anti_affinity"),
        disruption_budget=path("disruption_budget"),
        budget_manifest=path("budget_manifest"),
        tolerations=path("tolerations"),
        resources=tuple(keys(p) for p in _texts(lookup(node, "resources"))),
        images=_texts(lookup(node, "images")),
        pod_labels=tuple((k, text(e.value) or "") for k, e in labels) if isinstance(labels, Mapping) else (),
        since=word("since"),
        until=word("until"),
    )


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(item.text for item in items(node) if isinstance(item, Scalar))


_CLUSTER_KEYS: Final = frozenset({"cephClusterSpec", "cephBlockPools", "cephECBlockPools", "cephFileSystems", "cephObjectStores"})
_OPERATOR_ONLY: Final = frozenset(
    {
        "allowLoopDevices",
        "cephCommandsTimeoutSeconds",
        "currentNamespaceOnly",
        "disableDeviceHotplug",
        "discoverDaemonUdev",
        "enableDiscoveryDaemon",
        "enableOBCWatchOperatorNamespace",
        "enforceHostNetwork",
        "hostpathRequiresPrivileged",
        "scaleDownOperator",
        "unreachableNodeTolerationSeconds",
        "useOperatorHostNetwork",
    }
)
_OPERATOR_KEYS: Final = _OPERATOR_ONLY | {"crds", "csi", "discover"}
_OPERATOR_CSI: Final = frozenset({"enableRbdDriver", "enableCephfsDriver", "rookUseCsiOperator", "enableRBDSnapshotter"})
_OPENSTACK_KEYS: Final = frozenset(
    {"bootstrap", "conf", "dependencies", "endpoints", "images", "labels", "manifests", "network", "pod", "secrets"}
)
_TELLING: Final = (("labels",), ("pod", "replicas"), ("images", "tags"), ("manifests",), ("conf",))


def guess_chart(path: str, keys: frozenset[str], values: Mapping) -> str:
    """The chart that the values file at ``path`` is for, judged by its name and its ``keys`` (of ``values``).

    Rook's charts are told by their keys alone. For OpenStack-Helm the file name or a folder has to name the chart,
    and at least half of the keys have to be the chart's: all of them, with some below ``conf`` or ``pod.replicas``,
    when the file has only one of the top-level keys that OpenStack-Helm charts share. Empty when in doubt.
    """
    if keys & _CLUSTER_KEYS:
        return "rook-ceph-cluster"
    if _is_operator(path, keys, values):
        return "rook-ceph"
    if "pxc" in keys and keys & {"haproxy", "proxysql"} and "kind" not in keys:
        return "pxc-db"
    generic = len(keys & _OPENSTACK_KEYS)
    return next((name for name in _named_in(path) if _fits(name, values, sparse=generic < 2)), "") if generic else ""


def _is_operator(path: str, keys: frozenset[str], values: Mapping) -> bool:
    if (text(lookup(values, "image", "repository")) or "").endswith("rook/ceph"):
        return True
    csi = values.get("csi")
    if isinstance(csi, Mapping) and _OPERATOR_CSI & csi.index.keys():
        return True
    return len(keys & _OPERATOR_KEYS) >= 2 and (bool(keys & _OPERATOR_ONLY) or "rook" in path.lower())


@lru_cache(maxsize=4096)
def _named_in(path: str) -> tuple[str, ...]:
    """OpenStack-Helm charts that ``path`` names, file name first, longer names first."""
    found: dict[str, None] = {}
    for part in reversed(path.lower().split("/")):
        words = re.split(r"[-_.]+", part)
        runs = ("-".join(words[i : i + size]) for size in (3, 2, 1) for i in range(len(words) - size + 1))
        found.update((run, None) for run in runs if run in _tables() and not run.startswith("rook-"))
    return tuple(found)


def _fits(name: str, values: Mapping, *, sparse: bool) -> bool:
    """Whether the keys that ``values`` has at the top and in telling places are known to the chart."""
    top, all_top = _hits(name, values, ())
    found = {path: _hits(name, values, path) for path in _TELLING}
    hits, total = (sum(n) for n in zip(*found.values(), strict=True))
    if sparse:
        return top == all_top and hits == total and any(found[path][0] for path in (("conf",), ("pod", "replicas")))
    return hits > 0 and hits * 2 >= total and top * 2 >= all_top


def _hits(name: str, values: Mapping, path: tuple[str, ...]) -> tuple[int, int]:
    """How many keys of the mapping at ``path`` the chart knows, and how many there are."""
    section = lookup(values, *path)
    if not isinstance(section, Mapping):
        return 0, 0
    known = _known_below(name, path)
    return sum(key in known for key in section.index), len(section.index)


def _known_below(name: str, path: tuple[str, ...]) -> frozenset[str]:
    tree = known_keys(name)
    if tree is None:  # a chart whose data is kept by hand
        defaults = chart_defaults(name)
        section = lookup(defaults.document.root, *path) if defaults else None
        names = frozenset(section.index) if isinstance(section, Mapping) else frozenset()
        return names if path else names | _OPENSTACK_KEYS
    for key in path:
        tree = tree.get(key, 0) if isinstance(tree, dict) else 0
    return frozenset(tree) if isinstance(tree, dict) else frozenset()
