"""Rancher Fleet: a directory with a ``fleet.yaml`` is a bundle, delivered once for each target customization.

Sources: fleet-docs ``ref-fleet-yaml`` and Fleet's own code. Values, lowest first (``bundlereader``):
``helm.valuesFiles`` in order, ``helm.values``, then the same two of the customization;
``helm.valuesFrom`` names objects of the downstream cluster and comes last (``helmdeployer``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.model import Layer, Release
from lintkit.sources.secrets import encrypted_values, sealed
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.node import Mapping, Node, boolean, is_null, items, lookup, text
from lintkit.yamldoc.transform import make_mapping, merge
from lintkit.yamldoc.unknowns import unknown_reason

FILE_NAMES: Final = ("fleet.yaml", "fleet.yml")
DEFAULT_NAMESPACE: Final = "default"
_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_ARCHIVES: Final = (".tgz", ".tar.gz")
_PATCH: Final = "_patch"


class Lost(NamedTuple):
    """A file that a bundle names and that is not there or cannot be read: a message and where it is named."""

    message: str
    home: Node


class FleetBundle(NamedTuple):
    """A bundle as one environment gets it.

    ``environment`` is the customization's name, empty when the file has none. ``release`` is set when
    a chart is deployed. ``kustomize`` is a directory to build, None when there is none; ``manifests``
    are plain files after overlays replaced theirs, ``patches`` pairs of such a file and its patch.
    ``depends_on`` are nodes (``name`` or ``selector``), ``selector`` the customization's own
    (``clusterName``, ``clusterSelector``, ``clusterGroup``, ...). ``compare_patches`` are what
    ``diff`` ignores.
    """

    name: str
    environment: str
    directory: str
    namespace: str
    home: Node
    release: Release | None = None
    kustomize: str | None = None
    manifests: tuple[str, ...] = ()
    patches: tuple[tuple[str, str], ...] = ()
    depends_on: tuple[Node, ...] = ()
    compare_patches: tuple[Node, ...] = ()
    selector: Mapping | None = None
    labels: Mapping | None = None
    paused: bool = False
    deployed: bool = True
    missing: tuple[Lost, ...] = ()


def read_fleet(reader: Reader, directory: str) -> list[FleetBundle]:
    """The bundles of a directory's ``fleet.yaml``, one for each target customization; none when there is no such file."""
    path = next((p for name in FILE_NAMES if reader.exists(p := f"{directory}/{name}".lstrip("/"))), None)
    root = next((d.root for d in reader.documents(path) if isinstance(d.root, Mapping)), None) if path else None
    if not isinstance(root, Mapping):
        return []
    targets = [target for target in items(root.get("targetCustomizations")) if isinstance(target, Mapping)]
    if not targets:
        return [_bundle(reader, directory, root, None, "")]
    return [
        _bundle(reader, directory, root, target, text(target.get("name")) or f"target{number:03}")
        for number, target in enumerate(targets)
    ]


def bundle_name(directory: str) -> str:
    """The part of a bundle's generated name that its path makes; the GitRepo's name comes before it."""
    return directory.strip("/").replace("/", "-")


def _bundle(reader: Reader, directory: str, root: Mapping, target: Mapping | None, environment: str) -> FleetBundle:
    release, missing = _release(reader, directory, root, target)
    kustomize = _kustomize_directory(reader, directory, root, target)
    overlays = _overlays(root, target)
    plain: tuple[str, ...] = ()
    patches: tuple[tuple[str, str], ...] = ()
    if kustomize is None and release is None:
        plain, patches = _manifests(reader, directory, overlays)
    return FleetBundle(
        name=_name(root, directory),
        environment=environment,
        directory=directory,
        namespace=_namespace(root, target),
        home=target if target is not None else root,
        release=release,
        kustomize=kustomize,
        manifests=plain,
        patches=patches,
        depends_on=items(root.get("dependsOn")),
        compare_patches=items(lookup(root, "diff", "comparePatches")),
        selector=_selector(target),
        labels=_mapping(root.get("labels")),
        paused=boolean(root.get("paused")) is True,
        deployed=boolean(lookup(target, "doNotDeploy")) is not True,
        missing=tuple(missing),
    )


def _name(root: Mapping, directory: str) -> str:
    return text(root.get("name")) or bundle_name(directory)


def _namespace(root: Mapping, target: Mapping | None) -> str:
    return _either(root, target, "namespace") or _either(root, target, "defaultNamespace") or DEFAULT_NAMESPACE


def _mapping(node: Node | None) -> Mapping | None:
    return node if isinstance(node, Mapping) else None


def _either(root: Mapping, target: Mapping | None, key: str) -> str:
    return text(lookup(target, key)) or text(root.get(key)) or ""


def _helm(root: Mapping, target: Mapping | None) -> Mapping | None:
    """Helm options with the customization's on top; its values and files are layers, not taken from here."""
    return _mapping(merge(_mapping(root.get("helm")), _mapping(lookup(target, "helm"))))


def _selector(target: Mapping | None) -> Mapping | None:
    if target is None:
        return None
    names = ("clusterName", "clusterSelector", "clusterGroup", "clusterGroupSelector")
    return make_mapping(target, ((name, target.get(name)) for name in names))


def _release(reader: Reader, directory: str, root: Mapping, target: Mapping | None) -> tuple[Release | None, list[Lost]]:
    options = _helm(root, target)
    written, repository = text(lookup(options, "chart")) or "", text(lookup(options, "repo")) or ""
    path = _chart_directory(reader, directory, written, repository)
    if not written and path is None:
        return None, []
    chart, repository = _chart_name(written or path or "", repository)
    layers, hidden, missing = _layers(reader, directory, (root.get("helm"), lookup(target, "helm")))
    release = Release(
        name=text(lookup(options, "releaseName")) or bundle_name(directory),
        namespace=_namespace(root, target),
        home=options if options is not None else root,
        delivery=f"bundle {_name(root, directory)}",
        chart=chart,
        repository=repository,
        version=text(lookup(options, "version")) or "",
        path=path,
        layers=tuple(layers),
        hidden="; ".join(hidden),
    )
    return release, missing


def _layers(reader: Reader, directory: str, blocks: tuple[Node | None, ...]) -> tuple[list[Layer], list[str], list[Lost]]:
    layers: list[Layer] = []
    hidden: list[str] = []
    missing: list[Lost] = []
    for helm in blocks:
        for part in _values(reader, directory, helm):
            if isinstance(part, Layer):
                layers.append(part)
            elif isinstance(part, Lost):
                missing.append(part)
            else:
                hidden.append(part)
    hidden += [_value_source(item) for helm in blocks for item in items(lookup(helm, "valuesFrom"))]
    return layers, hidden, missing


def _chart_directory(reader: Reader, directory: str, written: str, repository: str) -> str | None:
    if repository or "://" in written or written.endswith(_ARCHIVES):
        return None
    path = join(directory, written or ".")
    return path if path is not None and reader.exists(f"{path}/Chart.yaml".lstrip("/")) else None


def _chart_name(written: str, repository: str) -> tuple[str, str]:
    """Chart and repository: ``oci://host/path/chart``, a packed chart's URL, or a name in ``repo``."""
    if repository or "://" not in written:
        return posixpath.basename(written.rstrip("/")), repository
    host, _, name = written.partition("?")[0].rstrip("/").rpartition("/")
    for ending in _ARCHIVES:
        if name.endswith(ending):
            name = name.removesuffix(ending)
            # packed charts are called NAME-VERSION: cut before the first part that starts like a version
            parts = name.split("-")
            cut = next((i for i, part in enumerate(parts) if i and part.lstrip("v")[:1].isdigit()), len(parts))
            name = "-".join(parts[:cut])
    return name, host


def _values(reader: Reader, directory: str, helm: Node | None) -> Iterator[Layer | Lost | str]:
    """Layers of one ``helm`` block: its files in order, then its inline values; or what is lost; or what is hidden."""
    for node in items(lookup(helm, "valuesFiles")):
        written = text(node)
        path = join(directory, written) if written else None
        if path is None:
            yield f"values file {written or unknown_reason(node)} (not in this tree)"
        elif not reader.exists(path):
            yield Lost(f"there is no values file {path}", node)
        else:
            yield from _file(reader, path, node)
    inline = lookup(helm, "values")
    if isinstance(inline, Mapping):
        yield Layer(f"{inline.doc.source.path} values", encrypted_values(inline))
    elif inline is not None and not is_null(inline):
        yield f"values ({unknown_reason(inline) or 'they are no mapping'})"


def _file(reader: Reader, path: str, node: Node) -> Iterator[Layer | Lost | str]:
    document = next(iter(reader.documents(path)), None)
    if document is None or (document.trouble is None and (document.root is None or is_null(document.root))):
        return
    if document.trouble is not None or not isinstance(document.root, Mapping):
        yield f"{path} (it cannot be read as values)"
        yield Lost(f"{path} cannot be read as values", node)
    elif sealed(document.root):
        yield f"{path} ({sealed(document.root)})"
    else:
        yield Layer(path, document.root)


def _value_source(item: Node) -> str:
    for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
        name = text(lookup(item, key, "name"))
        if name:
            return f"{kind} {name} of the cluster (not readable)"
    return "values of the cluster (not readable)"


def _kustomize_directory(reader: Reader, directory: str, root: Mapping, target: Mapping | None) -> str | None:
    written = text(lookup(target, "kustomize", "dir")) or text(lookup(root, "kustomize", "dir")) or "."
    path = join(directory, written)
    if path is None:
        return None
    return path if any(reader.exists(f"{path}/{name}".lstrip("/")) for name in _KUSTOMIZATIONS) else None


def _overlays(root: Mapping, target: Mapping | None) -> list[str]:
    nodes = (*items(lookup(root, "yaml", "overlays")), *items(lookup(target, "yaml", "overlays")))
    return [name for node in nodes if (name := text(node))]


def _manifests(reader: Reader, directory: str, overlays: list[str]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Plain files of a bundle: those of ``overlays/NAME`` replace the file of the same path, ``*_patch.*`` patch it."""
    top = f"{directory}/" if directory else ""
    chosen = {
        path[len(top) :]: path
        for path in reader.under(directory)
        if path.endswith((".yaml", ".yml")) and not path.startswith(f"{top}overlays/") and path[len(top) :] not in FILE_NAMES
    }
    patches: list[tuple[str, str]] = []
    for name in overlays:
        base = f"{top}overlays/{name}"
        for path in reader.under(base):
            inner = path[len(base) + 1 :]
            stem, ending = posixpath.splitext(inner)
            if stem.endswith(_PATCH):
                patches.append((stem.removesuffix(_PATCH) + ending, path))
            elif ending in (".yaml", ".yml"):
                chosen[inner] = path
    return tuple(chosen.values()), tuple((chosen[inner], path) for inner, path in patches if inner in chosen)
