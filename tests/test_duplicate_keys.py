"""A key written twice in one mapping: found at the one that has no effect, wherever YAML is read."""

from __future__ import annotations

import pytest

from lintkit.text.source import Source
from lintkit.traps.walk import traps
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Scalar, lookup

OTHERS = ("case-variant-key", "hidden-override", "unquoted-string")


def places(text: str) -> list[tuple[int, int, str]]:
    found = [f for doc in documents(Source("a.yaml", text)) for f in traps(doc) if f.policy not in OTHERS]
    assert all(f.policy == "duplicate-key" and f.span.path == "a.yaml" for f in found)
    return sorted((f.place.first.line, f.place.first.column, f.message) for f in found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1\nb: 2\na: 3\n", [(1, 1, "a is written again in line 3, which replaces this one")]),
        ("a: 1\na: 2\na: 3\n", [(n, 1, "a is written again in line 3, which replaces this one") for n in (1, 2)]),
        ("x: {b: 1, 'b': 2}\n", [(1, 5, "b is written again in line 1, which replaces this one")]),
        ("x:\n- a: {c: 1}\n  a: {}\n", [(2, 3, "a is written again in line 3, which replaces this one")]),
        ("on: 1\ntrue: 2\n", [(1, 1, "true is written again in line 2, which replaces this one")]),
        ("---\na: 1\n---\na: 1\nb: 1\nb: 2\n", [(5, 1, "b is written again in line 6, which replaces this one")]),
        ("a: &x {k: 1, k: 2}\nb: *x\n", [(1, 8, "k is written again in line 1, which replaces this one")]),
    ],
    ids=["plain", "three", "flow", "list", "names-as-read", "documents", "anchor"],
)
def test_the_key_without_effect_is_named(text: str, wanted: list[tuple[int, int, str]]) -> None:
    assert places(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "a: {x: 1}\nb: {x: 1}\n",
        "- a: 1\n- a: 1\n",
        "a: 1\n---\na: 1\n",
        "<<: {a: 1}\na: 2\n",
        "a: 1\n<<: {a: 2}\n",
        "<<: {a: 1}\nb: 1\n<<: {a: 2}\n",
        "# {% if x %}\na: 1\n# {% else %}\na: 2\n# {% endif %}\n",
        "# {{- if .Values.x }}\na: 1\n# {{- else }}\na: 2\n# {{- end }}\n",
        "A: 1\na: 1\n",
        "1: 1\n'01': 1\n",
        "",
    ],
)
def test_what_is_no_duplicate(text: str) -> None:
    assert places(text) == []


def test_a_values_string_is_looked_into_at_its_own_lines() -> None:
    (doc,) = documents(Source("a.yaml", "values: |\n  pod:\n    a: 1\n  pod: {}\n"))
    scalar = lookup(doc.root, "values")
    assert isinstance(scalar, Scalar)
    embed(scalar)
    (found,) = traps(doc)
    assert (found.place.first.line, found.place.first.column) == (2, 3)
    assert found.message == "pod is written again in line 4, which replaces this one"
    assert [(r.place.first.line, r.message) for r in found.related] == [(4, "the pod that counts")]
