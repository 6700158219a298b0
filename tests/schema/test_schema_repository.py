"""CustomResourceDefinitions of the repository give schemas."""

from __future__ import annotations

from collections.abc import Mapping as AbcMapping

from lintkit.schema.model import CrdSchema
from lintkit.schema.repository import schemas_in
from lintkit.schema.walk import shape_findings
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Path
from tests.schema.conftest import body_of

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  names: {kind: Gadget, plural: gadgets}
  versions:
    - name: v1
      served: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties: {colour: {type: string, enum: [red, green]}}
    - name: v0
      served: false
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}
"""
OLD = """\
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
spec:
  group: example.com
  names: {kind: Gizmo}
  version: v1
  validation: {openAPIV3Schema: {properties: {spec: {properties: {size: {type: integer}}}}}}
"""


def schemas(text: str) -> AbcMapping[tuple[str, str], CrdSchema]:
    return schemas_in(documents(Source("crd.yaml", text)))


def paths(text: str, body: str) -> list[tuple[str, Path]]:
    schema = next(iter(schemas(text).values()))
    return [(f.kind, f.path) for f in shape_findings(body_of(body), schema)]


def test_a_definition_gives_the_schema_of_its_kind() -> None:
    assert list(schemas(CRD)) == [("example.com", "Gadget")]
    assert paths(CRD, "apiVersion: example.com/v1\nkind: Gadget\nspec: {color: red}") == [("unknown-key", ("spec", "color"))]
    assert paths(CRD, "apiVersion: example.com/v1\nkind: Gadget\nspec: {colour: blue}") == [("bad-value", ("spec", "colour"))]


def test_only_served_versions_count() -> None:
    assert list(schemas(CRD)["example.com", "Gadget"].roots) == ["v1"]


def test_the_first_definition_of_a_kind_counts() -> None:
    both = schemas(CRD + "---\n" + CRD.replace("colour", "hue"))
    body = body_of("apiVersion: example.com/v1\nkind: Gadget\nspec: {colour: red}")
    assert shape_findings(body, both["example.com", "Gadget"]) == []


def test_an_old_definition_keeps_unknown_keys_unless_it_says_otherwise() -> None:
    body = "apiVersion: example.com/v1\nkind: Gizmo\nspec: {sise: 1, size: big}"
    assert paths(OLD, body) == [("wrong-type", ("spec", "size"))]
    strict = OLD.replace("  version: v1", "  version: v1\n  preserveUnknownFields: false")
    assert paths(strict, body) == [("wrong-type", ("spec", "size")), ("unknown-key", ("spec", "sise"))]


def test_broken_and_templated_definitions_are_passed_over() -> None:
    assert schemas("kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\nspec: [1]") == {}
    assert schemas(CRD.replace("group: example.com", "group: '{{ .group }}'")) == {}
    assert schemas(CRD.replace("kind: CustomResourceDefinition", "kind: Other")) == {}
    assert schemas("a: [") == {}


def test_what_a_definition_does_not_say_is_accepted() -> None:
    odd = CRD.replace(
        "properties: {colour: {type: string, enum: [red, green]}}", "properties: {colour: {type: '{{ t }}', minimum: x}}"
    )
    assert paths(odd, "apiVersion: example.com/v1\nkind: Gadget\nspec: {colour: 1}") == []
