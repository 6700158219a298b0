"""Argo CD's own settings, which whoever installs Argo CD applies: no delivery of the tree need reach them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lintkit.sources.model import Origin, Resource, resource_of

if TYPE_CHECKING:
    from lintkit.sources.world import World

NAME: Final = "argocd-cm"
"""The ConfigMap with the settings (argo-cd.readthedocs.io, operator-manual/argocd-cm-yaml)."""


def add_settings(world: World) -> None:
    """Give each environment with Applications the settings of the Argo CD that may apply them, where it has none of its own.

    Settings lie where a delivery of another environment brings them, or in a file that nothing reaches. Those whose path names
    the environment go before others, those whose path names another one do not count.
    """
    targets = [g for g in world.environments.values() if any(d.kind == "Application" for d in g.deliveries)]
    if not targets:
        return
    held = {g.name: [r for r in g.resources if (r.kind, r.name) == ("ConfigMap", NAME)] for g in world.environments.values()}
    loose = list(_unreached(world))
    for target in targets:
        if held.get(target.name):
            continue
        others = [r for name, members in held.items() for r in members if name != target.name] + loose
        named = [r for r in others if target.name in _parts(r)]
        foreign = {name for name in world.environments if name != target.name}
        target.resources += named or [r for r in others if foreign.isdisjoint(_parts(r))]


def _parts(resource: Resource) -> list[str]:
    return resource.home.doc.source.path.split("/")[:-1]


def _unreached(world: World) -> Iterator[Resource]:
    from lintkit.sources.world import plain_objects

    for path in world.scan.resources:
        source = world.looked.source(path)
        if source is None or NAME not in source.text or path in world.reader.reads:
            continue
        for body in plain_objects(world, [path]):
            resource = resource_of(body, Origin())
            if resource is not None and (resource.kind, resource.name) == ("ConfigMap", NAME):
                yield resource
