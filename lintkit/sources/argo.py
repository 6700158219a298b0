"""Argo CD deliveries: Applications, ApplicationSets, apps of apps, into environments."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import guess_chart
from lintkit.records import NamedTuple
from lintkit.sources.argocd.application import Application, read_application
from lintkit.sources.argocd.applicationset import Cluster, expand
from lintkit.sources.argocd.appschart import applications_of_file, applications_of_release
from lintkit.sources.argocd.charttemplates import scrape
from lintkit.sources.argocd.releases import releases
from lintkit.sources.charts import MAX_NESTING
from lintkit.sources.here import Local, local_repositories
from lintkit.sources.model import Layer, Origin, Release, resource_of
from lintkit.sources.scan import is_yaml
from lintkit.sources.world import (
    DEFAULT,
    Problem,
    World,
    environment_from_path,
    plain_objects,
    referenced_by_kustomizations,
)
from lintkit.tree.files import glob_regex
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Json, Mapping, Node, lookup, string, text

MAX_DELIVERIES: Final = 20_000
_DELIVERIES: Final = ("Application", "ApplicationSet")


class _Item(NamedTuple):
    """A delivery to follow. ``environment`` is that of what brings it; ``made`` names the release whose chart makes it.

    ``depth`` counts the charts that led to it, each in what the one before makes.
    """

    body: Mapping
    environment: str
    parent: str = ""
    made: str = ""
    depth: int = 0


def resolve_argo(world: World) -> bool:
    """Resolve every Application and ApplicationSet of the tree; whether there was any."""
    raw = _raw_deliveries(world)
    made = _made(world)
    templates = [path for path in world.scan.templates if _mentions_argo(world, path)]
    if not (raw or made or any(scrape(world.reader, path) for path in templates)):
        return False
    work = _work(world, [*raw, *(item.body for item in made)])
    children = {identity for body in raw for identity in _children(world, body, work.local)}
    children |= {_identity(item.body) for item in made}
    roots = [body for body in raw if _identity(body) not in children]
    _follow(world, work, [*(_Item(body, "") for body in roots or (raw if not made else [])), *made])
    # what no release renders is read as far as it is plain
    left = (body for path in templates if path not in world.templates for body in scrape(world.reader, path))
    _follow(world, work, [_Item(body, "") for body in left if _kind(body) == "Application"])
    return True


def follow_argo(world: World) -> None:
    """Resolve the Applications and ApplicationSets that charts of other deliveries make."""
    made = _made(world)
    if made:
        _follow(world, _work(world, [item.body for item in made]), made)


class _Work(NamedTuple):
    """What following deliveries needs; ``done`` are those that were followed."""

    local: Local
    clusters: list[Cluster]
    done: set[tuple[str, int, str, str, str]]


def _work(world: World, bodies: list[Mapping]) -> _Work:
    local = local_repositories(world.reader, world.config, bodies)
    return _Work(local, [_cluster(c) for c in world.config.clusters], set())


def _made(world: World) -> list[_Item]:
    """The Argo CD deliveries among what charts made, taken off the list."""
    made = [m for m in world.made if _kind(m.body) in _DELIVERIES]
    world.made = [m for m in world.made if _kind(m.body) not in _DELIVERIES]
    return [_Item(m.body, "" if m.environment == DEFAULT else m.environment, m.parent, m.parent) for m in made]


def _follow(world: World, work: _Work, first: list[_Item]) -> None:
    queue = deque(first)
    while queue and len(work.done) < MAX_DELIVERIES:
        item = queue.popleft()
        key = (*_identity(item.body), item.environment, _title(item.body), item.made)
        if key not in work.done:
            work.done.add(key)
            queue += [below._replace(depth=item.depth) for below in _resolve(world, item, work.local, work.clusters)]
            made = _made(world)
            if made and item.depth >= MAX_NESTING:
                message = f"Applications of charts more than {MAX_NESTING} deep in each other: the rest is not judged"
                world.problems.append(Problem("limit", message, None))
            else:
                queue += [below._replace(depth=item.depth + 1) for below in made]
    if queue:
        world.problems.append(Problem("limit", f"more than {MAX_DELIVERIES} Applications: the rest is not judged", None))


def _mentions_argo(world: World, path: str) -> bool:
    source = world.reader.source(path)
    return source is not None and "argoproj.io/" in source.text


def _raw_deliveries(world: World) -> list[Mapping]:
    _used, partial = referenced_by_kustomizations(world)
    found = [
        body
        for path in world.scan.argo
        if path not in partial
        for body in (*plain_objects(world, [path]), *_apps_of_file(world, path))
        if _kind(body) in _DELIVERIES and isinstance(lookup(body, "spec"), Mapping)
    ]
    return [body for body in found if lookup(body, "metadata", "name") is not None]


def _apps_of_file(world: World, path: str) -> list[Mapping]:
    return [body for doc in world.reader.documents(path) for body in applications_of_file(doc.root)]


def _kind(body: Mapping) -> str:
    group = (string(body.get("apiVersion")) or "").partition("/")[0]
    return (string(body.get("kind")) or "") if group == "argoproj.io" else ""


def _identity(body: Mapping) -> tuple[str, int]:
    # a patched or generated Application still comes from the document it was first written in
    node: Node = body
    while node.under is not None:
        node = node.under
    return (node.doc.source.path, node.doc.number)


def _title(body: Mapping) -> str:
    return f"{text(lookup(body, 'metadata', 'namespace')) or ''}/{text(lookup(body, 'metadata', 'name')) or ''}"


def _cluster(entry: Dict[str, Json]) -> Cluster:
    def strings(key: str) -> dict[str, str]:
        found = entry.get(key)
        return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    return Cluster(str(entry.get("name", "")), str(entry.get("server", "")), strings("labels"), strings("values"))


def _children(world: World, body: Mapping, local: Local) -> Iterator[tuple[str, int]]:
    """Documents that a delivery brings Applications from: of its own directories, or values of the chart argocd-apps."""
    if _kind(body) == "ApplicationSet":
        return
    result = releases(read_application(body), world.reader, local, "")
    for directory, source in result.directories:
        yield from (_identity(obj) for obj in _objects(world, directory, source) if _kind(obj))
    for release in result.releases:
        if applications_of_release(release, world.reader):
            yield from ((layer.root.doc.source.path, layer.root.doc.number) for layer in release.layers)


def _objects(world: World, directory: str, source: object) -> list[Mapping]:
    if world.kustomization_of(directory):
        return list(world.kustomize(directory).objects)
    return plain_objects(world, _manifests(world, directory, source), every=True)


def _manifests(world: World, directory: str, source: object) -> list[str]:
    """The files of a directory that Argo CD applies as they are."""
    options = getattr(source, "directory", None)
    recurse = bool(getattr(options, "recurse", False))
    include, exclude = str(getattr(options, "include", "") or ""), str(getattr(options, "exclude", "") or "")
    paths = []
    for path in world.reader.under(directory):
        inside = path[len(directory) + 1 if directory else 0 :]
        if (recurse or "/" not in inside) and is_yaml(path) and _selected(inside, include, exclude):
            paths.append(path)
    return paths


def _selected(name: str, include: str, exclude: str) -> bool:
    if exclude and glob_regex(exclude).fullmatch(name):
        return False
    return not include or bool(glob_regex(include).fullmatch(name))


def _resolve(world: World, item: _Item, local: Local, clusters: list[Cluster]) -> list[_Item]:
    path = item.body.doc.source.path
    environment = item.environment
    if _kind(item.body) == "ApplicationSet":
        expansion = expand(item.body, world.reader, local, clusters)
        for reason, home in expansion.unknown:
            world.problems.append(Problem("unknown", f"ApplicationSet {_title(item.body)}: {reason}", home, path))
        _add_delivery(world, item.body, environment or _environment(world, item.body, None, path, ""), item.parent)
        label = f"ApplicationSet {text(lookup(item.body, 'metadata', 'name')) or ''}"
        return [_Item(app, environment, label, item.made) for app in expansion.applications]
    app = read_application(item.body)
    name = _environment(world, item.body, app, path, environment)
    _add_delivery(world, item.body, name, item.parent)
    world.own_urls.update(s.repo_url for s in app.sources if s.repo_url and local(s.repo_url) is not None)
    result = releases(app, world.reader, local, "")
    below: list[_Item] = []
    for release in result.releases:
        world.add_release(name, release)
    _templated_values(world, app, name)
    for reason, home in result.unknown:
        world.problems.append(Problem("unknown", reason, home, path, name, app.destination.namespace))
    for message, home in result.missing:
        world.problems.append(Problem("missing", message, home, path, name))
    for directory, source in result.directories:
        below += _directory(world, app, name, directory, source)
    return below


def _templated_values(world: World, app: Application, name: str) -> None:
    """Values files whose name a template makes: every file that fits, as values of the chart its path tells.

    Only for a source whose chart cannot be told itself (a `range` over charts in a chart's template).
    """
    for source in app.sources:
        if source.helm is None or source.chart or source.path:
            continue
        names = [_source_text(n) for n in source.helm.value_files]
        others = [n for n in names if n.startswith("$") and not world.reader.glob(_pattern(n))]
        for text_of in names:
            for path in world.reader.glob(_pattern(text_of)) if "{{" in text_of else ():
                docs = world.reader.documents(path)
                root = docs[0].root if docs else None
                chart = guess_chart(path, frozenset(root.index), root) if isinstance(root, Mapping) else ""
                if chart and isinstance(root, Mapping):
                    layer = (Layer(path, root),)
                    hidden = ", ".join(others)
                    delivery = f"Application template {app.file}"
                    release = Release(chart, app.destination.namespace, root, delivery, chart=chart, layers=layer, hidden=hidden)
                    world.add_release(name, release)


def _source_text(node: Node) -> str:
    place = place_of(node)
    return place.source.text[place.start : place.end].strip("\"'")


def _pattern(name: str) -> str:
    """A templated values file as a glob of this tree: ``$ref/a/{{ .x }}/b.yaml`` is ``a/*/b.yaml``."""
    path = name.partition("/")[2] if name.startswith("$") else name
    return re.sub(r"\{\{.*?\}\}", "*", path).strip("/")


def _directory(world: World, app: Application, name: str, directory: str, source: object) -> list[_Item]:
    objects = _objects(world, directory, source)
    namespace = text(lookup(app.home, "spec", "destination", "namespace")) or ""
    deliveries = [obj for obj in objects if _kind(obj) in _DELIVERIES]
    world.add_objects(name, [obj for obj in objects if _kind(obj) not in _DELIVERIES], f"Application {app.name}", namespace)
    kustomization = world.kustomization_of(directory)
    if kustomization:
        for release in world.kustomize(directory).releases:
            world.add_release(name, release)
        for trouble in world.kustomize(directory).troubles:
            world.problems.append(Problem(trouble.kind, trouble.message, trouble.home, trouble.path, name))
    return [_Item(obj, "" if name == DEFAULT else name, f"Application {app.name}") for obj in deliveries]


def _add_delivery(world: World, body: Mapping, environment: str, parent: str) -> None:
    resource = resource_of(body, Origin(parent))
    if resource is not None:
        world.gather(environment).deliveries.append(resource)


def _environment(world: World, body: Mapping, app: Application | None, path: str, inherited: str) -> str:
    configured = world.config.environment_of(path)
    if configured:
        return configured
    destination = lookup(body, "spec", "destination") if app else None
    name = text(lookup(destination, "name")) or ""
    if name and "{{" not in name and name not in ("in-cluster", ""):
        return name
    server = text(lookup(destination, "server")) or ""
    known = next((str(c.get("name")) for c in world.config.clusters if c.get("server") and c.get("server") == server), "")
    if known:
        return known
    if server and "kubernetes.default.svc" not in server and "{{" not in server:
        return re.sub(r"^https?://|:\d+/?$|/$", "", server)
    return environment_from_path(path) or inherited or DEFAULT
