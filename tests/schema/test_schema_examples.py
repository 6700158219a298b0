"""Rook's own example resources: silent as they are, found out when a key is misspelt."""

from __future__ import annotations

import random

import pytest

from lintkit.schema.core import core_schema
from lintkit.schema.crds import schema_for
from lintkit.schema.model import CrdSchema, Shape
from lintkit.schema.repository import schemas_in
from lintkit.schema.walk import inspect, shape_findings
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, string
from tests.schema.conftest import SHARED, line_of

EXAMPLES = SHARED / "corpus" / "rook-examples" / "deploy" / "examples"
pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="Rook's examples are not here")


def all_documents() -> list[Document]:
    return [
        d for f in sorted(EXAMPLES.rglob("*.yaml")) for d in documents(Source(f.relative_to(EXAMPLES).as_posix(), f.read_text()))
    ]


def names(body: Mapping) -> tuple[str, str, str]:
    group, _, version = (string(body.get("apiVersion")) or "").rpartition("/")
    return group, version, string(body.get("kind")) or ""


def test_examples_are_silent_under_the_definitions_beside_them() -> None:
    docs = all_documents()
    own = schemas_in(docs)
    said: list[tuple[str, str]] = []
    notes: list[str] = []
    for doc in docs:
        if not isinstance(doc.root, Mapping):
            continue
        group, version, kind = names(doc.root)
        schema = own.get((group, kind)) or schema_for(group, version, kind) or core_schema(f"{group}/{version}".lstrip("/"), kind)
        if schema is not None:
            result = inspect(doc.root, schema)
            said += [(doc.source.path, f.message) for f in result.findings]
            notes += result.notes
    assert said == []
    assert notes == []


def keys_of(schema: CrdSchema, node: Node, shape: Shape) -> list[Scalar]:
    if isinstance(node, Sequence) and shape.items is not None:
        return [k for item in node.items for k in keys_of(schema, item, schema.resolve(shape.items))]
    found: list[Scalar] = []
    if isinstance(node, Mapping) and shape.closed:
        for name, entry in node:
            if name in shape.properties:
                found += [entry.key, *keys_of(schema, entry.value, schema.resolve(shape.properties[name]))]
    return found


def test_every_misspelt_key_of_an_example_is_found_on_its_line() -> None:
    candidates: list[tuple[CrdSchema, Document, Scalar]] = []
    for doc in all_documents():
        if isinstance(doc.root, Mapping):
            group, version, kind = names(doc.root)
            schema = schema_for(group, version, kind)
            if schema is not None and group == "ceph.rook.io":
                root = schema.resolve(schema.roots[version])
                candidates += [(schema, doc, key) for key in keys_of(schema, doc.root, root) if len(key.text) > 3]
    random.Random(7).shuffle(candidates)
    missed: list[str] = []
    for schema, doc, key in candidates[:300]:
        word = key.text
        wrong = word[:2] + word[3] + word[2] + word[4:] if word[2] != word[3] else word + "s"
        changed = documents(Source("c.yaml", doc.text[: key.start] + wrong + doc.text[key.end :]))[doc.number].root
        assert isinstance(changed, Mapping)
        lines = {(line_of(f), f.suggestion) for f in shape_findings(changed, schema) if f.kind == "unknown-key"}
        if (doc.source.position(key.start).line, word) not in lines:
            missed.append(f"{doc.source.path} {word} {lines}")
    assert missed == []
