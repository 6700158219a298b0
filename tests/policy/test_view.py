"""What an expression sees of large data: enough for the same answer."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.policy.cel import CelError, program
from lintkit.policy.reads import reads_of
from lintkit.policy.view import PRESENT, Paths, view
from lintkit.policy.view import seen as seen_by
from lintkit.yamldoc.node import Json

NAMES = st.sampled_from(["a", "b", "c"])
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
EXPRESSIONS = (
    "object.a.b == object.c",
    "has(object.a) && has(object.a.b)",
    "has(object.a.b) ? object.a.b : object.b",
    "object.a",
    "object.?a.?b.orValue('none')",
    "object.?a.?b",
    "object.a.all(k, k == 'b' || k == 1)",
    "object.map(k, object[k])",
    "'a' in object && object['a'] == object[object.b]",
    "object.a.exists(i, has(i.b) && i.b == object.c)",
    "size(object.a) > 1",
)


def seen(value: Json, paths: Paths) -> Json:
    return seen_by(value, view("object", paths).tree)


def answer(text: str, data: dict[str, Json]) -> object:
    try:
        return program(text).evaluate(data)
    except CelError as error:
        return str(error)


@given(VALUES, st.sampled_from(EXPRESSIONS))
def test_an_expression_answers_the_same_on_what_it_reads(value: Json, text: str) -> None:
    reads = sorted(reads_of(program(text).tree))
    paths = tuple(read.path if read.deep else (*read.path, PRESENT) for read in reads if read.root == "object")
    assert answer(text, {"object": seen(value, paths)}) == answer(text, {"object": value})


def test_what_is_not_read_is_left_out() -> None:
    value: Json = {"chart": "nova", "values": {"conf": {}, "pod": {"x": [1]}}}
    assert seen(value, (("chart",),)) == {"chart": "nova"}
    assert seen(value, (("values", "pod"), ("chart",))) == {"chart": "nova", "values": {"pod": {"x": [1]}}}
    assert seen(value, (("values", PRESENT),)) == {"values": {}}
    assert seen(value, ((),)) is value
    assert seen(value, (("absent", "x"),)) == {}


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="references are counted there")
def test_nulls_that_expressions_give_take_no_reference_of_none_away() -> None:
    expression = program("object.items.map(i, i.value)")
    data: dict[str, Json] = {"object": {"items": [{"value": None}] * 50}}
    for _ in range(3000):
        assert expression.evaluate(data) == [None] * 50
    assert sys.getrefcount(None) > 100_000
