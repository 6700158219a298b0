"""Runs that are killed, out of disk, or beside each other: nothing is lost, nothing half written, everything said."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, pool, sentence, write

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals, limits and devices of POSIX")
FILES = 150


def _started(
    *arguments: object, cwd: Path, cache: Path, before: Callable[[], None] | None = None, out: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lintkit", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    return subprocess.Popen(command, cwd=cwd, env=variables, stdout=out, stderr=subprocess.PIPE, preexec_fn=before)


def _fixable(root: Path) -> dict[str, str]:
    """Many files with a safe or unsafe fix each."""
    files = {f"pools/p{number:03}.yaml": pool(f"p{number:03}") + "# " + "x" * 4000 + "\n" for number in range(FILES)}
    write(root, {**files, ".lintkit.yaml": ""})
    return files


def _fixed(root: Path, cache: Path) -> dict[str, str]:
    """The files after a fixing run that nothing disturbs; they are put back as they were."""
    before = _texts(root)
    with _started(*FIX, cwd=root, cache=cache) as process:
        process.communicate()
    after = _texts(root)
    assert all(after[path] != text for path, text in before.items())
    write(root, before)
    return after


def _texts(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): p.read_text("utf-8") for p in (root / "pools").glob("*.yaml")}


FIX = ("check", "--fix", "--unsafe-fixes", "--select", "pool-size-one")


def test_a_killed_fixing_run_leaves_every_file_whole_and_the_next_run_does_the_rest(tmp_path: Path) -> None:
    before = _fixable(tmp_path / "repo")
    root, cache = tmp_path / "repo", tmp_path / "cache"
    after = _fixed(root, cache)
    rng = random.Random(7)
    caught = []
    for _ in range(3):
        old = (root / "pools" / "p000.yaml").stat().st_mtime_ns
        with _started(*FIX, cwd=root, cache=cache) as process:
            # writing begins with the first file: kill at some moment from then on
            while process.poll() is None and (root / "pools" / "p000.yaml").stat().st_mtime_ns == old:
                time.sleep(0.0005)
            time.sleep(rng.uniform(0, 0.03))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        now = _texts(root)
        assert now.keys() == before.keys()
        wrong = [path for path, text in now.items() if text not in (before[path], after[path])]
        assert wrong == []
        fixed = sum(now[path] == after[path] for path in now)
        caught.append(0 < fixed < FILES)
        write(root, before)
        time.sleep(0.01)
    assert any(caught), "no run was killed between two files"
    write(root, {path: after[path] for path in list(before)[:40]})
    with _started(*FIX, cwd=root, cache=cache) as process:
        process.communicate()
    assert _texts(root) == after


def _no_room() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_a_full_disk_leaves_every_file_as_it_was_and_is_said(tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {".lintkit.yaml": ""})
    before = _fixable(root)
    with _started(*FIX, cwd=root, cache=tmp_path / "cache", before=_no_room) as process:
        out, err = process.communicate()
    said = err.decode()
    assert process.returncode == 1
    assert "p000.yaml: not fixed: the file cannot be written (File too large)" in said
    assert "0 fixes applied in 0 files" in said
    assert "Traceback" not in said
    assert _texts(root) == before
    assert [p.name for p in (root / "pools").iterdir() if p.suffix != ".yaml"] == []
    assert b"pool-size-one" in out


def test_a_cache_without_room_changes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {".lintkit.yaml": "", "pool.yaml": pool()})
    cache = tmp_path / "cache"
    arguments = ("check", ".", "--format", "json", "--select", "pool-size-one")
    with _started(*arguments, cwd=root, cache=cache, before=_no_room) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (1, b"")
    assert b"pool-size-one" in out
    assert [p for p in cache.rglob("*") if p.is_file()] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_report_that_finds_no_room_is_a_sentence(run: Run, tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {".lintkit.yaml": "", "pool.yaml": pool()})
    assert sentence(run("check", root, "--output", "/dev/full")).startswith(
        "/dev/full: the report cannot be written (No space left"
    )
    for format_name in ("human", "json"):
        with (
            Path("/dev/full").open("wb") as full,
            _started("check", ".", "--format", format_name, cwd=root, cache=tmp_path / "cache", out=full.fileno()) as process,
        ):
            _, err = process.communicate()
        assert (process.returncode, err) == (2, b"lintkit: No space left on device\n")


def test_runs_beside_each_other_share_a_cache_and_say_the_same(tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {".lintkit.yaml": "", "pool.yaml": pool()})
    cache = tmp_path / "cache"
    time.sleep(0.08)
    for _ in range(2):  # on an empty cache, then on a filled one
        runs = [_started("check", ".", "--format", "json", cwd=root, cache=cache) for _ in range(4)]
        said = {(*process.communicate(), process.returncode) for process in runs}
        assert len(said) == 1
        ((out, err, code),) = said
        assert (err, code) == (b"", 1)
        assert b'"policy":"pool-size-one"' in out
    assert [p.name for p in cache.rglob(".*")] == []


def test_two_fixing_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    _fixable(tmp_path / "repo")
    root, cache = tmp_path / "repo", tmp_path / "cache"
    after = _fixed(root, cache)
    runs = [_started(*FIX, cwd=root, cache=cache) for _ in range(2)]
    for process in runs:
        _, err = process.communicate()
        assert process.returncode in (0, 1)
        assert b"Traceback" not in err
    with _started(*FIX, cwd=root, cache=cache) as process:  # what one refused because the other had changed it
        process.communicate()
    assert _texts(root) == after


@pytest.mark.parametrize("damage", ["flip", "letter", "cut", "empty", "other", "deep"])
def test_a_damaged_cache_is_as_if_there_were_none(damage: str, tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {".lintkit.yaml": "", "pool.yaml": pool()})
    cache = tmp_path / "cache"
    time.sleep(0.08)

    def said() -> tuple[bytes, bytes, int]:
        with _started("check", ".", "--format", "json", cwd=root, cache=cache) as process:
            return (*process.communicate(), process.returncode)

    fresh = said()
    files = [p for p in cache.rglob("*") if p.is_file()]
    assert {p.name.partition("-")[0] for p in files} >= {"report"}
    rng = random.Random(3)
    for file in files:
        content = bytearray(file.read_bytes())
        if damage == "flip":
            for _ in range(20):
                content[rng.randrange(len(content))] ^= 1 << rng.randrange(7)
        letter = bytes(content).replace(b"CephBlockPool", b"CephBlockFool").replace(b"pool", b"fool")
        made = {
            "letter": letter,
            "flip": bytes(content),
            "cut": bytes(content[: len(content) // 2]),
            "empty": b"",
            "other": b'{"read": 3}',
        }
        file.write_bytes(made.get(damage, b"[" * 100_000))
    assert said() == fresh
    assert said() == fresh


def test_a_cache_that_cannot_be_written_or_is_no_directory_changes_nothing(run: Run, tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {".lintkit.yaml": "", "pool.yaml": pool(), "file": ""})
    expected = run("check", root, "--format", "json", "--no-cache")
    for place in (root / "file", root / "file" / "below", Path("/dev/null"), Path("/proc/nowhere")):
        done = run("check", root, "--format", "json", env={"XDG_CACHE_HOME": str(place)})
        assert (done.code, done.out, done.err) == (1, expected.out, "")
