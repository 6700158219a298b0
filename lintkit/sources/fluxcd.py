"""Flux deliveries: Kustomizations and HelmReleases into environments, parents before children."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.flux.contents import Contents
from lintkit.sources.flux.helmrelease import is_release, release
from lintkit.sources.flux.kustomization import (
    FluxKustomization,
    build_kustomization,
    directory_of,
    is_kustomization,
    read_kustomization,
)
from lintkit.sources.flux.objects import Objects, index_objects, namespace_of
from lintkit.sources.flux.operator import expand, is_instance, is_resource_set, synced, title
from lintkit.sources.here import Local, local_repositories
from lintkit.sources.model import Origin, resource_of
from lintkit.sources.scan import KUSTOMIZATION_NAMES, is_yaml
from lintkit.sources.world import DEFAULT, Problem, World, environment_from_path, plain_objects, referenced_by_kustomizations
from lintkit.tree.paths import parent
from lintkit.yamldoc.node import Mapping, Node, lookup, text

MAX_DELIVERIES: Final = 20_000


class _Item(NamedTuple):
    body: Mapping
    environment: str
    parent: str = ""


def resolve_flux(world: World) -> bool:
    """Resolve every Flux Kustomization and HelmRelease of the tree; whether there was any."""
    raw = _raw(world)
    deliveries = [b for b in raw if _brings(b)]
    if not deliveries:
        return False
    known = index_objects(raw)
    local = _local(world, raw, deliveries)
    kustomizations = [b for b in deliveries if is_kustomization(b)]
    children: set[tuple[str, int]] = set()
    for body in kustomizations:
        directory = directory_of(read_kustomization(body), known, world.reader, local)
        if directory is not None:
            children |= {_identity(o) for o in _contents(world, directory).objects if _brings(o)}
    roots = [b for b in deliveries if _identity(b) not in children] or deliveries
    if kustomizations:
        # a HelmRelease is applied by something: where Kustomizations are, one that none of them builds is not live
        roots = [b for b in roots if is_kustomization(b)]
    _walk(world, [_Item(b, _environment(world, b)) for b in roots], known, local)
    return True


def follow_flux(world: World) -> None:
    """Resolve the HelmReleases and Kustomizations that charts make, in templates."""
    made = [m for m in world.made if _brings(m.body)]
    world.made = [m for m in world.made if not _brings(m.body)]
    if not made:
        return
    raw = _raw(world)
    bodies = [m.body for m in made]
    known = index_objects([*raw, *bodies, *(r.body for g in world.environments.values() for r in g.resources)])
    _walk(world, [_Item(m.body, m.environment, m.parent) for m in made], known, _local(world, raw, bodies))


def _brings(body: Mapping) -> bool:
    """Whether an object brings others."""
    return is_kustomization(body) or is_release(body) or is_resource_set(body)


def _raw(world: World) -> list[Mapping]:
    _used, partial = referenced_by_kustomizations(world)
    found = [body for path in world.scan.flux if path not in partial for body in plain_objects(world, [path])]
    return [*found, *(synced(body) for body in found if is_instance(body))]


def _local(world: World, raw: list[Mapping], deliveries: list[Mapping]) -> Local:
    """URLs of this repository: as for Argo CD, and the source that the Kustomizations of this tree name most."""
    base = local_repositories(world.reader, world.config, [])
    names = [text(lookup(b, "spec", "sourceRef", "name")) for b in deliveries if is_kustomization(b)]
    common = max(set(names), key=names.count, default=None)
    own = {
        text(lookup(b, "spec", "url"))
        for b in raw
        if text(b.get("kind")) == "GitRepository" and text(lookup(b, "metadata", "name")) == common
    }
    known_remotes = bool(world.files.remotes)

    def local(url: str) -> str | None:
        found = base(url)
        return "" if found is None and not known_remotes and url in own else found

    return local


def _identity(body: Mapping) -> tuple[str, int]:
    node: Node = body
    while node.under is not None:
        node = node.under
    return (node.doc.source.path, node.doc.number)


def _contents(world: World, directory: str) -> Contents:
    from lintkit.sources.flux.contents import contents

    if directory not in world.flux_contents:
        world.flux_contents[directory] = contents(world.reader, directory)
    return world.flux_contents[directory]


def _walk(world: World, first: Iterable[_Item], known: Objects, local: Local) -> None:
    done: set[tuple[str, int, str]] = set()
    built: dict[str, list[Mapping]] = {}
    holders: dict[str, list[Mapping]] = {}
    neighbours = _holders(body for bodies in known.by_name.values() for body in bodies)
    releases: list[_Item] = []
    queue = deque(first)
    while queue and len(done) < MAX_DELIVERIES:
        item = queue.popleft()
        key = (*_identity(item.body), f"{item.environment}/{text(lookup(item.body, 'metadata', 'name'))}")
        if key in done:
            continue
        done.add(key)
        _deliver(world, item)
        if is_release(item.body):
            releases.append(item)
            continue
        if is_resource_set(item.body):
            made = _of_set(world, item)
            built.setdefault(item.environment, []).extend(made)
            queue += [_Item(o, item.environment, title(item.body)) for o in made if _brings(o)]
            plain = [o for o in made if not _brings(o)]
            world.add_objects(item.environment, plain, title(item.body), namespace_of(item.body))
            continue
        fk = read_kustomization(item.body)
        # variables may stand in what an earlier Kustomization applies, or beside the Kustomization itself
        before = holders.setdefault(item.environment, [])
        variables = [*before, *neighbours, *_holders(beside(world, item.body))] if fk.post_build else []
        objects = _built(world, fk, item.environment, known, local, variables)
        built.setdefault(item.environment, []).extend(objects)
        before += _holders(objects)
        queue += [_Item(o, item.environment, fk.delivery) for o in objects if _brings(o)]
        plain = [o for o in objects if not _brings(o)]
        world.add_objects(item.environment, plain, fk.delivery, fk.target_namespace)
    indexes = {environment: index_objects(objects) for environment, objects in built.items() if objects}
    for item in releases:
        objects_of = indexes.get(item.environment) or _with(known, beside(world, item.body))
        _release(world, item, objects_of, local)


def _of_set(world: World, item: _Item) -> list[Mapping]:
    """What a ResourceSet makes."""
    made = expand(item.body)
    for reason, home in made.unknown:
        world.problems.append(Problem("unknown", f"{title(item.body)}: {reason}", home, "", item.environment))
    return list(made.objects)


def _holders(objects: Iterable[Mapping]) -> list[Mapping]:
    """ConfigMaps and Secrets: what variables and values may stand in."""
    return [body for body in objects if text(body.get("kind")) in ("ConfigMap", "Secret")]


def _with(known: Objects, more: list[Mapping]) -> Objects:
    """``known`` and ``more``, which comes after."""
    added = {key: bodies for key, bodies in index_objects(more).by_name.items() if bodies[0] not in known.by_name.get(key, ())}
    if not added:
        return known
    return Objects({**known.by_name, **{key: (*known.by_name.get(key, ()), *bodies) for key, bodies in added.items()}})


def beside(world: World, body: Mapping) -> list[Mapping]:
    """Objects in the folder of a HelmRelease or Kustomization that no Kustomization builds: where its ConfigMaps are then."""
    folder = parent(body.doc.source.path)
    if any(name in KUSTOMIZATION_NAMES for name in world.reader.children(folder)):
        return list(_contents(world, folder).objects)
    paths = (f"{folder}/{name}" if folder else name for name in world.reader.children(folder))
    docs = (doc for path in paths if is_yaml(path) for doc in world.reader.documents(path))
    return [doc.root for doc in docs if isinstance(doc.root, Mapping) and doc.root.get("kind") is not None]


def _built(
    world: World, fk: FluxKustomization, environment: str, known: Objects, local: Local, variables: list[Mapping]
) -> list[Mapping]:
    if fk.suspended or fk.other_cluster:
        world.skipped["suspended or sent to another cluster (Flux)"] += 1
        return []
    directory = directory_of(fk, known, world.reader, local)
    if directory is None:
        reason = f"{fk.delivery}: path {fk.path or '.'} is not in this repository"
        world.problems.append(Problem("unknown", reason, lookup(fk.home, "spec", "path") or fk.home, "", environment))
        return []
    made = build_kustomization(fk, world.reader, directory, index_objects(variables))
    for flux_release in made.releases:
        world.add_release(environment, flux_release)
    for trouble in made.troubles:
        world.problems.append(Problem(trouble.kind, trouble.message, trouble.home, trouble.path, environment))
    return made.objects


def _release(world: World, item: _Item, objects: Objects, local: Local) -> None:
    found = release(item.body, objects, world.reader, local)
    if found.suspended or found.other_cluster:
        world.skipped["suspended or sent to another cluster (Flux)"] += 1
        return
    world.add_release(item.environment, found.release)
    for missing in found.missing:
        world.problems.append(Problem("missing", missing.message, missing.home, "", item.environment))


def _deliver(world: World, item: _Item) -> None:
    resource = resource_of(item.body, Origin(item.parent))
    if resource is not None:
        world.gather(item.environment).deliveries.append(resource)


def _environment(world: World, body: Mapping) -> str:
    path = body.doc.source.path
    return world.config.environment_of(path) or environment_from_path(path) or DEFAULT
