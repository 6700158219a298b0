"""Hooks for pre-commit: their definition, and (with LINTKIT_SLOW set) the real pre-commit in a scratch repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
POOL = (
    "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: a}\nspec: {failureDomain: host, replicated: {size: 1}}\n"
)


def test_the_four_hooks_are_offered() -> None:
    assert [hook["id"] for hook in HOOKS] == ["lintkit", "lintkit-fix", "lintkit-repo", "lintkit-policies"]


def test_pre_commit_accepts_the_hooks_and_the_configuration() -> None:
    pytest.importorskip("pre_commit")
    for command, file in (("validate-manifest", ".pre-commit-hooks.yaml"), ("validate-config", ".pre-commit-config.yaml")):
        subprocess.run([sys.executable, "-m", "pre_commit", command, ROOT / file], check=True)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_the_entry_of_a_hook_is_a_command_that_exists(hook: dict[str, Any]) -> None:
    program, *arguments = hook["entry"].split()
    assert program == "lintkit"
    done = subprocess.run([sys.executable, "-m", "lintkit", *arguments, "--help"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0


def test_the_staged_change_is_judged_by_git_and_not_by_a_list_of_files() -> None:
    hook = next(hook for hook in HOOKS if hook["id"] == "lintkit")
    assert "--staged" in hook["entry"]
    assert (hook["pass_filenames"], hook["always_run"]) == (False, True)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with the hooks of .pre-commit-hooks.yaml installed, running lintkit as it is here."""
    pytest.importorskip("pre_commit")
    own = [
        {**hook, "language": "system", "entry": hook["entry"].replace("lintkit", f"{sys.executable} -m lintkit", 1)}
        for hook in HOOKS
        if hook["id"] in ("lintkit", "lintkit-fix")
    ]
    own[1]["stages"] = ["manual"]
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": own}]}), "utf-8")
    git(tmp_path, "init", "-q", "-b", "main")
    done = pre_commit(tmp_path, "install")
    assert done.returncode == 0, done.stdout
    (tmp_path / "kept.yaml").write_text(POOL.replace("name: a", "name: kept").replace("size: 1", "size: 3"), "utf-8")
    git(tmp_path, "add", "-A")
    assert commit(tmp_path) == (0, True)
    return tmp_path


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git as nobody in particular."""
    author = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**os.environ, **author, "PRE_COMMIT_HOME": str(folder / ".git" / "pre-commit")}
    return subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)


def pre_commit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real pre-commit."""
    env = {**os.environ, "PRE_COMMIT_HOME": str(folder / ".git" / "pre-commit")}
    command = [sys.executable, "-m", "pre_commit", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def commit(folder: Path, policy: str = "pool-size-one", *arguments: str) -> tuple[int, bool]:
    """The exit code of a commit, and whether its output does not name a policy."""
    done = git(folder, "commit", "-qm", "one", *arguments)
    return done.returncode, policy not in done.stdout + done.stderr


def test_a_commit_is_stopped_by_what_it_adds_and_by_what_it_deletes(work: Path) -> None:
    (work / "pool.yaml").write_text(POOL, "utf-8")
    git(work, "add", "-A")
    assert commit(work) == (1, False)
    git(work, "commit", "-qm", "accepted", "--no-verify")
    # what is there already stops nobody, nor does a commit without a change
    (work / "README").write_text("more\n", "utf-8")
    git(work, "add", "-A")
    assert commit(work) == (0, True)
    assert commit(work, "pool-size-one", "--amend", "--allow-empty") == (0, True)
    # a commit that only deletes, of the index and of named files (which git does with an index of its own)
    git(work, "rm", "-q", "kept.yaml")
    assert commit(work, "data-store-removed") == (1, False)
    git(work, "reset", "-q", "--hard")
    (work / "kept.yaml").unlink()
    assert commit(work, "data-store-removed", "kept.yaml") == (1, False)


def test_all_files_and_ranges_of_commits_are_judged(work: Path) -> None:
    (work / "pool.yaml").write_text(POOL, "utf-8")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "accepted", "--no-verify")
    whole = pre_commit(work, "run", "lintkit", "--all-files")
    assert (whole.returncode, "pool-size-one" in whole.stdout) == (1, True)
    added = pre_commit(work, "run", "lintkit", "--from-ref", "HEAD~1", "--to-ref", "HEAD")
    assert (added.returncode, "pool-size-one" in added.stdout) == (1, True)
    nothing = pre_commit(work, "run", "lintkit", "--from-ref", "HEAD", "--to-ref", "HEAD")
    assert nothing.returncode == 0, nothing.stdout


def test_the_fixing_hook_edits_and_fails_once(work: Path) -> None:
    (work / "pool.yaml").write_text(
        POOL.replace("{failureDomain: host, replicated: {size: 1}}", "{replicated: {size: 3}, parameters: {bulk: true}}"), "utf-8"
    )
    git(work, "add", "-A")
    first = pre_commit(work, "run", "lintkit-fix", "--hook-stage", "manual")
    assert (first.returncode, "files were modified by this hook" in first.stdout) == (1, True)
    assert 'parameters: {bulk: "true"}' in (work / "pool.yaml").read_text("utf-8")
    git(work, "add", "-A")
    second = pre_commit(work, "run", "lintkit-fix", "--hook-stage", "manual")
    assert second.returncode == 0, second.stdout


def test_thousands_of_staged_files_are_one_process(work: Path) -> None:
    """Their names are too long for one command line: a hook that took them would run several times."""
    folder = work / "pools-with-a-rather-long-name-of-their-own" / "and-one-more-folder-below"
    folder.mkdir(parents=True)
    for number in range(5000):
        (folder / f"config-map-{number}.yaml").write_text(
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\n", "utf-8"
        )
    (folder / "pool.yaml").write_text(POOL, "utf-8")
    git(work, "add", "-A")
    done = pre_commit(work, "run", "lintkit")
    assert done.returncode == 1
    assert done.stdout.count("[pool-size-one]") == 1
    assert "1 error, 1 warning in 5003 files, 1 environment\n" in done.stdout


@pytest.mark.skipif(not os.environ.get("LINTKIT_SLOW"), reason="installs lintkit from the network: set LINTKIT_SLOW")
def test_the_real_pre_commit_runs_the_hooks(tmp_path: Path) -> None:
    source = tmp_path / "lintkit"
    skip = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "dist", "build")
    shutil.copytree(ROOT, source, ignore=skip)
    work = tmp_path / "work"
    work.mkdir()
    author = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**os.environ, **author, "PRE_COMMIT_HOME": str(tmp_path / "cache")}

    def run(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*map(str, command)], cwd=folder, env=env, capture_output=True, text=True, check=False)

    def hook(name: str, *options: str) -> tuple[int, str]:
        done = run(work, sys.executable, "-m", "pre_commit", "run", name, "--verbose", *options)
        return done.returncode, done.stdout + done.stderr

    for folder in (source, work):
        run(folder, "git", "init", "-q")
    run(source, "git", "add", "-A")
    run(source, "git", "commit", "-qm", "one")
    revision = run(source, "git", "rev-parse", "HEAD").stdout.strip()
    hooks = "".join(f"      - id: {name}\n" for name in ("lintkit", "lintkit-repo"))
    (work / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: {source}\n    rev: {revision}\n    hooks:\n{hooks}")
    (work / "pool.yaml").write_text(POOL)
    (work / "kept.yaml").write_text(POOL.replace("name: a", "name: b").replace("size: 1", "size: 3"))
    run(work, "git", "add", "-A")

    # a new mistake: both hooks find it, with and without --all-files
    for name in ("lintkit", "lintkit-repo"):
        for options in ((), ("--all-files",)):
            code, said = hook(name, *options)
            assert (code, "pool-size-one" in said) == (1, True), said
    run(work, "git", "commit", "-qm", "one")

    # what is committed is no change, but --all-files asks for everything
    assert hook("lintkit", "--all-files")[0] == 1
    assert hook("lintkit-repo", "--all-files")[0] == 1

    # a commit that only deletes a file is judged, although pre-commit would hand no file on
    run(work, "git", "rm", "-q", "pool.yaml")
    code, said = hook("lintkit")
    assert (code, "data-store-removed" in said) == (1, True), said
