"""Schemas of Kubernetes' own kinds."""

from __future__ import annotations

import pytest

from lintkit.schema.core import core_schema, core_versions
from lintkit.schema.walk import shape_findings
from tests.schema.conftest import body_of

pytest.importorskip("jsonschema")
pytestmark = pytest.mark.skipif(not core_versions(), reason="kubernetes-validate is not installed")


def test_only_kubernetes_kinds_have_a_core_schema() -> None:
    assert core_schema("v1", "Service") is not None
    assert core_schema("networking.k8s.io/v1", "NetworkPolicy") is not None
    assert core_schema("networking.example.com/v1", "NetworkPolicy") is None
    assert core_schema("v1", "service") is None
    assert core_schema("v1", "ServiceSpec") is None
    assert core_schema("ceph.rook.io/v1", "CephCluster") is None
    assert core_schema("../v1", "Service") is None
    assert core_schema("", "") is None


@pytest.mark.parametrize(("version", "known"), [("1.25", False), ("v1.20.3", False), ("1.37", True), ("", True), ("1.99", True)])
def test_the_nearest_kubernetes_version_counts(version: str, known: bool) -> None:
    # sidecar containers (restartPolicy of a container) came with 1.28
    schema = core_schema("v1", "Pod", version)
    assert schema is not None
    body = body_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, restartPolicy: Always}]}")
    assert (shape_findings(body, schema) == []) is known


def test_quantities_and_ports_take_numbers_and_strings() -> None:
    schema = core_schema("v1", "Service")
    assert schema is not None
    body = body_of("apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80, targetPort: http}, {port: 81, targetPort: 8081}]}")
    assert shape_findings(body, schema) == []


def test_config_map_data_is_text() -> None:
    schema = core_schema("v1", "ConfigMap")
    assert schema is not None
    body = body_of("apiVersion: v1\nkind: ConfigMap\ndata: {a: 1, b: 'true', c: '{{ x }}'}\nimmutable: null")
    assert [(f.kind, f.path, f.suggestion) for f in shape_findings(body, schema)] == [("wrong-type", ("data", "a"), '"1"')]


def test_a_custom_resource_definition_is_a_core_kind_and_its_schema_is_free() -> None:
    schema = core_schema("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert schema is not None
    body = body_of("""\
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        spec:
          group: a.b
          scope: Namespaced
          names: {kind: A, plural: as}
          versions:
            - name: v1
              served: true
              storage: true
              schema: {openAPIV3Schema: {type: object, properties: {spec: {type: string, enum: [a, b], default: a}}}}
        """)
    assert shape_findings(body, schema) == []
