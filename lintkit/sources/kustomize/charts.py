"""Helm charts that a kustomization inflates, as releases."""

from __future__ import annotations

from lintkit.records import NamedTuple
from lintkit.sources.kustomize.model import Trouble, mappings, strings
from lintkit.sources.model import Layer, Release
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.node import Mapping, Node, Scalar, text


class _Names(NamedTuple):
    """What the two spellings of a chart entry call the same fields."""

    chart: str = "name"
    version: str = "version"
    repository: str = "repo"
    file: str = "valuesFile"
    inline: str = "valuesInline"
    namespace: str = "namespace"


_OLD = _Names("chartName", "chartVersion", "chartRepoUrl", "values", "valuesLocal", "releaseNamespace")


def charts(reader: Reader, directory: str, root: Mapping, troubles: list[Trouble]) -> list[Release]:
    """The releases of ``helmCharts`` (and the older ``helmChartInflationGenerator``) of the kustomization ``root``.

    Layers follow kustomize: ``valuesFile`` and ``valuesInline`` in the order ``valuesMerge`` gives them (override, the
    default: inline wins; merge: the file wins; replace: inline alone), then ``additionalValuesFiles``, which win.
    """
    globals_ = root.get("helmGlobals")
    home = text(globals_.get("chartHome")) if isinstance(globals_, Mapping) else None
    found = [_release(reader, directory, entry, _Names(), home, troubles) for entry in mappings(root.get("helmCharts"))]
    older = mappings(root.get("helmChartInflationGenerator"))
    found += [_release(reader, directory, entry, _OLD, text(entry.get("chartHome")), troubles) for entry in older]
    return found


def _release(
    reader: Reader, directory: str, entry: Mapping, names: _Names, chart_home: str | None, troubles: list[Trouble]
) -> Release:
    chart = text(entry.get(names.chart)) or ""
    place = join(directory, f"{chart_home or 'charts'}/{chart}") if chart else None
    local = place if place is not None and reader.exists(f"{place}/Chart.yaml") else None
    layers, hidden = _layers(reader, directory, entry, names, troubles)
    return Release(
        name=text(entry.get("releaseName")) or chart,
        namespace=text(entry.get(names.namespace)) or "",
        home=entry,
        delivery=f"kustomization {directory or '.'}",
        chart=chart,
        repository=text(entry.get(names.repository)) or "",
        version=text(entry.get(names.version)) or "",
        path=local,
        layers=layers,
        hidden=hidden,
    )


def _layers(
    reader: Reader, directory: str, entry: Mapping, names: _Names, troubles: list[Trouble]
) -> tuple[tuple[Layer, ...], str]:
    hidden: list[str] = []
    file = _file(reader, directory, entry.get(names.file), troubles, hidden)
    value = entry.get(names.inline)
    inline = [Layer("valuesInline", value)] if isinstance(value, Mapping) and value.entries else []
    how = text(entry.get("valuesMerge")) or "override"
    if how not in ("override", "merge", "replace"):
        troubles.append(_trouble("broken", "valuesMerge must be override, merge or replace", entry.get("valuesMerge") or entry))
    layers = inline + file if how == "merge" else inline if how == "replace" and inline else file + inline
    for extra in strings(entry.get("additionalValuesFiles")):
        layers = layers + _file(reader, directory, extra, troubles, hidden)
    return tuple(layers), ", ".join(hidden)


def _file(reader: Reader, directory: str, node: Node | None, troubles: list[Trouble], hidden: list[str]) -> list[Layer]:
    if not isinstance(node, Scalar) or not node.text:
        return []
    path = join(directory, node.text)
    if path is None or not reader.exists(path):
        troubles.append(_trouble("missing", f"there is no values file {node.text}", node))
        hidden.append(node.text)
        return []
    docs = reader.documents(path)
    if docs and docs[0].trouble is not None:
        troubles.append(Trouble("broken", f"{path} is no YAML: {docs[0].trouble.message}", node, node.doc.source.path))
        hidden.append(path)
    return [Layer(path, doc.root) for doc in docs[:1] if isinstance(doc.root, Mapping)]


def _trouble(kind: str, message: str, home: Node) -> Trouble:
    return Trouble(kind, message, home, home.doc.source.path)
