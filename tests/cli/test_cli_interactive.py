"""`lintkit check --fix --interactive` on a real pseudo-terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, pool, sentence, write

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
SELECT = ("--select", "pool-size-one,unsafe-replica-size")


def talk(root: Path, *answers: str, select: tuple[str, ...] = SELECT) -> tuple[int, str]:
    """Exit code and everything the terminal showed; one answer is typed for every question."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lintkit", "check", str(root), "--fix", "--interactive", *select]
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"},
    )
    os.close(theirs)
    shown, left, asked = b"", list(answers), 0
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            more = os.read(ours, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
        questions = shown.count(b"[q]uit: ") + shown.count(b"accepted here? ")
        while asked < questions and left:
            os.write(ours, left.pop(0).encode())
            asked += 1
    os.close(ours)
    return process.wait(timeout=30), shown.decode().replace("\r\n", "\n")


def size(root: Path, name: str) -> str:
    text = (root / name).read_text()
    return next(line.strip() for line in text.splitlines() if "  size:" in line)


@pytest.fixture
def two(repo: Path) -> Path:
    """Two files with one pool each, in each of which two policies speak."""
    return write(repo, {"a.yaml": pool("a"), "b.yaml": pool("b")})


def test_a_fix_is_shown_with_its_reason_and_made_after_yes(two: Path) -> None:
    _, shown = talk(two, "y\n", "q\n")
    assert "1 of " in shown
    assert "a.yaml:7 error pool-size-one" in shown
    assert "why: " in shown
    assert "unsafe fix: " in shown
    assert "--- a/a.yaml\n+++ b/a.yaml\n" in shown
    assert "-    size: 1\n" in shown
    assert "+    size: 3\n" in shown
    assert "apply it? [y]es, [n]o, [a]ll of pool-size-one, [i]gnore with a reason, [q]uit: " in shown
    assert "1 fix applied in 1 file" in shown
    assert size(two, "a.yaml") == "size: 3"
    assert size(two, "b.yaml") == "size: 1"


def test_no_and_quit_change_nothing(two: Path) -> None:
    code, shown = talk(two, "n\n", "q\n")
    assert code == 1
    assert "0 fixes applied in 0 files" in shown
    assert (two / "a.yaml").read_text() == pool("a")


def test_all_makes_every_fix_of_the_policy_and_asks_about_others(two: Path) -> None:
    _, shown = talk(two, "a\n", *["n\n"] * 8)
    assert (size(two, "a.yaml"), size(two, "b.yaml")) == ("size: 3", "size: 3")
    assert shown.count("[a]ll of pool-size-one") == 1


def test_ignoring_asks_for_a_reason_and_writes_the_comment(two: Path) -> None:
    _, shown = talk(two, "i\n", "\n", "i\n", "a cache, rebuilt nightly\n", "q\n")
    assert "an ignore needs a reason" in shown
    assert "0 fixes applied, 1 ignore written in 1 file" in shown
    assert size(two, "a.yaml") == "size: 1  # lintkit: ignore[pool-size-one] a cache, rebuilt nightly"


def test_a_word_that_is_no_answer_is_asked_again(two: Path) -> None:
    _, shown = talk(two, "perhaps\n", "\n", "q\n")
    assert shown.count("apply it?") == 3


def test_the_end_of_input_quits(two: Path) -> None:
    code, shown = talk(two, "\x04")
    assert code == 1
    assert "0 fixes applied in 0 files" in shown


def test_without_a_terminal_it_is_refused(run: Run, two: Path) -> None:
    assert "--interactive asks at a terminal" in sentence(run("check", two, "--fix", "--interactive"))
    assert "it needs --fix" in sentence(run("check", two, "--interactive"))
