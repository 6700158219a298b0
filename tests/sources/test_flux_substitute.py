"""Flux's post-build substitution: every form, retyping, escapes, and spans that stay where a person edits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.flux.envsubst import Variables, pieces, replace
from lintkit.sources.flux.objects import index_objects
from lintkit.sources.flux.substitute import substitute, variables_of
from lintkit.sources.flux.values import document_of
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document, place_of
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, Unknown, lookup
from lintkit.yamldoc.transform import make_mapping
from lintkit.yamldoc.unknowns import unknown_reason

KNOWN = Variables(
    {"A": "alpha", "N": "3", "B": "true", "E": "", "P": "a/b/c.txt", "Q": "'100'", "L": "[x, y]"}, {"S": "Secret s"}
)


def read(source: str, path: str = "app.yaml") -> Mapping:
    root = documents(Source(path, source))[0].root
    assert isinstance(root, Mapping)
    return root


def expand(text: str) -> str:
    return replace(text, list(pieces(text, KNOWN)))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("${A}", "alpha"),
        ("x-${A}-${N}", "x-alpha-3"),
        ("${X:-d}", "d"),
        ("${X:=d}", "d"),
        ("${X=d}", "d"),
        ("${E:-d}", "d"),
        ("${A:-d}", "alpha"),
        ("${X:-${A}}", "alpha"),
        ("${X:-a-${Y:=b}-c}", "a-b-c"),
        ("${X:-}", ""),
        ("${A^^}", "ALPHA"),
        ("${A^}", "Alpha"),
        ("${A,,}", "alpha"),
        ("${#A}", "5"),
        ("${A:1}", "lpha"),
        ("${A:1:2}", "lp"),
        ("${P#*/}", "b/c.txt"),
        ("${P##*/}", "c.txt"),
        ("${P%/*}", "a/b"),
        ("${P%%/*}", "a"),
        ("${A/a/o}", "olpha"),
        ("${A//a/o}", "olpho"),
        ("${A/#al/x}", "xpha"),
        ("${A/%ha/x}", "alpx"),
        ("$${A}", "${A}"),
        ("$A and $", "$A and $"),
        ("${A", "${A"),
    ],
)
def test_an_expression_has_the_value_that_envsubst_gives_it(expression: str, value: str) -> None:
    assert expand(expression) == value


@pytest.mark.parametrize(
    ("expression", "name"),
    [("${X}", "X"), ("${S}", "S"), ("${S:-d}", "S"), ("${X^^}", "X"), ("${X:-${Y}}", "Y"), ("${A:x}", "A")],
)
def test_an_expression_that_rests_on_an_unknown_variable_stays_as_written(expression: str, name: str) -> None:
    (piece,) = pieces(expression, KNOWN)
    assert (piece.text, piece.unresolved) == (expression, name)


@given(st.text(alphabet="a${}:-AX#/%^,=N ", max_size=30))
def test_any_text_is_expanded_without_an_exception_and_plain_text_unchanged(text: str) -> None:
    made = expand(text)
    if "${" not in text:
        assert made == text


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${N}", 3),
        ('"${N}"', 3),
        ("'${B}'", True),
        ("${A}", "alpha"),
        ("v${N}", "v3"),
        ("${Q}", "100"),
        ("'${A}: ${N}'", "alpha: 3"),
    ],
)
def test_a_value_is_typed_after_substitution_because_flux_reads_the_text_again(written: str, value: object) -> None:
    source = f"kind: X\nspec:\n  a: {written}\n"
    made = lookup(substitute(read(source), KNOWN), "spec", "a")
    assert isinstance(made, Scalar)
    assert made.value == value
    place = place_of(made)
    assert source[place.start : place.end] == written


def test_a_variable_may_hold_a_list() -> None:
    made = lookup(substitute(read("spec: {a: '${L}'}\n"), KNOWN), "spec", "a")
    assert isinstance(made, Sequence)
    assert [item.text for item in made.items if isinstance(item, Scalar)] == ["x", "y"]


def test_a_value_with_an_unknown_variable_is_unknown_in_its_place() -> None:
    made = lookup(substitute(read("kind: X\nspec:\n  node: w2.${DOMAIN}\n"), KNOWN), "spec", "node")
    assert isinstance(made, Unknown)
    assert made.reason == "variable DOMAIN is not known here"
    assert place_of(made).first.line == 3


def test_keys_are_substituted_and_untouched_parts_are_shared() -> None:
    root = read("spec:\n  ${A}: 1\nother: {a: b}\n")
    made = substitute(root, KNOWN)
    assert lookup(made, "spec", "alpha") is lookup(root, "spec", "${A}")
    assert made.get("other") is root.get("other")


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_an_object_can_opt_out(field: str) -> None:
    root = read(f"metadata: {{{field}: {{kustomize.toolkit.fluxcd.io/substitute: disabled}}}}\nspec: {{a: '${{N}}'}}\n")
    assert substitute(root, KNOWN) is root


CONFIG = """\
kind: ConfigMap
data:
  values.yaml: |
    host: rook.${A}.org
    count: ${N}
    quoted: "${N}"
    lost: ${DOMAIN}
    after: last
  one: ${N}
"""


def embedded(root: Mapping, key: str = "values.yaml") -> Document:
    scalar = lookup(root, "data", key)
    assert isinstance(scalar, Scalar)
    doc = document_of(scalar)
    assert doc is not None
    assert doc.trouble is None
    return doc


def test_text_in_a_configmap_is_substituted_as_text_and_still_maps_to_the_file() -> None:
    root = embedded(substitute(read(CONFIG), KNOWN)).root
    seen = {}
    for key in ("host", "count", "quoted", "lost", "after"):
        node = lookup(root, key)
        assert isinstance(node, Scalar)
        place = place_of(node)
        seen[key] = (node.value, CONFIG[place.start : place.end], place.first.line)
    assert seen == {
        "host": ("rook.alpha.org", "rook.${A}.org", 4),
        "count": (3, "${N}", 5),
        "quoted": ("3", '"${N}"', 6),
        "lost": ("${DOMAIN}", "${DOMAIN}", 7),
        "after": ("last", "last", 8),
    }
    assert unknown_reason(lookup(root, "lost")) == "variable that is substituted later"


def test_a_generated_configmap_is_substituted_with_places_in_the_values_file() -> None:
    source = Source("values.yaml", "a: ${A}\nb:\n  c: ${N}\n")
    doc = Document(source, 0)
    whole = Scalar(doc, 0, len(source.text), source.text, "|")
    data = make_mapping(whole, [("values.yaml", whole)])
    body = make_mapping(whole, [("kind", Scalar(doc, 0, 0, "ConfigMap")), ("data", data)])
    root = embedded(substitute(body, Variables({"A": "much longer than before", "N": "3"}))).root
    node = lookup(root, "b", "c")
    assert isinstance(node, Scalar)
    assert node.value == 3
    assert place_of(node).first.line == 3
    assert place_of(node).source is source
    first = lookup(root, "a")
    assert isinstance(first, Scalar)
    assert first.text == "much longer than before"
    assert source.text[slice(*place_of(first)[1:3])] == "${A}"


def test_a_text_of_several_lines_elsewhere_keeps_what_it_cannot_resolve() -> None:
    made = lookup(substitute(read("spec:\n  patch: |\n    a: ${N}\n    b: ${X}\n"), KNOWN), "spec", "patch")
    assert isinstance(made, Scalar)
    assert made.text == "a: 3\nb: ${X}\n"


OBJECTS = (
    "kind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\n"
    "data:\n  A: one\n  B: \"two\\nlines\"\n  T: '{{ x }}'\n",
    "kind: Secret\nmetadata: {name: keys, namespace: flux-system}\n"
    "stringData: {A: hidden, TOKEN: 'ENC[AES256_GCM,x]'}\nsops: {mac: m}\n",
)


def test_variables_come_from_objects_in_order_and_inline_ones_win() -> None:
    objects = index_objects(read(source) for source in OBJECTS)
    build = read(
        "substituteFrom:\n  - {kind: ConfigMap, name: settings}\n  - {kind: Secret, name: keys}\n"
        "  - {kind: Secret, name: elsewhere}\nsubstitute: {C: inline, NUM: 7, U: '${UP}'}\n"
    )
    found = variables_of(build, objects, "flux-system")
    assert found is not None
    assert found.known == {"B": "twolines", "C": "inline", "NUM": "7"}
    assert found.hidden == {"A": "Secret keys", "TOKEN": "Secret keys", "T": "ConfigMap settings", "U": "substitute"}
    assert found.sources == ("Secret elsewhere",)


def test_without_any_variable_flux_substitutes_nothing() -> None:
    objects = index_objects([])
    assert variables_of(None, objects, "") is None
    assert variables_of(read("substitute: {}\n"), objects, "") is None


def test_deep_documents_and_long_expressions_are_substituted() -> None:
    depth = 390
    made: Node | None = substitute(read("a: " + "[" * depth + "'${N}'" + "]" * depth + "\n"), KNOWN).get("a")
    while isinstance(made, Sequence):
        made = made.items[0]
    assert isinstance(made, Scalar)
    assert made.value == 3
    assert expand("${X:-" + "${A}" * 3000 + "}") == "alpha" * 3000
    assert list(pieces("${X:-" * 5000, KNOWN)) == []
