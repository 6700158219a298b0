"""Containers: an image wherever it is named, in chart values, operator resources and plain workloads."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import ComponentSpec, known_keys
from lintkit.finding import ResourceId
from lintkit.records import NamedTuple
from lintkit.sources.charts import ChartUse
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, boolean, items, lookup, text
from lintkit.yamldoc.transform import make_mapping, make_string

_CONTAINERS: Final = ("containers", "initContainers")
# where operator resources name images (cluster-operator 2.x, Percona operator 1.14 to 1.18, mariadb-operator)
_IMAGES: Final[Dict[str, tuple[Path, ...]]] = {
    "RabbitmqCluster": (("spec", "image"),),
    "PerconaXtraDBCluster": tuple(
        ("spec", part, "image") for part in ("pxc", "haproxy", "proxysql", "backup", "logcollector", "pmm")
    ),
    "MariaDB": (("spec", "image"),),
}
_PODS: Final = ("Deployment", "StatefulSet", "DaemonSet")


class _Found(NamedTuple):
    name: str
    image: Node
    path: Path
    policy: Path
    main: bool


def containers_of_chart(use: ChartUse, enabled: tuple[ComponentSpec, ...], every: tuple[ComponentSpec, ...]) -> list[Subject]:
    """The images of a release: those of its components that are on, and what users wrote for jobs."""
    tags = lookup(use.values, "images", "tags")
    if not isinstance(tags, Mapping):
        return []
    running = {image for spec in enabled for image in spec.images}
    tree = known_keys(use.chart)
    section = tree.get("images") if isinstance(tree, dict) else None
    known = section.get("tags") if isinstance(section, dict) else None
    # a values file shared by several charts has tags of all of them
    read = frozenset(known) if isinstance(known, dict) else frozenset(tags.index)
    stopped = {image for spec in every for image in spec.images} - running
    found: list[Subject] = []
    for name, entry in tags:
        written = not entry.value.doc.source.builtin
        if name in stopped or name not in read or (not written and name not in running):
            continue
        path: Path = ("images", "tags", name)
        found.append(_of_chart(use, name, entry.value, path, running=name in running, written=written))
    return found


def _of_chart(use: ChartUse, name: str, image: Node, path: Path, *, running: bool, written: bool) -> Subject:
    values, anchor = use.values, use.anchor
    policy = lookup(values, "images", "pull_policy")
    facts: dict[str, Json] = {"default": not written, "defaults_exact": use.exact, "long_running": running}
    return Subject(
        kind="Container",
        id=f"Container/{use.namespace}/{use.release or use.chart}/{use.chart}/{name}",
        object=_shape(anchor, use.chart, name, "chart", image, policy),
        home=anchor,
        resource=ResourceId("Container", use.namespace, f"{use.chart}/{name}"),
        bindings=(
            Binding(("image",), use.root, (*use.prefix, *path)),
            Binding(("pullPolicy",), use.root, (*use.prefix, "images", "pull_policy")),
            Binding((), use.root, use.prefix),
        ),
        origin=use.origin,
        facts=facts,
    )


def _shape(home: Node, owner: str, name: str, form: str, image: Node, policy: Node | None) -> Mapping:
    pairs = (
        ("owner", make_string(home, owner)),
        ("name", make_string(home, name)),
        ("form", make_string(home, form)),
        ("image", image),
        ("pullPolicy", policy),
    )
    return make_mapping(home, pairs)


def containers_of_resource(owner: Subject) -> list[Subject]:
    """The images that an operator resource, Deployment, StatefulSet or DaemonSet names."""
    found = _named(owner) if owner.kind in _PODS else _operator(owner)
    return [_of_resource(owner, item) for item in found]


def _named(owner: Subject) -> Iterator[_Found]:
    for key in _CONTAINERS:
        base: Path = ("spec", "template", "spec", key)
        for i, item in enumerate(items(lookup(owner.object, *base))):
            image = lookup(item, "image")
            if image is not None:
                at: Path = (*base, i)
                yield _Found(
                    text(lookup(item, "name")) or key, image, (*at, "image"), (*at, "imagePullPolicy"), key == _CONTAINERS[0]
                )


def _operator(owner: Subject) -> Iterator[_Found]:
    for path in _IMAGES.get(owner.kind, ()):
        image = lookup(owner.object, *path)
        part = lookup(owner.object, *path[:-1])
        if image is None or boolean(lookup(part, "enabled")) is False:
            continue
        yield _Found(str(path[-2]) if len(path) > 2 else owner.kind, image, path, (*path[:-1], "imagePullPolicy"), main=True)


def _of_resource(owner: Subject, found: _Found) -> Subject:
    body = owner.object
    title = owner.resource.title
    facts: dict[str, Json] = {"default": False, "defaults_exact": True, "long_running": found.main}
    return Subject(
        kind="Container",
        id=f"Container/{owner.id}/{'/'.join(map(str, found.path))}",
        object=_shape(owner.home, title, found.name, owner.kind, found.image, lookup(body, *found.policy)),
        home=owner.home,
        resource=ResourceId(*owner.resource),
        bindings=(
            Binding(("image",), *owner.binding(found.path)),
            Binding(("pullPolicy",), *owner.binding(found.policy)),
            Binding((), *owner.binding(found.path[:-1])),
        ),
        prefix=found.path[:-1],
        origin=owner.origin,
        facts=facts,
    )
