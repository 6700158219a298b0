"""Helm releases to the charts lintkit knows: wrapper and umbrella charts, sub-keys, chart defaults.

Helm's order, lowest first: the known chart's own defaults, the wrapper's values.yaml (below the
dependency's alias or name), then the layers the delivery names. A null deletes what is below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.charts import chart_defaults, known_chart
from lintkit.records import NamedTuple
from lintkit.sources.model import Adjust, Layer, Origin, Release
from lintkit.text.source import Source
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Entry, Mapping, Node, Path, Scalar, boolean, items, lookup, string, text
from lintkit.yamldoc.transform import keys, make_mapping, merge, set_at, with_entries, with_entry, without_nulls

MAX_NESTING: Final = 8


class ChartUse(NamedTuple):
    """A chart as one release uses it.

    ``root`` is the whole of the release's values with the chart's defaults in place, ``prefix`` the path of the
    chart's own values in it (empty unless the chart is a dependency). ``written`` tells whether a user wrote
    any of it; ``exact`` whether the chart's version is one we have defaults of. ``pin`` is the node that
    gives the version (in a Chart.yaml, a Flux source), None when it has to be looked for in the delivery.
    """

    chart: str
    version: str
    release: str
    namespace: str
    root: Mapping
    prefix: Path
    home: Node
    origin: Origin
    exact: bool
    adjust: Adjust | None = None
    pin: Node | None = None

    @property
    def values(self) -> Mapping:
        """The chart's own values."""
        found = lookup(self.root, *self.prefix)
        return found if isinstance(found, Mapping) else make_mapping(self.home, ())

    @property
    def anchor(self) -> Node:
        """Where to point when nothing of it is written: the chart's own values, the delivery where there are only defaults."""
        values = self.values
        return self.home if values.doc.source.builtin else values


def chart_uses(release: Release, reader: Reader) -> list[ChartUse]:
    """Every chart that ``release`` installs, with its values; a chart that is not known has those that users wrote alone."""
    merged = _merged(release.layers)
    if release.path is None:
        if not release.chart:
            return []
        return _known(release, release.chart, release.version, merged, (), release.layers, release.pin)
    return list(_local(release, release.path, reader, merged, (), release.layers, 0))


def values_of(release: Release, reader: Reader) -> Mapping | None:
    """The values that a release of a chart of this tree is rendered with: its layers over the chart's own values.yaml."""
    path = join(release.path or "", "values.yaml")
    own = _mapping_of(reader, path) if path else None
    found = merge(own, _merged(release.layers))
    return found if isinstance(found, Mapping) else None


class LocalChart(NamedTuple):
    """A chart of this tree as one release renders it: its directory, its name there, its values (its own included)."""

    directory: str
    name: str
    values: Mapping | None


def local_charts(release: Release, reader: Reader) -> tuple[list[LocalChart], bool]:
    """The chart of a release and those of its dependencies that are in this tree; whether others are neither here nor known.

    Subcharts count as Helm counts them: those that Chart.yaml names unless a condition or tag is against it, and any
    other directory in ``charts/``.
    """
    values = values_of(release, reader)
    found: list[LocalChart] = []
    return found, _local_charts(reader, LocalChart(release.path or "", "", values), values, found, 0)


def _local_charts(reader: Reader, chart: LocalChart, top: Mapping | None, found: list[LocalChart], depth: int) -> bool:
    file = chart_file(reader, chart.directory)
    found.append(chart._replace(name=chart.name or text(lookup(file, "name")) or ""))
    others = False
    for dependency, directory in _dependencies(reader, chart.directory, file):
        name = text(dependency.get("name")) or ""
        key = text(dependency.get("alias")) or name
        own = _mapping_of(reader, f"{directory}/values.yaml") if directory else None
        below = _with_global(merge(own, lookup(chart.values, key)), chart.values)
        all_values = _put(chart.values, (key,), below, dependency)
        if known_chart(name) or switched_off(dependency, all_values, (), top):
            continue
        # what a subchart hands up (import-values) may decide what the templates above it make
        others = others or dependency.get("import-values") is not None
        if directory is None or depth >= MAX_NESTING:
            others = True
        else:
            given = below if isinstance(below, Mapping) else None
            others = _local_charts(reader, LocalChart(directory, key, given), top, found, depth + 1) or others
    return others


def subcharts(reader: Reader, directory: str) -> frozenset[str]:
    """Directories of this tree that a chart takes as its dependencies."""
    found = (path for _, path in _dependencies(reader, directory, chart_file(reader, directory)))
    return frozenset(path for path in found if path is not None)


def _dependencies(reader: Reader, directory: str, chart: Mapping | None) -> Iterator[tuple[Mapping, str | None]]:
    """The dependencies of a chart, with their directories where they are in this tree."""
    named: set[str] = set()
    for dependency in items(lookup(chart, "dependencies")):
        if isinstance(dependency, Mapping):
            named.add(text(dependency.get("name")) or "")
            path = _directory_of(dependency, directory)
            yield dependency, path if path and reader.exists(f"{path}/Chart.yaml") else None
    held = join(directory, "charts") or "charts"
    for name in reader.children(held):
        file = chart_file(reader, f"{held}/{name}")
        if file is not None and (text(file.get("name")) or "") not in named:
            yield with_entries(file, [e for key, e in file if key == "name"]), f"{held}/{name}"


def _directory_of(dependency: Mapping, directory: str) -> str | None:
    repository = text(dependency.get("repository")) or ""
    if repository.startswith("file://"):
        return join(directory, repository.removeprefix("file://"))
    return join(directory, f"charts/{text(dependency.get('name')) or ''}")


def _merged(layers: tuple[Layer, ...]) -> Mapping | None:
    merged: Node | None = None
    for layer in layers:
        merged = merge(merged, layer.root)
    return merged if isinstance(merged, Mapping) else None


def _local(
    release: Release, directory: str, reader: Reader, values: Mapping | None, prefix: Path, layers: tuple[Layer, ...], depth: int
) -> Iterator[ChartUse]:
    chart = chart_file(reader, directory)
    if chart is None or depth > MAX_NESTING:
        return
    own_file = join(directory, "values.yaml")
    own = _mapping_of(reader, own_file) if own_file else None
    if own is not None:
        below = _at_prefix(values, prefix) if values is not None else None
        combined = merge(own, below)
        values = _put(values, prefix, combined, release.home)
        layers = (Layer(own_file or "values.yaml", own), *layers)
    name = text(lookup(chart, "name")) or ""
    if known_chart(name) and not any(known_chart(text(lookup(d, "name")) or "") for d in items(lookup(chart, "dependencies"))):
        version = lookup(chart, "version")
        yield from _known(release, name, text(version) or "", values, prefix, layers, version)
        return
    for dependency in items(lookup(chart, "dependencies")):
        if isinstance(dependency, Mapping) and not switched_off(dependency, values, prefix, values):
            yield from _dependency(release, dependency, directory, reader, values, prefix, layers, depth)


def _dependency(
    release: Release,
    dependency: Mapping,
    directory: str,
    reader: Reader,
    values: Mapping | None,
    prefix: Path,
    layers: tuple[Layer, ...],
    depth: int,
) -> Iterator[ChartUse]:
    name = text(dependency.get("name")) or ""
    key = text(dependency.get("alias")) or name
    below = (*prefix, key)
    local = _directory_of(dependency, directory)
    if known_chart(name):
        version = dependency.get("version")
        yield from _known(release, name, text(version) or "", values, below, layers, version)
    elif local and reader.is_directory(local):
        yield from _local(release, local, reader, values, below, layers, depth + 1)
    elif lookup(values, *below) is not None:
        yield from _known(release, name, text(dependency.get("version")) or "", values, below, layers)


def switched_off(dependency: Mapping, values: Mapping | None, prefix: Path, top: Mapping | None) -> bool:
    """A dependency's ``condition``: the first path that holds a boolean decides; else its ``tags``, of which one must be on.

    Tags stand in the values of the release itself, ``top`` (Helm ``processDependencyTags``).
    """
    for path in (text(dependency.get("condition")) or "").split(","):
        if path.strip():
            decided = boolean(lookup(values, *prefix, *keys(path.strip())))
            if decided is not None:
                return not decided
    tags = [boolean(lookup(top, "tags", text(tag) or "")) for tag in items(dependency.get("tags"))]
    return False in tags and True not in tags


def _known(
    release: Release,
    chart: str,
    version: str,
    values: Mapping | None,
    prefix: Path,
    layers: tuple[Layer, ...],
    pin: Node | None = None,
) -> list[ChartUse]:
    defaults = chart_defaults(chart, version)
    base = defaults.document.root if defaults else None
    own = _at_prefix(values, prefix)
    combined = merge(base, own)
    if combined is None:
        return []
    combined = without_nulls(combined)
    root = _put(values, prefix, combined, release.home)
    if root is None:
        return []
    origin = Origin(release.delivery, tuple(dict.fromkeys(layer.name for layer in layers)), release.hidden)
    exact = bool(defaults and defaults.exact)
    home = release.home
    return [ChartUse(chart, version, release.name, release.namespace, root, prefix, home, origin, exact, release.adjust, pin)]


def _at_prefix(values: Mapping | None, prefix: Path) -> Node | None:
    """The user's values of a dependency, with ``global`` handed down as Helm does."""
    own = lookup(values, *prefix) if values is not None else None
    return _with_global(own, values) if prefix else own


def _with_global(own: Node | None, above: Mapping | None) -> Node | None:
    """Values of a dependency with ``global`` of those above it on top (Helm ``coalesceGlobals``)."""
    shared = above.index.get("global") if above is not None else None
    if shared is None or not isinstance(shared.value, Mapping) or not isinstance(own, Mapping):
        return own
    whole = merge(own.get("global"), shared.value) or shared.value
    return with_entry(own, Entry(shared.key, whole), "global")


def _put(values: Mapping | None, prefix: Path, node: Node | None, home: Node) -> Mapping | None:
    if node is None:
        return values
    if not prefix:
        return node if isinstance(node, Mapping) else values
    root = values if values is not None else make_mapping(home, ())
    return set_at(root, prefix, node, _NOWHERE)


def chart_file(reader: Reader, directory: str) -> Mapping | None:
    """The mapping in a directory's Chart.yaml; None when there is none that can be read."""
    path = join(directory, "Chart.yaml")
    return _mapping_of(reader, path) if path else None


def _mapping_of(reader: Reader, path: str) -> Mapping | None:
    docs = reader.documents(path)
    root = docs[0].root if docs else None
    return root if isinstance(root, Mapping) else None


_NOWHERE: Final = Document(Source("", "", builtin=True), 0)


def release_name(node: Node | None, fallback: str) -> str:
    """A release's name from a node, or ``fallback``."""
    return string(node) or (node.text if isinstance(node, Scalar) else "") or fallback
