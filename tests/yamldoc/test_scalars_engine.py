"""Scalars and keys are typed as the real Helm engine types them."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Mapping, Scalar
from lintkit.yamldoc.plain import plain

TABLE: dict[str, object] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("tRUE", "yEs", "oN", "nULL", "none", "None"), ...),
    **dict.fromkeys(("~", "null", "Null", "NULL", ""), None),
    "0777": 511, "012": 10, "0o17": 15, "0O17": 15, "08": 8, "0x1F": 31, "0X1f": 31, "-0x1": -1, "0b11": 3, "0B11": 3, "+0b1": 1,
    "0b-1": -1, "1_000": 1000, "_1": ..., "1_": 1, "1__0": 10, "0x_1": 1, "+1": 1, "-1": -1, "-0": 0,
    "1e3": 1000.0, "1E3": 1000.0, "1e+3": 1000.0, "1.5": 1.5, ".5": 0.5, "5.": 5.0, "-.5": -0.5, "1_0.5": 10.5, ".5_": ..., ".5_1": 0.51, "._5": ...,
    "1e400": ..., "9007199254740993": 9007199254740993, "1e": ..., "0x": ..., "0o": ..., "0o18": ...,
    "1:30": ..., "2020-01-01": ..., "2020-01-01T00:00:00Z": ..., "1,000": ..., "1.2.3": ..., "10.0.0.1": ..., "infinity": ..., "nan": ..., "0x1p3": ...,
    "'12'": "12", '"yes"': "yes", "|-\n 12": "12", ">-\n yes": "yes",
    "!!str 12": "12", "!!str yes": "yes", "!!str": "", "! 12": "12", "!!int '3'": 3, "!!float '1.5'": 1.5, "!!float 3": 3.0, "!!bool 'yes'": True, "!!null ''": None,
    "!!binary aGVsbG8=": "hello", "!!timestamp 2020-01-01": "2020-01-01",
}  # fmt: skip
"""Scalars and their values; ``...`` is the text itself."""

KEYS = {
    "on": "true", "No": "false", "0777": "511", "0o17": "15", "1_000": "1000", "1e3": "1000", "1.0": "1", "1.50": "1.5", "1e20": "1e+20", "1000000.0": "1e+06",
    "0.00001": "1e-05", "123456789.5": "1.2345679e+08", "1e39": ".inf", "-1e39": "-.inf", ".inf": ".inf", "-.inf": "-.inf", ".nan": ".nan", "-0.0": "-0",
    "1e-50": "0", "'on'": "on", '"1.0"': "1.0", "!!bool 'yes'": "true", "!!binary aGVsbG8=": "hello", "1:30": "1:30", "<": "<", "=": "=",
}  # fmt: skip


def ours(text: str) -> object:
    (doc,) = documents(Source("x.yaml", text))
    assert doc.trouble is None, doc.trouble
    return plain(doc.root)


def same(a: object, b: object) -> bool:
    """Equal, with numbers compared as numbers: JSON knows one kind. Above 2**53 to the precision of a float."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b or (abs(a) > 2**53 and math.isclose(a, b, rel_tol=1e-9))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("text", TABLE, ids=repr)
def test_values_are_typed_by_the_table(text: str) -> None:
    expected = text if TABLE[text] is ... else TABLE[text]
    found = ours(f"a: {text}\n")
    assert same(found, {"a": expected}), found


@pytest.mark.parametrize("text", KEYS, ids=repr)
def test_keys_are_named_by_the_table(text: str) -> None:
    assert ours(f"{text}: 1\n") == {KEYS[text]: 1}


@pytest.mark.parametrize("text", [*(f"a: {t}\n" for t in TABLE), *(f"{t}: 1\n" for t in KEYS), "a: 1\na: 2\n"], ids=repr)
def test_the_engine_agrees_with_the_table(text: str) -> None:
    engine = pytest.importorskip("helm_python")
    assert same(ours(text), engine.values_from_yaml(text))


@pytest.mark.parametrize(
    "body", ["<<: *x\n  a: 2", "a: 2\n  <<: *x", "<<: [*x, *z]\n  b: 2", "b: 2\n  <<: [*x, *z]", "<<: *x\n  <<: *z", "!!merge <<: *x", "'<<': 1", "<<: []"]
)  # fmt: skip
def test_the_engine_merges_as_we_do(body: str) -> None:
    engine = pytest.importorskip("helm_python")
    text = f"x: &x {{a: 1, b: 1}}\nz: &z {{a: 3, c: 3}}\nm:\n  {body}\n"
    assert ours(text) == engine.values_from_yaml(text)


WORDS = st.one_of(
    st.text(st.sampled_from("0123456789+-._xobeE"), min_size=1, max_size=8),
    st.text(st.sampled_from("0123456789+-._xobXOBeEaAfFnNiIyYtTrRuUsSlL~: "), min_size=1, max_size=8).map(str.strip).filter(bool),
)


@settings(max_examples=1500, deadline=None)
@given(WORDS)
@example("0b+1")
@example("+9223372036854775808")
def test_the_engine_types_plain_scalars_and_keys_as_we_do(word: str) -> None:
    engine = pytest.importorskip("helm_python")
    for text in (f"a: {word}\n", f"{word}: 1\n"):
        try:
            expected = engine.values_from_yaml(text)
        except engine.HelmError:
            continue  # no mapping, a null key, an infinite number
        assert same(ours(text), expected), text


def test_a_number_that_no_integer_holds_is_a_float() -> None:
    assert [type(v) for v in ours("a: 18446744073709551616\nb: 18446744073709551615\n").values()] == [float, int]  # type: ignore[attr-defined]


def test_the_text_stays_beside_the_value() -> None:
    root = documents(Source("x.yaml", "a: 0777\n"))[0].root
    assert isinstance(root, Mapping)
    node = root.get("a")
    assert isinstance(node, Scalar)
    assert (node.text, node.value, node.style) == ("0777", 511, "")
