"""New containers out of old nodes: values keep their places, and layers stay visible below each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document, place_of
from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, Sequence, Unknown, boolean, child, is_null, lookup, string, text
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.plain import settings as words
from lintkit.yamldoc.transform import (
    MAX_INDEX,
    keys,
    make_mapping,
    make_sequence,
    make_string,
    map_scalars,
    merge,
    set_at,
    with_entry,
    with_under,
    without_key,
    without_nulls,
)
from lintkit.yamldoc.unknowns import unknown_reason
from tests.yamldoc.generated_yaml import Made, yaml_texts


def flow(found: dict[str, str]) -> str:
    return "{" + ", ".join(f"{k}: {v}" for k, v in found.items()) + "}"


LEAVES = st.sampled_from(("1", "x", "null", "[1, 2]", "{}"))
FLOW = st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(flow), max_leaves=8)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), FLOW, max_size=3).map(lambda d: flow(d))


def read(source: str, path: str = "x.yaml") -> Mapping:
    root = documents(Source(path, source))[0].root
    assert isinstance(root, Mapping)
    return root


def merged(base: Json, over: Json) -> Json:
    if isinstance(base, dict) and isinstance(over, dict):
        return {k: merged(base[k], over[k]) if k in base and k in over else over.get(k, base.get(k)) for k in (*base, *over)}
    return over


def pruned(value: Json) -> Json:
    return {k: pruned(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value


@given(MAPPINGS, MAPPINGS)
def test_merging_is_what_helm_does_with_values(base: str, over: str) -> None:
    below, above = read(base), read(over)
    assert plain(merge(below, above)) == merged(plain(below), plain(above))


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_merging_maps_may_begin_at_either_end_where_none_replaces_another(a: str, b: str, c: str) -> None:
    one, two, three = read(a), read(b), read(c)
    left, right = merge(merge(one, two), three), merge(one, merge(two, three))
    if merged(merged(plain(one), plain(two)), plain(three)) == merged(plain(one), merged(plain(two), plain(three))):
        assert plain(left) == plain(right)


@given(MAPPINGS)
def test_merging_with_nothing_changes_nothing(source: str) -> None:
    node = read(source)
    assert merge(node, None) is node
    assert merge(None, node) is node
    assert plain(merge(node, node)) == plain(node)


@given(MAPPINGS, MAPPINGS)
def test_a_merged_value_stands_where_its_layer_wrote_it(base: str, over: str) -> None:
    below, above = read(base, "base.yaml"), read(over, "over.yaml")
    both = merge(below, above)
    assert isinstance(both, Mapping)
    for name, entry in both:
        expected = "over.yaml" if name in above else "base.yaml"
        assert place_of(entry.value).source.path == expected
        if name in above and name in below:
            assert entry.value.under is not None
            assert place_of(entry.value.under).source.path == "base.yaml"


def test_three_layers_are_a_chain_from_the_winner_down() -> None:
    layers = [read(f"a: {{b: {n}}}\n", f"{n}.yaml") for n in (1, 2, 3)]
    node = lookup(merge(merge(layers[0], layers[1]), layers[2]), "a", "b")
    chain = []
    while node is not None:
        chain.append((node.doc.source.path, plain(node)))
        node = node.under
    assert chain == [("3.yaml", 3), ("2.yaml", 2), ("1.yaml", 1)]


def test_an_unknown_above_hides_what_is_below_and_one_below_leaves_keys_known() -> None:
    unknown, known = read("a: !x {b: 1}\n"), read("a: {c: 2}\n")
    assert isinstance(lookup(merge(known, unknown), "a"), Unknown)
    assert plain(lookup(merge(unknown, known), "a")) == {"c": 2}


@given(MAPPINGS)
def test_nulls_are_removed_and_nothing_else(source: str) -> None:
    node = read(source)
    done = without_nulls(node)
    assert plain(done) == pruned(plain(node))
    assert (done is node) == (plain(done) == plain(node))
    assert without_nulls(done) is done


@given(MAPPINGS, st.lists(st.one_of(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=4).map(tuple))
def test_a_value_set_is_found_again_and_everything_else_stays(source: str, path: tuple[str | int, ...]) -> None:
    if isinstance(path[0], int):
        return
    root, value = read(source), read("v: {new: 1}\n", "v.yaml").index["v"].value
    made = set_at(root, path, value, value.doc)
    found = lookup(made, *path)
    assert found is not None
    assert plain(found) == {"new": 1}
    assert place_of(found).source.path == "v.yaml"
    assert {k: v for k, v in plain_dict(made).items() if k != path[0]} == {
        k: v for k, v in plain_dict(root).items() if k != path[0]
    }
    assert plain(read(source)) == plain(root)


def plain_dict(node: Node) -> dict[str, Json]:
    value = plain(node)
    assert isinstance(value, dict)
    return value


def test_items_that_setting_makes_are_null() -> None:
    root, value = read("{}\n"), read("v: 1\n").index["v"].value
    assert plain(set_at(root, ("a", 2), value, value.doc)) == {"a": [None, None, 1]}


@pytest.mark.parametrize("index", [-1, MAX_INDEX + 1, 10**12])
def test_an_index_that_no_list_has_makes_the_list_unknown(index: int) -> None:
    root, value = read("a: [1]\n"), read("v: 1\n").index["v"].value
    assert unknown_reason(lookup(set_at(root, ("a", index), value, value.doc), "a")) == f"a list cannot have an item {index}"


@settings(deadline=None, max_examples=100)
@given(yaml_texts())
def test_mapping_scalars_to_themselves_is_the_same_tree(made: Made) -> None:
    for doc in documents(Source("x.yaml", made.text)):
        assert doc.root is not None
        assert map_scalars(doc.root, lambda s: s) is doc.root


def test_mapped_scalars_share_what_did_not_change() -> None:
    root = read("a: {b: 1}\nc: [x, {d: 2}]\n")
    done = map_scalars(root, lambda s: Scalar(s.doc, s.start, s.end, "w") if s.text == "x" else s)
    assert plain(done) == {"a": {"b": 1}, "c": ["w", {"d": 2}]}
    assert child(done, "a") is child(root, "a")
    assert lookup(done, "c", 1) is lookup(root, "c", 1)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ()),
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("a[0][1]", ("a", 0, 1)),
        (r"a\.b.c", ("a.b", "c")),
        (r"a\[0]", ("a[0]",)),
        ("a[b.c].d", ("a", "b.c", "d")),
        ("a[", ("a", "")),
        ("a[²]", ("a", "²")),
        ("a[99999999999999999999]", ("a", "99999999999999999999")),
        ("a..b.", ("a", "b")),
        ("a\\", ("a\\",)),
    ],
)
def test_a_written_path_is_read_as_keys_and_indexes(path: str, expected: tuple[str | int, ...]) -> None:
    assert keys(path) == expected


@given(st.lists(st.text("ab.[]\\é", min_size=1, max_size=5), max_size=4))
def test_escaped_keys_come_back(parts: list[str]) -> None:
    escaped = ".".join("".join("\\" + c if c in ".[]\\" else c for c in part) for part in parts)
    assert keys(escaped) == tuple(parts)


@given(st.text(max_size=30))
def test_any_path_can_be_read(path: str) -> None:
    assert all(isinstance(key, str | int) for key in keys(path))


def test_single_entries_are_replaced_added_and_removed() -> None:
    root, other = read("a: 1\nb: 2\n"), read("c: 3\n").entries[0]
    assert plain(with_entry(root, other, "b")) == {"a": 1, "c": 3}
    assert plain(with_entry(root, other, "c")) == {"a": 1, "b": 2, "c": 3}
    assert plain(without_key(root, "a")) == {"b": 2}
    assert without_key(root, "z") is root


def test_what_no_file_holds_stands_where_it_was_made() -> None:
    home = read("a: b\n").index["a"].value
    made = make_mapping(home, (("x", make_string(home, "12")), ("y", None), ("z", make_sequence(home, (home,)))))
    assert plain(made) == {"x": "12", "z": ["b"]}
    assert {(n.start, n.end) for n in (made, *(e.value for e in made.entries))} == {(3, 4)}


def test_remembering_a_lower_layer_changes_nothing_else() -> None:
    doc = documents(Source("x.yaml", "a: &k !!str 'b'\nc: {d: e}\nf: [g]\nh: !x i\n"))[0]
    assert isinstance(doc.root, Mapping)
    below = doc.root.entries[0].key
    for entry in doc.root.entries:
        node = entry.value
        copied = with_under(node, below)
        assert copied.under is below
        assert (type(copied), copied.start, copied.end, copied.anchor, plain(copied)) == (
            type(node),
            node.start,
            node.end,
            node.anchor,
            plain(node),
        )
        assert with_under(node, None) is node


def test_kinds_are_told_apart() -> None:
    root = read("s: x\nv: 1.18\nb: yes\nz: ~\nl: []\nu: '{{ x }}'\n")
    assert [string(root.get(k)) for k in "svbzl"] == ["x", None, None, None, None]
    assert [text(root.get(k)) for k in "svbzl"] == ["x", "1.18", "yes", None, None]
    assert [boolean(root.get(k)) for k in "svbzl"] == [None, None, True, None, None]
    assert [is_null(root.get(k)) for k in "svbzl"] == [False, False, False, True, False]
    assert unknown_reason(root.get("u")) == "template expression"
    assert lookup(root, "s", "x") is None
    assert lookup(root, "l", 0) is None
    assert isinstance(root.get("l"), Sequence)


def test_settings_keep_words_that_yaml_takes_for_booleans() -> None:
    assert words(read("a: off\non: yes\nc: true\nd: [n, 1]\n")) == {"a": "off", "on": "yes", "c": True, "d": ["n", 1]}


def test_an_alias_to_a_deep_tree_counts_its_depth() -> None:
    deep = "[" * 300 + "1" + "]" * 300
    found = documents(Source("x.yaml", f"a: &x {deep}\nb: {'[' * 200}*x {']' * 200}\n"))
    assert found[0].trouble is not None
    assert found[0].trouble.message == "nested more than 400 levels deep"
    assert isinstance(found[0], Document)
