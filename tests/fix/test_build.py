"""Byte-exact edits: what stands before, the intents, what stands after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lintkit.fix.apply import new_text
from lintkit.fix.build import edits_for
from lintkit.fix.intent import Append, Blocked, Create, Insert, Intent, Remove, Set
from lintkit.fix.layout import column
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Json, Mapping, Path, Scalar, lookup
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.transform import keys, make_mapping, merge, without_nulls

Wish = tuple[object, ...]
Case = tuple[Any, ...]


def read(text: str, path: str = "values.yaml") -> Document:
    return documents(Source(path, text))[0]


def mapping(node: object) -> Mapping:
    assert isinstance(node, Mapping)
    return node


def intents(root: Mapping, wishes: Sequence[Wish]) -> list[Intent]:
    """``("set", "a.b", 1)``, ``("quote", ...)``, ``("remove", "a.b")``, ``("insert", "a", value[, after])``."""
    made: list[Intent] = []
    for verb, path, *rest in wishes:
        at: Path = keys(str(path))
        value: Json = rest[0] if rest else None  # type: ignore[assignment]
        if verb == "remove":
            made.append(Remove(root, at))
        elif verb == "insert":
            made.append(Insert(root, at, value, keys(str(rest[1])) if len(rest) > 1 else None))
        else:
            made.append(Set(root, at, value, quote=verb == "quote"))
    return made


def fixed(text: str, *wishes: Wish, path: str = "values.yaml") -> str:
    doc = read(text, path)
    return new_text(doc.source, edits_for(intents(mapping(doc.root), wishes)))


def check(before: str, after: str, *wishes: Wish, path: str = "values.yaml") -> None:
    assert fixed(before, *wishes, path=path) == after
    again = read(after, path)
    assert edits_for(intents(mapping(again.root), wishes)) == ()


SCALARS: list[Case] = [
    ("a: 1\n", "a: 3\n", ("set", "a", 3)),
    ("a: 1", "a: 3", ("set", "a", 3)),
    ("a: 1   # why\nb: 2\n", "a: 3   # why\nb: 2\n", ("set", "a", 3)),
    ("a: 'x'\n", "a: 'y'\n", ("set", "a", "y")),
    ("a: 'x'\n", "a: 'it''s'\n", ("set", "a", "it's")),
    ('a: "x"\n', 'a: "y"\n', ("set", "a", "y")),
    ('a: "x"\n', 'a: "\\"y\\\\"\n', ("set", "a", '"y\\')),
    ("a: x\n", "a: w\n", ("set", "a", "w")),
    ("a: x\n", 'a: "1.18"\n', ("set", "a", "1.18")),
    ("a: x\nb: 'y'\n", "a: '1.18'\nb: 'y'\n", ("set", "a", "1.18")),
    ("a: 1.18\n", 'a: "1.18"\n', ("set", "a", "1.18")),
    ("a: 1.10\n", 'a: "1.10"\n', ("quote", "a", 1.1)),
    ("a: yes\n", 'a: "yes"\n', ("quote", "a", "yes")),
    ("a: 3\n", "a: true\n", ("set", "a", "x"), ("set", "a", True)),
    ("a: 'true'\n", "a: true\n", ("set", "a", True)),
    ("a: x\n", 'a: "on"\n', ("set", "a", "on")),
    ("a: x\n", 'a: "a: b"\n', ("set", "a", "a: b")),
    ("a: x\n", 'a: "# b"\n', ("set", "a", "# b")),
    ("a: x\n", 'a: "\\u2028"\n', ("set", "a", "\u2028")),
    ("a: [1, 2]\n", "a: [1, 5]\n", ("set", "a[1]", 5)),
    ("a: {b: x, c: y}\n", 'a: {b: "p,q", c: y}\n', ("set", "a.b", "p,q")),
    ("a: {b: , c: 1}\n", "a: {b: 2 , c: 1}\n", ("set", "a.b", 2)),
    ("a: {b, c: 1}\n", "a: {b: 2, c: 1}\n", ("set", "a.b", 2)),
    ("a:\n", "a: 3\n", ("set", "a", 3)),
    ("a:   \nb: 1\n", "a: 3\nb: 1\n", ("set", "a", 3)),
    ("a:  # none\nb: 1\n", "a: 3  # none\nb: 1\n", ("set", "a", 3)),
    ("a: ~\n", "a: 3\n", ("set", "a", 3)),
    ("a:", "a: 3", ("set", "a", 3)),
    ("a:\n  - x\n  -\n  - z\n", "a:\n  - x\n  - w\n  - z\n", ("set", "a[1]", "w")),
    ("a:\n  x\n  y\nb: 1\n", "a:\n  z\nb: 1\n", ("set", "a", "z")),
    ("a: |\n  one\n  two\nb: 1\n", "a: three\nb: 1\n", ("set", "a", "three")),
    ("a: one\nb: 1\n", "a: |\n  one\n  two\nb: 1\n", ("set", "a", "one\ntwo\n")),
    ("a: one # c\nb: 1\n", "a: |- # c\n  one\n  two\nb: 1\n", ("set", "a", "one\ntwo")),
    ("a: 'one'\n", 'a: "one\\ntwo"\n', ("set", "a", "one\ntwo")),
    ("a: &x 1\n", "a: &x 2\n", ("set", "a", 2)),
    ("a: 1\na: 2\n", "a: 1\na: 3\n", ("set", "a", 3)),
    ("a: 1\nb: 2\n", "a: 3\nb: 4\n", ("set", "a", 3), ("set", "b", 4)),
]


@pytest.mark.parametrize("case", SCALARS, ids=lambda c: repr(c[0]) + str(c[2:]))
def test_a_scalar_is_replaced_in_its_quotes(case: Case) -> None:
    before, after, *wishes = case
    assert fixed(before, *wishes) == after
    if len(wishes) == 1 or wishes[0][1] != wishes[1][1]:
        check(before, after, *wishes)


INSERTED: list[Case] = [
    ("a: 1\n", "a: 1\nb: 2\n", ("set", "b", 2)),
    ("a: 1", "a: 1\nb: 2", ("set", "b", 2)),
    ("a: 1  # why", "a: 1  # why\nb: 2", ("set", "b", 2)),
    ("a: 1\r\nc: 3\r\n", "a: 1\r\nc: 3\r\nb: 2\r\n", ("set", "b", 2)),
    ("a: 1\r\n", "a: 1\r\nx:\r\n  w:\r\n    z: 2\r\n", ("set", "x.w.z", 2)),
    ("a:\n  b: 1  # one\n\n# about c\nc: 1\n", "a:\n  b: 1  # one\n  d: 2\n\n# about c\nc: 1\n", ("set", "a.d", 2)),
    ("a:\n    b: 1\n", "a:\n    b: 1\n    c:\n        d: 2\n", ("set", "a.c.d", 2)),
    ("a: {b: 1}\n", "a: {b: 1, c: 2}\n", ("set", "a.c", 2)),
    ("a: { b: 1 }\n", "a: { b: 1, c: 2 }\n", ("set", "a.c", 2)),
    ("a: {b: 1,}\n", "a: {b: 1, c: 2,}\n", ("set", "a.c", 2)),
    ("a: {}\n", "a: {b: 2}\n", ("set", "a.b", 2)),
    ("a: { }  # none\n", "a: {b: 2}  # none\n", ("set", "a.b", 2)),
    ("a: {}  # none\nz: 1\n", "a:  # none\n  b:\n    c: 2\nz: 1\n", ("set", "a.b.c", 2)),
    ("{}\n", "{b: 2}\n", ("set", "b", 2)),
    ("{}\n", "b:\n  c: 2\n", ("set", "b.c", 2)),
    ("# head\n---\n{}\n", "# head\n---\nb:\n  c: 2\n", ("set", "b.c", 2)),
    ("a: {b: {}}\n", "a: {b: {c: 1}}\n", ("set", "a.b.c", 1)),
    ("a: {\n  b: 1,  # one\n  c: 2   # two\n}\n", "a: {\n  b: 1,  # one\n  c: 2,   # two\n  d: 3\n}\n", ("set", "a.d", 3)),
    ("a: {\n  b: 1,\n  c: 2,\n}\n", "a: {\n  b: 1,\n  c: 2,\n  d: 3,\n}\n", ("set", "a.d", 3)),
    ("a:\nb: 1\n", "a:\n  c: 2\nb: 1\n", ("set", "a.c", 2)),
    ("a:  # empty\nb: 1\n", "a:  # empty\n  c: 2\nb: 1\n", ("set", "a.c", 2)),
    ("a: null  # empty\nb: 1\n", "a:  # empty\n  c: 2\nb: 1\n", ("set", "a.c", 2)),
    ("x:\n  a:\nb: 1\n", "x:\n  a:\n    c: 2\n  d: 3\nb: 1\n", ("set", "x.d", 3), ("set", "x.a.c", 2)),
    ("x:\n  a:\n    b: 1\n", "x:\n  a:\n    b: 1\n    c: 2\n  d: 3\n", ("set", "x.d", 3), ("set", "x.a.c", 2)),
    ("a:\n  b: 1\n", "a:\n  b: 5\n  c: 2\n", ("set", "a.c", 2), ("set", "a.b", 5)),
    ("a: 1\n", "a: 1\nx:\n  w: 1\n  z: 2\n", ("set", "x.w", 1), ("set", "x.z", 2)),
    ("l:\n- a: 1\n  b: 2\n- a: 3\n", "l:\n- a: 1\n  b: 2\n  c: 9\n- a: 3\n", ("set", "l[0].c", 9)),
    ("l:\n  - a: 1\n\n  - a: 3\n", "l:\n  - a: 1\n    c: 9\n\n  - a: 3\n", ("set", "l[0].c", 9)),
    ("l:\n  -   a: 1\n", "l:\n  -   a: 1\n      c: 9\n", ("set", "l[0].c", 9)),
    ("l:\n- 1\na: 1\n", "l:\n- 1\na: 1\nm:\n- x\n- w\n", ("set", "m", ["x", "w"])),
    ("l:\n  - 1\na: 1\n", "l:\n  - 1\na: 1\nm:\n  - x: 1\n    w:\n      - 2\n", ("set", "m", [{"x": 1, "w": [2]}])),
    ("a: 'x'\nb: 'y'\n", "a: 'x'\nb: 'y'\nc: 'z'\n", ("set", "c", "z")),
    ("a: 'x'\nb: w\n", "a: 'x'\nb: w\nc: z\n", ("set", "c", "z")),
    ('"a": 1\n', '"a": 1\n"b": 2\n', ("set", "b", 2)),
    ("a: 1\n", 'a: 1\n"on": 2\n', ("set", "on", 2)),
    ("a: |\n  text\n\n# next\nb: 1\n", "a: |\n  text\n\n# next\nb: 1\nc: 2\n", ("set", "c", 2)),
    ("x:\n  a: |\n    text\n\n# next\nb: 1\n", "x:\n  a: |\n    text\n  c: 2\n\n# next\nb: 1\n", ("set", "x.c", 2)),
    ("a: |+\n  text\n\n", "a: |+\n  text\n\nc: 2\n", ("set", "c", 2)),
    ("a: |+\n  text\n\n# c\n", "a: |+\n  text\n\nc: 2\n# c\n", ("set", "c", 2)),
    ("a: 1\n...\n", "a: 1\nb: 2\n...\n", ("set", "b", 2)),
    ("a: 1\n---\nb: 2\n", "a: 1\nc: 3\n---\nb: 2\n", ("set", "c", 3)),
    ("b: &x {p: 1}\na:\n  <<: *x\n", "b: &x {p: 1}\na:\n  <<: *x\n  c: 2\n", ("set", "a.c", 2)),
    ("b: &x {p: 1}\na:\n  <<: *x", "b: &x {p: 1}\na:\n  <<: *x\n  c: 2", ("set", "a.c", 2)),
    ("a: |-\n  text", "a: |-\n  text\nc: 2", ("set", "c", 2)),
    ("a: 1", 'a: 1\nb: "one\\n"', ("set", "b", "one\n")),
    ("a: 1\n", "a: 1\nb: |\n  one\n\n  two\n", ("set", "b", "one\n\ntwo\n")),
    ("a: 1\n", "a: 1\nb: {}\nc: []\nd: null\n", ("set", "b", {}), ("set", "c", []), ("set", "d", None)),
    ("a:\n  b:\n", "a:\n  b:\n  c: 1\n", ("set", "a.c", 1)),
    ("a: [{b: 1}]\n", "a: [{b: 1, c: x}]\n", ("set", "a[0].c", "x")),
]


@pytest.mark.parametrize("case", INSERTED, ids=lambda c: repr(c[0]) + str(c[2:]))
def test_a_key_is_inserted_in_the_style_around_it(case: Case) -> None:
    before, after, *wishes = case
    check(before, after, *wishes)


ITEMS: list[Case] = [
    ("l:\n- 1\n- 2  # two\n", "l:\n- 1\n- 2  # two\n- 3\n", ("insert", "l", 3)),
    ("l:\n  - a: 1\n    b: 2\n", "l:\n  - a: 1\n    b: 2\n  - a: 5\n    c:\n      - x\n", ("insert", "l", {"a": 5, "c": ["x"]})),
    ("l:\n  - a\n  # about b\n  - b\n", "l:\n  - a\n  - new\n  # about b\n  - b\n", ("insert", "l", "new", "l[0]")),
    ("l: [a, b]\n", "l: [a, b, c]\n", ("insert", "l", "c")),
    ("l: [a, b]\n", "l: [a, c, b]\n", ("insert", "l", "c", "[0]")),
    ("l: []\n", "l: [c]\n", ("insert", "l", "c")),
    ("l: []\n", "l:\n  - a: 1\n", ("insert", "l", {"a": 1})),
    ("l:\n", "l:\n  - c\n", ("insert", "l", "c")),
    ("a: 1\n", "a: 1\nl:\n  - c\n  - d\n", ("insert", "l", "c"), ("insert", "l", "d")),
    ("l:\n  - c\n", "l:\n  - c\n", ("insert", "l", "c")),
    ("l:\n- c\n", "l:\n- c\n- d\n- e\n", ("insert", "l", "d"), ("insert", "l", "e")),
    ("l:\n- 'c'\n", "l:\n- 'c'\n- 'd'\n", ("insert", "l", "d")),
    ("m:\n  a: 1  # one\n  b: 2\n", "m:\n  a: 1  # one\n  new: 3\n  b: 2\n", ("insert", "m", {"new": 3}, "m.a")),
    ("m: {a: 1, b: 2}\n", "m: {a: 1, new: 3, b: 2}\n", ("insert", "m", {"new": 3}, "a")),
    ("l:\n  - - a\n    - b\n", "l:\n  - - a\n    - b\n    - c\n", ("insert", "l[0]", "c")),
    ("l:\n- a\n", "l:\n- a\n- |\n  x\n  y\n", ("insert", "l", "x\ny\n")),
]


@pytest.mark.parametrize("case", ITEMS, ids=lambda c: repr(c[0]) + str(c[2:]))
def test_an_item_is_inserted_in_the_style_of_its_list(case: Case) -> None:
    before, after, *wishes = case
    check(before, after, *wishes)


REMOVED: list[Case] = [
    ("a: 1\nb: 2\nc: 3\n", "a: 1\nc: 3\n", ("remove", "b")),
    ("a: 1\nb: 2\n", "b: 2\n", ("remove", "a")),
    ("a: 1\nb: 2", "a: 1", ("remove", "b")),
    ("a: 1\r\nb: 2\r\nc: 3\r\n", "a: 1\r\nc: 3\r\n", ("remove", "b")),
    ("a: 1\n# about b\n# more\nb: 2  # two\n# about c\nc: 3\n", "a: 1\n# about c\nc: 3\n", ("remove", "b")),
    ("a: 1\n# section\n\n# about b\nb: 2\nc: 3\n", "a: 1\n# section\n\nc: 3\n", ("remove", "b")),
    ("x:\n  a: 1\n# outer\n  b: 2\n", "x:\n  a: 1\n# outer\n", ("remove", "x.b")),
    ("x:\n  a:\n    p: 1\n    q: 2\n  b: 2\n", "x:\n  b: 2\n", ("remove", "x.a")),
    ("x:\n  a: 1  # one\ny: 1\n", "x: {}\ny: 1\n", ("remove", "x.a")),
    ("x:  # keep\n  a: 1\ny: 1\n", "x: {}  # keep\ny: 1\n", ("remove", "x.a")),
    ("x:\n  - a\n", "x: []\n", ("remove", "x[0]")),
    ("x:\n- a\n- b  # bee\n- c\n", "x:\n- a\n- c\n", ("remove", "x[1]")),
    ("x:\n- a: 1\n  b: 2\n- c: 3\n", "x:\n- b: 2\n- c: 3\n", ("remove", "x[0].a")),
    ("x:\n- a: 1 # one\n  # about b\n  b: 2\n", "x:\n- # about b\n  b: 2\n", ("remove", "x[0].a")),
    ("x:\n- a: 1\n  b: 2\n  c: 3\n", "x:\n- c: 3\n", ("remove", "x[0].a"), ("remove", "x[0].b")),
    ("x:\n- a: 1\n- b: 2\n", "x:\n- {}\n- b: 2\n", ("remove", "x[0].a")),
    ("x: {a: 1, b: 2, c: 3}\n", "x: {a: 1, c: 3}\n", ("remove", "x.b")),
    ("x: {a: 1, b: 2}\n", "x: {a: 1}\n", ("remove", "x.b")),
    ("x: {a: 1}\n", "x: {}\n", ("remove", "x.a")),
    ("x: [a, b, c]\n", "x: [c]\n", ("remove", "x[0]"), ("remove", "x[1]")),
    ("x: [a, b, c]\n", "x: [a]\n", ("remove", "x[1]"), ("remove", "x[2]")),
    ("a: 1\n", "{}\n", ("remove", "a")),
    ("a: |\n  # text\nb: 1\nc: 1\n", "a: |\n  # text\nc: 1\n", ("remove", "b")),
    ("a: 1\nb: 2\na: 3\n", "b: 2\n", ("remove", "a")),
    ("a: 1\nb: 2\n", "a: 1\nc: 3\n", ("remove", "b"), ("set", "c", 3)),
    ("x: {a: 1, b: 2}\n", "x: {a: 1, c: 3}\n", ("remove", "x.b"), ("set", "x.c", 3)),
    ("x:\n  a: 1\n", "x:\n  c: 3\n", ("remove", "x.a"), ("set", "x.c", 3)),
    ("a: 1\n", "a: 1\n", ("remove", "b.c")),
    ("a: |\n  text\nb: 1\nc: 2", "a: |\n  text\n", ("remove", "b"), ("remove", "c")),
]


@pytest.mark.parametrize("case", REMOVED, ids=lambda c: repr(c[0]) + str(c[2:]))
def test_what_is_removed_takes_its_comments_along(case: Case) -> None:
    before, after, *wishes = case
    assert fixed(before, *wishes) == after


REPLACED: list[Case] = [
    ("a:\n  b: 1\n  c: 2  # two\nd: 1\n", "a: 5\nd: 1\n", ("set", "a", 5)),
    ("a:  # why\n  b: 1\nd: 1\n", "a:  # why\n  c: 2\nd: 1\n", ("set", "a", {"c": 2})),
    ("a:\n- 1\n- 2\nd: 1\n", "a:\n- 3\nd: 1\n", ("set", "a", [3])),
    ("a: 5  # five\nd: 1\n", "a:  # five\n  b: 1\nd: 1\n", ("set", "a", {"b": 1})),
    ("a: [1]\n", "a: [1, {b: c}]\n", ("set", "a", [1, {"b": "c"}])),
    ("a:\n- 5\n- 6\n", "a:\n- b: 1\n  c: 2\n- 6\n", ("set", "a[0]", {"b": 1, "c": 2})),
    ("a:\n- b: 1\n  c: 2\n- 6\n", "a:\n- 5\n- 6\n", ("set", "a[0]", 5)),
    ("a: |\n  x\n  y\nb: 1\n", "a:\n  c: 1\nb: 1\n", ("set", "a", {"c": 1})),
]


@pytest.mark.parametrize("case", REPLACED, ids=lambda c: repr(c[0]) + str(c[2:]))
def test_a_value_of_one_shape_is_replaced_by_another(case: Case) -> None:
    before, after, *wishes = case
    check(before, after, *wishes)


def test_json_stays_json() -> None:
    check('{"a": 1}\n', '{"a": 1, "b": {"c": "x"}}\n', ("set", "b.c", "x"), path="values.json")
    check('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "b": [true]\n}\n', ("set", "b", [True]), path="values.json")
    check("{}", '{"b": {"c": "x"}}', ("set", "b.c", "x"), path="values.json")


def test_offsets_count_after_the_byte_order_mark() -> None:
    doc = read("\ufeffa: 1\n")
    (edit,) = edits_for([Set(mapping(doc.root), ("a",), 2)])
    assert (edit.start, edit.end, edit.text) == (3, 4, "2")


HOST = "kind: Application\nspec:\n  values: |\n    # top\n    a: 1\n\n    b:\n      c: 2   # two\n  after: 1\n"


def inner(text: str, *path: str) -> Mapping:
    node = lookup(documents(Source("app.yaml", text))[0].root, *path)
    assert isinstance(node, Scalar)
    return mapping(embed(node).root)


EMBEDDED: list[Case] = [
    ("      c: 2 ", "      c: 33 ", ("set", "b.c", 33)),
    ("      c: 2   # two\n", "      c: 2   # two\n      d: 4\n", ("set", "b.d", 4)),
    ("      c: 2   # two\n", "      c: 2   # two\n    x:\n      w:\n        - 1\n", ("set", "x.w", [1])),
    ("    a: 1\n", "    a: 1\n    new: |\n      p\n\n      q\n", ("insert", "", {"new": "p\n\nq\n"}, "a")),
    ("    # top\n    a: 1\n\n", "\n", ("remove", "a")),
    ("    b:\n      c: 2   # two\n", "    b: {}\n", ("remove", "b.c")),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("case", EMBEDDED, ids=str)
def test_a_literal_block_is_edited_inside_with_its_margin(case: Case, newline: str) -> None:
    old, new, wish = case
    if old.startswith("    # top"):
        old, new = "    # top\n    a: 1\n", "    "  # the first line keeps its margin: nothing before it may move
    text = HOST.replace("\n", newline)
    root = inner(text, "spec", "values")
    after = new_text(root.doc.source, edits_for(intents(root, [wish])))
    assert after == HOST.replace(old, new).replace("\n", newline)


def test_a_literal_block_in_a_literal_block_is_edited() -> None:
    text = "data:\n  app.yaml: |\n    spec:\n      values: |-\n        a: 1\n        b: 2\n"
    app = inner(text, "data", "app.yaml")
    values = lookup(app, "spec", "values")
    assert isinstance(values, Scalar)
    root = mapping(embed(values).root)
    edits = edits_for([Set(root, ("b",), 3), Set(root, ("c", "d"), "x"), Set(app, ("spec", "more"), True)])
    assert new_text(root.doc.source, edits) == (
        "data:\n  app.yaml: |\n    spec:\n      values: |-\n        a: 1\n        b: 3\n"
        "        c:\n          d: x\n      more: true\n"
    )


def test_the_host_and_the_block_in_it_are_edited_together() -> None:
    app = mapping(documents(Source("app.yaml", HOST))[0].root)
    values = lookup(app, "spec", "values")
    assert isinstance(values, Scalar)
    root = mapping(embed(values).root)
    edits = edits_for([Set(app, ("spec", "after"), 2), Set(root, ("a",), 7)])
    assert new_text(root.doc.source, edits) == HOST.replace("a: 1", "a: 7").replace("after: 1", "after: 2")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("v: >\n  a: 1\n", "folded"), ('v: "a: 1"\n', "quoted"), ("v: 'a: 1'\n", "quoted")],
)
def test_text_that_does_not_map_line_by_line_is_not_edited(text: str, reason: str) -> None:
    with pytest.raises(Blocked, match=reason):
        edits_for([Set(inner(text, "v"), ("a",), 2)])


def layers(*texts: str, builtin: str = "") -> Mapping:
    roots = [mapping(documents(Source("chart", builtin, builtin=True))[0].root)] if builtin else []
    roots += [mapping(documents(Source(f"layer{i}.yaml", text))[0].root) for i, text in enumerate(texts)]
    merged: Mapping = roots[0]
    for root in roots[1:]:
        merged = mapping(merge(merged, root))
    return mapping(without_nulls(merged))


def places(root: Mapping, *wishes: Wish) -> list[tuple[str, int, int, str]]:
    return [(e.source.path, e.start, e.end, e.text) for e in edits_for(intents(root, wishes))]


def test_the_layer_that_decides_the_value_is_edited() -> None:
    root = layers("a: {b: 1, c: 2}\n", "a: {b: 5}\n", builtin="a: {b: 0}\n")
    assert places(root, ("set", "a.b", 3)) == [("layer1.yaml", 7, 8, "3")]
    assert places(root, ("set", "a.c", 3)) == [("layer0.yaml", 13, 14, "3")]


def test_a_key_that_no_layer_has_is_written_where_most_keys_stand() -> None:
    root = layers("c:\n  a: 1\n  b: 1\n", "c:\n  n: 1\n", builtin="c: {z: 9}\n")
    assert places(root, ("set", "c.z", 3)) == [("layer0.yaml", 16, 16, "\n  z: 3")]
    assert places(root, ("set", "c.k", 3)) == [("layer0.yaml", 16, 16, "\n  k: 3")]
    emptied = layers("c:\n  a: 1\n  b: 1\n  k: 1\n", "c:\n  k: null\n", builtin="c: {z: 9}\n")
    assert places(emptied, ("set", "c.k", 3)) == [("layer1.yaml", 8, 12, "3")]


def test_a_default_of_the_chart_is_overridden_where_a_user_would_write_it() -> None:
    root = layers("x: 1\na:\n  b: 1\n", "a:\n  c: 1\n", builtin="a: {z: {w: 9}}\nl: [1]\n")
    assert places(root, ("set", "a.z.w", 3)) == [("layer1.yaml", 9, 9, "\n  z:\n    w: 3")]
    assert places(root, ("set", "a.z.w", 9)) == []
    assert places(root, ("set", "l", [1, 2])) == [("layer0.yaml", 14, 14, "\nl:\n  - 1\n  - 2")]


def test_a_null_that_deletes_a_default_is_replaced() -> None:
    root = layers("a:\n  b: null\n", builtin="a: {b: 0, c: 1}\n")
    assert places(root, ("set", "a.b", 3)) == [("layer0.yaml", 8, 12, "3")]


def test_a_removal_reaches_every_layer_a_user_wrote() -> None:
    root = layers("a: {b: 1, c: 2}\n", "a: {b: 5, d: 1}\n", builtin="a: {b: 0}\n")
    assert places(root, ("remove", "a.b")) == [("layer0.yaml", 4, 10, ""), ("layer1.yaml", 4, 10, "")]


def test_what_only_the_chart_says_is_not_edited() -> None:
    chart = layers(builtin="a: 1\nl: [{b: 1}]\n")
    user = layers("x: 1\n", builtin="a: 1\nl: [{b: 1}]\n")
    for root, wish, reason in (
        (chart, ("set", "a", 2), "only defaults of the chart"),
        (user, ("set", "l[0].b", 2), "the list l is a default of the chart"),
        (user, ("insert", "l", 2), "the list l is a default of the chart"),
        (user, ("remove", "a"), "only null in the values"),
    ):
        with pytest.raises(Blocked, match=reason):
            edits_for(intents(root, [wish]))


def test_a_mapping_that_no_file_holds_is_not_added_to() -> None:
    root = mapping(read("a:\n  b: 1\n").root)
    spec = make_mapping(root, [("spec", root.get("a"))])
    assert places(spec, ("set", "spec.b", 2)) == [("values.yaml", 8, 9, "2")]
    with pytest.raises(Blocked, match="computed"):
        edits_for([Set(spec, ("kind",), "X")])


@pytest.mark.parametrize(
    ("text", "wish", "reason"),
    [
        ("a: &x 1\nb: *x\n", ("set", "b", 2), r"alias \*x"),
        ("a: &x 1\nb: *x\n", ("set", "a", 2), "anchored: changing &x changes every alias"),
        ("a: &x {c: 1}\nb: *x\n", ("set", "b.c", 2), r"alias \*x"),
        ("a: &x {c: 1}\nb: *x\n", ("set", "b.d", 2), r"alias \*x"),
        ("a: &x {c: 1}\nb: *x\n", ("set", "a.c", 2), "anchored"),
        ("a: &x {c: 1}\nb:\n  <<: *x\n", ("set", "b.c", 2), "merge key"),
        ("a: &x {c: 1}\nb: *x\n", ("remove", "a"), "anchor"),
        ('a: "{{ .x }}"\n', ("set", "a", 2), "unknown: template"),
        ("a: ENC[AES256_GCM,data:x]\n", ("set", "a", 2), "unknown: encrypted"),
        ("a: ${SIZE}\n", ("set", "a", 2), "unknown: variable"),
        ("a: !vault x\n", ("set", "a", 2), "unknown: custom tag !vault"),
        ("a: !vault {b: 1}\n", ("set", "a.b", 2), "unknown: custom tag !vault"),
        ("a: 1\nsops:\n  mac: x\n", ("set", "a", 2), "sops"),
        ("a: !!str 1\n", ("set", "a", 2), "tag !!str"),
        ("a: 1\n", ("set", "a.b", 2), "a is no mapping"),
        ("a: [1]\n", ("set", "a[3]", 2), r"a has no item 3"),
        ("a: |\n  text", ("set", "c", 2), "without a line end"),
        ("? a\n: b: 1\n", ("set", "c", 2), "stands before it"),
    ],
)
def test_what_cannot_be_changed_safely_says_why(text: str, wish: Wish, reason: str) -> None:
    doc = read(text)
    with pytest.raises(Blocked, match=reason):
        edits_for(intents(mapping(doc.root), [wish]))


def test_tabs_before_a_key_block_an_insertion() -> None:
    with pytest.raises(Blocked, match="tabs"):
        column("-\ta: 1", 2)
    check('{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"b": 2\n}\n', ("set", "b", 2), path="a.json")


def test_contradicting_parts_of_one_fix_block_it() -> None:
    root = mapping(read("a:\n  b: 1\n  c: 2\nd: 1\n").root)
    with pytest.raises(Blocked, match="change the same text"):
        edits_for([Remove(root, ("a",)), Set(root, ("a", "b"), 2)])


def test_a_new_file_and_a_new_document_are_edits_too() -> None:
    source = Source("b.yaml", "a: 1\r\nb: 2")
    edits = edits_for([Create("new.yaml", "x: 1\n"), Append(source, "kind: X\n")])
    assert [(e.source.path, e.start, e.end, e.text) for e in edits] == [
        ("b.yaml", 10, 10, "\r\n---\r\nkind: X\r\n"),
        ("new.yaml", 0, 0, "x: 1\n"),
    ]
    assert new_text(source, edits[:1]) == "a: 1\r\nb: 2\r\n---\r\nkind: X\r\n"


def test_a_key_and_a_document_at_the_end_of_a_file_become_one_edit() -> None:
    doc = read("a: 1")
    (edit,) = edits_for([Append(doc.source, "kind: X"), Set(mapping(doc.root), ("b",), 2)])
    assert edit.text == "\nb: 2\n---\nkind: X\n"
    after = documents(Source("values.yaml", new_text(doc.source, [edit])))
    assert [plain(d.root) for d in after] == [{"a": 1, "b": 2}, {"kind": "X"}]
