"""The same tree gives the same bytes: whatever the order of files, locale, hash seed, time zone, processes or place."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lintkit.report.formats import FORMATS
from tests.cli.conftest import EXAMPLES, ROOT

EVERYTHING = [word for name in FORMATS for word in ("--format", name)]


def _said(root: Path, out: Path, env: Mapping[str, str] | None = None, *more: str) -> dict[str, bytes]:
    """Every format of one run, and what it wrote to the terminal."""
    out.mkdir(parents=True)
    outputs = [word for name in FORMATS for word in ("--output", str(out / name))]
    command = [sys.executable, "-m", "lintkit", "check", ".", "--all", "--no-cache", *EVERYTHING, *outputs, *more]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(out.parent / "cache"), **(env or {})}
    done = subprocess.run(command, cwd=root, env=variables, capture_output=True, check=False, timeout=300)
    assert done.returncode == 1, done.stderr
    return {name: (out / name).read_bytes() for name in FORMATS} | {"stderr": done.stderr}


def _copied(to: Path, seed: int) -> Path:
    """The example cloud with its files made in another order, so that directories list them in another."""
    files = sorted(p for p in EXAMPLES.rglob("*") if p.is_file())
    random.Random(seed).shuffle(files)
    for file in files:
        target = to / file.relative_to(EXAMPLES)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return to


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("first")
    root = _copied(folder / "cloud", 1)
    return root, _said(root, folder / "out", {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"})


def _same(a: dict[str, bytes], b: dict[str, bytes]) -> None:
    assert [name for name in a if a[name] != b[name]] == []


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4294967295"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "Pacific/Pago_Pago", "COLUMNS": "40"},
    ],
    ids=lambda env: " ".join(f"{k}={v}" for k, v in env.items()),
)
def test_the_process_does_not_matter(env: Mapping[str, str], first: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    root, expected = first
    if "TZ" in env:  # the day, which ends an ignore, is the only thing that a time zone decides
        assert not [p for p in root.rglob("*.yaml") if "until=" in p.read_text("utf-8")]
    _same(_said(root, tmp_path / "out", env), expected)


@pytest.mark.parametrize("jobs", ["1", "2", "5"])
def test_the_number_of_processes_does_not_matter(jobs: str, first: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    root, expected = first
    _same(_said(root, tmp_path / "out", None, "--jobs", jobs), expected)


def test_the_order_of_files_and_the_place_do_not_matter(first: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    root = _copied(tmp_path / "a place with blanks and é" / "cloud", 2)
    _same(_said(root, tmp_path / "out"), first[1])


def test_git_or_no_git_does_not_matter(first: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    root = _copied(tmp_path / "cloud", 3)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    _same(_said(root, tmp_path / "out"), first[1])
