"""Generated objects: valid ones are silent, and any misspelt key of theirs is found at the key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lintkit.data import data_dir
from lintkit.facts.words import distance
from lintkit.schema.compact import pack, unpack
from lintkit.schema.crds import schema_for
from lintkit.schema.model import CelRule, CrdSchema, Shape
from lintkit.schema.walk import ALWAYS, shape_findings
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Mapping, Node, Sequence
from tests.schema.conftest import misspelt

KINDS = tuple(
    (file.parent.name, version, file.stem, release)
    for file in sorted((data_dir("schemas") / "crds").glob("*/*.json"))
    for version, releases in json.loads(file.read_text("utf-8"))["versions"].items()
    for release in releases
)
"""Every bundled kind, in every API version and release (``any`` is the union of them)."""
ASCII = st.characters(min_codepoint=33, max_codepoint=126)


def values(schema: CrdSchema, shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    """Valid values of a shape; below some depth only what has to be there."""
    if shape.enum:
        return st.sampled_from(shape.enum)
    kind = shape.types[0] if shape.types else "string"
    if kind == "object":
        return objects(schema, shape, depth)
    if kind == "array":
        below = schema.resolve(shape.items) if shape.items is not None else Shape(types=("string",))
        most = 1 if depth > 0 or shape.least else 0
        return st.lists(values(schema, below, depth - 1), min_size=min(1, shape.least or 0), max_size=most)
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "number"):
        low = 0 if shape.minimum is None else shape.minimum
        high = low + 100 if shape.maximum is None else shape.maximum
        return st.integers(int(low), int(high))
    if shape.pattern:
        return st.from_regex(shape.pattern, fullmatch=False, alphabet=ASCII).filter(
            lambda s: len(s) <= (shape.most or 60) and "\n" not in s
        )
    return st.text(st.sampled_from("abcxyz"), min_size=shape.least or 0, max_size=min(shape.most or 8, (shape.least or 0) + 8))


@st.composite
def objects(draw: st.DrawFn, schema: CrdSchema, shape: Shape, depth: int) -> dict[str, Any]:
    names = set(shape.required)
    if depth > 0 and shape.properties:
        names |= set(draw(st.lists(st.sampled_from(sorted(shape.properties)), max_size=4)))
    made = {
        n: draw(values(schema, schema.resolve(shape.properties[n]), depth - 1)) for n in sorted(names) if n in shape.properties
    }
    if shape.extra is not None and not shape.properties:
        made |= draw(st.dictionaries(st.text("abc", min_size=1), values(schema, schema.resolve(shape.extra), 0), max_size=2))
    return made


@st.composite
def bodies(draw: st.DrawFn) -> tuple[CrdSchema, Mapping]:
    return draw(st.sampled_from(KINDS).flatmap(body_of_kind))


@st.composite
def body_of_kind(draw: st.DrawFn, which: tuple[str, str, str, str]) -> tuple[CrdSchema, Mapping]:
    group, version, kind, release = which
    schema = schema_for(group, version, kind, release)
    assert schema is not None
    made = draw(objects(schema, schema.resolve(schema.roots[version]), 6))
    text = json.dumps({"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": "x"}, **made}, indent=1)
    root = documents(Source("a.yaml", text))[0].root
    assert isinstance(root, Mapping)
    return schema, root


def known_keys(schema: CrdSchema, node: Node, shape: Shape) -> list[tuple[int, int, str, tuple[str, ...]]]:
    """Spans of the keys that the schema lists, in mappings where others are unknown, with all that it lists there."""
    found: list[tuple[int, int, str, tuple[str, ...]]] = []
    if isinstance(node, Mapping):
        for name, entry in node:
            ref = shape.properties.get(name, shape.extra)
            if shape.closed and name in shape.properties:
                found.append((entry.key.start, entry.key.end, name, tuple(shape.properties)))
            if ref is not None:
                found += known_keys(schema, entry.value, schema.resolve(ref))
    elif isinstance(node, Sequence) and shape.items is not None:
        for item in node.items:
            found += known_keys(schema, item, schema.resolve(shape.items))
    return found


HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


@settings(max_examples=60, deadline=None, suppress_health_check=HEALTH)
@given(bodies())
def test_valid_objects_are_silent(made: tuple[CrdSchema, Mapping]) -> None:
    schema, body = made
    # rules tie keys together, which the generator does not know
    assert [f.message for f in shape_findings(body, schema) if f.kind != "cel"] == []


@pytest.mark.parametrize("which", [k for k in KINDS if k[3] == "any"], ids="-".join)
@settings(max_examples=6, deadline=None, suppress_health_check=HEALTH)
@given(data=st.data())
def test_any_misspelt_key_is_found_at_the_key_and_named(which: tuple[str, str, str, str], data: st.DataObject) -> None:
    schema, body = data.draw(body_of_kind(which))
    version = next(iter(schema.roots))
    spans = known_keys(schema, body, schema.resolve(schema.roots[version]))
    assume(spans)
    start, end, name, known = data.draw(st.sampled_from(spans))
    wrong = misspelt(data.draw, name)
    assume(len(name) > 2 and wrong not in known and wrong not in ALWAYS)
    text = body.doc.text
    root = documents(Source("a.yaml", text[:start] + json.dumps(wrong) + text[end:]))[0].root
    assert isinstance(root, Mapping)
    hits = [f for f in shape_findings(root, schema) if f.kind == "unknown-key" and f.node.start == start]
    assert [f.path[-1] for f in hits] == [wrong]
    assert repr(wrong) in hits[0].message
    others = [key for key in known if key != name and distance(wrong, key, 2) <= 2]
    elsewhere = any(wrong in schema.resolve(ref).properties for ref in all_refs(schema))
    if not others and not elsewhere:
        assert hits[0].suggestion == name


def all_refs(schema: CrdSchema) -> list[Any]:
    seen: dict[str, Any] = {}
    stack = list(schema.roots.values())
    while stack:
        ref = stack.pop()
        if str(ref) in seen:
            continue
        seen[str(ref)] = ref
        shape = schema.resolve(ref)
        stack += [*shape.properties.values(), *(r for r in (shape.items, shape.extra) if r is not None)]
    return list(seen.values())


NUMBERS = st.none() | st.integers(-5, 5)
SHAPES = st.builds(
    Shape,
    types=st.lists(st.sampled_from(["object", "array", "string", "integer", "number", "boolean"]), unique=True).map(
        lambda t: tuple(sorted(t))
    ),
    properties=st.dictionaries(st.text("abc", max_size=3), st.integers(0, 9) | st.just("string"), max_size=2),
    extra=st.none() | st.integers(0, 9),
    items=st.none() | st.integers(0, 9) | st.just("any"),
    required=st.lists(st.text("abc"), max_size=2).map(tuple),
    nullable=st.booleans(),
    enum=st.lists(st.text("abc") | st.integers() | st.booleans(), max_size=2).map(tuple),
    minimum=NUMBERS,
    maximum=NUMBERS,
    above=st.booleans(),
    least=st.none() | st.integers(0, 3),
    most=st.none() | st.integers(0, 3),
    pattern=st.text("a^$", max_size=3),
    unique=st.none() | st.just(()) | st.just(("name",)),
    default=st.just(()) | st.just((0,)) | st.just(("",)) | st.just((False,)),
    rules=st.just(()) | st.just((CelRule("self > 1", "", "", ".a"),)),
)


@settings(max_examples=200, deadline=None)
@given(SHAPES, st.booleans())
def test_the_compact_form_gives_back_what_it_was_made_of(shape: Shape, closed: bool) -> None:
    shape = shape._replace(closed=closed and bool(shape.properties))
    assert unpack(pack(shape)) == shape


@pytest.mark.parametrize("name", ["string", "integer", "object", "boolean"])
def test_a_shape_that_is_only_a_type_is_written_as_its_name(name: str) -> None:
    assert pack(Shape(types=(name,))) == name
