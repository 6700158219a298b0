"""Reports of earlier runs: used again only while nothing that they rest on has changed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from lintkit.cache import read_cached, write_cached
from tests.cli.conftest import Run, pool, write


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lintkit"


def settle() -> None:
    """Files that changed just before a run are not trusted to stay: let them age."""
    time.sleep(0.08)


def marked(cache: Path) -> None:
    """Change what every kept report says, to tell it from a fresh one."""
    for file in cache.glob("report-*.json"):
        name, _, key = file.stem.partition("-")
        kept = json.loads(read_cached(name, key) or "")
        write_cached(name, key, json.dumps({**kept, "text": "from the cache"}))


def checked(run: Run, repo: Path, *arguments: str) -> str:
    return run("check", ".", "--format", "json", *arguments, cwd=repo).out


def test_a_second_run_says_what_the_first_said(run: Run, repo: Path, cache: Path) -> None:
    write(repo, {"pool.yaml": pool()})
    settle()
    first = run("check", ".", "--format", "json", cwd=repo)
    assert len(list(cache.glob("report-*.json"))) == 1
    second = run("check", ".", "--format", "json", cwd=repo)
    assert (second.code, second.out, second.err) == (first.code, first.out, first.err)
    marked(cache)
    assert checked(run, repo) == "from the cache"
    assert checked(run, repo, "--no-cache") == first.out


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pool.yaml": pool(size=3)}, id="content of the same length"),
        pytest.param({"other.yaml": pool("other")}, id="a new file"),
        pytest.param({"notes.txt": "x"}, id="a new file of any kind"),
        pytest.param({".lintkit.yaml": "profile: lab\n"}, id="a configuration"),
        pytest.param({".lintkit-baseline.json": '{"version": 1, "findings": []}'}, id="a baseline"),
    ],
)
def test_a_report_is_not_used_after_a_change(run: Run, repo: Path, cache: Path, change: dict[str, str]) -> None:
    write(repo, {"pool.yaml": pool()})
    before = (repo / "pool.yaml").stat()
    settle()
    checked(run, repo)
    marked(cache)
    write(repo, change)
    os.utime(repo / "pool.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert checked(run, repo) == checked(run, repo, "--no-cache") != "from the cache"


@pytest.mark.parametrize(
    "options", [["--profile", "lab"], ["--select", "durability"], ["--exit-zero"], ["pool.yaml"], ["--isolated"]]
)
def test_another_question_is_another_report(run: Run, repo: Path, cache: Path, options: list[str]) -> None:
    write(repo, {"pool.yaml": pool()})
    settle()
    checked(run, repo)
    marked(cache)
    assert checked(run, repo, *options) != "from the cache"


def test_a_file_that_is_removed_counts(run: Run, repo: Path, cache: Path) -> None:
    write(repo, {"pool.yaml": pool(), "other.yaml": pool("other")})
    settle()
    checked(run, repo)
    marked(cache)
    (repo / "other.yaml").unlink()
    assert checked(run, repo) != "from the cache"


def test_a_run_that_rests_on_files_outside_is_not_kept(run: Run, repo: Path, cache: Path, tmp_path: Path) -> None:
    write(tmp_path, {"house.yaml": "profile: lab\n"})
    write(repo, {"pool.yaml": pool(), ".lintkit.yaml": f"extends: {tmp_path / 'house.yaml'}\n"})
    settle()
    checked(run, repo)
    assert not list(cache.glob("report-*.json"))


def test_a_report_with_lines_of_files_is_not_kept(run: Run, repo: Path, cache: Path) -> None:
    write(repo, {"pool.yaml": pool()})
    settle()
    run("check", ".", cwd=repo)
    run("check", ".", "--format", "sarif", cwd=repo)
    assert not list(cache.glob("report-*.json"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"read": 3}', '{"read": ["pool.yaml"], "digest": 1, "text": 2}'])
def test_a_damaged_report_is_as_if_there_were_none(run: Run, repo: Path, cache: Path, text: str) -> None:
    write(repo, {"pool.yaml": pool()})
    settle()
    first = checked(run, repo)
    (file,) = cache.glob("report-*.json")
    name, _, key = file.stem.partition("-")
    write_cached(name, key, text)
    assert checked(run, repo) == first
    file.write_text(text, "utf-8")
    assert checked(run, repo) == first


def test_a_staged_change_is_known_by_commit_and_index(run: Run, tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", {"pool.yaml": pool(size=3), "other.yaml": pool("other", 3)})

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.net", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=repo, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "x")
    write(repo, {"pool.yaml": pool(size=1)})
    git("add", "-A")
    settle()
    first = checked(run, repo, "--staged")
    assert "pool-size-one" in first
    marked(cache)
    assert checked(run, repo, "--staged") == "from the cache"
    write(repo, {"other.yaml": pool("other", 1)})
    git("add", "-A")
    settle()
    assert checked(run, repo, "--staged").count('"policy":"pool-size-one"') == 2
    git("commit", "-qm", "y")
    assert "pool-size-one" not in checked(run, repo, "--staged")
