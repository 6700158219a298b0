"""Repositories without Argo CD or Flux: Fleet bundles, kustomizations, charts, values files, plain resources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import guess_chart, known_chart
from lintkit.sources.ansible_values import find_values
from lintkit.sources.charts import chart_file, subcharts
from lintkit.sources.fleet import read_fleet
from lintkit.sources.fleet_patches import patched
from lintkit.sources.model import Layer, Release
from lintkit.sources.scan import RESOURCE_WORDS, is_dead, is_yaml
from lintkit.sources.world import (
    DEFAULT,
    Problem,
    World,
    environment_from_path,
    opened,
    plain_objects,
    referenced_by_kustomizations,
)
from lintkit.text.regex import regex
from lintkit.tree.files import glob_regex
from lintkit.tree.paths import join, parent
from lintkit.yamldoc.node import Mapping, Node, items, lookup, text

# a statement, a comment, or an expression that no quotes keep from being read as a mapping
_STATEMENT: Final = regex(r"\{[%#]|(?:^|[:,\[-])[ \t]*\{\{", re.MULTILINE)
_SELECTING: Final = frozenset({"PodDisruptionBudget", "HorizontalPodAutoscaler"})
_VARIANT: Final = regex(r"^(?:values[-_.])(.+)$|^(.+?)[-_.]values$")


def resolve_fleet(world: World) -> bool:
    """Every Fleet bundle; whether there was any."""
    for path in world.scan.fleet:
        directory = parent(path)
        for bundle in read_fleet(world.reader, directory):
            if bundle.paused or not bundle.deployed:
                world.skipped["paused, or not deployed to its target (Fleet)"] += 1
                continue
            name = world.config.environment_of(path) or bundle.environment or environment_from_path(path) or DEFAULT
            world.gather(name)
            if bundle.release is not None:
                world.add_release(name, bundle.release)
            if bundle.kustomize is not None:
                _kustomization(world, bundle.kustomize, name)
            label = f"Fleet bundle {bundle.name}"
            troubles = list(bundle.missing)
            for manifest in bundle.manifests:
                patches = [patch for target, patch in bundle.patches if target == manifest]
                objects = patched(world.reader, plain_objects(world, [manifest], every=True), patches, troubles)
                world.add_objects(name, objects, label, bundle.namespace)
            for lost in troubles:
                world.problems.append(Problem("missing", lost.message, lost.home, path, name))
    return bool(world.scan.fleet)


def resolve_loose(world: World) -> None:
    """Everything that can be read without knowing what applies it."""
    used, partial = referenced_by_kustomizations(world)
    looked_at = set(world.reader.reads)  # for deliveries, of which there are none
    world.reader.reads.clear()
    for path in world.scan.kustomizations:
        directory = parent(path)
        if directory not in used and directory not in partial:
            _kustomization(world, directory, _environment(world, path))
    for path in world.scan.kustomizations:
        # each of a circle is used by another, so none of them is where to begin
        if path not in world.reader.reads and parent(path) in used - partial:
            _kustomization(world, parent(path), _environment(world, path))
    taken = world.reader.reads | partial | used
    world.reader.reads |= looked_at
    inner = {below for path in world.scan.charts for below in subcharts(world.looked, parent(path))}
    making = _making_objects(world)
    for path in world.scan.charts:
        directory = parent(path)
        whole = directory in making and directory not in inner and not is_dead(f"{directory}/")
        if directory not in taken and (whole or _is_wrapper(world, directory)):
            taken |= _wrapper(world, directory, whole=whole)
    values = [path for path in world.scan.values if path not in taken]
    largest = _largest(world, values)
    for path in values:
        if path not in taken:
            _values_file(world, path, taken, largest)
    for path in world.scan.resources:
        if path not in taken:
            world.add_objects(_environment(world, path), plain_objects(world, [path]), "")
    for path in world.scan.jinja:
        _jinja(world, path, taken)
    _pass_over(world, taken)


def _pass_over(world: World, taken: set[str]) -> None:
    """What was not read may make the pods that a selector is about."""
    if not any(r.kind in _SELECTING for gathered in world.environments.values() for r in gathered.resources):
        return
    sets = world.scan
    known = taken.union(sets.templates, sets.dead, sets.charts, sets.kustomizations, sets.definitions, sets.unread)
    for path in world.files.paths:
        if is_yaml(path) and path not in known:
            world.pass_over(_environment(world, path), [path])


def _jinja(world: World, path: str, taken: set[str]) -> None:
    """A Jinja file that is YAML as it stands: expressions in quotes are unknown values."""
    source = world.reader.source(path)
    if source is None or _STATEMENT.search(source.text):
        world.skipped["Jinja template that is no YAML"] += 1
        return
    bodies = [body for doc in world.reader.documents(path) for body in opened(doc.root)]
    if bodies:
        world.add_objects(_environment(world, path), bodies, "")
    else:
        _values_file(world, path, taken, {})


def _environment(world: World, path: str) -> str:
    return world.config.environment_of(path) or environment_from_path(path) or DEFAULT


def _kustomization(world: World, directory: str, environment: str) -> None:
    result = world.kustomize(directory)
    label = f"kustomization {directory or '.'}"
    world.add_objects(environment, result.objects, label)
    for release in result.releases:
        world.add_release(environment, release)
    for trouble in result.troubles:
        world.problems.append(Problem(trouble.kind, trouble.message, trouble.home, trouble.path, environment))


def _is_wrapper(world: World, directory: str) -> bool:
    chart = chart_file(world.reader, directory)
    names = [text(lookup(chart, "name")) or "", *(text(lookup(d, "name")) or "" for d in items(lookup(chart, "dependencies")))]
    return chart is not None and any(known_chart(name) for name in names)


def _making_objects(world: World) -> set[str]:
    """Directories of charts whose templates make something that policies judge."""
    found: set[str] = set()
    for path in world.scan.templates:
        directory = "" if path.startswith("templates/") else path.partition("/templates/")[0]
        source = world.looked.source(path) if directory not in found else None
        if source is not None and any(word in source.text for word in RESOURCE_WORDS):
            found.add(directory)
    return found


def _wrapper(world: World, directory: str, *, whole: bool) -> set[str]:
    """A chart of the tree with its values.yaml; a `values-<env>.yaml` beside it is one environment each.

    ``whole``: its templates count, so that any value may.
    """
    chart = chart_file(world.reader, directory)
    if chart is None:
        return set()
    prefix = directory + "/" if directory else ""
    own = prefix + "values.yaml"
    values = frozenset(world.scan.values)
    overlays = {
        name: prefix + child
        for child in world.reader.children(directory)
        if child.endswith((".yaml", ".yml")) and (name := _variant(child)) and (whole or prefix + child in values)
    }
    chart_name = text(lookup(chart, "name")) or directory
    for name, path in overlays.items() or {"": own}.items():
        layers = _layers(world, [path] if name else [])
        environment = world.config.environment_of(path) or name or _environment(world, own)
        release = Release(chart_name, "", chart, f"chart {directory or '.'}", path=directory, layers=layers)
        world.add_release(environment, release)
    return {own, prefix + "Chart.yaml", *overlays.values()}


def _variant(file: str) -> str:
    match = _VARIANT.match(file.rsplit(".", 1)[0])
    return (match[1] or match[2]) if match else ""


def _layers(world: World, paths: list[str]) -> tuple[Layer, ...]:
    found = []
    for path in paths:
        docs = world.reader.documents(path)
        root = docs[0].root if docs else None
        if isinstance(root, Mapping):
            found.append(Layer(path, root))
    return tuple(found)


def _root(world: World, path: str) -> Mapping | None:
    """The mapping of a file that is no object; None for any other file."""
    docs = world.reader.documents(path)
    root = docs[0].root if docs else None
    if not isinstance(root, Mapping) or (root.get("kind") is not None and root.get("apiVersion") is not None):
        return None
    return root


def _chart_of(world: World, path: str) -> str:
    """The chart whose values a file holds, by the configuration or by what it looks like; empty for any other file."""
    root = _root(world, path)
    mapped = next((chart for pattern, chart in world.config.charts.items() if glob_regex(pattern).fullmatch(path)), "")
    return "" if root is None else mapped or guess_chart(path, frozenset(root.index), root)


_Beside = tuple[str, str, str]
"""Values files of one chart for one environment in one folder: these three."""


def _largest(world: World, paths: Iterable[str]) -> Dict[_Beside, str]:
    """Of values of one chart that lie beside each other, the file that says most: the others come on top of it."""
    beside: dict[_Beside, list[str]] = {}
    for path in paths:
        chart = _chart_of(world, path)
        if chart:
            beside.setdefault((parent(path), chart, _environment(world, path)), []).append(path)

    def said(path: str) -> tuple[int, str]:
        return _size(world.reader.documents(path)[0].root), path

    return {key: max(found, key=said) for key, found in beside.items() if len(found) > 1}


def _size(node: Node | None) -> int:
    """How many values stand below ``node``."""
    if isinstance(node, Mapping):
        return sum(_size(entry.value) for entry in node.entries)
    return 1 + sum(map(_size, items(node)))


def _values_file(world: World, path: str, taken: set[str], largest: Dict[_Beside, str]) -> None:
    root = _root(world, path)
    if root is None:
        return
    environment = _environment(world, path)
    chart = _chart_of(world, path)
    if chart:
        taken.add(path)
        base = largest.get((parent(path), chart, environment), path)
        layers = _layers(world, [base, path] if base != path else [path])
        release = Release(chart, "", root, f"{chart} values", chart=chart, version=_pinned(world, path, chart), layers=layers)
        world.add_release(environment, release)
        return
    for name, values, home in find_values(world.reader, path):
        taken.add(path)
        variable = text(home) or ""
        layer = Layer(f"{path} {variable}", values)
        world.add_release(environment, Release(name, "", home, f"Ansible variable {variable}", chart=name, layers=(layer,)))


def _pinned(world: World, path: str, chart: str) -> str:
    """The version a neighbouring Chart.yaml pins for ``chart``; empty when none does."""
    for directory in (parent(path), parent(parent(path))):
        candidate = join(directory, "Chart.yaml")
        if candidate is not None and world.looked.exists(candidate):
            for dependency in items(lookup(chart_file(world.reader, directory), "dependencies")):
                if text(lookup(dependency, "name")) == chart:
                    return text(lookup(dependency, "version")) or ""
    return ""
