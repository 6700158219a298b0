"""Schemas of kinds whose CustomResourceDefinition lies in the repository itself, of any group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as AbcMapping
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from lintkit.schema.model import CrdSchema, Ref, Shape
from lintkit.schema.openapi import remembered, shape_of
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, boolean, items, lookup, string
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.unknowns import placeholder

GroupKind: TypeAlias = "tuple[str, str]"

_APIS: Final = ("apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1")


def schemas_in(documents: Iterable[Document]) -> AbcMapping[GroupKind, CrdSchema]:
    """The schema of every kind that a CustomResourceDefinition among ``documents`` defines, by group and kind.

    Served versions only. Of several definitions of one kind the first that has a schema counts. What
    cannot be read in a definition (a template expression) accepts anything. A definition's schema is
    read when an object is first walked with it.
    """
    found: dict[GroupKind, CrdSchema] = {}
    for document in documents:
        schema = schema_in(document.root)
        if schema is not None:
            found.setdefault((schema.group, schema.kind), schema)
    return MappingProxyType(found)


def schema_in(root: Node | None) -> CrdSchema | None:
    """The schema that one CustomResourceDefinition gives; None for anything else, and when it gives none."""
    if string(lookup(root, "kind")) != "CustomResourceDefinition" or string(lookup(root, "apiVersion")) not in _APIS:
        return None
    group, kind = string(lookup(root, "spec", "group")), string(lookup(root, "spec", "names", "kind"))
    if not group or not kind or placeholder(group) or placeholder(kind):
        return None
    roots = dict(_versions(lookup(root, "spec")))
    if not roots:
        return None
    beta = string(lookup(root, "apiVersion")) == _APIS[1]
    loose = boolean(lookup(root, "spec", "preserveUnknownFields")) if not beta else True
    if beta and boolean(lookup(root, "spec", "preserveUnknownFields")) is False:
        loose = False
    return CrdSchema(group, kind, roots, _resolver(loose is True))


def _versions(spec: Node | None) -> Iterator[tuple[str, Mapping]]:
    """Name and schema node of the served versions, as CRDs of both API versions write them."""
    shared = lookup(spec, "validation", "openAPIV3Schema")
    for version in items(lookup(spec, "versions")):
        name = string(lookup(version, "name"))
        schema = lookup(version, "schema", "openAPIV3Schema") or shared
        if name and isinstance(schema, Mapping) and boolean(lookup(version, "served")) is not False:
            yield name, schema
    name = string(lookup(spec, "version"))
    if name and isinstance(shared, Mapping) and not items(lookup(spec, "versions")):
        yield name, shared


def _resolver(loose: bool) -> Callable[[Ref], Shape]:
    """Roots are nodes and become plain schemas when they are first asked for; all refs below are plain schemas."""
    below = remembered(partial(shape_of, loose=loose))
    read: dict[int, Ref] = {}

    def resolve(ref: Ref) -> Shape:
        if not isinstance(ref, Mapping):
            return below(ref)
        raw = read.get(id(ref))
        if raw is None:
            raw = read[id(ref)] = plain(ref)
        return below(raw)

    return resolve
