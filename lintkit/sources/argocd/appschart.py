"""Applications and ApplicationSets written as values of the ``argocd-apps`` chart (argo-helm).

``applications`` and ``applicationsets`` are mappings by name (lists of named items in chart 1.x). What the chart
puts below ``metadata`` stands beside the fields of ``spec``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.sources.charts import chart_file, values_of
from lintkit.sources.model import Release
from lintkit.tree.files import Reader
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, items, lookup, text
from lintkit.yamldoc.transform import make_mapping, make_string, with_entries, without_nulls

CHART: Final = "argocd-apps"
_KINDS: Final = (("applications", "Application"), ("applicationsets", "ApplicationSet"))
_METADATA: Final = {
    "namespace": "namespace",
    "labels": "additionalLabels",
    "annotations": "additionalAnnotations",
    "finalizers": "finalizers",
}


def applications_in(values: Node | None) -> list[Mapping]:
    """The CR-shaped Applications and ApplicationSets that the chart makes of ``values``; empty when they hold none."""
    return [
        _resource(kind, name, body)
        for key, kind in _KINDS
        for name, body in _named(lookup(values, key))
        if _is_delivery(kind, body)
    ]


def applications_of_file(root: Node | None) -> list[Mapping]:
    """Those of a values file: of the chart itself, or of a chart that depends on it (below its name)."""
    if not isinstance(root, Mapping) or (root.get("kind") is not None and root.get("apiVersion") is not None):
        return []
    return applications_in(root) or applications_in(root.get(CHART))


def applications_of_release(release: Release, reader: Reader) -> list[Mapping]:
    """Those that a release of the chart makes, or of a chart of this tree that depends on it; empty for any other release."""
    if release.path is None:
        return applications_in(values_of(release, reader)) if release.chart == CHART else []
    for dependency in items(lookup(chart_file(reader, release.path), "dependencies")):
        if text(lookup(dependency, "name")) == CHART:
            return applications_in(lookup(values_of(release, reader), text(lookup(dependency, "alias")) or CHART))
    return []


def _is_delivery(kind: str, body: Mapping) -> bool:
    """Whether values are an Application or ApplicationSet, and not something else of another chart."""
    if kind == "ApplicationSet":
        return isinstance(body.get("template"), Mapping) and body.get("generators") is not None
    sources = (body.get("source"), *items(body.get("sources")))
    return any(lookup(source, "repoURL") is not None for source in sources)


def _named(node: Node | None) -> Iterator[tuple[Scalar, Mapping]]:
    if isinstance(node, Mapping):
        for _, entry in node:
            if isinstance(entry.value, Mapping) and isinstance(entry.key, Scalar):
                yield entry.key, entry.value
    for item in items(node):
        name = lookup(item, "name")
        if isinstance(item, Mapping) and isinstance(name, Scalar):
            yield name, item


def _resource(kind: str, name: Scalar, written: Mapping) -> Mapping:
    kept = without_nulls(written)
    body = kept if isinstance(kept, Mapping) else written
    pairs = [("name", name), *((key, body.get(value)) for key, value in _METADATA.items())]
    outside = {"name", *_METADATA.values()}
    spec = with_entries(body, [entry for key, entry in body if key not in outside])
    made = make_mapping(
        written,
        (
            ("apiVersion", make_string(name, "argoproj.io/v1alpha1")),
            ("kind", make_string(name, kind)),
            ("metadata", make_mapping(name, pairs)),
        ),
    )
    return with_entries(made, (*made.entries, Entry(make_string(name, "spec"), spec)))
