"""Properties of edits over generated YAML: only what was asked for changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintkit.fix.apply import new_text
from lintkit.fix.build import edits_for
from lintkit.fix.emit import Style, flow_text, item_lines, key_text, string_text
from lintkit.fix.intent import Blocked, Insert, Remove, Set
from lintkit.fix.resolve import equal, put
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Json, Mapping, Path, Scalar, lookup
from lintkit.yamldoc.plain import plain

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.sampled_from(["a", "b", "name", "on", "1", "x y", "spec", "null", "é", "<<", "a:b", "-", "#"])
SCALARS: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, width=32),
    TEXT,
    st.sampled_from(["yes", "0777", "1e3", "1.18", "a: b", "x #y", "- x", "{{ x", "~", "=", " x", "x\t"]),
    st.sampled_from(["one\ntwo\n", "one\n\ntwo", "one\n  two\n# three\n", "a\n\n"]),
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
MAPPINGS: st.SearchStrategy[dict[str, Json]] = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)
STYLES = st.builds(
    Style,
    step=st.integers(1, 4),
    list_offset=st.integers(0, 3),
    quote=st.sampled_from("'\""),
    force=st.booleans(),
    key_quote=st.just(""),
    json=st.just(False),
    literal=st.booleans(),
)


def value_of(text: str) -> Json:
    (doc,) = documents(Source("a.yaml", text))
    assert doc.trouble is None, (doc.trouble, text)
    return plain(doc.root)


@given(TEXT, st.sampled_from("'\""), st.booleans(), st.booleans())
def test_a_string_reads_back_as_itself(text: str, quote: str, force: bool, flow: bool) -> None:
    written = string_text(text, quote, force=force, flow=flow)
    assert "\n" not in written
    assert value_of(f"a: [{written}]\n" if flow else f"a: {written}\n") == {"a": [text] if flow else text}


@given(VALUES, STYLES)
def test_a_value_reads_back_as_itself_in_block_and_flow_style(value: Json, style: Style) -> None:
    assert equal(value_of("\n".join(item_lines({"k": value}, 0, style)) + "\n"), {"k": value})
    assert equal(value_of(f"k: {flow_text(value, style)}\n"), {"k": value})


@given(TEXT, STYLES)
def test_a_key_reads_back_as_itself(key: str, style: Style) -> None:
    assert value_of(f"{key_text(key, style)}: 1\n") == {key: 1}


def paths(value: Json, path: Path = ()) -> list[Path]:
    found: list[Path] = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            found += paths(item, (*path, i))
    return found


def without(value: Json, path: Path) -> Json:
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: without(v, rest) if k == key and rest else v for k, v in value.items() if rest or k != key}
    if isinstance(value, list):
        return [without(v, rest) if i == key and rest else v for i, v in enumerate(value) if rest or i != key]
    return value


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Json], bool]:
    """YAML text with comments and blank lines, its value, and whether it is to be put into a literal block."""
    value = draw(MAPPINGS)
    style = draw(STYLES)
    lines: list[str] = []
    for key, item in value.items():
        if draw(st.booleans()):
            lines += draw(st.lists(st.sampled_from(["# note", "", "#", "# lintkit"]), max_size=2))
        if draw(st.booleans()):
            lines += item_lines({key: item}, 0, style)
        else:
            lines.append(f"{key_text(key, style)}: {flow_text(item, style)}{draw(st.sampled_from(['', '   # why', ' ']))}")
    hosted = draw(st.booleans()) and not lines[0].startswith(" ")
    if hosted:
        lines = ["top: 1", "values: |  # inner", *(f"   {line}" if line else "" for line in lines), "below: 2"]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = newline.join(lines) + draw(st.sampled_from([newline, "", newline * 2]))
    text = draw(st.sampled_from(["", "\ufeff"])) + text
    # as it reads: a literal block at the end of a file without a last line end has none either
    read = plain(root_of(text, hosted))
    assert isinstance(read, dict)
    return text, read, hosted


def root_of(text: str, hosted: bool) -> Mapping:
    (doc,) = documents(Source("a.yaml", text))
    assert doc.trouble is None, doc.trouble
    root = doc.root
    if hosted:
        scalar = lookup(root, "values")
        assert isinstance(scalar, Scalar)
        inner = embed(scalar)
        assert inner.trouble is None, inner.trouble
        root = inner.root
    assert isinstance(root, Mapping)
    return root


def carried_out(text: str, hosted: bool, *wishes: Set | Insert | Remove) -> str:
    """The text after a fix; whatever is outside its edits is what it was."""
    root = root_of(text, hosted)
    edits = edits_for(wishes)
    source = root.doc.source
    after = new_text(source, edits)
    at = done = 0
    for edit in edits:
        kept = source.text[at : edit.start]
        assert after[done : done + len(kept)] == kept
        done += len(kept) + len(edit.text)
        at = edit.end
    assert after[done:] == source.text[at:]
    return after


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_setting_a_value_changes_that_path_and_no_other(data: st.DataObject) -> None:
    text, value, hosted = data.draw(files())
    root = root_of(text, hosted)
    path = data.draw(st.sampled_from(paths(value)))
    extra = data.draw(st.sampled_from([(), ("added",), ("added", "deep")]))
    new = data.draw(VALUES)
    target = lookup(root, *path)
    if extra and not isinstance(target, Mapping):
        extra = ()
    try:
        after = carried_out(text, hosted, Set(root, path + extra, new))
    except Blocked as block:
        assert any(why in block.reason for why in ("unknown", "comment", "without a line end"))  # noqa: PT017 - the reason is the assertion
        return
    again = root_of(after, hosted)
    assert equal(plain(again), put(value, path + extra, new))
    assert edits_for([Set(again, path + extra, new)]) == ()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_removing_a_path_leaves_all_others(data: st.DataObject) -> None:
    text, value, hosted = data.draw(files())
    root = root_of(text, hosted)
    path = data.draw(st.sampled_from(paths(value)))
    again = root_of(carried_out(text, hosted, Remove(root, path)), hosted)
    assert equal(plain(again), without(value, path))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_several_new_keys_and_items_are_all_there(data: st.DataObject) -> None:
    text, value, hosted = data.draw(files())
    root = root_of(text, hosted)
    homes = [path for path in [(), *paths(value)] if isinstance(lookup(root, *path), Mapping)]
    chosen = data.draw(st.lists(st.sampled_from(homes), min_size=1, max_size=3))
    wishes = [Set(root, (*path, f"new{i}", "deep"), data.draw(VALUES)) for i, path in enumerate(chosen)]
    wanted: Json = value
    for wish in wishes:
        wanted = put(wanted, wish.path, wish.value)
    try:
        after = carried_out(text, hosted, *wishes)
    except Blocked as block:
        assert "without a line end" in block.reason  # noqa: PT017 - the reason is the assertion
        return
    again = root_of(after, hosted)
    assert equal(plain(again), wanted)
    assert edits_for([Set(again, w.path, w.value) for w in wishes]) == ()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_an_inserted_item_is_the_only_change_of_its_list(data: st.DataObject) -> None:
    text, value, hosted = data.draw(files())
    root = root_of(text, hosted)
    lists = [path for path in paths(value) if isinstance(plain(lookup(root, *path)), list)]
    if not lists:
        return
    path = data.draw(st.sampled_from(lists))
    item = data.draw(VALUES)
    old = plain(lookup(root, *path))
    assert isinstance(old, list)
    new = old if any(equal(item, other) for other in old) else [*old, item]
    try:
        after = carried_out(text, hosted, Insert(root, path, item))
    except Blocked as block:
        assert "without a line end" in block.reason  # noqa: PT017 - the reason is the assertion
        return
    again = root_of(after, hosted)
    assert equal(plain(again), put(value, path, new))


def test_a_thousand_fixes_of_one_file_are_made_in_a_moment() -> None:
    text = "".join(f"k{i}:\n  size: 1\n" for i in range(1000))
    (doc,) = documents(Source("a.yaml", text))
    root = doc.root
    assert isinstance(root, Mapping)
    edits = [edits_for([Set(root, (f"k{i}", "size"), 3)])[0] for i in range(1000)]
    assert new_text(doc.source, edits) == text.replace("size: 1", "size: 3")
    with pytest.raises(Blocked):
        edits_for([Set(root, ("k1", "size", "x"), 3)])
