"""Helpers: one object as text against a schema."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeAlias

import pytest
from hypothesis import strategies as st

from lintkit.schema.crds import schema_for
from lintkit.schema.model import CrdSchema, ShapeFinding
from lintkit.schema.repository import schemas_in
from lintkit.schema.walk import shape_findings
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Mapping, string

Check: TypeAlias = Callable[..., list[tuple[str, int, str]]]
SHARED = Path(__file__).resolve().parents[3] / "shared"


def body_of(text: str) -> Mapping:
    root = documents(Source("a.yaml", dedent(text)))[0].root
    assert isinstance(root, Mapping)
    return root


def schema_of(body: Mapping, rook: str = "") -> CrdSchema:
    group, _, version = (string(body.get("apiVersion")) or "").rpartition("/")
    schema = schema_for(group, version, string(body.get("kind")) or "", rook)
    assert schema is not None
    return schema


def line_of(finding: ShapeFinding) -> int:
    return finding.node.doc.source.position(finding.node.start).line


@pytest.fixture
def found() -> Check:
    """Findings of an object in a bundled schema: kind, line, message."""

    def run(text: str, rook: str = "", *, partial: bool = False) -> list[tuple[str, int, str]]:
        body = body_of(text)
        return [(f.kind, line_of(f), f.message) for f in shape_findings(body, schema_of(body, rook), partial=partial)]

    return run


@pytest.fixture
def checked() -> Check:
    """Findings of an object in the schema of its kind ``Thing`` (group ``example.com``), given as YAML."""

    def run(spec_schema: str, spec: str) -> list[tuple[str, int, str]]:
        schema = thing(spec_schema)
        body = body_of("apiVersion: example.com/v1\nkind: Thing\nspec:\n" + _indented(spec, 2))
        return [(f.kind, line_of(f), f.message) for f in shape_findings(body, schema)]

    return run


def thing(spec_schema: str) -> CrdSchema:
    """The schema of kind ``Thing`` whose spec is as described."""
    text = dedent("""\
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        spec:
          group: example.com
          names: {kind: Thing}
          versions:
            - name: v1
              served: true
              schema:
                openAPIV3Schema:
                  type: object
                  properties:
                    spec:
        """)
    crd = documents(Source("crd.yaml", text + _indented(spec_schema, 14)))
    return schemas_in(crd)["example.com", "Thing"]


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in dedent(text).strip("\n").split("\n"))


def misspelt(draw: Callable[..., Any], name: str) -> str:
    """``name`` with one letter dropped, doubled, or swapped with the next."""
    at = draw(st.integers(0, len(name) - 1))
    how = draw(st.sampled_from(("drop", "double", "swap")))
    if how == "drop":
        return name[:at] + name[at + 1 :]
    if how == "double":
        return name[: at + 1] + name[at:]
    return name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
