"""Choosing fixes, the text they make, and writing files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lintkit.errors import LintkitError
from lintkit.finding import Fix
from lintkit.fix.apply import new_text, plan, write_atomic
from lintkit.text.edits import Edit
from lintkit.text.source import Source

SOURCE = Source("a.yaml", "a: 1\nb: 2\nc: 3\n")


def fix(title: str, *edits: tuple[int, int, str]) -> Fix:
    return Fix(title, safe=True, edits=tuple(Edit(SOURCE, *edit) for edit in edits))


def test_of_fixes_that_overlap_the_first_is_taken() -> None:
    first, second, third = fix("one", (3, 4, "5")), fix("two", (0, 4, "x: 1"), (8, 9, "7")), fix("three", (8, 9, "8"))
    made = plan([first, second, third])
    assert made.chosen == (first, third)
    assert made.left == ((second, "it overlaps another fix: one"),)
    assert [edit.text for edit in made.edits["a.yaml"]] == ["5", "8"]


def test_an_edit_that_two_fixes_want_is_made_once() -> None:
    made = plan([fix("one", (4, 4, "\nx: 1")), fix("two", (4, 4, "\nx: 1"), (13, 14, "4"))])
    assert len(made.chosen) == 2
    assert new_text(SOURCE, made.edits["a.yaml"]) == "a: 1\nx: 1\nb: 2\nc: 4\n"


def test_lines_that_two_fixes_add_at_one_place_go_together() -> None:
    made = plan([fix("one", (4, 4, "\nx: 1")), fix("two", (4, 4, "\nz: 1")), fix("three", (4, 4, "\ny: 1"))])
    assert made.left == ()
    assert new_text(SOURCE, made.edits["a.yaml"]) == "a: 1\nx: 1\nz: 1\ny: 1\nb: 2\nc: 3\n"


def test_lines_behind_a_value_that_another_fix_changes_go_with_it() -> None:
    for order in (1, -1):
        made = plan([fix("one", (3, 4, "5")), fix("two", (4, 4, "\nz: 1"))][::order])
        assert made.left == ()
        assert new_text(SOURCE, made.edits["a.yaml"]) == "a: 5\nz: 1\nb: 2\nc: 3\n"


def test_one_key_with_two_values_does_not_go_together() -> None:
    made = plan([fix("one", (4, 4, "\nx: 1")), fix("two", (4, 4, "\nx: 2"))])
    assert [(f.title, why) for f, why in made.left] == [("two", "it overlaps another fix: one")]


def test_members_of_a_flow_mapping_at_one_place_do_not_go_together() -> None:
    made = plan([fix("one", (4, 4, ", x: 1")), fix("two", (4, 4, ", z: 1"))])
    assert [f.title for f, _ in made.left] == ["two"]


def test_removals_side_by_side_do_not_go_together() -> None:
    made = plan([fix("one", (4, 9, "")), fix("two", (9, 14, ""))])
    assert [f.title for f in made.chosen] == ["one"]


def test_a_long_edit_before_short_ones_is_seen() -> None:
    made = plan([fix("long", (0, 14, "x: 1")), fix("one", (3, 4, "5")), fix("two", (8, 9, "5"))])
    assert [f.title for f in made.chosen] == ["long"]
    made = plan([fix("one", (3, 4, "5")), fix("two", (8, 9, "5")), fix("long", (0, 14, "x: 1"))])
    assert [f.title for f, _ in made.left] == ["long"]


def test_a_blocked_fix_is_left_with_its_reason() -> None:
    made = plan([Fix("x", safe=True, blocked="an alias"), Fix("y", safe=True)])
    assert [why for _, why in made.left] == ["an alias", "there is nothing to change"]
    assert made.edits == {}


def test_edits_that_break_the_file_are_refused() -> None:
    with pytest.raises(LintkitError, match="could no longer be read"):
        new_text(SOURCE, [Edit(SOURCE, 3, 4, "[")])
    with pytest.raises(LintkitError, match="contradict"):
        new_text(SOURCE, [Edit(SOURCE, 3, 6, "x"), Edit(SOURCE, 4, 7, "x")])


def test_edits_that_break_yaml_in_a_literal_block_are_refused() -> None:
    source = Source("a.yaml", "k: |\n  v: |\n    a: 1\n    b: 2\n")
    with pytest.raises(LintkitError, match="text in it could no longer be read"):
        new_text(source, [Edit(source, 19, 20, "[")])
    assert new_text(source, [Edit(source, 19, 20, "7")]) == "k: |\n  v: |\n    a: 7\n    b: 2\n"


def test_a_document_that_was_broken_before_does_not_stop_its_neighbour() -> None:
    source = Source("a.yaml", "a: [\n---\nb: 1\n")
    assert new_text(source, [Edit(source, 12, 13, "2")]) == "a: [\n---\nb: 2\n"


def test_a_file_keeps_its_mode_and_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    file.chmod(0o640)
    write_atomic(file, "a: \u00e9\r\n", b"\xef\xbb\xbfa: 1\r\n")
    assert file.read_bytes() == "\ufeffa: \u00e9\r\n".encode()
    assert file.stat().st_mode & 0o777 == (0o640 if os.name == "posix" else 0o666)
    assert [p.name for p in tmp_path.iterdir()] == ["a.yaml"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 2\n")
    with pytest.raises(LintkitError, match="has changed"):
        write_atomic(file, "a: 3\n", b"a: 1\n")
    assert file.read_bytes() == b"a: 2\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.yaml"]


def test_a_new_file_is_made_with_its_directories(tmp_path: Path) -> None:
    file = tmp_path / "x" / "new.yaml"
    write_atomic(file, "a: 1\n", b"")
    assert file.read_bytes() == b"a: 1\n"
    with pytest.raises(LintkitError, match="has changed"):
        write_atomic(file, "a: 2\n", b"")


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "a.yaml", tmp_path / "b.yaml"
    file.write_bytes(b"a: 1\n")
    link.symlink_to("a.yaml")
    write_atomic(link, "a: 2\n", b"a: 1\n")
    assert link.is_symlink()
    assert file.read_bytes() == b"a: 2\n"


def test_a_read_only_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 1\n")
    file.chmod(0o444)
    if os.access(file, os.W_OK):
        pytest.skip("who runs this may write read-only files (root)")
    with pytest.raises(LintkitError, match="read-only"):
        write_atomic(file, "a: 2\n", b"a: 1\n")
    file.chmod(0o644)
    assert file.read_bytes() == b"a: 1\n"


def test_a_path_that_is_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(LintkitError, match="cannot be written"):
        write_atomic(tmp_path, "a: 2\n", b"a: 1\n")
