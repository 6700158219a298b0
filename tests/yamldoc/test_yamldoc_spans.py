"""Every key and value of every document slices back to the source."""

from __future__ import annotations

import contextlib

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintkit.text.source import Source
from lintkit.yamldoc import bare, events
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document, path_of, place_of, pointer
from lintkit.yamldoc.node import Mapping, Node, Path, Scalar, Sequence, Unknown, key_name, lookup
from lintkit.yamldoc.plain import plain
from tests.yamldoc.generated_yaml import Made, yaml_texts

relaxed = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

LONG = "x" * 3000


def read(text: str) -> list[Document]:
    return documents(Source("x.yaml", text))


def slices(doc: Document) -> dict[str, str]:
    """Every key (``path:``) and value (``path``) of a document with the text at its span; merged entries are left out."""
    found: dict[str, str] = {}

    def walk(node: Node, path: str) -> None:
        found[path] = doc.text[node.start : node.end]
        if id(node) in doc.aliases:
            return
        if isinstance(node, Mapping):
            for entry in node.entries:
                if not entry.via:
                    below = f"{path}.{key_name(entry.key)}".lstrip(".")
                    found[below + ":"] = doc.text[entry.key.start : entry.key.end]
                    walk(entry.value, below)
        elif isinstance(node, Sequence):
            for number, item in enumerate(node.items):
                walk(item, f"{path}[{number}]")

    if doc.root is not None:
        walk(doc.root, "")
    return found


NASTY: dict[str, tuple[str, dict[str, str]]] = {
    "byte order mark": ("\ufeffa: b\n", {"": "a: b", "a:": "a", "a": "b"}),
    "CRLF": ("a: b\r\nc:\r\n  d: 1\r\n", {"a": "b", "c": "d: 1", "c.d": "1"}),
    "CRLF in a literal block": ("a: |\r\n  x\r\n  y\r\nb: 1\r\n", {"a": "|\r\n  x\r\n  y", "b": "1"}),
    "lone CR": ("a: b\rc: d\r", {"a": "b", "c": "d"}),
    "no final line end": ("a: |\n  x", {"a": "|\n  x"}),
    "tab before a comment": ("a:\tb\t# c\n", {"a": "b"}),
    "not ASCII": ("é: ü\nß:\n  - ö\n", {"é": "ü", "ß": "- ö", "ß[0]": "ö"}),
    "astral characters": (
        "\U0001f600: \U0001f680x\nb: c\n",
        {"\U0001f600:": "\U0001f600", "\U0001f600": "\U0001f680x", "b": "c"},
    ),
    "anchor on a scalar": ("a: &x b\n", {"a": "b"}),
    "anchor on a block mapping": ("a: &x\n  b: c\n", {"a": "b: c"}),
    "anchor on a block sequence": ("a: &x\n  # c\n\n  # d\n  - b\n", {"a": "- b"}),
    "anchor and tag on a flow sequence": ("a: !!seq &x [b]\n", {"a": "[b]"}),
    "anchor on nothing": ("a: &x\nb: c\n", {"a": "", "b": "c"}),
    "tag on nothing": ("a: !!str\nb: c\n", {"a": "", "b": "c"}),
    "verbatim tag with commas": ("a: !<tag:yaml.org,2002:str> b\n", {"a": "b"}),
    "alias": ("a: &x b\nc: *x\nd: [*x , e]\n", {"c": "*x", "d[0]": "*x", "d[1]": "e"}),
    "alias of a mapping": ("a: &x {b: c}\nd: *x\n", {"d": "*x"}),
    "alias as a key": ("a: &x k\n*x : v\n", {"k:": "*x", "k": "v"}),
    "merge key": ("a: &x {b: c}\nd:\n  <<: *x\n  e: f\n", {"d": "<<: *x\n  e: f", "d.e": "f"}),
    "duplicate keys": ("a: 1\na: 2\n", {"": "a: 1\na: 2", "a": "2"}),
    "empty value": ("a:\n\n# c: d\nb:   # e\n", {"a": "", "b": ""}),
    "empty value at the end": ("a:", {"": "a:", "a": ""}),
    "empty items": ("a:\n-\n- b\n-   # c\n", {"a[0]": "", "a[1]": "b", "a[2]": ""}),
    "literal block": ("a: |\n  x\n\n  y\n\n\nb: 1\n", {"a": "|\n  x\n\n  y", "b": "1"}),
    "literal block, strip": ("a: |-\n  x\n\n# c\nb: 1\n", {"a": "|-\n  x", "b": "1"}),
    "literal block, keep": ("a: |+\n  x\n\nb: 1\n", {"a": "|+\n  x"}),
    "literal block, indented by hand": ("a: |2\n    x\n  y\n", {"a": "|2\n    x\n  y"}),
    "folded block, all indicators": ("a: >2- # c\n   x\n  y\n", {"a": ">2- # c\n   x\n  y"}),
    "block that ends in a no-break space": ("a: |\n  x\u00a0\nb: 1\n", {"a": "|\n  x\u00a0"}),
    "block that ends in blanks": ("a: |\n  x  \n\nb: 1\n", {"a": "|\n  x  "}),
    "block without content": ("a: |\n\nb: >-\n", {"a": "|", "b": ">-"}),
    "document mark inside a block": ("a: |\n  ---\n  ...\nb: 1\n", {"a": "|\n  ---\n  ...", "b": "1"}),
    "comment after a block": ("a:\n  - |\n    x\n  # c\n# d\nb: 1\n", {"a": "- |\n    x", "a[0]": "|\n    x"}),
    "flow over lines": (
        "a: {b: [1,\n  2], # c\n  d: {}}\nf: []\n",
        {"a": "{b: [1,\n  2], # c\n  d: {}}", "a.b": "[1,\n  2]", "a.d": "{}", "f": "[]"},
    ),
    "flow with empty values": ("a: {b: , c, d: }\n", {"a.b": "", "a.c": "", "a.d:": "d"}),
    "a pair in a flow sequence": ("a: [b: c , d]\n", {"a[0]": "b: c", "a[0].b": "c", "a[1]": "d"}),
    "trailing comma": ("a: [b, ]\n", {"a": "[b, ]", "a[0]": "b"}),
    "quotes in quotes": ('a: \'it\'\'s\'\n"b\\"": "\\u00e9"\n', {"a": "'it''s'", 'b":': '"b\\""', 'b"': '"\\u00e9"'}),
    "quoted over lines": ("a: 'x\n\n  y'\nb: \"x\\\n  y\"\n", {"a": "'x\n\n  y'", "b": '"x\\\n  y"'}),
    "plain over lines": ("a: x\n  y # c\nb: 1\n", {"a": "x\n  y"}),
    "colons and hashes in words": ("a: http://h:80/#x\nb: a#b\n", {"a": "http://h:80/#x", "b": "a#b"}),
    "explicit key": ("? a\n: b\n? c\n", {"a:": "a", "a": "b", "c": ""}),
    "sequence at the key's column": ("a:\n- b\n- c: d\n  e: f\n", {"a": "- b\n- c: d\n  e: f", "a[1]": "c: d\n  e: f"}),
    "sequences in a line": ("- - a\n  - b\n- c\n", {"[0]": "- a\n  - b", "[0][1]": "b", "[1]": "c"}),
    "blank and comment lines after a mapping": ("a:\n  b: 1\n\n  # c\n\nd: 1\n", {"a": "b: 1"}),
    "scalar as a document": ("--- a b # c\n", {"": "a b"}),
    "long key and value": (f"a: {LONG}\nb: '{LONG}'\n", {"a": LONG, "b": f"'{LONG}'"}),
    "an exclamation mark, an ampersand and a star in words": ("a: b! *c & d\ne: 'x' # !y\n", {"a": "b! *c & d"}),
}


@pytest.mark.parametrize(("text", "expected"), NASTY.values(), ids=NASTY)
def test_nodes_slice_back_to_the_source(text: str, expected: dict[str, str]) -> None:
    doc = read(text)[0]
    assert doc.trouble is None
    found = slices(doc)
    assert {path: found.get(path) for path in expected} == expected


def test_lines_and_columns_count_from_one_after_a_byte_order_mark() -> None:
    doc = read("\ufeff# c\r\na:\r\n  \U0001f600: x\r\n")[0]
    place = place_of(lookup(doc.root, "a", "\U0001f600"))  # type: ignore[arg-type]
    assert (place.first, place.last) == ((3, 6, 14), (3, 7, 15))


def test_duplicate_keys_stay_visible_and_the_last_counts() -> None:
    root = read("a: 1\nb: 2\na: 3\n")[0].root
    assert isinstance(root, Mapping)
    assert [(e.key.text, e.value.start) for e in root.entries] == [("a", 3), ("b", 8), ("a", 13)]
    assert plain(root) == {"a": 3, "b": 2}


def check_nodes(made: Made) -> None:
    found = read(made.text)
    assert [doc.trouble for doc in found] == [None] * len(made.documents)
    for doc, (nodes, value) in zip(found, made.documents, strict=True):
        assert plain(doc.root) == value
        for expected in nodes:
            check_node(doc, expected.path, expected.kind, expected.start, expected.end, expected.text)


def check_node(doc: Document, path: Path, kind: str, start: int, end: int, text: str | None) -> None:
    node = lookup(doc.root, *path)
    if kind == "key":
        above = lookup(doc.root, *path[:-1])
        assert isinstance(above, Mapping)
        entry = [e for e in above.entries if not e.via and key_name(e.key) == path[-1]][-1]
        node = entry.key
    elif isinstance(above := lookup(doc.root, *path[:-1]), Mapping) and path and above.index[str(path[-1])].via:
        return  # a merge key further down replaced the value
    assert node is not None
    assert (doc.text[node.start : node.end], node.start, node.end) == (doc.text[start:end], start, end), path
    if text is not None:
        assert isinstance(node, Scalar)
        assert node.text == text
    if kind in ("mapping", "sequence"):
        assert isinstance(node, Mapping if kind == "mapping" else Sequence)
    if path_is_written(doc, path):
        assert path_of(node) == path
        assert pointer(doc, path) == "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def path_is_written(doc: Document, path: Path) -> bool:
    """Whether the way to ``path`` goes through no alias and no merge key."""
    at = doc.root
    for key in path:
        if at is None or id(at) in doc.aliases or (isinstance(at, Mapping) and at.index[str(key)].via):
            return False
        at = lookup(at, key)
    return True


@relaxed
@given(yaml_texts())
def test_generated_documents_are_read_at_their_places(made: Made) -> None:
    check_nodes(made)


@relaxed
@given(yaml_texts())
def test_a_byte_order_mark_moves_nothing(made: Made) -> None:
    check_nodes(made)
    assert [slices(d) for d in read("\ufeff" + made.text)] == [slices(d) for d in read(made.text)]


@relaxed
@given(yaml_texts())
def test_scalars_read_alone_have_the_same_text(made: Made) -> None:
    for nodes, _ in made.documents:
        for node in nodes:
            if node.kind == "scalar" and node.end > node.start:
                written = made.text[node.start : node.end]
                if written[0] in "|>" or ("\n" in written and written[0] not in "'\""):
                    continue  # indentation belongs to the place
                again = read(f"- {written}\n")[0].root
                assert isinstance(again, Sequence)
                assert isinstance(again.items[0], Scalar)
                assert again.items[0].text == node.text


def shape(node: Node | None) -> object:
    """Everything that a composer decides about a node."""
    if node is None:
        return None
    where = (node.start, node.end, node.anchor)
    if isinstance(node, Scalar):
        return (*where, node.text, node.style, node.tag)
    if isinstance(node, Mapping):
        return (*where, node.flow, [(shape(e.key), shape(e.value), e.via) for e in node.entries])
    if isinstance(node, Sequence):
        return (*where, node.flow, [shape(item) for item in node.items])
    return (*where, node.reason) if isinstance(node, Unknown) else where


def check_agreement(text: str) -> None:
    source = Source("x.yaml", text)
    try:
        fast = bare.compose(Document(source, 0), source.text, 0)
    except (bare.NotBareError, yaml.YAMLError):
        return
    assert shape(fast) == shape(events.compose(Document(source, 0), source.text, 0))


@pytest.mark.parametrize("text", [text for text, _ in NASTY.values()], ids=NASTY)
def test_the_fast_way_agrees_with_the_thorough_one(text: str) -> None:
    check_agreement(text)


@relaxed
@given(yaml_texts())
def test_the_fast_way_agrees_with_the_thorough_one_on_generated_text(made: Made) -> None:
    for piece in made.text.split("---"):
        check_agreement(piece)


FRAGMENTS = st.sampled_from(
    ["a", "b: ", "- ", "\n", "\n  ", "\n\n", ": ", "{", "}", "[", "]", ",", "'", '"', "|", ">", "|-\n", "#", " # c", "&a", "*a", "!!str", "!x",
     "<<: *a", "---", "\n---\n", "\n...\n", "%YAML 1.1\n", "\t", "\r", "\r\n", "\ufeff", "\x85", "\u2028", "\0", "\x07", "\ud800", "é", "\U0001f600", "?", "\\"]
)  # fmt: skip


def check_order(text: str) -> None:
    """Whatever the text: spans are in it and nested, troubles point into it, documents are numbered."""
    source = Source("x.yaml", text)
    for number, doc in enumerate(documents(source)):
        assert doc.number == number
        if doc.trouble is not None:
            assert doc.root is None
            assert 0 <= doc.trouble.offset <= len(source.text)
            assert doc.trouble.message
            continue
        for node in nodes_of(doc):
            assert 0 <= node.start <= node.end <= len(source.text)


def nodes_of(doc: Document) -> list[Node]:
    todo, found = [doc.root] if doc.root else [], []
    while todo:
        node = todo.pop()
        found.append(node)
        if id(node) in doc.aliases:
            continue
        if isinstance(node, Mapping):
            todo += [part for e in node.entries if not e.via for part in (e.key, e.value)]
        elif isinstance(node, Sequence):
            todo += node.items
    return found


@settings(relaxed, max_examples=400)
@given(st.lists(FRAGMENTS, max_size=30).map("".join))
def test_documents_of_any_text_never_raises(text: str) -> None:
    check_order(text)


@relaxed
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_documents_of_arbitrary_characters_never_raises(text: str) -> None:
    check_order(text)


@relaxed
@given(yaml_texts(), st.data())
def test_documents_of_damaged_text_never_raises(made: Made, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(made.text)))
    cut = data.draw(st.integers(0, 5))
    check_order(made.text[:at] + data.draw(FRAGMENTS) + made.text[at + cut :])


@relaxed
@given(yaml_texts())
def test_documents_of_half_a_text_never_raises(made: Made) -> None:
    check_order(made.text[: len(made.text) // 2])
    with contextlib.suppress(ValueError):
        check_order(made.text[made.text.index(":") :])
