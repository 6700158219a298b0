"""An Argo CD Application as facts that keep their nodes.

Texts are ``""`` when absent or unknown; ``home`` is the mapping to look a node up in. Defaults are
those of the Application resource (argo-cd.readthedocs.io, user-guide/application-specification).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lintkit.records import NamedTuple
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, boolean, is_null, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

WAVE: Final = "argocd.argoproj.io/sync-wave"


class Flag(NamedTuple):
    """A switch: its effective ``value`` (None when unknown) and where it is written (None when it is not)."""

    value: bool | None
    node: Node | None


class Destination(NamedTuple):
    """Where an Application goes: a cluster by ``name`` or by ``server`` URL, and a namespace."""

    name: str
    server: str
    namespace: str
    home: Node | None


class Parameter(NamedTuple):
    """One of ``helm.parameters``; ``force_string`` is None when that is unknown."""

    name: str
    value: Node | None
    force_string: bool | None
    home: Node


class FileParameter(NamedTuple):
    """One of ``helm.fileParameters``: the text of a file as a value."""

    name: str
    path: Node | None
    home: Node


class Helm(NamedTuple):
    """The ``helm`` block of a source. ``values`` is the embedded text, ``values_object`` the inline mapping."""

    home: Mapping
    release_name: str
    namespace: str
    version: str
    value_files: tuple[Node, ...]
    values: Node | None
    values_object: Node | None
    parameters: tuple[Parameter, ...]
    file_parameters: tuple[FileParameter, ...]
    ignore_missing: Flag
    skip_crds: Flag
    skip_schema_validation: Flag


class Directory(NamedTuple):
    """The ``directory`` block of a source: which plain manifests count."""

    home: Mapping
    recurse: Flag
    include: str
    exclude: str
    jsonnet: Node | None


class AppSource(NamedTuple):
    """One source of an Application. ``path`` is None when the source has none."""

    home: Mapping
    repo_url: str
    chart: str
    path: str | None
    target_revision: str
    ref: str
    helm: Helm | None
    directory: Directory | None
    kustomize: Node | None
    plugin: Node | None


class SyncPolicy(NamedTuple):
    """How an Application syncs. ``options`` are the texts of ``syncOptions`` with their nodes."""

    home: Node | None
    automated: Flag
    prune: Flag
    self_heal: Flag
    allow_empty: Flag
    options: tuple[tuple[str, Node], ...]


class Application(NamedTuple):
    """An Argo CD Application. ``wave`` is None when absent, unknown or no integer (then ``wave_node`` tells)."""

    home: Mapping
    name: str
    namespace: str
    project: str
    destination: Destination
    sources: tuple[AppSource, ...]
    sync: SyncPolicy
    wave: int | None
    wave_node: Node | None
    finalizers: tuple[tuple[str, Node], ...]
    ignore_differences: tuple[Node, ...]
    odd_sources: tuple[Node, ...]

    @property
    def file(self) -> str:
        """The file that declares it."""
        return self.home.doc.source.path

    def option(self, name: str) -> tuple[str, Node] | None:
        """Value and node of sync option ``name`` (``Replace=true``), the last one written; None when absent."""
        for option, node in reversed(self.sync.options):
            key, _, value = option.partition("=")
            if key.strip() == name:
                return value.strip(), node
        return None


def known_text(node: Node | None) -> str:
    """The text of a scalar that can be read here, else an empty string."""
    return "" if unknown_reason(node) else text(node) or ""


def flag(home: Node | None, key: str, default: bool = False) -> Flag:
    """A boolean of ``home``; a null counts as absent, anything that is no boolean as unknown."""
    node = lookup(home, key)
    if node is None or is_null(node):
        return Flag(default, None)
    return Flag(boolean(node), node)


@lru_cache(maxsize=1024)
def read_application(app: Mapping) -> Application:
    """The facts of an Application; never raises, whatever the mapping holds."""
    spec = lookup(app, "spec")
    nodes = items(lookup(spec, "sources")) or tuple(n for n in (lookup(spec, "source"), _dry(spec)) if n is not None)[:1]
    destination = lookup(spec, "destination")
    wave = lookup(app, "metadata", "annotations", WAVE)
    return Application(
        home=app,
        name=known_text(lookup(app, "metadata", "name")),
        namespace=known_text(lookup(app, "metadata", "namespace")),
        project=known_text(lookup(spec, "project")),
        destination=Destination(
            known_text(lookup(destination, "name")),
            known_text(lookup(destination, "server")),
            known_text(lookup(destination, "namespace")),
            destination,
        ),
        sources=tuple(read_source(n) for n in nodes if isinstance(n, Mapping)),
        sync=_sync(lookup(spec, "syncPolicy")),
        wave=_integer(wave),
        wave_node=wave,
        finalizers=_texts(lookup(app, "metadata", "finalizers")),
        ignore_differences=items(lookup(spec, "ignoreDifferences")),
        odd_sources=tuple(n for n in nodes if not isinstance(n, Mapping)),
    )


def _dry(spec: Node | None) -> Node | None:
    return lookup(spec, "sourceHydrator", "drySource")


def read_source(home: Mapping) -> AppSource:
    """The facts of one source."""
    path = lookup(home, "path")
    has_path = path is not None and not is_null(path)
    helm, directory = home.get("helm"), home.get("directory")
    return AppSource(
        home=home,
        repo_url=known_text(home.get("repoURL")),
        chart=known_text(home.get("chart")),
        path=known_text(path) if has_path else None,
        target_revision=known_text(home.get("targetRevision")),
        ref=known_text(home.get("ref")),
        helm=_helm(helm) if isinstance(helm, Mapping) else None,
        directory=_directory(directory) if isinstance(directory, Mapping) else None,
        kustomize=home.get("kustomize"),
        plugin=home.get("plugin"),
    )


def _helm(home: Mapping) -> Helm:
    return Helm(
        home=home,
        release_name=known_text(home.get("releaseName")),
        namespace=known_text(home.get("namespace")),
        version=known_text(home.get("version")),
        value_files=items(home.get("valueFiles")),
        values=_given(home.get("values")),
        values_object=_given(home.get("valuesObject")),
        parameters=tuple(
            Parameter(known_text(lookup(n, "name")), lookup(n, "value"), flag(n, "forceString").value, n)
            for n in items(home.get("parameters"))
        ),
        file_parameters=tuple(
            FileParameter(known_text(lookup(n, "name")), lookup(n, "path"), n) for n in items(home.get("fileParameters"))
        ),
        ignore_missing=flag(home, "ignoreMissingValueFiles"),
        skip_crds=flag(home, "skipCrds"),
        skip_schema_validation=flag(home, "skipSchemaValidation"),
    )


def _directory(home: Mapping) -> Directory:
    return Directory(
        home,
        flag(home, "recurse"),
        known_text(home.get("include")),
        known_text(home.get("exclude")),
        home.get("jsonnet"),
    )


def _sync(home: Node | None) -> SyncPolicy:
    node = _given(lookup(home, "automated"))
    if isinstance(node, Mapping):
        enabled = flag(node, "enabled", default=True)
        automated = Flag(enabled.value, enabled.node or node)
    else:
        automated = Flag(None if isinstance(node, Unknown) or unknown_reason(node) else False, node)
    return SyncPolicy(
        home=home,
        automated=automated,
        prune=flag(node, "prune"),
        self_heal=flag(node, "selfHeal"),
        allow_empty=flag(node, "allowEmpty"),
        options=_texts(lookup(home, "syncOptions")),
    )


def _given(node: Node | None) -> Node | None:
    return None if is_null(node) else node


def _texts(node: Node | None) -> tuple[tuple[str, Node], ...]:
    return tuple((known_text(n), n) for n in items(node))


def _integer(node: Node | None) -> int | None:
    if not isinstance(node, Scalar) or not re.fullmatch(r"[-+]?\d{1,9}", node.text.strip()):
        return None
    return int(node.text)
