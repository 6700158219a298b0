"""Flux Kustomizations: what they say, where their path is, and what they do to the objects found there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from lintkit.records import NamedTuple
from lintkit.sources.flux.charts import BOOTSTRAP, repository_root
from lintkit.sources.flux.contents import Contents, contents, with_components
from lintkit.sources.flux.objects import (
    Local,
    Objects,
    Reference,
    group_of,
    index_objects,
    name_of,
    namespace_of,
    reference,
    references,
)
from lintkit.sources.flux.substitute import substitute, variables_of
from lintkit.tree.files import Reader
from lintkit.tree.paths import join, parent
from lintkit.yamldoc.node import Entry, Mapping, Node, boolean, items, lookup, text
from lintkit.yamldoc.transform import make_mapping, merge, with_entry

if TYPE_CHECKING:
    from lintkit.sources.kustomize.model import Trouble

GROUP: Final = "kustomize.toolkit.fluxcd.io"


class FluxKustomization(NamedTuple):
    """A Flux Kustomization as written, after its parents' patches when it was read from a build.

    ``prune`` and ``wait`` are None when absent. ``patches``, ``images`` and ``components`` are the
    nodes of those lists. ``other_cluster``: it has a ``kubeConfig``. ``home`` is the whole object,
    where every other field (``force``, ``deletionPolicy``, ...) can be looked up with its span.
    """

    name: str
    namespace: str
    path: str
    home: Mapping
    source: Reference | None = None
    target_namespace: str = ""
    prune: bool | None = None
    wait: bool | None = None
    suspended: bool = False
    depends_on: tuple[Reference, ...] = ()
    patches: tuple[Node, ...] = ()
    images: tuple[Node, ...] = ()
    components: tuple[Node, ...] = ()
    post_build: Mapping | None = None
    health_checks: tuple[Reference, ...] = ()
    other_cluster: bool = False
    name_prefix: str = ""
    name_suffix: str = ""
    common_metadata: Mapping | None = None

    @property
    def delivery(self) -> str:
        """What people call it: "Kustomization flux-system/apps"."""
        return f"Kustomization {self.namespace}/{self.name}" if self.namespace else f"Kustomization {self.name}"


def is_kustomization(body: Mapping) -> bool:
    """Whether an object is a Flux Kustomization (and not kustomize's own kind of file)."""
    return text(body.get("kind")) == "Kustomization" and group_of(body) == GROUP


def read_kustomization(obj: Mapping) -> FluxKustomization:
    """Read one; every field that is absent or cannot be read has its empty value."""
    spec = lookup(obj, "spec")
    namespace = namespace_of(obj)
    post_build, metadata = lookup(spec, "postBuild"), lookup(spec, "commonMetadata")
    return FluxKustomization(
        name=name_of(obj),
        namespace=namespace,
        path=text(lookup(spec, "path")) or "",
        home=obj,
        source=reference(lookup(spec, "sourceRef"), "GitRepository", namespace),
        target_namespace=text(lookup(spec, "targetNamespace")) or "",
        prune=boolean(lookup(spec, "prune")),
        wait=boolean(lookup(spec, "wait")),
        suspended=boolean(lookup(spec, "suspend")) is True,
        depends_on=references(items(lookup(spec, "dependsOn")), "Kustomization", namespace),
        patches=items(lookup(spec, "patches")),
        images=items(lookup(spec, "images")),
        components=items(lookup(spec, "components")),
        post_build=post_build if isinstance(post_build, Mapping) else None,
        health_checks=references(items(lookup(spec, "healthChecks")), "", ""),
        other_cluster=isinstance(lookup(spec, "kubeConfig"), Mapping),
        name_prefix=text(lookup(spec, "namePrefix")) or "",
        name_suffix=text(lookup(spec, "nameSuffix")) or "",
        common_metadata=metadata if isinstance(metadata, Mapping) else None,
    )


def directory_of(fk: FluxKustomization, objects: Objects | Iterable[Mapping], reader: Reader, local: Local) -> str | None:
    """The directory of this tree that ``spec.path`` names; None when it is in another repository or absent.

    Paths of a Git source start at its root. An artifact (OCIRepository, Bucket, ExternalArtifact) may
    hold a subdirectory of the repository, so its paths are looked for from the Kustomization's own
    file upwards.
    """
    if fk.source is None:
        return None
    path = fk.path or "."
    root = repository_root(fk.source, index_objects(objects), local)
    found = join(root, path.lstrip("/")) if root is not None else None
    if found is not None and reader.is_directory(found):
        return found
    if fk.source.kind == "GitRepository":
        return None
    if root is None and fk.source.name != BOOTSTRAP and len(_parts(path)) < 2:
        return None
    candidates = (join(base, path.lstrip("/")) for base in _upwards(parent(fk.home.doc.source.path)))
    return next((found for found in candidates if found and reader.is_directory(found)), None)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _upwards(directory: str) -> Iterator[str]:
    while directory:
        yield directory
        directory = parent(directory)
    yield ""


def apply(fk: FluxKustomization, objects: Sequence[Mapping], variable_objects: Objects | Iterable[Mapping] = ()) -> list[Mapping]:
    """``objects`` as the Kustomization sends them to its cluster. ``variable_objects`` hold what ``substituteFrom`` names."""
    return apply_all(fk, objects, variable_objects).objects


def apply_all(fk: FluxKustomization, objects: Sequence[Mapping], variable_objects: Objects | Iterable[Mapping] = ()) -> Contents:
    """Like ``apply``, with the troubles of its patches.

    Order: patches, target namespace, name prefix and suffix, images, common metadata, then the
    variables of postBuild.
    """
    made, troubles = _kustomized(fk, list(objects))
    if fk.common_metadata is not None:
        made = [labelled(body, fk.common_metadata) for body in made]
    variables = variables_of(fk.post_build, index_objects(variable_objects), fk.namespace) if fk.post_build else None
    if variables is not None:
        made = [substitute(body, variables) for body in made]
    return Contents(made, (), tuple(troubles))


def build_kustomization(
    fk: FluxKustomization, reader: Reader, directory: str, variable_objects: Objects | Iterable[Mapping] = ()
) -> Contents:
    """Everything a Kustomization sends to its cluster from ``directory`` (see ``directory_of``).

    The build of the path, then ``spec.components``, then ``apply_all``.
    """
    found = with_components(reader, directory, fk.components, contents(reader, directory))
    made = apply_all(fk, found.objects, variable_objects)
    return Contents(made.objects, found.releases, (*found.troubles, *made.troubles))


def _kustomized(fk: FluxKustomization, objects: list[Mapping]) -> tuple[list[Mapping], list[Trouble]]:
    from lintkit.sources.kustomize.steps import transform

    spec = fk.home.get("spec")
    fields = (
        ("patches", "patches"),
        ("namespace", "targetNamespace"),
        ("namePrefix", "namePrefix"),
        ("nameSuffix", "nameSuffix"),
        ("images", "images"),
    )
    settings = make_mapping(fk.home, ((name, lookup(spec, field)) for name, field in fields))
    return transform(objects, settings) if settings.entries else (objects, [])


def labelled(body: Mapping, common: Mapping) -> Mapping:
    """An object with the labels and annotations of ``commonMetadata``."""
    metadata = body.get("metadata")
    made = merge(metadata, make_mapping(common, ((name, common.get(name)) for name in ("labels", "annotations"))))
    if metadata is None or made is None:
        return body
    return with_entry(body, Entry(body.index["metadata"].key, made), "metadata")
