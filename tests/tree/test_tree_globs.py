"""Globs over repository paths, and paths within a tree."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.tree.files import Files, Reader, glob_regex
from lintkit.tree.paths import join, parent


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.yaml", ["a.yaml"], ["a/b.yaml", "a.yml"]),
        ("**/*.yaml", ["a.yaml", "a/b.yaml", "a/b/c.yaml"], ["a.yml"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a", "a"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a/bz"]),
        ("a/***/z", ["a/b/z"], ["b/z"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("{a,b}/x", ["a/x", "b/x"], ["c/x"]),
        ("[a-c]1", ["a1", "c1"], ["d1", "-1"]),
        ("[!a]1", ["b1"], ["a1"]),
        ("[^a]1", ["b1"], ["a1"]),
        ("[z-a]", [], ["z", "a", "-"]),
        ("[a&&b]", ["a", "&", "b"], ["c"]),
        ("a**[/]b", ["a/b", "a/x/b"], ["ab"]),
        ("a[!b]c", ["axc"], ["abc", "a/c"]),
        ("a{b", ["a{b"], ["ab"]),
        ("a[b", ["a[b"], ["ab"]),
        ("a+(b)$", ["a+(b)$"], ["aab"]),
        ("", [""], ["a"]),
    ],
)
def test_a_glob_matches_what_it_says(pattern: str, matching: list[str], other: list[str]) -> None:
    match = glob_regex(pattern).fullmatch
    assert [path for path in matching if not match(path)] == []
    assert [path for path in other if match(path)] == []


@given(st.text(alphabet="*?[]{}!^-,/\\ab.", max_size=12))
def test_any_text_is_a_glob(pattern: str) -> None:
    glob_regex(pattern).fullmatch("a/b.a")


@given(st.text(alphabet="abc./ -_", max_size=20))
def test_text_without_special_characters_matches_itself_alone(text: str) -> None:
    assert glob_regex(text).fullmatch(text)
    assert not glob_regex(text).fullmatch(text + "x")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 250),
        ("**a" * 30 + "b", "a" * 250),
        ("**/a/" * 20 + "b", "a/" * 100),
        ("**a*b" * 15 + "c", "ab/" * 80),
        ("**/" * 40 + "x", "a/" * 60 + "b"),
        ("{a,b}" * 40, "a" * 40),
        ("{*a,*b}" * 8 + "c", "ab" * 60),
    ],
)
def test_a_hostile_glob_takes_no_time(pattern: str, path: str) -> None:
    start = time.perf_counter()
    assert not glob_regex(pattern).fullmatch(path)
    assert time.perf_counter() - start < 1


def matches(tokens: list[str], path: str) -> bool:
    """What a glob means, slowly: ``tokens`` against ``path``."""
    if not tokens:
        return not path
    head, rest = tokens[0], tokens[1:]
    if head == "**/":
        ends = [0, *(i + 1 for i, c in enumerate(path) if c == "/")]
    elif head in ("*", "**"):
        ends = list(range(len(path) + 1))
        if head == "*":
            ends = [i for i in ends if "/" not in path[:i]]
    else:
        ends = [len(head)] if path.startswith(head) else []
    return any(matches(rest, path[end:]) for end in ends)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "a/", "b/", "**/"]), max_size=6),
    st.lists(st.sampled_from(["a", "b", "aa", "ab", "ba"]), min_size=1, max_size=4).map("/".join),
)
def test_a_glob_matches_exactly_what_it_means(tokens: list[str], path: str) -> None:
    # stars side by side are another token, and **/ is one only where a name begins
    kept: list[str] = []
    for token in tokens:
        last = kept[-1] if kept else "/"
        if last.endswith("/") if token == "**/" else not (token[0] == "*" and last[-1] == "*"):
            kept.append(token)
    assert bool(glob_regex("".join(kept)).fullmatch(path)) == matches(kept, path)


@given(st.lists(st.sampled_from(["a", "..", ".", "b c", ""]), max_size=6).map("/".join), st.sampled_from(["", "x", "x/y"]))
def test_join_never_leaves_the_tree(relative: str, base: str) -> None:
    path = join(base, relative)
    assert path is None or (not path.startswith(("/", "../")) and path not in ("..", ".") and "/../" not in f"/{path}/")


def test_join_resolves_as_a_delivery_does() -> None:
    assert join("a/b", "../c.yaml") == "a/c.yaml"
    assert join("a", "/c.yaml") == "c.yaml"
    assert join("a", "..") == ""
    assert join("a", "../../etc") is None
    assert parent("a/b") == "a"
    assert parent("") == ""


def test_a_reader_records_files_globs_and_absences() -> None:
    reader = Reader(Files(["a/x.yaml", "b.yaml"], lambda path: f"name: {path}\n"))
    assert reader.source("a/x.yaml") is not None
    assert reader.source("absent.yaml") is None
    assert reader.glob("*.yaml") == ["b.yaml"]
    assert reader.children("") == ["a", "b.yaml"]
    assert (reader.reads, reader.absences, reader.globs) == ({"a/x.yaml"}, {"absent.yaml"}, {"*.yaml", "*"})


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=8))
def test_children_are_what_the_paths_say(names: list[str]) -> None:
    files = Files(set(names), lambda _: "")
    for directory in {"", *(parent(name) for name in names)}:
        prefix = directory + "/" if directory else ""
        assert files.children(directory) == {n.removeprefix(prefix).split("/")[0] for n in names if n.startswith(prefix)}
