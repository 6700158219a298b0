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

    for folder in (source, work):
        run(folder, "git", "init", "-q")
    run(source, "git", "add", "-A")
    run(source, "git", "commit", "-qm", "one")
    (work / "pool.yaml").write_text(POOL)
    run(work, "git", "add", "-A")
    for hook in ("lintkit", "lintkit-repo"):
        done = run(work, sys.executable, "-m", "pre_commit", "try-repo", source, hook, "--all-files", "--verbose")
        assert done.returncode == 1, done.stdout + done.stderr
        assert "pool-size-one" in done.stdout
