"""Whether data has the shape of its kind: the same answer as a JSON Schema validator gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.data import data_dir
from lintkit.policy.shapes import OBJECT_KEYWORDS, known_kinds, misfits, subject_schema

KINDS = sorted(known_kinds())
ODD = st.sampled_from([None, True, 0, -1, 2.0, 1.5, float("inf"), "", "3", "1.5x", [], [1], {}, {"a": "b"}])


def shape(kind: str) -> dict[str, Any]:
    return dict(subject_schema(kind)["properties"]["object"])


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Data that follows ``schema``, and now and then does not."""
    if not isinstance(schema, dict):
        return ODD
    known = {name: values(below) for name, below in schema.get("properties", {}).items()}
    if known:
        return st.one_of(st.fixed_dictionaries({}, optional=known), ODD)
    if isinstance(schema.get("additionalProperties"), dict):
        return st.one_of(st.dictionaries(st.sampled_from("abc"), values(schema["additionalProperties"]), max_size=2), ODD)
    return st.one_of(st.lists(values(schema["items"]), max_size=2), ODD) if "items" in schema else ODD


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), values(shape(kind)))))
def test_a_misfit_is_where_a_validator_finds_an_error(made: tuple[str, Any]) -> None:
    kind, value = made
    expected = set()
    for error in jsonschema_rs.validator_for(shape(kind)).iter_errors(value):
        missing = (getattr(error.kind, "property"),) if error.kind.name == "required" else ()  # noqa: B009
        expected.add(tuple("[]" if isinstance(key, int) else key for key in (*error.instance_path, *missing)))
    assert {misfit.path for misfit in misfits(kind, value)} == expected


def keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema
        for below in (*schema.get("properties", {}).values(), schema.get("additionalProperties"), schema.get("items")):
            yield from keywords(below)


@pytest.mark.parametrize("kind", KINDS)
def test_the_shape_of_an_object_is_told_in_words_that_are_checked(kind: str) -> None:
    about = {"description", "title", "$comment", "default"}
    assert set(keywords(shape(kind))) <= OBJECT_KEYWORDS | about, kind


def test_a_misfit_says_what_stands_there() -> None:
    pool: Any = {"replicated": {"size": "3"}, "parameters": {"bulk": True}}
    said = [misfit.text for misfit in misfits("Pool", pool)]
    assert "replicated.size is a string" in said
    assert "parameters.bulk is a boolean" in said
    assert [m.text for m in misfits("CephCluster", {"spec": []})][-1:] == ["spec is a list"]


def test_every_kind_has_a_schema_that_is_read() -> None:
    files = {file.stem for file in (data_dir("schemas") / "subjects").glob("*.json")} - {"env"}
    assert files == set(KINDS)
    assert json.loads((data_dir("schemas") / "subjects" / "Pool.json").read_text("utf-8")) == subject_schema("Pool")
