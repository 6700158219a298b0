"""Fixing a repository: what is made together, what is left, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from lintkit.repair import diff, repair
from lintkit.run import Options, check

# two policies of the repository's own: what one wants, the other does not
POLICY = """\
version: 1
id: {id}
title: {id}
severity: {{production: error, lab: error}}
subject: CephObjectStore
validations:
  - expression: "{expression}"
    message: "{id} speaks"
    at: spec.gateway.{at}
    fix: {{title: "mend {id}", set: {{{set}}}, safe: true}}
why: x
remedy: x
"""
STORE = """\
apiVersion: ceph.rook.io/v1
kind: CephObjectStore
metadata: {name: NAME, namespace: rook-ceph}
spec:
  gateway:
    port: 80
    instances: 2
    securePort: 443
"""


def policy(root: Path, name: str, expression: str, at: str, set_: str) -> None:
    folder = root / "house" / "own" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(POLICY.format(id=name, expression=expression, at=at, set=set_))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".lintkit.yaml").write_text("policy-folders: [house]\nexclude: ['house/**']\n")
    (tmp_path / "store.yaml").write_text(STORE.replace("NAME", "a"))
    return tmp_path


def spoken(root: Path) -> set[str]:
    report, _ = check(Options(paths=(root,)))
    assert not report.broken, report.broken
    return {f.policy for f in report.findings}


def test_a_fix_that_makes_another_policy_speak_is_left_and_says_which(root: Path) -> None:
    policy(root, "wants-8080", "object.spec.gateway.port == 8080", "port", "spec.gateway.port: 8080")
    policy(root, "wants-low-ports", "object.spec.gateway.port < 1024", "port", "spec.gateway.port: 80")
    before = (root / "store.yaml").read_text()
    done = repair(Options(paths=(root,)), unsafe=True)
    assert "left: store.yaml:6 wants-8080: it would make wants-low-ports speak" in done.left
    assert "port: 80\n" in (root / "store.yaml").read_text()
    assert (root / "store.yaml").read_text().splitlines()[:6] == before.splitlines()[:6]
    assert "wants-8080" in spoken(root)


def test_a_policy_that_is_not_selected_counts_too(root: Path) -> None:
    policy(root, "wants-8080", "object.spec.gateway.port == 8080", "port", "spec.gateway.port: 8080")
    policy(root, "wants-low-ports", "object.spec.gateway.port < 1024", "port", "spec.gateway.port: 80")
    shown = diff(Options(paths=(root,), select=("wants-8080",)), unsafe=True)
    assert shown.text == ""
    assert shown.refused == ("left: store.yaml:6 wants-8080: it would make wants-low-ports speak",)


def test_only_what_is_to_blame_is_left(root: Path) -> None:
    policy(root, "wants-8080", "object.spec.gateway.port == 8080", "port", "spec.gateway.port: 8080")
    policy(root, "wants-three", "object.spec.gateway.instances == 3", "instances", "spec.gateway.instances: 3")
    policy(
        root, "a-has-low-ports", "object.metadata.name != 'a' || object.spec.gateway.port < 1024", "port", "spec.gateway.port: 80"
    )
    (root / "other.yaml").write_text(STORE.replace("NAME", "b"))
    own = ("wants-8080", "wants-three", "a-has-low-ports")
    done = repair(Options(paths=(root,), select=own), unsafe=True)
    assert (root / "store.yaml").read_text() == STORE.replace("NAME", "a").replace("instances: 2", "instances: 3")
    assert (root / "other.yaml").read_text() == STORE.replace("NAME", "b").replace("instances: 2", "instances: 3").replace(
        "port: 80\n", "port: 8080\n"
    )
    assert done.left == ("left: store.yaml:6 wants-8080: it would make a-has-low-ports speak",)
    again = repair(Options(paths=(root,), select=own), unsafe=True)
    assert (again.applied, again.files, again.left) == (0, (), done.left)


def test_a_fix_that_settles_nothing_is_left(root: Path) -> None:
    policy(root, "never-content", "false", "port", "spec.gateway.securePort: 444")
    done = repair(Options(paths=(root,), select=("never-content",)), unsafe=True)
    assert done.left == ("left: store.yaml:6 never-content: it would not settle the finding",)
    assert done.files == ()


def test_several_fixes_that_add_keys_at_one_place_are_made_in_one_run(root: Path) -> None:
    for name in ("one", "two", "three"):
        at = f"service.labels.{name}"
        policy(
            root, f"wants-{name}", f"object.spec.gateway.?service.?labels.?{name}.orValue('') == 'x'", at, f"spec.gateway.{at}: x"
        )
    done = repair(Options(paths=(root,), select=("wants-*",)), unsafe=True)
    assert done.applied == 3
    assert done.left == ()
    added = "    service:\n      labels:\n"
    assert added in (root / "store.yaml").read_text()
    assert (root / "store.yaml").read_text().count("labels:") == 1
