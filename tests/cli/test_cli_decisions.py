"""`lintkit baseline` and `lintkit ignores`: decisions that are kept."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Run, pool, sentence, write
from tests.cli.test_cli_git import git

REASON = "# lintkit: ignore[pool-size-one] until=2999-12-31 scratch data"


def commented(name: str, comment: str) -> str:
    return pool(name).replace("size: 1", f"size: 1  {comment}")


def commit(root: Path, day: str) -> None:
    """Commit everything on a day."""
    git(root, "add", "-A")
    moment = f"{day}T12:00:00+0000"
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "x", "--date", moment]
    subprocess.run(
        command, cwd=root, env={**os.environ, "GIT_COMMITTER_DATE": moment, "GIT_CONFIG_GLOBAL": os.devnull}, check=True
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with one ignore, committed on the first of March 2024."""
    root = write(tmp_path / "tree", {"pools/a.yaml": commented("a", REASON)})
    git(root, "init", "-q", "-b", "main")
    commit(root, "2024-03-01")
    return root


def age(day: str) -> int:
    return (datetime.now(UTC).date() - datetime.fromisoformat(day).date()).days


def test_an_ignore_is_listed_with_its_place_reason_last_day_and_age(run: Run, tree: Path) -> None:
    done = run("ignores", tree)
    assert done.code == 0
    first = done.out.splitlines()[0]
    days = age("2024-03-01")
    assert first == f"pools/a.yaml:7: pool-size-one: scratch data (until 2999-12-31, {days} days old)"
    assert done.out.splitlines()[-1] == "1 ignore, 0 entries in the baseline"


def test_a_line_that_moved_keeps_its_age_and_a_new_one_is_not_committed(run: Run, tree: Path) -> None:
    moved = "# new first line\n" + commented("a", REASON)
    write(tree, {"pools/a.yaml": moved, "pools/b.yaml": commented("b", "# lintkit: ignore[pool-size-one] why not")})
    lines = run("ignores", tree / "pools").out.splitlines()
    assert lines[0].startswith("pools/a.yaml:8: pool-size-one: scratch data")
    assert f"{age('2024-03-01')} days old" in lines[0]
    assert lines[1] == "pools/b.yaml:7: pool-size-one: why not (not committed)"


def test_the_age_is_that_of_the_line_and_not_of_the_file(run: Run, tree: Path) -> None:
    write(tree, {"pools/a.yaml": commented("a", REASON) + "# the end\n"})
    commit(tree, "2025-05-05")
    assert f"{age('2024-03-01')} days old" in run("ignores", tree).out
    write(tree, {"pools/a.yaml": commented("a", REASON.replace("scratch", "temporary"))})
    commit(tree, "2025-06-06")
    assert f"{age('2025-06-06')} days old" in run("ignores", tree).out


def test_ignores_of_the_configuration_are_listed_with_their_line(run: Run, tree: Path) -> None:
    config = "ignore:\n- {policies: [pool-size-one], paths: ['old/**'], reason: going away}\n"
    write(tree, {".lintkit.yaml": config})
    commit(tree, "2024-04-01")
    rows = json.loads(run("ignores", tree, "--format", "json").out)["ignores"]
    found = next(row for row in rows if row["by"] == "config")
    assert (found["path"], found["line"], found["reason"], found["since"]) == (".lintkit.yaml", 2, "going away", "2024-04-01")
    assert found["ids"] == ["pool-size-one", "in old/**"]


def test_without_git_nothing_is_committed(run: Run, tmp_path: Path) -> None:
    root = write(tmp_path / "plain", {"a.yaml": commented("a", REASON), ".lintkit.yaml": ""})
    (row,) = json.loads(run("ignores", root, "--format", "json").out)["ignores"]
    assert (row["since"], row["days"]) == (None, None)


def test_an_ignore_without_reason_or_policy_says_so(run: Run, tree: Path) -> None:
    write(tree, {"pools/a.yaml": commented("a", "# lintkit: ignore[]")})
    assert run("ignores", tree).out.splitlines()[0] == "pools/a.yaml:7: no policy: no reason (not committed)"


@pytest.mark.skipif(os.name != "posix", reason="needs a shell script")
def test_asking_for_ages_runs_nothing_of_the_repository(run: Run, tree: Path, tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    write(tree, {".gitattributes": "*.yaml filter=evil diff=evil\n"})
    for key in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "diff.evil.command"):
        git(tree, "config", key, script)
    (tree / "pools" / "a.yaml").write_text("# touched\n" + commented("a", REASON))
    assert f"{age('2024-03-01')} days old" in run("ignores", tree).out
    assert not canary.exists()


def test_baseline_accepts_everything_and_the_next_run_is_clean(run: Run, repo: Path) -> None:
    write(repo, {"a.yaml": pool("a")})
    assert run("check", repo).code == 1
    done = run("baseline", repo)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(".lintkit-baseline.json: ")
    after = run("check", repo, "--fail-on", "info")
    assert after.code == 0
    write(repo, {"b.yaml": pool("b")})
    assert run("check", repo, "--format", "json").places("pool-size-one") == [("b.yaml", 7)]


def test_baseline_of_a_file_is_that_of_its_repository(run: Run, repo: Path) -> None:
    write(repo, {"a.yaml": pool("a"), "b.yaml": pool("b")})
    run("baseline", repo / "a.yaml")
    assert run("check", repo).code == 0


def test_pruning_without_a_baseline_is_a_sentence(run: Run, repo: Path) -> None:
    write(repo, {"a.yaml": pool("a")})
    assert "there is no baseline to prune" in sentence(run("baseline", repo, "--prune"))
