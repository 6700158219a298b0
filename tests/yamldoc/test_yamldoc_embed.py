"""YAML inside YAML: every inner node's place is the place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintkit.text.edits import apply_edits
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document, path_of, place_of, pointer
from lintkit.yamldoc.embed import detached, embed, segment_map
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, lookup
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.transform import map_scalars, with_under
from tests.yamldoc.generated_yaml import LINES, WORDS, Made, yaml_texts

relaxed = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def scalar_at(text: str, *path: str | int) -> Scalar:
    node = lookup(documents(Source("x.yaml", text))[0].root, *path)
    assert isinstance(node, Scalar)
    return node


def nodes(doc: Document) -> Iterator[Node]:
    todo = [doc.root]
    while todo:
        node = todo.pop()
        if node is None:
            continue
        yield node
        if id(node) in doc.aliases:
            continue
        if isinstance(node, Mapping):
            todo += [part for e in node.entries if not e.via for part in (e.key, e.value)]
        elif isinstance(node, Sequence):
            todo += node.items


def unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n"))


def check_literal(inner: Document) -> None:
    """Nodes of literal blocks are in the file what they are inside, but for indentation and line ends."""
    assert inner.segments is not None
    assert inner.segments.locked is None
    for node in nodes(inner):
        place = place_of(node)
        written = inner.text[node.start : node.end]
        shown = place.source.text[place.start : place.end].replace("\r\n", "\n")
        assert unindented(shown) == unindented(written)
        if "\n" not in written:
            assert shown == written


def nest(text: str, levels: int, newline: str) -> str:
    for level in range(levels):
        body = "".join(" " * (level + 2) + line + newline if line else newline for line in text.splitlines())
        text = f"kind: ConfigMap # {level}{newline}data:{newline} values.yaml: |{newline}{body}after: x{newline}"
    return text


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_literal_blocks_map_exactly(newline: str, mark: str, levels: int) -> None:
    text = "a: 1\n\nb:\n  # c\n  - {d: é, \U0001f600: [x]}\n  -\ne: 'f''g'\nh:\n"
    source = Source("x.yaml", mark + nest(text, levels, newline))
    doc = documents(source)[0]
    for _ in range(levels):
        host = lookup(doc.root, "data", "values.yaml")
        assert isinstance(host, Scalar)
        doc = embed(host)
        check_literal(doc)
    assert plain(doc.root) == {"a": 1, "b": [{"d": "é", "\U0001f600": ["x"]}, None], "e": "f'g", "h": None}
    b = lookup(doc.root, "b", 0, "\U0001f600", 0)
    assert b is not None
    assert pointer(doc, path_of(b)) == "/data/values.yaml#" * levels + "/b/0/\U0001f600/0"


@relaxed
@given(yaml_texts(), st.integers(1, 3), st.sampled_from(("\n", "\r\n")))
def test_generated_documents_map_exactly_in_literal_blocks(made: Made, levels: int, newline: str) -> None:
    text = made.text.replace("\r\n", "\n").partition("\n---")[0].partition("\n...")[0] + "\n"
    doc = documents(Source("x.yaml", nest(text, levels, newline)))[0]
    for _ in range(levels):
        host = lookup(doc.root, "data", "values.yaml")
        if not isinstance(host, Scalar) or segment_map(host).locked:
            return  # the text begins with a blank: no literal block says that without an indicator
        doc = embed(host)
    assert doc.trouble is None
    check_literal(doc)


def layout(random: Random, style: str, newline: str) -> str:
    """A value of ``style`` over several lines, with everything that folding knows."""

    def words() -> str:
        return random.choice((*LINES, *WORDS)) + random.choice(("", "", " ", "x y"))

    lines = [random.choice((words(), words(), "", "  deeper", "   ")) for _ in range(random.randint(1, 6))]
    margin = " " * random.randint(1, 3)
    if style[:1] in ("|", ">"):
        body = newline.join("  " + line if line.strip() or random.random() < 0.5 else "" for line in lines)
        return style + newline + body + newline + random.choice(("", newline, "# c" + newline))
    if style == "'":
        return "'" + newline.join(margin * (i > 0) + line.replace("'", "''") for i, line in enumerate(lines)) + "'"
    if style == '"':
        escaped = [line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("é", "\\xe9") for line in lines]
        return (
            '"'
            + newline.join(
                margin * (i > 0) + line + random.choice(("", "", "\\", "\\n", "\\ ")) for i, line in enumerate(escaped)
            )
            + '"'
        )
    return newline.join(margin * (i > 0) + random.choice(("a", "b c", "", "é  d")) for i in range(random.randint(1, 5)))


STYLES = ("|", "|-", "|+", "|2", ">", ">-", ">+", ">2", "'", '"', "")


@settings(relaxed, max_examples=600)
@given(st.integers(0, 2**32), st.sampled_from(STYLES), st.sampled_from(("\n", "\r\n")))
def test_every_character_of_a_scalar_is_found_where_it_is_written(seed: int, style: str, newline: str) -> None:
    doc = documents(Source("x.yaml", "k: " + layout(Random(seed), style, newline) + newline))[0]
    if doc.trouble is not None:
        return
    for node in nodes(doc):
        if not isinstance(node, Scalar):
            continue
        found = segment_map(node)
        for i, char in enumerate(node.text):
            at = found.offset(i)
            assert node.start <= at <= (len(doc.text) if char == "\n" else node.end)
            if char not in " \t\n":
                assert doc.text[at] == char or (doc.text[at] == "\\" and node.style == '"')


@pytest.mark.parametrize(
    ("text", "lock"),
    [
        ("v: >\n  a: 1\n\n  b: 2\n", "a folded block holds this text"),
        ("v: 'a: 1\n\n  b: 2'\n", "a quoted string holds this text"),
        ('v: "a: 1\\nb: 2"\n', "a quoted string holds this text"),
        ('v: "a: 1\\n\\\n  b: 2"\n', "a quoted string holds this text"),
        ("w: &x |\n  a: 1\n  b: 2\nv: *x\n", "an alias repeats this text"),
    ],
)
def test_what_cannot_be_edited_is_locked_and_still_has_its_line(text: str, lock: str) -> None:
    inner = embed(scalar_at(text, "v"))
    assert plain(inner.root) == {"a": 1, "b": 2}
    for key in "ab":
        node = lookup(inner.root, key)
        assert node is not None
        place = place_of(node)
        assert (place.locked, text[place.start : place.end]) == (lock, {"a": "1", "b": "2"}[key])


def test_an_alias_whose_node_was_copied_maps_to_its_anchor() -> None:
    text = "w: &x |\n  a: 1\nv: *x\n"
    node = scalar_at(text, "v")
    copied = with_under(node, node.doc.root)
    assert isinstance(copied, Scalar)
    inner = lookup(embed(copied).root, "a")
    assert inner is not None
    assert text[place_of(inner).start : place_of(inner).end] == "1"


def test_a_literal_block_in_a_folded_one_is_locked() -> None:
    text = "v: >\n  w: |\n\n    a: 1\n"
    middle = embed(scalar_at(text, "v"))
    host = lookup(middle.root, "w")
    assert isinstance(host, Scalar)
    inner = lookup(embed(host).root, "a")
    assert inner is not None
    place = place_of(inner)
    assert (text[place.start : place.end], place.locked) == ("1", "a folded block holds this text")


def test_a_broken_inner_text_has_its_trouble_at_the_outer_line() -> None:
    text = "v: |\n  a: 1\n  b: [\nw: 1\n"
    inner = embed(scalar_at(text, "v"))
    assert inner.trouble is not None
    assert inner.place(inner.trouble.offset, inner.trouble.offset).first.line == 3


def test_an_inner_byte_order_mark_moves_nothing() -> None:
    text = 'v: "\\uFEFFa: b"\n'
    inner = embed(scalar_at(text, "v"))
    node = lookup(inner.root, "a")
    assert node is not None
    assert text[place_of(node).start : place_of(node).end] == "b"


@pytest.mark.parametrize("text", ["v: |\n", "v: ''\n", "v: >-\n\n", "v:\n", "v: |+\n\n\nw: 1\n"])
def test_empty_texts_hold_no_document_and_stay_in_place(text: str) -> None:
    scalar = scalar_at(text, "v")
    inner = embed(scalar)
    assert inner.root is None
    assert inner.trouble is None
    place = inner.place(0, 0)
    assert place.first.line == 1
    assert scalar.start <= place.start <= scalar.end


@given(st.text(st.sampled_from("ab: \n#'\""), max_size=20), st.sampled_from(("|", ">", "'", '"', "")))
def test_a_text_that_was_changed_stays_inside_its_scalar(changed: str, style: str) -> None:
    text = {"|": "v: |\n  a: 1\n", ">": "v: >\n  a: 1\n", "'": "v: 'a: 1'\n", '"': 'v: "a: 1"\n', "": "v: a\n"}[style]
    scalar = scalar_at(text, "v")
    made = map_scalars(scalar, lambda s: Scalar(s.doc, s.start, s.end, changed, s.style))
    assert isinstance(made, Scalar)
    inner = embed(made)
    for node in nodes(inner):
        place = place_of(node)
        assert 0 <= place.start <= place.end <= len(text)


def test_a_rendered_text_maps_to_its_whole_scalar() -> None:
    text = "v: |\n  a: {{ x }}\n"
    scalar = scalar_at(text, "v")
    node = lookup(detached(scalar, "a: 1\nb: 2\n", "a template").root, "b")
    assert node is not None
    place = place_of(node)
    assert (place.start, place.end, place.locked) == (scalar.start, scalar.end, "a template")


@relaxed
@given(yaml_texts(), st.integers(0, 2**32))
def test_replacing_a_scalar_of_a_literal_block_changes_that_scalar_only(made: Made, seed: int) -> None:
    text = nest(made.text.replace("\r\n", "\n").partition("\n---")[0].partition("\n...")[0] + "\n", 2, "\n")

    def inside(source: str) -> Document | None:
        doc = documents(Source("x.yaml", source))[0]
        for _ in range(2):
            host = lookup(doc.root, "data", "values.yaml")
            if not isinstance(host, Scalar) or segment_map(host).locked:
                return None
            doc = embed(host)
        return doc

    doc = inside(text)
    if doc is None:
        return
    words = [n for n in nodes(doc) if isinstance(n, Scalar) and n.style in ("'", '"') and n.end > n.start]
    values = [n for n in words if path_of(n) and lookup(doc.root, *path_of(n)) is n]
    if not values or doc.aliases:
        return
    chosen = Random(seed).choice(values)
    place = place_of(chosen)
    from lintkit.text.edits import Edit

    changed = apply_edits(place.source.text, [Edit(place.source, place.start, place.end, "'new'")])
    again = inside(changed)
    assert again is not None
    expected = (
        map_scalars(doc.root, lambda s: Scalar(s.doc, s.start, s.end, "new", "'") if s is chosen else s) if doc.root else None
    )
    assert plain(again.root) == plain(expected)
