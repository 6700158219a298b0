"""Files are cut into documents, and a broken one spoils nothing but itself."""

from __future__ import annotations

import gc
import time

import pytest

from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.events import MAX_ALIASED
from lintkit.yamldoc.layout import MAX_DEPTH
from lintkit.yamldoc.node import Mapping, Scalar, Sequence, Unknown, items, lookup
from lintkit.yamldoc.plain import plain


def read(text: str) -> list[Document]:
    return documents(Source("x.yaml", text))


def values(text: str) -> list[object]:
    return [doc.trouble.message if doc.trouble else plain(doc.root) for doc in read(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# only a comment\n\n", []),
        ("\ufeff", []),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("# c\n---\na: 1\n", [{"a": 1}]),
        ("---\na: 1\n---\n# nothing\n---\nb: 2\n", [{"a": 1}, None, {"b": 2}]),
        ("a: 1\n...\n# c\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\n...\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\r---\rb: 2\r", [{"a": 1}, {"b": 2}]),
        ("a: é\u2028---\u2028b: 2\n", [{"a": "é"}, {"b": 2}]),
        ("--- a\n--- |\n b\n---", ["a", "b\n", None]),
        ("a: ---\nb: x---y\n", [{"a": "---", "b": "x---y"}]),
        ("a: |\n  ---\n  b\nc:\n ---x\n", [{"a": "---\nb\n", "c": "---x"}]),
        ("%YAML 1.1\n---\na: 1\n", [{"a": 1}]),
        ("a: 1\n...\n%YAML 1.1\n# c\n%TAG !e! tag:e.org,2000:\n---\nb: 2\n--- !e!x\nc: 3\n", [{"a": 1}, {"b": 2}, "undefined"]),
        ("a: 50%\n# 100%\n---\nb: 2\n", [{"a": "50%"}, {"b": 2}]),
        ("a: 1\n---\n\ufeff# c\nb: 2\n", [{"a": 1}, {"b": 2}]),
    ],
)
def test_documents_are_cut_at_marks(text: str, expected: list[object]) -> None:
    found = values(text)
    assert len(found) == len(expected)
    for value, wanted in zip(found, expected, strict=True):
        assert value == wanted or (wanted == "undefined" and "undefined tag handle" in str(value))


@pytest.mark.parametrize(
    ("broken", "message", "line"),
    [
        ("a:\n  [1,\n  2\n", "did not find expected ',' or ']'", 5),
        ("a: 1\n b: 2\n", "mapping values are not allowed", 5),
        ("a:\n\tb: 1\n", "cannot start any token", 5),
        ("c: d\na: 'b\n\n", "unexpected end of stream while scanning a quoted scalar", 5),
        ('a: "\\z"\n', "unknown escape character", 4),
        ("a: *b\n", "alias *b has no anchor before it", 4),
        ("a: &b 1\nc: {<<: *b}\n", "a merge key (<<) needs a mapping", 5),
        ("a: {{ x }}\n", "a mapping key must be a scalar (is this a template?)", 4),
        ("!x a: 1\n", "a mapping key must be a scalar (this key is unknown: custom tag !x)", 4),
        ("é: 1\na: \x07\n", "character U+0007 is not allowed in YAML", 5),
        ("a: \ud800\n", "character U+D800 is not allowed in YAML", 4),
        ("%YAML 3.0\n---\na: 1\n", "found incompatible YAML document", 4),
        ("a: }\n", "did not find expected node content", 4),
    ],
)
def test_a_broken_document_says_where_and_its_neighbours_are_read(broken: str, message: str, line: int) -> None:
    head = "---\n" if not broken.startswith("%") else ""
    text = f"a: 1\nb: é\n{head}{broken}---\nc: 3\n"
    source = Source("x.yaml", text)
    first, middle, last = documents(source)
    assert (plain(first.root), plain(last.root)) == ({"a": 1, "b": "é"}, {"c": 3})
    assert middle.trouble is not None
    assert middle.root is None
    assert message in middle.trouble.message
    position = source.position(middle.trouble.offset).line
    assert position == (line if head else line - 1)


def test_a_second_document_in_a_text_of_one_is_named() -> None:
    (doc,) = read("a: &x 1\n")
    inner = Document(doc.source, 0, text="a: 1\n---\nb: 2\n")
    from lintkit.yamldoc.compose import embedded

    embedded(inner)
    assert inner.trouble == ("a second document starts here", 5)


@pytest.mark.parametrize("one", ["[", "{a: ", "- ", "? "])
def test_depth_has_a_limit(one: str) -> None:
    close = {"[": "]", "{a: ": "}"}.get(one, "")
    for depth, broken in ((MAX_DEPTH, False), (MAX_DEPTH + 1, True)):
        if one == "? ":
            continue
        (doc,) = read(one * depth + "x" + close * depth)
        assert (doc.trouble is not None) == broken
    (doc,) = read(one * 200_000)
    assert doc.trouble is not None
    assert "nested more than 400 levels deep" in doc.trouble.message


def test_depth_by_indentation_has_the_same_limit() -> None:
    for depth, broken in ((MAX_DEPTH, False), (MAX_DEPTH + 1, True)):
        (doc,) = read("".join(" " * level + "a:\n" for level in range(depth)))
        assert (doc.trouble is not None) == broken
    for separator in ("\n", "\r", "\u2028"):
        (doc,) = read("".join(" " * level + "a:" + separator for level in range(2000)))
        assert doc.trouble is not None
        assert "nested" in doc.trouble.message


def test_a_long_line_of_dashes_is_no_danger() -> None:
    assert values("# " + "- " * 50_000 + "\na: '" + "?" * 50_000 + "'\n") == [{"a": "?" * 50_000}]


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (doc,) = read("\n".join(lines) + "\n")
    assert doc.trouble is not None
    assert doc.trouble.message == f"aliases expand to more than {MAX_ALIASED:,} nodes"


def test_an_alias_that_holds_itself_is_unknown() -> None:
    (doc,) = read("a: &x\n  - 1\n  - *x\n")
    inner = lookup(doc.root, "a", 1)
    assert isinstance(inner, Unknown)
    assert inner.reason == "alias *x holds itself"
    assert doc.text[inner.start : inner.end] == "*x"


def test_an_alias_of_an_unknown_is_unknown_and_stands_at_its_use() -> None:
    (doc,) = read("a: &x !vault y\nb: *x\n")
    first, second = lookup(doc.root, "a"), lookup(doc.root, "b")
    assert isinstance(first, Unknown)
    assert isinstance(second, Unknown)
    assert second.reason == "custom tag !vault"
    assert (second.start, id(first) in doc.aliases, doc.aliases[id(second)].target) == (18, False, first)


def test_only_uses_of_aliases_are_known_as_such() -> None:
    text = "x: &x {a: 1}\n" + "".join(f"k{n}:\n  <<: *x\n  b: {n}\n  c: [{n}]\n" for n in range(200))
    (doc,) = read(text)
    assert isinstance(doc.root, Mapping)
    for entry in doc.root.entries[1:]:
        assert isinstance(entry.value, Mapping)
        for own in entry.value.entries:
            if not own.via:
                assert id(own.value) not in doc.aliases


def test_a_redefined_anchor_counts_from_there_on() -> None:
    assert values("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == [{"a": 1, "b": 1, "c": 2, "d": 2}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<<: *x\n  a: 2", {"a": 2, "b": 1}),
        ("a: 2\n  <<: *x", {"a": 1, "b": 1}),
        ("<<: [*x, *z]\n  b: 2", {"a": 1, "b": 2, "c": 3}),
        ("<<: *x\n  <<: *z", {"a": 3, "b": 1, "c": 3}),
        ("<<: {a: 5}", {"a": 5}),
        ("<<: []\n  a: 2", {"a": 2}),
        ("'<<': 1", {"<<": 1}),
        ("!!merge <<: *x", {"a": 1, "b": 1}),
        ("!!str <<: 1", {"<<": 1}),
    ],
)
def test_merge_keys_win_by_place(text: str, expected: dict[str, int]) -> None:
    (doc,) = read(f"x: &x {{a: 1, b: 1}}\nz: &z {{a: 3, c: 3}}\nm:\n  {text}\n")
    assert plain(lookup(doc.root, "m")) == expected


def test_merged_entries_keep_the_place_where_they_are_written() -> None:
    (doc,) = read("x: &x {a: 1}\nm:\n  <<: *x\n  b: 2\n")
    made = lookup(doc.root, "m")
    assert isinstance(made, Mapping)
    assert [(e.key.text, e.via, e.value.start) for e in made.entries] == [("a", "merge", 10), ("b", "", 30)]


def test_custom_tags_make_values_unknown_and_keep_their_place() -> None:
    (doc,) = read("a: !vault |\n  x\nb: !include {c: d}\ne: !!set {f}\n")
    found = {key: lookup(doc.root, key) for key in "abe"}
    assert {key: node.reason for key, node in found.items() if isinstance(node, Unknown)} == {
        "a": "custom tag !vault",
        "b": "custom tag !include",
        "e": "custom tag !!set",
    }
    assert [doc.text[node.start : node.end] for node in found.values() if node] == ["|\n  x", "{c: d}", "{f}"]


def test_an_empty_document_has_a_null_root_and_an_empty_text_none() -> None:
    (doc,) = read("---\n")
    assert isinstance(doc.root, Scalar)
    assert doc.root.value is None
    from lintkit.yamldoc.compose import embedded

    assert embedded(Document(doc.source, 0, text="# nothing\n")).root is None


@pytest.mark.parametrize(
    "text",
    [
        "a: b\n" * 30_000,
        "- [a, {b: c}]\n" * 20_000,
        "---\na: b\n" * 10_000,
        "&a b: *a\n" * 15_000,
        "-" * 400_000,
        "[" * 400_000,
        "# %\n" * 50_000 + "---\na: 1\n",
        "%x\n" * 50_000 + "---\na: 1\n",
        "a: |\n" + "\n" * 200_000,
        "a:" + " " * 400_000,
        "a: &x\n" + " #\n" * 100_000 + "b: 1\n",
        "'" + "a\n" * 100_000,
    ],
    ids=range(12),
)
def test_reading_takes_time_by_length(text: str) -> None:
    def cost(part: str) -> float:
        gc.disable()  # as in a run: what other tests have left in memory is none of this
        try:
            begin = time.process_time()
            read(part)
            return time.process_time() - begin
        finally:
            gc.enable()

    half, whole = min(cost(text[: len(text) // 4]) for _ in range(5)), min(cost(text) for _ in range(5))
    assert whole < 10 * half + 0.2


def test_sequences_of_any_style_are_items() -> None:
    (doc,) = read("a: [1, 2]\nb:\n- 3\n")
    assert [plain(item) for key in "ab" for item in items(lookup(doc.root, key))] == [1, 2, 3]
    assert isinstance(lookup(doc.root, "a"), Sequence)
