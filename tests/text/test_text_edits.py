"""Edits change their spans and nothing else; diffs are what git prints."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.text.edits import Edit, apply_edits, overlap, unified_diff
from lintkit.text.source import Source

HERE = Source("a.yaml", "0123456789")
EDITS = st.tuples(st.integers(0, 10), st.integers(0, 3), st.sampled_from(("", "x", "yz"))).map(
    lambda e: Edit(HERE, e[0], min(e[0] + e[1], 10), e[2])
)


def test_edits_are_applied_in_order_of_place() -> None:
    edits = [Edit(HERE, 8, 10, ""), Edit(HERE, 0, 1, "a"), Edit(HERE, 4, 4, "+")]
    assert apply_edits(HERE.text, edits) == "a123+4567"


def test_overlapping_edits_are_refused_by_place() -> None:
    with pytest.raises(ValueError, match="overlapping edits at offset 3"):
        apply_edits(HERE.text, [Edit(HERE, 2, 5, "a"), Edit(HERE, 3, 4, "b")])


@pytest.mark.parametrize(
    ("a", "b", "touching"),
    [((0, 3), (3, 5), False), ((0, 3), (2, 5), True), ((3, 3), (3, 3), True), ((0, 3), (3, 3), True), ((3, 3), (4, 6), False), ((1, 5), (2, 2), True)],
)  # fmt: skip
def test_edits_overlap_when_they_touch_the_same_characters_or_insert_there(
    a: tuple[int, int], b: tuple[int, int], touching: bool
) -> None:
    assert overlap(Edit(HERE, *a, "x"), Edit(HERE, *b, "y")) is touching


def test_edits_of_two_files_never_overlap() -> None:
    assert not overlap(Edit(HERE, 0, 3, ""), Edit(Source("b.yaml", HERE.text), 0, 3, ""))


@given(EDITS, EDITS)
def test_overlapping_is_mutual(a: Edit, b: Edit) -> None:
    assert overlap(a, b) == overlap(b, a)


@given(st.lists(EDITS, max_size=4))
def test_everything_outside_the_spans_stays(edits: list[Edit]) -> None:
    if any(overlap(a, b) for i, a in enumerate(edits) for b in edits[:i]):
        return
    done = apply_edits(HERE.text, edits)
    assert len(done) == 10 + sum(len(e.text) - (e.end - e.start) for e in edits)
    kept = [c for i, c in enumerate(HERE.text) if not any(e.start <= i < e.end for e in edits)]
    assert [c for c in done if c.isdigit()] == kept


LINES = st.lists(st.sampled_from(("a", "b", "c", "", "\x0c", "d\u2028e", "x\r")), max_size=12)
TEXTS = st.tuples(LINES, st.booleans()).map(lambda t: "\n".join(t[0]) + ("\n" if t[1] and t[0] else ""))


def test_equal_texts_have_no_diff() -> None:
    assert unified_diff("a", "x\n", "x\n") == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("a", "b"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("a\n", "a\n\x0cb\n"),
        ("".join(f"{n}\n" for n in range(40)), "".join(f"{n if n not in (3, 30) else 'x'}\n" for n in range(40))),
        ("é\n", "\U0001f600\n"),
        ("", "a\n"),
        ("a\n", ""),
    ],
)
def test_a_diff_has_the_lines_that_git_prints(tmp_path: Path, before: str, after: str) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("no git")
    names = []
    for name, text in (("a", before), ("b", after)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "f.yaml").write_bytes(text.encode())
        names.append(f"{name}/f.yaml")
    command = [git, "diff", "--no-index", "--no-color", "--no-prefix", "--no-ext-diff", "--text", *names]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode()
    hunks = "@@" + printed.partition("@@")[2]
    assert unified_diff("f.yaml", before, after) == f"--- a/f.yaml\n+++ b/f.yaml\n{hunks}"


@given(TEXTS, TEXTS)
def test_a_diff_holds_both_texts(before: str, after: str) -> None:
    lines = unified_diff("f", before, after, context=1000).split("\n")[3:]
    marks = {"-": " -", "+": " +"}
    for sign, text in (("-", before), ("+", after)):
        shown: list[str] = []
        last = ""
        for line in lines:
            if line.startswith("\\"):
                if last in marks[sign]:
                    shown[-1] = shown[-1].removesuffix("\n")
            elif line[:1] and line[0] in marks[sign]:
                shown.append(line[1:] + "\n")
            last = line[:1]
        if before != after:
            assert "".join(shown) == text
