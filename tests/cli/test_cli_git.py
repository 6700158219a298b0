"""Git work trees: what is listed, which root is found, and that nothing of a repository is ever executed."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run, pool, spawn, write

ENV = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def git(root: Path, *arguments: object) -> str:
    """The output of a git command in ``root``."""
    command = ["git", *map(str, arguments)]
    done = subprocess.run(command, cwd=root, env={**os.environ, **ENV}, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with one pool in it, without commits."""
    root = write(tmp_path / "tree", {"pool.yaml": pool()})
    git(root, "init", "-q", "-b", "main")
    return root


def judged(run: Run, *paths: Path) -> list[str]:
    return [path for path, _ in run("check", *paths, "--format", "json").places("pool-size-one")]


def test_a_repository_without_commits_is_checked(run: Run, tree: Path) -> None:
    assert judged(run, tree) == ["pool.yaml"]


def test_what_git_ignores_is_not_judged_unless_it_is_named(run: Run, tree: Path) -> None:
    write(tree, {".gitignore": "out/\nlocal.yaml\n", "out/pool.yaml": pool("a"), "local.yaml": pool("b")})
    assert judged(run, tree) == ["pool.yaml"]
    assert judged(run, tree / "local.yaml") == ["local.yaml"]
    assert judged(run, tree / "out") == ["out/pool.yaml"]


def test_a_deleted_file_is_no_longer_judged(run: Run, tree: Path) -> None:
    write(tree, {"gone.yaml": pool("gone")})
    git(tree, "add", "-A")
    (tree / "gone.yaml").unlink()
    assert judged(run, tree) == ["pool.yaml"]


def test_the_root_is_the_top_of_the_work_tree_or_the_nearest_configuration(run: Run, tree: Path) -> None:
    write(tree, {"a/b/x.yaml": pool("x")})
    assert judged(run, tree / "a" / "b") == ["a/b/x.yaml"]
    write(tree, {"a/.lintkit.yaml": ""})
    assert judged(run, tree / "a" / "b") == ["b/x.yaml"]


def test_a_configuration_above_the_work_tree_is_not_used(run: Run, tree: Path) -> None:
    write(tree.parent, {".lintkit.yaml": "policies: {pool-size-one: off}\n"})
    assert judged(run, tree) == ["pool.yaml"]


def test_a_linked_work_tree_is_a_repository(run: Run, tree: Path) -> None:
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "one")
    other = tree.parent / "other"
    git(tree, "worktree", "add", "-q", other)
    write(other, {".gitignore": "local.yaml", "local.yaml": pool("local")})
    assert (other / ".git").is_file()
    assert judged(run, other) == ["pool.yaml"]


def test_a_submodule_is_another_repository_and_is_said(run: Run, tree: Path) -> None:
    inner = write(tree.parent / "inner", {"inner.yaml": pool("inner")})
    git(inner, "init", "-q")
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "one")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "sub")
    done = run("check", tree, "--format", "json")
    assert done.places("pool-size-one") == [("pool.yaml", 7)]
    assert done.skipped() == {"submodule or nested repository": 1}
    assert judged(run, tree / "sub") == ["inner.yaml"]


def test_git_need_not_be_installed(tree: Path) -> None:
    write(tree, {".gitignore": "local.yaml\n", "local.yaml": pool("local")})
    done = spawn("check", tree, env={"PATH": os.devnull})
    assert done.code == 1
    assert "note: git could not list the files of this work tree: .gitignore does not hold" in done.out
    assert "local.yaml" in done.out


def test_git_variables_of_a_hook_do_not_mislead(run: Run, tree: Path) -> None:
    other = write(tree.parent / "other", {"x.yaml": ""})
    git(other, "init", "-q")
    done = run("check", tree, "--format", "json", env={"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)})
    assert [path for path, _ in done.places("pool-size-one")] == ["pool.yaml"]


@pytest.mark.skipif(os.name != "posix", reason="the canaries are shell scripts")
def test_nothing_of_a_repository_is_executed(tree: Path) -> None:
    canary = tree.parent / "canary"
    script = write(tree, {"sing.sh": f"#!/bin/sh\necho $0 $* >> {canary}\ncat\n"}) / "sing.sh"
    script.chmod(0o755)
    hooks = tree / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (hooks / name).write_text(script.read_text())
        (hooks / name).chmod(0o755)
    write(tree, {".gitattributes": "*.yaml filter=sing diff=sing merge=sing\n"})
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "--no-verify", "-m", "one")
    canary.unlink(missing_ok=True)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "credential.helper",
        "diff.external",
        "diff.sing.command",
        "diff.sing.textconv",
        "filter.sing.clean",
        "filter.sing.smudge",
        "filter.sing.process",
        "merge.sing.driver",
        "alias.ls-files",
        "pager.ls-files",
        "gpg.program",
    ):
        git(tree, "config", key, f"!{script}" if key.startswith("alias") else script)
    git(tree, "config", "core.hooksPath", hooks)
    # Python would run these, were they on its path
    write(tree, {name: f"open({str(canary)!r}, 'a').write(__file__)\n" for name in ("yaml.py", "typer.py", "sitecustomize.py")})
    for name in ("Makefile", "Chart.yaml", "conftest.py", ".envrc"):
        write(tree, {name: f"echo sung > {canary}\n"})
    write(tree, {"pool.yaml": pool() + "# touched, so that git would look\n"})
    assert not canary.exists()
    for arguments in (("check",), ("check", "--diff"), ("check", "--fix", "--unsafe-fixes"), ("env",), ("policies",)):
        done = spawn(*arguments, cwd=tree)
        assert done.code in (0, 1), done
        assert not canary.exists(), canary.read_text()
    assert stat.S_IMODE(script.stat().st_mode) == 0o755


def test_a_check_leaves_the_work_tree_as_it_was(run: Run, tree: Path) -> None:
    git(tree, "add", "-A")
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in tree.rglob("*") if p.is_file()}
    for arguments in (("check",), ("check", "--diff", "--unsafe-fixes"), ("env",), ("policies",)):
        run(*arguments, cwd=tree)
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in tree.rglob("*") if p.is_file()} == before
