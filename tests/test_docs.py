"""The documentation: its commands run, its links lead somewhere, its configurations are accepted, its pages are fresh."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from lintkit.choice import settled
from lintkit.config import load_config
from lintkit.policy.load import builtin_policies

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
IN_PROSE = re.compile(r"`(lintkit [^`]+)`")
IN_PIPELINE = re.compile(r"(?:script:|run:|-|sh ')\s*(lintkit [^'\n]+)")
ZENSICAL = shutil.which("zensical", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")

# commands that are not run, by how they start
SKIPPED = {
    "make ": "installs from the network; CI runs `make test`, and tests/test_examples.py does what `make demo` does",
    "pip install ": "installs from the network; tests/test_wheel.py installs the wheel",
    "pre-commit install": "needs pre-commit; tests/test_hooks.py runs the real one",
    "reviewdog ": "another program",
}

# what words in capitals stand for in the commands of the prose
MEANT = {
    "KIND/NAME:PATH": "CephCluster/rook-ceph:spec.mon.count",
    "KIND/NAME": "CephCluster/rook-ceph",
    "Pool/NAME": "Pool/cinder-fast",
    "EXPRESSION": "object.spec",
    "REPOSITORY": ".",
    "ID": "pool-size-one",
    "REV": "main",
}

CLUSTER = {
    "ceph_version": "20.2.4",
    "mon_target_pg_per_osd": None,
    "osds": [{"count": 12, "device_class": "hdd", "hosts": 4, "size_bytes": 1 << 40}],
    "pools": [{"name": "rbd", "type": "replicated", "size": 3, "target_size_ratio": 0.5}],
}
POOL = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: a, namespace: rook-ceph}
spec: {failureDomain: host, replicated: {size: 3}}
"""
WIDGETS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.net}
spec:
  group: example.net
  names: {kind: Widget, plural: widgets}
  versions:
    - {name: v1, served: true, schema: {openAPIV3Schema: {type: object}}}
"""


class Block(NamedTuple):
    """A block of shell commands: where it stands, and its commands."""

    page: str
    line: int
    commands: tuple[str, ...]


def code(language: str) -> Iterator[tuple[str, int, str]]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in BLOCK.finditer(text):
            if match[2] == language:
                indent = len(match[1])
                body = "".join(line[indent:] for line in match[3].splitlines(keepends=True))
                yield page.relative_to(ROOT).as_posix(), text.count("\n", 0, match.start()) + 1, body


def commands(body: str) -> tuple[str, ...]:
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in body.replace("\\\n", " ").splitlines())
    return tuple(line for line in lines if line)


def blocks() -> list[Block]:
    return [Block(page, line, commands(body)) for page, line, body in code("sh")]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples as a repository of their own, with a branch on `main`, and what the pages' commands name."""
    home = tmp_path_factory.mktemp("docs")
    cloud = home / "cloud"
    shutil.copytree(ROOT / "examples", cloud)
    extra = {"clusters/prod/extra.yaml": POOL, "pool.yaml": POOL, "cluster.json": json.dumps(CLUSTER)}
    for name, text in {**extra, "vendor/widgets.yaml": WIDGETS}.items():
        (cloud / name).parent.mkdir(parents=True, exist_ok=True)
        (cloud / name).write_text(text, encoding="utf-8")
    author = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "one"], ["switch", "-qc", "change"]):
        subprocess.run(["git", *command], cwd=cloud, env={**os.environ, **author}, check=True, capture_output=True)
    return cloud


@pytest.fixture
def scratch(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "cloud")
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "lintkit"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lintkit "$@"\n')
    wrapper.chmod(0o755)
    return tmp_path / "cloud"


def runnable() -> list[Block]:
    found = [b._replace(commands=tuple(c for c in b.commands if not c.startswith(tuple(SKIPPED)))) for b in blocks()]
    return [b for b in found if b.commands]


@pytest.mark.skipif(os.name == "nt", reason="the blocks are sh")
@pytest.mark.parametrize("block", runnable(), ids=lambda b: f"{b.page}:{b.line}")
def test_the_commands_of_a_page_run(block: Block, scratch: Path) -> None:
    path = os.pathsep.join([str(scratch.parent / "bin"), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    for command in block.commands:
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", command], cwd=scratch, env=env, capture_output=True, check=False)
        assert done.returncode in (0, 1), f"{command}: {done.returncode} {done.stderr.decode()}"


def scattered() -> list[str]:
    """Commands outside the blocks of commands: in the prose, and in the pipelines that are shown."""
    found: set[str] = set()
    for page in PAGES:
        found.update(" ".join(command.split()) for command in IN_PROSE.findall(BLOCK.sub("", page.read_text("utf-8"))))
    for language in ("yaml", "groovy"):
        found.update(command for page, _, body in code(language) for command in IN_PIPELINE.findall(body))
    return sorted(found - {"lintkit test"})  # CI runs that one itself: it takes long


@pytest.mark.skipif(os.name == "nt", reason="the commands are sh")
@pytest.mark.parametrize("command", scattered())
def test_a_command_in_the_prose_or_in_a_pipeline_runs(command: str, scratch: Path) -> None:
    for word, meant in MEANT.items():
        command = re.sub(rf"(?<![\w/:]){word}(?![\w/:])", meant, command)
    if command == "lintkit init":
        (scratch / ".lintkit.yaml").unlink()
    env = {**os.environ, "PATH": os.pathsep.join([str(scratch.parent / "bin"), os.environ["PATH"]]), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", command], cwd=scratch, env=env, capture_output=True, check=False)
    assert done.returncode in (0, 1), f"{command}: {done.returncode} {done.stderr.decode()}"


@pytest.mark.skipif(ZENSICAL is None, reason="zensical is not installed")
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    done = subprocess.run([str(ZENSICAL), "build", "--strict"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "site"
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        assert (site / ("index.html" if name == "README.html" else name)).is_file()
    loaded = re.findall(
        r'<(?:script|img|iframe|link rel="(?:stylesheet|preconnect)")[^>]*"(https?:[^"]*)"', (site / "ci.html").read_text("utf-8")
    )
    assert loaded == []
    beside = (site / "policies" / "pool-size-one.html").read_text("utf-8")
    assert re.search(r'href="(?:\./)?min-size-unsafe.html"', beside), "the navigation lists the policies of the family"


@pytest.mark.parametrize("start", SKIPPED)
def test_a_skipped_command_is_still_in_a_page(start: str) -> None:
    assert any(c.startswith(start) for b in blocks() for c in b.commands)


def test_every_relative_link_leads_to_a_file() -> None:
    lost = []
    for page in PAGES:
        prose = BLOCK.sub("", page.read_text("utf-8"))
        for target in LINK.findall(prose):
            if "://" not in target and not (page.parent / target).exists():
                lost.append(f"{page.relative_to(ROOT)}: {target}")
    assert lost == []


def is_yaml(body: str) -> bool:
    try:
        list(yaml.safe_load_all(body))
    except yaml.YAMLError:
        return False
    return True


def test_every_yaml_block_parses() -> None:
    # the case of a policy may be one whose YAML is the mistake
    broken = [
        f"{page}:{line}" for page, line, body in code("yaml") if not page.startswith("docs/policies/") and not is_yaml(body)
    ]
    assert broken == []


def test_every_configuration_shown_is_accepted(tmp_path: Path) -> None:
    shown = [(page, body) for page, _, body in code("yaml") if body.startswith("# .lintkit.yaml")]
    shown += [(page, body) for page, _, body in code("yaml") if page == "README.md" and "policy-folders:" in body]
    assert len(shown) > 10
    file = tmp_path / ".lintkit.yaml"
    for page, body in shown:
        file.write_text(body, encoding="utf-8")
        settled(load_config(file, page), builtin_policies())


def test_the_workflows_shown_name_inputs_that_the_action_has() -> None:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    text = (ROOT / "docs" / "ci.md").read_text("utf-8")
    workflows = [yaml.safe_load(body) for page, _, body in code("yaml") if page == "docs/ci.md" and "lintkit/lintkit@" in body]
    used = [s for w in workflows for s in w["jobs"]["lintkit"]["steps"] if s["uses"].startswith("lintkit/")]
    assert used
    for step in used:
        assert set(step.get("with", {})) <= set(action["inputs"])
    for name in (*action["inputs"], *action["outputs"]):
        assert f"`{name}`" in text


def test_the_hooks_shown_are_those_there_are() -> None:
    hooks = [hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))]
    text = (ROOT / "docs" / "pre-commit.md").read_text("utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE) == hooks


def test_the_generated_pages_are_fresh() -> None:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert sorted(module.stale()) == [], "run python tools/generate_docs.py"


def test_every_policy_has_a_page_and_stands_in_the_index() -> None:
    index = (ROOT / "docs" / "policies" / "index.md").read_text("utf-8")
    for policy in builtin_policies():
        assert (ROOT / "docs" / "policies" / f"{policy.id}.md").is_file()
        assert f"[{policy.id}]({policy.id}.md)" in index
