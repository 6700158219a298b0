"""One look at every YAML file: which could matter, by the words in its text. No parsing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lintkit.tree.files import Files
from lintkit.tree.paths import parent

KUSTOMIZATION_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")

# resources that policies judge, by API group; values of charts, by keys that nothing else uses
RESOURCE_WORDS: Final = (
    "ceph.rook.io/",
    "rook-config-override",
    "rabbitmq.com/",
    "pxc.percona.com/",
    "k8s.mariadb.com/",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "StorageClass",
    "StatefulSet",
    "Deployment",
    "PersistentVolumeClaim",
    "kind: Secret",
    "argocd-cm",
)
VALUES_WORDS: Final = (
    "cephClusterSpec",
    "cephBlockPools",
    "cephFileSystems",
    "cephObjectStores",
    "node_selector_key",
    "oslo_messaging",
    "oslo_db",
    "disruption_budget",
    "manifests:",
    "replicas:",
    "node_selector",
    "pxc:",
)
_DEFINITION: Final = "kind: CustomResourceDefinition"
_DEAD: Final = re.compile(
    r"(?:^|/)(?:\.archive|\.github|\.git|\.venv|node_modules|archive|archived|drafts?|molecule|vendor|ci|crds?|testdata|\.tox)/"
    r"|(?:^|/)[^/]*(?:draft|\.example\.|\.sample\.)[^/]*$"
)


@dataclass(frozen=True, slots=True)
class Scan:
    """Paths by what their text or name suggests; a path may be in several."""

    argo: tuple[str, ...]
    flux: tuple[str, ...]
    resources: tuple[str, ...]
    values: tuple[str, ...]
    charts: tuple[str, ...]
    kustomizations: tuple[str, ...]
    fleet: tuple[str, ...]
    templates: tuple[str, ...]
    dead: tuple[str, ...]
    unread: tuple[str, ...]
    definitions: tuple[str, ...]
    yaml: int


def is_yaml(path: str) -> bool:
    """Whether a file's name says YAML."""
    return path.endswith((".yaml", ".yml"))


def is_dead(path: str) -> bool:
    """Archives, drafts, vendored and test data: never live (reference forms "files that must be skipped")."""
    return bool(_DEAD.search(path))


def template_directories(paths: Iterable[str]) -> frozenset[str]:
    """``templates/`` (and vendored ``charts/``) directories of Helm charts."""
    return frozenset(
        f"{parent(p)}/templates/" if parent(p) else "templates/" for p in paths if p.endswith("/Chart.yaml") or p == "Chart.yaml"
    )


def scan(files: Files) -> Scan:
    """Sort every YAML file of the tree by the words in it."""
    found: dict[str, list[str]] = {name: [] for name in Scan.__slots__ if name != "yaml"}
    templates = template_directories(files.paths)
    count = 0
    for path in files.paths:
        name = path.rpartition("/")[2]
        if name in KUSTOMIZATION_NAMES:
            found["kustomizations"].append(path)
        if not is_yaml(path):
            continue
        count += 1
        if name == "Chart.yaml":
            found["charts"].append(path)
        elif any(path.startswith(directory) for directory in _above(path, templates)):
            found["templates"].append(path)
        elif is_dead(path):
            found["dead"].append(path)
            if "crd" in path and _defines(files, path):
                found["definitions"].append(path)
        elif name in KUSTOMIZATION_NAMES:
            continue
        elif name == "fleet.yaml":
            found["fleet"].append(path)
        else:
            _by_words(files, path, found)
    return Scan(**{name: tuple(paths) for name, paths in found.items()}, yaml=count)


def _defines(files: Files, path: str) -> bool:
    source = files.source(path)
    return source is not None and _DEFINITION in source.text


def _above(path: str, templates: frozenset[str]) -> list[str]:
    at = path.find("templates/")
    found = []
    while at >= 0:
        directory = path[: at + len("templates/")]
        if directory in templates:
            found.append(directory)
        at = path.find("templates/", at + 1)
    return found


def _by_words(files: Files, path: str, found: dict[str, list[str]]) -> None:
    source = files.source(path)
    if source is None:
        found["unread"].append(path)
        return
    text = source.text
    if "argoproj.io/" in text:
        found["argo"].append(path)
    if "toolkit.fluxcd.io/" in text:
        found["flux"].append(path)
    if _DEFINITION in text:
        found["definitions"].append(path)
        return
    if "kind:" in text and any(word in text for word in RESOURCE_WORDS):
        found["resources"].append(path)
    if any(word in text for word in VALUES_WORDS):
        found["values"].append(path)
