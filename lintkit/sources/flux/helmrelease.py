"""A Flux HelmRelease as a release: its chart, its layers in Flux's order, and what its post-renderers change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.flux.charts import Chart, chart_of
from lintkit.sources.flux.objects import (
    Local,
    Missing,
    Objects,
    Reference,
    group_of,
    index_objects,
    name_of,
    namespace_of,
    nowhere,
    references,
)
from lintkit.sources.flux.values import take
from lintkit.sources.model import Adjust, Layer, Release
from lintkit.sources.secrets import encrypted_values, sealed
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.node import Mapping, boolean, is_null, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

GROUP: Final = "helm.toolkit.fluxcd.io"

# helm-controller shortens composed names past Helm's limit: 40 characters, a dash, 12 digits of a SHA-256
_LONGEST_NAME: Final = 53
_KEPT: Final = 40
_DIGITS: Final = 12


class FluxRelease(NamedTuple):
    """A HelmRelease read: the release it declares and what concerns its delivery.

    ``missing`` is what it refers to that is not in this tree. ``other_cluster``: it has a
    ``kubeConfig``, so its resources do not reach the cluster that holds it. ``home`` is the object.
    """

    release: Release
    home: Mapping
    suspended: bool = False
    storage_namespace: str = ""
    depends_on: tuple[Reference, ...] = ()
    other_cluster: bool = False
    missing: tuple[Missing, ...] = ()


def is_release(body: Mapping) -> bool:
    """Whether an object is a Flux HelmRelease."""
    return text(body.get("kind")) == "HelmRelease" and group_of(body) == GROUP


def release(hr: Mapping, objects: Objects | Iterable[Mapping], reader: Reader, local: Local = nowhere) -> FluxRelease:
    """Read a HelmRelease. ``objects`` are the other objects of its environment (index them once for many releases).

    Layers, lowest first: values files of the chart, ``spec.valuesFrom`` in order, ``spec.values``
    (helm-controller ``ChartValuesFromReferences``: inline values are merged last, over target paths too).
    """
    known = index_objects(objects)
    chart = chart_of(hr, known, reader, local)
    layers, hidden, missing = _layers(hr, chart, known, reader)
    own = namespace_of(hr)
    made = Release(
        name=release_name(hr),
        namespace=text(lookup(hr, "spec", "targetNamespace")) or own,
        home=lookup(hr, "metadata", "name") or hr,
        delivery=f"HelmRelease {name_of(hr)}",
        chart=chart.name,
        repository=chart.repository,
        version=chart.version,
        pin=chart.pin,
        path=chart.path,
        layers=layers,
        hidden="; ".join(hidden),
        adjust=post_render(hr),
    )
    return FluxRelease(
        made,
        hr,
        suspended=boolean(lookup(hr, "spec", "suspend")) is True,
        storage_namespace=text(lookup(hr, "spec", "storageNamespace")) or own,
        depends_on=references(items(lookup(hr, "spec", "dependsOn")), "HelmRelease", own),
        other_cluster=isinstance(lookup(hr, "spec", "kubeConfig"), Mapping),
        missing=(*chart.missing, *missing),
    )


def release_name(hr: Mapping) -> str:
    """The name Helm knows the release by: ``releaseName``, else ``[targetNamespace-]name``, shortened as Flux does."""
    given = text(lookup(hr, "spec", "releaseName"))
    if given:
        return given
    target = text(lookup(hr, "spec", "targetNamespace"))
    name = f"{target}-{name_of(hr)}" if target else name_of(hr)
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_KEPT]}-{hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]}"


def _layers(hr: Mapping, chart: Chart, objects: Objects, reader: Reader) -> tuple[tuple[Layer, ...], list[str], list[Missing]]:
    layers, hidden, missing = _values_files(chart, reader)
    for item in items(lookup(hr, "spec", "valuesFrom")):
        taken = take(item, objects, namespace_of(hr), reader, layers)
        if taken.layer is not None:
            layers.append(taken.layer)
        if taken.hidden:
            hidden.append(taken.hidden)
        if taken.missing is not None:
            missing.append(taken.missing)
    inline = lookup(hr, "spec", "values")
    if isinstance(inline, Mapping):
        layers.append(Layer(f"{inline.doc.source.path} values", encrypted_values(inline)))
    elif inline is not None and not is_null(inline):
        hidden.append(f"values ({unknown_reason(inline) or 'they are no mapping'})")
    return tuple(layers), hidden, missing


def _values_files(chart: Chart, reader: Reader) -> tuple[list[Layer], list[str], list[Missing]]:
    layers: list[Layer] = []
    hidden: list[str] = []
    missing: list[Missing] = []
    for node in chart.values_files:
        written = text(node)
        path = join(chart.base, written) if written and chart.base is not None else None
        if path is None:
            hidden.append(f"{written or 'a values file'} of the chart (not readable)")
            continue
        docs = reader.documents(path)
        if not docs:
            if not chart.ignore_missing and not reader.exists(path):
                missing.append(Missing(f"there is no values file {path}", node))
            continue
        root = docs[0].root
        if not isinstance(root, Mapping) or sealed(root):
            hidden.append(f"{path} ({sealed(root) or 'it cannot be read as values'})")
        else:
            layers.append(Layer(path, root))
    return layers, hidden, missing


def post_render(hr: Mapping) -> Adjust | None:
    """What ``spec.postRenderers`` do to the objects of the release, in order; None when there are none."""
    renderers = [lookup(item, "kustomize") for item in items(lookup(hr, "spec", "postRenderers"))]
    found = [node for node in renderers if isinstance(node, Mapping)]
    if not found:
        return None

    def adjust(objects: Sequence[Mapping]) -> list[Mapping]:
        from lintkit.sources.kustomize.steps import transform

        made = list(objects)
        for node in found:
            made, _ = transform(made, node)
        return made

    return adjust
