"""The baseline: what a team accepted stays accepted wherever its text goes, and what is new is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintkit.decisions import prune_baseline, write_baseline
from lintkit.errors import LintkitError
from lintkit.run import Options, check

SPEC = """\
failureDomain: host
replicated:
  size: {size}
  requireSafeReplicaSize: false
parameters:
  bulkk: "true"
"""


def indented(text: str, width: int) -> str:
    return "".join(" " * width + line for line in text.splitlines(keepends=True))


def pool(name: str, size: int = 1) -> str:
    head = f"apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: {name}\n  namespace: rook-ceph\nspec:\n"
    return head + indented(SPEC.format(size=size), 2)


def values(*names: str) -> str:
    """The same pools as values of the chart."""
    items = "".join(
        f"- name: {name}\n  spec:\n{indented(SPEC.format(size=1), 4)}  storageClass:\n    enabled: false\n" for name in names
    )
    return f"cephClusterSpec:\n  mon:\n    count: 3\ncephBlockPools:\n{items}cephFileSystems: []\ncephObjectStores: []\n"


def repo(root: Path, files: dict[str, str]) -> Path:
    """A repository that holds these files and nothing else but its baseline."""
    root.mkdir(exist_ok=True)
    (root / ".git").mkdir(exist_ok=True)
    for old in root.rglob("*.yaml"):
        old.unlink()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def new(root: Path) -> set[tuple[str, str]]:
    report, _ = check(Options(paths=(root,)))
    return {(f.policy, f.resource.name) for f in report.findings}


def test_what_is_accepted_is_not_reported_and_what_comes_later_is(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", {"a.yaml": pool("a")})
    assert ("pool-size-one", "a") in new(root)
    said = write_baseline(Options(paths=(root,)))
    assert "accepted (" in said
    assert new(root) == set()
    (root / "b.yaml").write_text(pool("b"))
    assert ("pool-size-one", "b") in new(root)
    assert {name for _, name in new(root)} == {"b"}


def test_writing_it_anew_says_what_came_and_what_went(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", {"a.yaml": pool("a")})
    write_baseline(Options(paths=(root,)))
    before = (root / ".lintkit-baseline.json").read_bytes()
    assert "(0 new, 0 gone)" in write_baseline(Options(paths=(root,)))
    assert (root / ".lintkit-baseline.json").read_bytes() == before
    (root / "a.yaml").write_text(pool("a", 3).replace("requireSafeReplicaSize: false", "requireSafeReplicaSize: true"))
    assert "(0 new, 1 gone)" in write_baseline(Options(paths=(root,)))


def test_pruning_removes_what_is_gone_and_adds_nothing(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", {"a.yaml": pool("a")})
    write_baseline(Options(paths=(root,)))
    (root / "a.yaml").write_text(pool("a", 3))
    (root / "b.yaml").write_text(pool("b"))
    report, _ = check(Options(paths=(root,)))
    assert any("gone: `lintkit baseline --prune` removes what is gone" in note for note in report.notes)
    assert ": 1 entry removed, " in prune_baseline(Options(paths=(root,)))
    assert ("pool-size-one", "b") in new(root)
    entries = json.loads((root / ".lintkit-baseline.json").read_text())["findings"]
    assert ("pool-size-one", "CephBlockPool/rook-ceph/a") not in {(e["policy"], e["resource"]) for e in entries}
    assert ": 0 entries removed, " in prune_baseline(Options(paths=(root,)))


def test_an_accepted_finding_that_a_comment_accepts_too_stays_in_a_pruned_baseline(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", {"a.yaml": pool("a")})
    write_baseline(Options(paths=(root,)))
    text = pool("a").replace("size: 1", "size: 1 # lintkit: ignore[pool-size-one] scratch")
    (root / "a.yaml").write_text(text)
    assert ": 0 entries removed, " in prune_baseline(Options(paths=(root,)))


def test_without_findings_no_baseline_is_written(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", {"a.yaml": "a: 1\n"})
    assert "no baseline is needed" in write_baseline(Options(paths=(root,)))
    assert not (root / ".lintkit-baseline.json").exists()


def test_there_must_be_a_baseline_to_prune(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", {"a.yaml": pool("a")})
    with pytest.raises(LintkitError, match="there is no baseline to prune"):
        prune_baseline(Options(paths=(root,)))


def test_a_broken_policy_keeps_the_baseline_as_it_is(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", {"a.yaml": pool("a")})
    write_baseline(Options(paths=(root,)))
    before = (root / ".lintkit-baseline.json").read_bytes()
    folder = root / "house" / "own" / "bad"
    folder.mkdir(parents=True)
    (folder / "policy.yaml").write_text(
        "version: 1\nid: bad\ntitle: x\nsubject: Pool\nvalidations: [{expression: object.nothing.here == 1}]\nwhy: x\nremedy: x\n"
    )
    (root / ".lintkit.yaml").write_text("policy-folders: [house]\nexclude: ['house/**']\n")
    for command in (write_baseline, prune_baseline):
        with pytest.raises(LintkitError, match="the baseline stays as it is"):
            command(Options(paths=(root,)))
    assert (root / ".lintkit-baseline.json").read_bytes() == before


def test_a_finding_of_several_environments_stays_accepted_when_one_goes(tmp_path: Path) -> None:
    shared = {"base/pool.yaml": pool("a"), "base/kustomization.yaml": "resources: [pool.yaml]\n"}
    clusters = {f"clusters/{n}/kustomization.yaml": "resources: [../../base]\n" for n in ("east", "west")}
    config = "environments:\n  east: {paths: ['clusters/east/**']}\n  west: {paths: ['clusters/west/**']}\n"
    root = repo(tmp_path / "r", {**shared, **clusters, ".lintkit.yaml": config})
    report, _ = check(Options(paths=(root,)))
    assert any(f.environments == ("east", "west") for f in report.findings)
    write_baseline(Options(paths=(root,)))
    west = {name: text for name, text in clusters.items() if "west" in name}
    root = repo(root, {**shared, **west, ".lintkit.yaml": config.replace("  east: {paths: ['clusters/east/**']}\n", "")})
    assert new(root) == set()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.permutations(["a", "b", "c"]),
    files=st.lists(st.sampled_from(["one.yaml", "deep/two.yaml", "three.yml"]), min_size=3, max_size=3),
    blanks=st.integers(0, 4),
)
def test_moved_renamed_and_reordered_text_makes_nothing_new(
    tmp_path: Path, names: list[str], files: list[str], blanks: int
) -> None:
    root = repo(tmp_path / "r", {"one.yaml": "---\n".join(pool(n) for n in ("a", "b", "c"))})
    write_baseline(Options(paths=(root,)))
    texts: dict[str, str] = {}
    for name, file in zip(names, files, strict=True):
        texts[file] = texts.get(file, "") + "---\n" + "# moved\n" * blanks + pool(name)
    root = repo(root, texts)
    report, _ = check(Options(paths=(root,)))
    assert {(f.policy, f.resource.name) for f in report.findings} == set()
    assert not any("baseline" in note for note in report.notes)
    (root / "three.yml").unlink(missing_ok=True)


BROKEN = "a: [1\n"


def places(root: Path) -> set[tuple[str, str]]:
    """Policy and file of what is reported."""
    report, _ = check(Options(paths=(root,)))
    return {(f.policy, f.span.path) for f in report.findings}


def delivered(files: dict[str, str]) -> dict[str, str]:
    """Files that a kustomization beside them delivers, so that they are read."""
    return {"kustomization.yaml": f"resources: [{', '.join(files)}]\n", **files}


def test_what_is_wrong_with_a_file_stays_accepted_when_it_is_renamed(tmp_path: Path) -> None:
    twice = pool("a", 3).replace("  failureDomain", "  deviceClass: ssd\n  deviceClass: hdd\n  failureDomain")
    root = repo(tmp_path / "r", delivered({"one.yaml": BROKEN, "two.yaml": twice}))
    assert places(root) >= {("invalid-yaml", "one.yaml"), ("duplicate-key", "two.yaml")}
    write_baseline(Options(paths=(root,)))
    repo(root, delivered({"deep/three.yaml": "# moved\n" + BROKEN, "four.yaml": "# moved\n---\n" + twice}))
    assert places(root) == set()
    repo(root, delivered({"deep/three.yaml": "b: {2\n", "four.yaml": twice.replace("deviceClass", "crushRoot")}))
    assert places(root) >= {("invalid-yaml", "deep/three.yaml"), ("duplicate-key", "four.yaml")}


def test_a_finding_is_accepted_as_often_as_it_was_recorded(tmp_path: Path) -> None:
    root = repo(tmp_path / "r", delivered({"b.yaml": BROKEN}))
    assert "1 finding accepted (1 new, 0 gone)" in write_baseline(Options(paths=(root,)))
    repo(root, delivered({"a.yaml": BROKEN, "b.yaml": BROKEN, "c.yaml": BROKEN}))
    assert places(root) == {("invalid-yaml", "a.yaml"), ("invalid-yaml", "c.yaml")}, "its own file comes first"
    assert "3 findings accepted (2 new, 0 gone)" in write_baseline(Options(paths=(root,)))
    assert places(root) == set()
    repo(root, delivered({"a.yaml": BROKEN, "b.yaml": "a: 1\n", "c.yaml": BROKEN}))
    report, _ = check(Options(paths=(root,)))
    assert any(note.startswith("1 baseline entry is gone") for note in report.notes)
    assert ": 1 entry removed, 2 left" in prune_baseline(Options(paths=(root,)))
    repo(root, delivered({"a.yaml": BROKEN, "b.yaml": BROKEN, "c.yaml": BROKEN}))
    assert places(root) == {("invalid-yaml", "b.yaml")}


def test_reordered_lists_of_values_make_nothing_new(tmp_path: Path) -> None:
    chart = {"ceph/Chart.yaml": "apiVersion: v2\nname: rook-ceph-cluster\nversion: v1.18.0\n"}
    root = repo(tmp_path / "r", {**chart, "ceph/values.yaml": values("a", "b", "c")})
    write_baseline(Options(paths=(root,)))
    repo(root, {**chart, "ceph/values.yaml": values("c", "a", "b")})
    assert new(root) == set()


def test_a_resource_that_moves_into_values_makes_nothing_new(tmp_path: Path) -> None:
    chart = {"ceph/Chart.yaml": "apiVersion: v2\nname: rook-ceph-cluster\nversion: v1.18.0\n"}
    root = repo(tmp_path / "r", {**chart, "ceph/values.yaml": values("a"), "b.yaml": pool("b")})
    assert ("pool-size-one", "b") in new(root)
    write_baseline(Options(paths=(root,)))
    repo(root, {**chart, "ceph/values.yaml": values("a", "b")})
    assert new(root) == set()
