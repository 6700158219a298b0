"""The Flux Operator: a ResourceSet makes objects of inputs and templates, a FluxInstance syncs a path as a Kustomization does.

Source: fluxoperator.dev, docs of ResourceSet and FluxInstance (``fluxcd.controlplane.io/v1``). Templates are Go templates
between ``<<`` and ``>>`` over text, so that what they make is read as YAML again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.argocd.expressions import INPUTS
from lintkit.sources.argocd.functions import TemplateError
from lintkit.sources.argocd.gotemplate import Mode, render_text
from lintkit.sources.argocd.params import Params, data
from lintkit.sources.chart_objects import documents_of
from lintkit.sources.flux.charts import BOOTSTRAP
from lintkit.sources.flux.kustomization import labelled
from lintkit.sources.flux.objects import group_of, name_of, namespace_of
from lintkit.sources.flux.substitute import reread
from lintkit.sources.kustomize.model import identity
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, items, lookup, string, text
from lintkit.yamldoc.transform import make_mapping, make_string, map_scalars

GROUP: Final = "fluxcd.controlplane.io"
_RECONCILE: Final = f"{GROUP}/reconcile"
_MAX_OBJECTS: Final = 20_000


class Expansion(NamedTuple):
    """The objects of a ResourceSet, and what of them could not be told and where."""

    objects: tuple[Mapping, ...]
    unknown: tuple[tuple[str, Node], ...]


def is_resource_set(body: Mapping) -> bool:
    """Whether an object is a ResourceSet of the Flux Operator."""
    return text(body.get("kind")) == "ResourceSet" and group_of(body) == GROUP


def is_instance(body: Mapping) -> bool:
    """Whether an object is a FluxInstance that syncs a repository."""
    return text(body.get("kind")) == "FluxInstance" and group_of(body) == GROUP and lookup(body, "spec", "sync") is not None


def expand(body: Mapping) -> Expansion:
    """Every object that a ResourceSet makes of the inputs it holds; inputs of a provider are not known here.

    A value that is an input as it stands has the place of that input.
    """
    spec = lookup(body, "spec")
    provided = lookup(spec, "inputsFrom")
    unknown: list[tuple[str, Node]] = []
    if provided is not None:
        unknown.append(("inputs that a ResourceSetInputProvider gives", provided))
    given = [item for item in items(lookup(spec, INPUTS)) if isinstance(item, Mapping)]
    sets: list[Mapping | None] = [*given] if given or provided is not None else [None]
    common = lookup(spec, "commonMetadata")
    found: dict[object, Mapping] = {}
    for inputs in sets:
        for made in _made(spec, inputs, unknown):
            if len(found) < _MAX_OBJECTS and string(lookup(made, "metadata", "annotations", _RECONCILE)) != "disabled":
                found.setdefault(identity(made), labelled(made, common) if isinstance(common, Mapping) else made)
    return Expansion(tuple(found.values()), tuple(dict.fromkeys(unknown)))


def _made(spec: Node | None, inputs: Mapping | None, unknown: list[tuple[str, Node]]) -> Iterator[Mapping]:
    params: Params = {INPUTS: data(inputs) if inputs is not None else {}}
    for item in items(lookup(spec, "resources")):
        made = map_scalars(item, lambda scalar: _rendered(scalar, params, inputs))
        if isinstance(made, Mapping):
            yield made
    template = lookup(spec, "resourcesTemplate")
    if not isinstance(template, Scalar) or not template.text.strip():
        return
    try:
        pieces = render_text(_braces(template.text), params, Mode(go=True))
        objects = documents_of(pieces, template.doc.source, inputs, INPUTS, template)
    except TemplateError as error:
        unknown.append((f"resourcesTemplate: {error}", template))
    else:
        if objects is None:
            unknown.append(("resourcesTemplate makes no YAML", template))
        yield from objects or ()


def _braces(template: str) -> str:
    """A template with the usual delimiters, every character where it was; one that holds those already cannot be told."""
    if "{{" in template:
        raise TemplateError("braces between << and >>")
    return template.replace("<<", "{{").replace(">>", "}}")


def _rendered(scalar: Scalar, params: Params, inputs: Mapping | None) -> Node:
    if "<<" not in scalar.text:
        return scalar
    try:
        pieces = render_text(_braces(scalar.text), params, Mode(go=True))
    except TemplateError as error:
        return Unknown(scalar.doc, scalar.start, scalar.end, f"template expression: {error}")
    made = reread(scalar, "".join(piece.text for piece in pieces))
    if isinstance(made, Scalar) and "${TEMPLATE_EXPRESSION}" in made.text:
        return Unknown(scalar.doc, scalar.start, scalar.end, "template expression")
    path = pieces[0].path if len(pieces) == 1 else None
    source = lookup(inputs, *path[1:]) if path and path[0] == INPUTS else None
    if isinstance(source, Scalar) and isinstance(made, Scalar):
        return Scalar(source.doc, source.start, source.end, made.text, made.style)
    return source if source is not None and type(source) is type(made) else made


def synced(body: Mapping) -> Mapping:
    """The Kustomization that a FluxInstance makes of ``spec.sync``: it prunes, and builds the path of its own source."""
    sync = lookup(body, "spec", "sync") or body
    kind = text(lookup(sync, "kind")) or "GitRepository"
    spec = make_mapping(
        sync,
        (
            ("path", lookup(sync, "path")),
            ("prune", Scalar(sync.doc, sync.start, sync.start, "true")),
            ("sourceRef", make_mapping(sync, (("kind", make_string(sync, kind)), ("name", make_string(sync, BOOTSTRAP))))),
        ),
    )
    named = (
        ("name", make_string(body, text(lookup(sync, "name")) or BOOTSTRAP)),
        ("namespace", lookup(body, "metadata", "namespace")),
    )
    pairs = (
        ("apiVersion", make_string(body, "kustomize.toolkit.fluxcd.io/v1")),
        ("kind", make_string(body, "Kustomization")),
        ("metadata", make_mapping(body, named)),
        ("spec", spec),
    )
    return make_mapping(body, pairs)


def title(body: Mapping) -> str:
    """What people call a ResourceSet: "ResourceSet flux-system/apps"."""
    namespace = namespace_of(body)
    return f"ResourceSet {namespace}/{name_of(body)}" if namespace else f"ResourceSet {name_of(body)}"
