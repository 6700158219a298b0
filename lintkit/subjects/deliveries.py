"""Deliveries: what applies resources, what it names that is not there, and what lies beside it that nothing names."""

from __future__ import annotations

from collections.abc import Iterable

from lintkit.finding import ResourceId
from lintkit.records import NamedTuple
from lintkit.sources.leftovers import Leftover
from lintkit.sources.model import Origin, Resource
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.document import path_of
from lintkit.yamldoc.node import Mapping, Node, Scalar, lookup
from lintkit.yamldoc.transform import make_mapping, make_string


class Missing(NamedTuple):
    """Something a delivery names that does not exist: a sentence part and where it is named (None when nowhere here)."""

    message: str
    home: Node | None


def delivery_label(resource: Resource) -> str:
    """What origins call a delivery: "Application nova", "Kustomization flux-system/apps", "HelmRelease nova"."""
    if resource.kind == "Kustomization" and resource.namespace:
        return f"Kustomization {resource.namespace}/{resource.name}"
    return f"{resource.kind} {resource.name}"


def delivery_subjects(deliveries: Iterable[Resource]) -> list[Subject]:
    """One Delivery for each Application, ApplicationSet, Flux Kustomization and HelmRelease; object is the whole resource."""
    return [
        Subject(
            kind="Delivery",
            id=f"Delivery/{d.kind}/{d.namespace}/{d.name}",
            object=d.body,
            home=d.home,
            resource=d.id,
            bindings=(Binding((), d.body, ()),),
            origin=d.origin,
            facts={"form": d.kind, "label": delivery_label(d), "parent": d.origin.delivery},
        )
        for d in deliveries
    ]


def reference_subjects(missing: Iterable[Missing]) -> list[Subject]:
    """One Reference for each missing thing, standing where it is named."""
    found: list[Subject] = []
    for number, item in enumerate(dict.fromkeys(missing)):
        home = item.home
        if home is None or home.doc.source.builtin:
            continue
        if isinstance(home, Mapping) and isinstance(name := lookup(home, "name"), Scalar):
            home = name
        root = home.doc.root
        exact = isinstance(root, Mapping) and isinstance(lookup(root, *path_of(home)), Scalar)
        bindings = (Binding((), root, path_of(home)),) if exact and isinstance(root, Mapping) else ()
        found.append(
            Subject(
                kind="Reference",
                id=f"Reference/{number}",
                object=make_mapping(home, (("message", make_string(home, item.message)),)),
                home=home,
                resource=ResourceId("Reference", "", home.text if isinstance(home, Scalar) else ""),
                bindings=bindings,
                origin=Origin(),
                facts={"text": home.text if isinstance(home, Scalar) else ""},
            )
        )
    return found


def values_file_subjects(leftovers: Iterable[Leftover]) -> list[Subject]:
    """One ValuesFile for each values file that nothing refers to."""
    return [
        Subject(
            kind="ValuesFile",
            id=f"ValuesFile/{item.path}",
            object=item.root,
            home=item.root,
            resource=ResourceId("ValuesFile", "", item.path),
            bindings=(Binding((), item.root, ()),),
            origin=Origin(),
            facts={"delivery": item.delivery},
        )
        for item in leftovers
    ]
