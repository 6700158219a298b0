"""One look at every YAML file: which could matter, by the words in its text. No parsing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from lintkit.records import NamedTuple
from lintkit.text.regex import regex
from lintkit.tree.files import Reader
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
    "DaemonSet",
    "Deployment",
    "PersistentVolumeClaim",
    "kind: Secret",
    "kind: Namespace",
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
    "\nconf:",
)
# Applications as values of the chart argocd-apps
_APPS: Final = regex(r"^(?:argocd-apps|applicationsets|applications):", re.MULTILINE)
_OPERATOR: Final = regex(
    r"^(?:apiVersion: *[\"']?[\w.-]*(?:\.openstack\.org|lcm\.mirantis\.com)/|kind: *[\"']?(\w+))", re.MULTILINE
)
_GROUP: Final = regex(r"^ {2}group: [\"']?([\w.-]+)", re.MULTILINE)
_DEFINITION: Final = "kind: CustomResourceDefinition"
_DEAD: Final = regex(
    r"(?:^|/)(?:\.archive|\.github|\.git|\.venv|node_modules|archive|archived|drafts?|molecule|vendor|ci|crds?|tests|testdata|\.tox)/"
    r"|(?:^|/)charts/[^/]+/charts/"
    r"|(?:^|/)[^/]*(?:draft|\.example\.|\.sample\.)[^/]*$"
)


class Scan(NamedTuple):
    """Paths by what their text or name suggests; a path may be in several.

    ``jinja`` are Jinja files of YAML; ``operators`` are no paths but the kinds of resources of OpenStack operators.
    ``manifests`` are those that may hold objects (``argo``, ``flux`` and ``resources`` together).
    """

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
    jinja: tuple[str, ...]
    operators: tuple[str, ...]
    yaml: int
    manifests: frozenset[str]


def is_jinja(path: str) -> bool:
    """Whether a file's name says Jinja template of YAML."""
    return path.endswith((".yaml.j2", ".yml.j2"))


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


def _wanted(path: str, named: Sequence[str]) -> bool:
    """Whether a path of a dead place was named, itself or by a directory that is in that place."""
    for name in named:
        if path == name:
            return True
        if path.startswith(name + "/") and is_dead(name + "/") and not is_dead(path[len(name) + 1 :]):
            return True
    return False


def scan(reader: Reader, named: Sequence[str] = ()) -> Scan:
    """Sort every YAML file of the tree by the words in it. ``reader`` records whose text was looked at.

    Files and directories in ``named`` count wherever they are: a path that is named beats the default excludes.
    """
    files = reader.files
    reader.globs.update(("**/*.yaml", "**/*.yml", "**/*.yaml.j2", "**/*.yml.j2", *(f"**/{name}" for name in KUSTOMIZATION_NAMES)))
    found: dict[str, list[str]] = {name: [] for name in Scan._fields if name not in ("yaml", "manifests")}
    templates = template_directories(files.paths)
    count = 0
    for path in files.paths:
        name = path.rpartition("/")[2]
        if name in KUSTOMIZATION_NAMES:
            found["kustomizations"].append(path)
        if not is_yaml(path):
            if is_jinja(path) and not is_dead(path):
                _jinja(reader, path, found)
            continue
        count += 1
        if name == "Chart.yaml":
            found["charts"].append(path)
        elif any(path.startswith(directory) for directory in _above(path, templates)):
            found["templates"].append(path)
        elif is_dead(path) and not _wanted(path, named):
            found["dead"].append(path)
            if "crd" in path and _defines(reader, path):
                found["definitions"].append(path)
        elif name in KUSTOMIZATION_NAMES:
            continue
        elif name == "fleet.yaml":
            found["fleet"].append(path)
        else:
            _by_words(reader, path, found)
    if found["definitions"]:
        _of_defined_groups(reader, found)
    manifests = frozenset(path for name in ("resources", "argo", "flux") for path in found[name])
    return Scan(**{name: tuple(paths) for name, paths in found.items()}, yaml=count, manifests=manifests)


def _of_defined_groups(reader: Reader, found: dict[str, list[str]]) -> None:
    """Resources of the API groups that the tree itself defines."""
    texts = [source.text for path in found["definitions"] if (source := reader.source(path))]
    groups = {match[1] for text in texts for match in _GROUP.finditer(text)}
    words = [f"apiVersion: {group}/" for group in sorted(groups)]
    known = {path for name in ("resources", "templates", "dead", "definitions") for path in found[name]}
    for path in reader.files.paths:
        if is_yaml(path) and path not in known and (source := reader.source(path)) and any(w in source.text for w in words):
            found["resources"].append(path)


def _defines(reader: Reader, path: str) -> bool:
    source = reader.source(path)
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


def _by_words(reader: Reader, path: str, found: dict[str, list[str]]) -> None:
    source = reader.source(path)
    if source is None:
        found["unread"].append(path)
        return
    text = source.text
    if "argoproj.io/" in text or (("applications" in text or "argocd-apps" in text) and _APPS.search(text)):
        found["argo"].append(path)
    if ".openstack.org/" in text or "lcm.mirantis.com/" in text:
        found["operators"] += _operator_kinds(text)
    if "toolkit.fluxcd.io/" in text or "fluxcd.controlplane.io/" in text:
        found["flux"].append(path)
    if _DEFINITION in text:
        found["definitions"].append(path)
        # definitions mention every word there is: the file counts only if it holds other objects too
        if ("\n" + text).count("\nkind: ") <= ("\n" + text).count("\n" + _DEFINITION):
            return
    if ("kind:" in text or 'kind":' in text) and any(word in text for word in RESOURCE_WORDS):
        found["resources"].append(path)
    if _has_values(text):
        found["values"].append(path)


def _has_values(text: str) -> bool:
    return text.startswith("conf:") or any(word in text for word in VALUES_WORDS)


def _jinja(reader: Reader, path: str, found: dict[str, list[str]]) -> None:
    source = reader.source(path)
    if source is not None and (any(word in source.text for word in RESOURCE_WORDS) or _has_values(source.text)):
        found["jinja"].append(path)


def _operator_kinds(text: str) -> list[str]:
    """Kinds of the documents whose API group is that of an OpenStack operator."""
    kinds = []
    for document in ("\n" + text).split("\n---"):
        matches = list(_OPERATOR.finditer(document))
        if any(match[1] is None for match in matches):
            kinds += [match[1] for match in matches if match[1]][:1]
    return kinds
