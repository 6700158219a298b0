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
    assert "pre-push" not in hook["stages"], "nothing is staged when pushing"


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

    # what is committed is no change: only the hook for the whole repository judges it
    assert hook("lintkit", "--all-files")[0] == 0
    assert hook("lintkit-repo", "--all-files")[0] == 1

    # a commit that only deletes a file is judged, although pre-commit would hand no file on
    run(work, "git", "rm", "-q", "pool.yaml")
    code, said = hook("lintkit")
    assert (code, "data-store-removed" in said) == (1, True), said
