"""CEL expressions as lintkit sees them: the engine's own tree, and what an expression reads."""

from __future__ import annotations

import string as letters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.facts.units import quantity
from lintkit.policy.ast import Build, Call, Const, Fold, Ident, Select
from lintkit.policy.cel import CelError, compare_versions, program
from lintkit.policy.chains import Read
from lintkit.policy.compiled import Part
from lintkit.policy.reads import reads_of
from lintkit.policy.shapes import touches

OBJECT = Ident("object")


def reads(text: str) -> set[str]:
    """The chains an expression reads; ``!`` marks those of which only the presence counts."""
    return {f"{read}{'' if read.deep else '!'}" for read in reads_of(program(text).tree)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-5", -5),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("3u", 3),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("''", ""),
        ("'é\\n'", "é\n"),
        ("b'\\x00a'", b"\x00a"),
    ],
)
def test_literal_becomes_its_value(text: str, value: object) -> None:
    tree = program(text).tree
    assert isinstance(tree, Const)
    assert tree.value == value
    assert type(tree.value) is type(value)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_integer_survives_the_wire(number: int) -> None:
    assert program(str(number)).tree == Const(number)


@given(st.text(letters.printable.replace("\\", "").replace("'", "").replace("\n", "").replace("\r", ""), max_size=300))
def test_every_string_survives_the_wire(text: str) -> None:
    assert program(f"'{text}'").tree == Const(text)


def test_names_selects_and_has() -> None:
    assert program("object").tree == OBJECT
    assert program("object.a.b").tree == Select(Select(OBJECT, "a", test=False), "b", test=False)
    assert program("has(object.a.b)").tree == Select(Select(OBJECT, "a", test=False), "b", test=True)


def test_calls_operators_and_methods() -> None:
    assert program("object.a > 1").tree == Call("_>_", None, (Select(OBJECT, "a", test=False), Const(1)))
    assert program("object.a.matches('x')").tree == Call("matches", Select(OBJECT, "a", test=False), (Const("x"),))
    assert program("object['a']").tree == Call("_[_]", None, (OBJECT, Const("a")))
    assert program("!object.a").tree == Call("!_", None, (Select(OBJECT, "a", test=False),))


def test_lists_maps_and_folds() -> None:
    assert program("[1, object]").tree == Build((Const(1), OBJECT))
    assert program("{'k': object}").tree == Build((Const("k"), OBJECT))
    fold = program("object.l.exists(i, i.on)").tree
    assert isinstance(fold, Fold)
    assert fold.variables == ("i",)
    assert fold.over == Select(OBJECT, "l", test=False)
    bind = program("cel.bind(x, object.a, x + 1)").tree
    assert isinstance(bind, Fold)
    assert bind.accumulator == "x"
    assert bind.start == Select(OBJECT, "a", test=False)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2", set()),
        ("object.a.b.c", {"object.a.b.c"}),
        ("has(object.a.b)", {"object.a.b!"}),
        ("object.?a.?b.orValue(3)", {"object.a.b"}),
        ("object[?'a'].hasValue()", {"object.a"}),
        ("object.m['b.c'] == 1", {"object.m.b.c"}),
        ("object.l[0].x", {"object.l[].x"}),
        ("object.m[params.k]", {"object.m[]", "params.k"}),
        ("object.m[object.l[0].name].x", {"object.m[].x", "object.l[].name"}),
        ("'x' in object.m", {"object.m"}),
        ("object.m.size() > 0", {"object.m"}),
        ("object.a ? object.b : facts.c", {"object.a", "object.b", "facts.c"}),
        ("[object.a, {'k': object.b}]", {"object.a", "object.b"}),
        ("facts.l.all(i, i.x > object.y)", {"facts.l", "facts.l[].x", "object.y"}),
        ("facts.l.map(i, i.kids.exists(k, k.n == i.n))", {"facts.l", "facts.l[].kids", "facts.l[].kids[].n", "facts.l[].n"}),
        ("object.l.filter(i, i.on).map(j, j.name)", {"object.l", "object.l[].on"}),
        ("object.l.exists(object, object.x)", {"object.l", "object.l[].x"}),
        ("cel.bind(x, object.a, x.b + x.c)", {"object.a", "object.a.b", "object.a.c"}),
        ("math.greatest(object.a, variables.v)", {"object.a", "variables.v"}),
        ("env.versions.ceph + item.name", {"env.versions.ceph", "item.name"}),
        ("object", {"object"}),
    ],
)
def test_reads_of_an_expression(text: str, wanted: set[str]) -> None:
    assert wanted <= reads(text)
    extra = {read for read in reads(text) - wanted if not any(read.startswith(known) for known in wanted)}
    assert not extra


def test_presence_of_a_value_does_not_depend_on_what_is_below_it() -> None:
    presence, value = Read("object", ("a",), deep=False), Read("object", ("a",))
    assert not touches(presence, ("a", "b"))
    assert touches(value, ("a", "b"))
    for read in (presence, value):
        assert touches(read, ("a",))
        assert touches(read, ())
        assert not touches(read, ("b",))


def part(text: str) -> Part:
    return Part(program(text), (), (), (), True, {})


def test_result_that_is_an_error_or_of_another_type_is_no_verdict() -> None:
    with pytest.raises(CelError, match="missing"):
        part("object.missing").test({"object": {}}, b"")
    with pytest.raises(CelError, match="gives int, not a bool"):
        part("object.a").test({"object": {"a": 1}}, b"")
    with pytest.raises(CelError, match="gives int, not a string"):
        part("object.a").render({"object": {"a": 1}}, b"")


def test_kubernetes_functions() -> None:
    assert program("quantity('5Gi') > quantity('4900M')").evaluate({}) is True
    assert program("isQuantity('500m') && !isQuantity('5 GB')").evaluate({}) is True
    assert program("compareVersions('v19.2.10', '19.2.9') > 0 && compareVersions('20', '20.0.0') == 0").evaluate({}) is True
    assert (
        program("[3, 1, 2].sum() == 6 && [3, 1].max() == 3 && [3, 1].min() == 1 && [1, 1, 2].distinct().size() == 2").evaluate({})
        is True
    )
    with pytest.raises(CelError):
        program("quantity('much') > 1.0").evaluate({})


@given(st.integers(0, 10**6), st.sampled_from(["", "k", "M", "G", "Ki", "Mi", "Gi"]))
def test_larger_amounts_are_larger_quantities(amount: int, suffix: str) -> None:
    assert quantity(f"{amount + 1}{suffix}") > quantity(f"{amount}{suffix}")


VERSIONS = st.lists(st.integers(0, 99), min_size=1, max_size=4)


@given(VERSIONS, VERSIONS)
def test_versions_compare_as_numbers(a: list[int], b: list[int]) -> None:
    one, other = (".".join(map(str, parts)) for parts in (a, b))
    padded = [parts + [0] * (4 - len(parts)) for parts in (a, b)]
    assert compare_versions(one, other) == (padded[0] > padded[1]) - (padded[0] < padded[1])
    assert compare_versions(one, other) == -compare_versions(other, one)
