"""Changes: real histories in real repositories."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lintkit.boot import main
from lintkit.change import review
from lintkit.errors import LintkitError
from lintkit.run import Options
from lintkit.tree.revision import object_ids, revision, tree_files
from lintkit.tree.work import WorkTree
from tests.repositories import ENV, commit, git, write

POOL = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: NAME, namespace: rook-ceph}
spec:
  failureDomain: host
  replicated:
    size: 3
"""
VALUES = """\
cephFileSystems: []
cephObjectStores: []
cephBlockPools:
  - name: vms
    spec:
      failureDomain: host
      replicated:
        size: 3
    storageClass: {enabled: false}
"""
APP = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: ceph, namespace: argocd}
spec:
  destination: {namespace: rook-ceph, server: https://kubernetes.default.svc}
  source:
    repoURL: https://charts.rook.io/release
    chart: rook-ceph-cluster
    targetRevision: v1.19.5
    helm:
      values: |
"""
CHART = "apiVersion: v2\nname: ceph\nversion: 1.0.0\ndependencies:\n  - {name: rook-ceph-cluster, version: v1.19.5}\n"


def pool(name: str = "vms", size: int = 3) -> str:
    """A block pool as a manifest; its size is on line 7."""
    return POOL.replace("NAME", name).replace("size: 3", f"size: {size}")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit: a pool with two copies, one with three, and one with a single copy."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, {"pools/two.yaml": pool("two", 2), "pools/three.yaml": pool("three"), "pools/one.yaml": pool("one", 1)})
    return root


def found(root: Path, *, since: str = "", staged: bool = False, every: bool = False) -> set[tuple[str, str, int, str]]:
    """Policy, path, line and status of what is said about pool sizes and changes."""
    report, _ = review(Options(paths=(root,), show_all=every), since=since, staged=staged)
    assert not report.broken
    sizes = ("pool-size-one", "pool-size-two")
    chosen = [f for f in report.findings if f.family == "changes" or f.policy in sizes]
    return {(f.policy, f.span.path, f.span.start.line, f.status) for f in chosen}


def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object) -> str:
    """What a run that must end with exit code 2 says."""
    monkeypatch.setattr("sys.argv", ["lintkit", "check", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (2, "")
    assert "internal error" not in err
    return err


def test_findings_are_new_existing_or_resolved(repo: Path) -> None:
    commit(repo, {"pools/three.yaml": pool("three", 1), "pools/one.yaml": pool("one")})
    assert found(repo, since="HEAD~1") == {
        ("pool-size-one", "pools/three.yaml", 7, "new"),
        ("redundancy-lowered", "pools/three.yaml", 7, "new"),
    }
    assert ("pool-size-two", "pools/two.yaml", 7, "existing") in found(repo, since="HEAD~1", every=True)
    report, _ = review(Options(paths=(repo,)), since="HEAD~1")
    assert ("pool-size-one", "pools/one.yaml") in {(f.policy, f.span.path) for f in report.resolved}
    assert any("already there before this change" in note for note in report.notes)


def test_the_work_tree_is_the_head_of_since(repo: Path) -> None:
    write(repo, {"pools/three.yaml": pool("three", 2), "pools/untracked.yaml": pool("untracked", 1)})
    assert found(repo, since="HEAD") >= {
        ("redundancy-lowered", "pools/three.yaml", 7, "new"),
        ("pool-size-one", "pools/untracked.yaml", 7, "new"),
    }


def test_the_index_is_the_head_of_staged(repo: Path) -> None:
    write(repo, {"pools/three.yaml": pool("three", 1)})
    git(repo, "add", "-A")
    write(repo, {"pools/three.yaml": pool("three"), "pools/two.yaml": pool("two", 1)})
    assert found(repo, staged=True) == {
        ("pool-size-one", "pools/three.yaml", 7, "new"),
        ("redundancy-lowered", "pools/three.yaml", 7, "new"),
    }


def test_a_commit_of_one_file_is_judged_by_the_index_git_made_for_it(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo, {"pools/three.yaml": pool("three", 1)})
    other = repo / ".git" / "next-index-1.lock"
    other.write_bytes((repo / ".git" / "index").read_bytes())
    subprocess.run(
        ["git", "add", "-A"], cwd=repo, env={**os.environ, **ENV, "GIT_INDEX_FILE": str(other)}, check=True, capture_output=True
    )
    assert found(repo, staged=True) == set()
    monkeypatch.setenv("GIT_INDEX_FILE", str(other))
    assert ("redundancy-lowered", "pools/three.yaml", 7, "new") in found(repo, staged=True)


def test_a_renamed_file_is_no_change(repo: Path) -> None:
    git(repo, "mv", "pools", "storage")
    assert found(repo, staged=True) == set()
    git(repo, "commit", "-q", "-m", "moved")
    assert found(repo, since="HEAD~1") == set()


def test_a_resource_moved_into_helm_values_is_the_same_resource(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    commit(tmp_path, {"ceph/vms.yaml": pool()})
    values = "rook-ceph-cluster:\n" + "".join(f"  {line}\n" for line in VALUES.splitlines())
    app = APP + "".join(f"        {line}\n" for line in VALUES.splitlines())
    commit(tmp_path, {"ceph/vms.yaml": None, "app.yaml": app})
    assert found(tmp_path, since="HEAD~1") == set()
    commit(tmp_path, {"app.yaml": app.replace("size: 3", "size: 2")})
    assert ("redundancy-lowered", "app.yaml", 19, "new") in found(tmp_path, since="HEAD~2")
    commit(tmp_path, {"app.yaml": None, "chart/Chart.yaml": CHART, "chart/values.yaml": values})
    assert not {policy for policy, *_ in found(tmp_path, since="HEAD~3")} & {"data-store-removed", "redundancy-lowered"}


def test_a_removed_node_makes_a_finding_in_a_file_that_did_not_change(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    nodes = "  nodes:\n" + "".join(f"      - name: n{i}\n        devices: [{{name: /dev/disk/by-id/d}}]\n" for i in (1, 2, 3))
    cluster = (
        "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: rook-ceph, namespace: rook-ceph}\nspec:\n"
        "  storage:\n    useAllNodes: false\n  " + nodes
    )
    hosts = "all:\n  hosts: {n1: {}, n2: {}, n3: {}}\n  children: {kube_node: {hosts: {n1: {}, n2: {}, n3: {}}}}\n"
    commit(tmp_path, {"ceph/cluster.yaml": cluster, "inventory/hosts.yaml": hosts})
    commit(tmp_path, {"inventory/hosts.yaml": hosts.replace(", n3: {}", "")})
    report, _ = review(Options(paths=(tmp_path,)), since="HEAD~1")
    places = {(f.policy, f.span.path, f.span.start.line, f.status) for f in report.findings}
    assert ("unknown-storage-node", "ceph/cluster.yaml", 12, "new") in places


def test_what_is_excluded_in_head_is_excluded_in_base(repo: Path) -> None:
    commit(repo, {".lintkit.yaml": "exclude: [old/**]\n", "old/pool.yaml": pool("old")})
    commit(repo, {"old/pool.yaml": None})
    assert found(repo, since="HEAD~1") == set()


def test_a_link_is_what_it_leads_to_on_both_sides(repo: Path) -> None:
    (repo / "linked").mkdir()
    try:
        (repo / "linked/pool.yaml").symlink_to("../pools/three.yaml")
    except OSError:
        pytest.skip("no symbolic links here")
    commit(repo, {"pools/three.yaml": pool("linked")})
    commit(repo, {"pools/three.yaml": None, "linked/pool.yaml": None})
    commit(repo, {"linked/pool.yaml": pool("linked", 2)})
    assert ("redundancy-lowered", "linked/pool.yaml", 7, "new") in found(repo, since="HEAD~2")


def test_the_first_commit_is_judged_as_new(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"pool.yaml": pool(size=1)})
    git(tmp_path, "add", "-A")
    assert found(tmp_path, staged=True) == {("pool-size-one", "pool.yaml", 7, "new")}
    with pytest.raises(LintkitError, match="no commit yet"):
        review(Options(paths=(tmp_path,)), since="HEAD")


def test_a_detached_head_is_a_head(repo: Path) -> None:
    commit(repo, {"pools/three.yaml": pool("three", 2)})
    git(repo, "checkout", "-q", "--detach")
    assert ("redundancy-lowered", "pools/three.yaml", 7, "new") in found(repo, since="main~1")


def test_what_main_did_since_the_branch_began_is_not_the_change(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "topic")
    commit(repo, {"pools/two.yaml": pool("two")})
    git(repo, "checkout", "-q", "main")
    commit(repo, {"pools/later.yaml": pool("later", 1), "pools/three.yaml": None})
    git(repo, "checkout", "-q", "topic")
    assert found(repo, since="main") == set()


def test_a_merge_commit_is_judged_from_the_merge_base(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "topic")
    commit(repo, {"pools/three.yaml": pool("three", 2)})
    git(repo, "checkout", "-q", "main")
    before = commit(repo, {"pools/four.yaml": pool("four")})
    git(repo, "merge", "-q", "--no-ff", "-m", "merged", "topic")
    assert found(repo, since=before) >= {("redundancy-lowered", "pools/three.yaml", 7, "new")}
    assert not {path for _, path, *_ in found(repo, since=before)} - {"pools/three.yaml"}


def test_paths_that_are_no_ascii_are_paths(repo: Path) -> None:
    commit(repo, {"speicher/größe ä.yaml": pool("umlaut")})
    commit(repo, {"speicher/größe ä.yaml": pool("umlaut", 2)})
    assert ("redundancy-lowered", "speicher/größe ä.yaml", 7, "new") in found(repo, since="HEAD~1")


def test_a_root_below_the_top_of_the_work_tree_sees_its_own_base(repo: Path) -> None:
    files: dict[str, str | None] = {"straße/.lintkit.yaml": "profile: production\n", "straße/pool.yaml": pool("inner")}
    commit(repo, files)
    commit(repo, {"straße/pool.yaml": pool("inner", 2), "pools/three.yaml": pool("three", 2)})
    assert found(repo / "straße", since="HEAD~1") == {
        ("pool-size-two", "pool.yaml", 7, "new"),
        ("redundancy-lowered", "pool.yaml", 7, "new"),
    }


def test_line_endings_of_the_work_tree_are_no_change(repo: Path) -> None:
    write(repo, {"pools/three.yaml": pool("three").replace("\n", "\r\n")})
    assert found(repo, since="HEAD") == set()


def test_a_store_that_may_be_in_what_cannot_be_read_is_not_called_gone(repo: Path) -> None:
    git(repo, "remote", "add", "origin", "https://example.com/cloud.git")
    source = "    {repoURL: https://example.com/cloud.git, path: pools, targetRevision: main}\n"
    kept = APP[: APP.index("    repoURL")] + source
    app = kept.replace("name: ceph", "name: extra").replace("path: pools", "path: extra")
    commit(repo, {"kept.yaml": kept, "app.yaml": app, "extra/pool.yaml": pool("extra")})
    commit(repo, {"app.yaml": app.replace("cloud.git, path: extra", "elsewhere.git, path: away"), "extra/pool.yaml": None})
    report, _ = review(Options(paths=(repo,)), since="HEAD~1")
    reasons = [n.reason for n in report.not_evaluated if n.policy == "data-store-removed"]
    assert "data-store-removed" not in {f.policy for f in report.findings}
    assert any("pool extra is not found any more" in reason and "elsewhere.git cannot be read" in reason for reason in reasons)


def test_alternatives_of_one_name_are_told_apart_by_their_file(repo: Path) -> None:
    files: dict[str, str | None] = {f"sites/{name}.yaml": pool("same", size) for name, size in (("a", 5), ("b", 4), ("c", 3))}
    commit(repo, files)
    commit(repo, {"sites/a.yaml": None})
    assert found(repo, since="HEAD~1") == set()
    commit(repo, {"sites/c.yaml": pool("same", 2)})
    assert ("redundancy-lowered", "sites/c.yaml", 7, "new") in found(repo, since="HEAD~1")


def test_what_a_broken_file_held_is_not_called_gone(repo: Path) -> None:
    write(repo, {"pools/three.yaml": pool("three") + "  broken: [\n"})
    report, _ = review(Options(paths=(repo,)), since="HEAD")
    assert {f.policy for f in report.findings} == {"invalid-yaml"}
    reasons = [n.reason for n in report.not_evaluated if n.policy == "data-store-removed"]
    assert any("pools/three.yaml cannot be parsed" in reason for reason in reasons)


def test_what_is_wrong_with_a_file_moves_with_it_but_not_out_of_a_file_that_stays(repo: Path) -> None:
    twice = pool("four").replace("  failureDomain", "  deviceClass: ssd\n  deviceClass: hdd\n  failureDomain")
    bad = pool("bad") + "  broken: [1\n"
    commit(repo, {"pools/bad.yaml": bad, "pools/four.yaml": twice})
    git(repo, "mv", "pools", "stores")
    report, _ = review(Options(paths=(repo,), show_all=True), since="HEAD")
    shape = {(f.policy, f.span.path, f.status) for f in report.findings if f.family == "yaml"}
    assert shape == {("invalid-yaml", "stores/bad.yaml", "existing"), ("duplicate-key", "stores/four.yaml", "existing")}
    assert report.resolved == ()
    git(repo, "mv", "stores", "pools")
    write(repo, {"pools/bad.yaml": pool("bad"), "pools/worse.yaml": bad})
    report, _ = review(Options(paths=(repo,), show_all=True), since="HEAD")
    assert {(f.span.path, f.status) for f in report.findings if f.policy == "invalid-yaml"} == {("pools/worse.yaml", "new")}
    assert [(f.policy, f.span.path) for f in report.resolved] == [("invalid-yaml", "pools/bad.yaml")]


def test_a_layer_that_broke_changes_nothing_that_can_be_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    sources = (
        "  sources:\n    - {repoURL: https://charts.rook.io/release, chart: rook-ceph-cluster, targetRevision: v1.19.5,\n"
        "       helm: {valueFiles: [$here/a.yaml, $here/b.yaml]}}\n"
        "    - {repoURL: https://example.com/cloud.git, ref: here, targetRevision: main}\n"
    )
    app = APP[: APP.index("  source:")] + sources
    mons = "cephClusterSpec:\n  mon: {count: 5}\n"
    commit(tmp_path, {"app.yaml": app, "a.yaml": VALUES, "b.yaml": mons})
    write(tmp_path, {"b.yaml": mons.replace("5", "3")})
    assert ("redundancy-lowered", "b.yaml", 2, "new") in found(tmp_path, since="HEAD")
    write(tmp_path, {"b.yaml": mons + "more: [\n"})
    assert found(tmp_path, since="HEAD") == set()


def test_a_values_file_that_is_missing_takes_nothing_away(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "https://example.com/cloud.git")
    sources = (
        "  sources:\n    - {repoURL: https://charts.rook.io/release, chart: rook-ceph-cluster, targetRevision: v1.19.5,\n"
        "       helm: {valueFiles: [$here/a.yaml, $here/b.yaml]}}\n"
        "    - {repoURL: https://example.com/cloud.git, ref: here, targetRevision: main}\n"
    )
    app = APP[: APP.index("  source:")] + sources
    commit(tmp_path, {"app.yaml": app, "a.yaml": VALUES, "b.yaml": "cephClusterSpec:\n  mon: {count: 5}\n"})
    git(tmp_path, "mv", "a.yaml", "pools.yaml")
    git(tmp_path, "mv", "b.yaml", "mons.yaml")
    report, _ = review(Options(paths=(tmp_path,)), since="HEAD")
    assert not {f.policy for f in report.findings if f.family == "changes"}, "Argo CD renders nothing, so nothing goes"
    assert {(f.policy, f.message) for f in report.findings} >= {
        ("missing-values-source", f"values file {name}.yaml does not exist") for name in "ab"
    }
    reasons = [n.reason for n in report.not_evaluated if n.policy == "data-store-removed"]
    assert any("a.yaml, which do not exist" in reason for reason in reasons)


def environment_files(name: str, mons: int, server: str = "https://kubernetes.default.svc") -> dict[str, str | None]:
    """A cluster whose directory names its environment: an Application of the cluster chart, and its values."""
    app = APP[: APP.index("    repoURL")].replace("https://kubernetes.default.svc", server).replace("  source:\n", "  sources:\n")
    app += "    - {repoURL: https://charts.rook.io/release, chart: rook-ceph-cluster, targetRevision: v1.19.5,\n"
    app += f"       helm: {{valueFiles: [$here/clusters/{name}/values.yaml]}}}}\n"
    app += "    - {repoURL: https://example.com/cloud.git, ref: here, targetRevision: main}\n"
    values = VALUES + f"cephClusterSpec:\n  mon: {{count: {mons}}}\n"
    return {f"clusters/{name}/ceph.yaml": app, f"clusters/{name}/values.yaml": values}


def test_an_environment_whose_directory_has_another_name_is_the_same(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    commit(tmp_path, environment_files("prod", 5) | environment_files("stage", 3))
    gone: dict[str, str | None] = dict.fromkeys((*environment_files("prod", 5), *environment_files("stage", 3)))
    commit(tmp_path, {**gone, **environment_files("production", 5), **environment_files("staging", 3)})
    report, _ = review(Options(paths=(tmp_path,), show_all=True), since="HEAD~1", summary=True)
    assert {f.status for f in report.findings} == {"existing"}
    assert report.resolved == ()
    assert report.changes is not None
    assert [(e.environment, e.was, e.changed) for e in report.changes.environments] == [
        ("production", "prod", ()),
        ("staging", "stage", ()),
    ]
    assert "environment production is taken for what was prod" in report.notes
    commit(tmp_path, environment_files("production", 3))
    assert found(tmp_path, since="HEAD~2") == {("redundancy-lowered", "clusters/production/values.yaml", 11, "new")}


def test_another_destination_is_another_environment(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    commit(tmp_path, environment_files("prod", 5, "https://one.example.com:6443"))
    gone: dict[str, str | None] = dict.fromkeys(environment_files("prod", 5))
    commit(tmp_path, {**gone, **environment_files("production", 5, "https://two.example.com:6443")})
    assert {policy for policy, *_ in found(tmp_path, since="HEAD~1")} == {"ceph-cluster-renamed", "data-store-removed"}


def test_a_store_that_left_a_delivery_is_gone_at_the_delivery(repo: Path) -> None:
    git(repo, "remote", "add", "origin", "https://example.com/cloud.git")
    app = APP[: APP.index("    repoURL")] + "    {repoURL: https://example.com/cloud.git, path: pools, targetRevision: main}\n"
    commit(repo, {"app.yaml": app})
    commit(repo, {"pools/three.yaml": None})
    assert found(repo, since="HEAD~1") == {("data-store-removed", "app.yaml", 1, "new")}


def test_a_shallow_clone_says_what_to_fetch(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, {"pools/three.yaml": pool("three", 2)})
    git(tmp_path, "clone", "-q", "--depth", "1", repo.as_uri(), "clone")
    said = refused(capsys, monkeypatch, tmp_path / "clone", "--since", "origin/stable")
    assert "`git fetch --unshallow origin stable`" in said
    said = refused(capsys, monkeypatch, tmp_path / "clone", "--since", "HEAD~1")
    command = re.search(r"`(git fetch [^`]*)`", said)
    assert command
    git(tmp_path / "clone", *command[1].split()[1:])
    assert ("redundancy-lowered", "pools/three.yaml", 7, "new") in found(tmp_path / "clone", since="HEAD~1")


def test_a_shallow_clone_that_lacks_the_common_ancestor_says_what_to_fetch(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repo, "checkout", "-q", "-b", "topic")
    commit(repo, {"pools/three.yaml": pool("three", 2)})
    git(repo, "checkout", "-q", "main")
    commit(repo, {"pools/four.yaml": pool("four")})
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", "-b", "topic", repo.as_uri(), "clone")
    clone = tmp_path / "clone"
    said = refused(capsys, monkeypatch, clone, "--since", "origin/main")
    assert "no common ancestor with HEAD here; this clone is shallow" in said
    assert said.count("\n") == 1
    command = re.search(r"`(git fetch [^`]*)`", said)
    assert command
    git(clone, *command[1].split()[1:])
    assert ("redundancy-lowered", "pools/three.yaml", 7, "new") in found(clone, since="origin/main")


def test_a_partial_clone_says_what_to_fetch(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, {"pools/three.yaml": pool("three", 2)})
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", repo.as_uri(), "clone")
    clone = tmp_path / "clone"
    assert found(clone, since="HEAD") == set(), "what head holds too is there"
    said = refused(capsys, monkeypatch, clone, "--since", "HEAD~1")
    assert "pools/three.yaml of " in said
    command = re.search(r"`(git fetch [^`]*)`", said)
    assert command
    git(clone, *command[1].split()[1:])
    assert ("redundancy-lowered", "pools/three.yaml", 7, "new") in found(clone, since="HEAD~1")


def test_a_submodule_that_is_not_there_is_no_change(repo: Path, tmp_path: Path) -> None:
    charts = tmp_path / "charts"
    charts.mkdir()
    git(charts, "init", "-q")
    commit(charts, {"pool.yaml": pool("inner")})
    git(repo, "submodule", "--quiet", "add", charts.as_uri(), "vendor/charts")
    git(repo, "commit", "-q", "-m", "a submodule")
    commit(repo, {"pools/three.yaml": pool("three", 2)})
    expected = {("pool-size-two", "pools/three.yaml", 7, "new"), ("redundancy-lowered", "pools/three.yaml", 7, "new")}
    assert found(repo, since="HEAD~1") == expected
    git(repo, "submodule", "--quiet", "deinit", "-f", "vendor/charts")
    assert found(repo, since="HEAD~1") == expected
    git(tmp_path, "clone", "-q", repo.as_uri(), "clone")
    assert found(tmp_path / "clone", since="HEAD~1") == expected
    write(repo, {"pools/three.yaml": pool("three")})
    git(repo, "add", "pools")
    assert found(repo, staged=True) == set()


def test_what_a_sparse_checkout_leaves_out_is_not_gone(repo: Path) -> None:
    commit(repo, {"far/pool.yaml": pool("far")})
    git(repo, "sparse-checkout", "set", "pools")
    assert not (repo / "far").exists()
    write(repo, {"pools/three.yaml": pool("three", 2)})
    expected = {("pool-size-two", "pools/three.yaml", 7, "new"), ("redundancy-lowered", "pools/three.yaml", 7, "new")}
    assert found(repo, since="HEAD") == expected
    report, _ = review(Options(paths=(repo,)), since="HEAD")
    assert "the sparse checkout leaves out 1 file, which were not compared" in report.notes
    git(repo, "rm", "-q", "--sparse", "far/pool.yaml")
    assert ("data-store-removed", "new") in {(policy, status) for policy, *_, status in found(repo, since="HEAD")}


def test_a_linked_work_tree_is_judged_by_its_own_head_and_index(repo: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", "-b", "topic", linked)
    write(linked, {"pools/three.yaml": pool("three", 2)})
    git(linked, "add", "-A")
    expected = {("pool-size-two", "pools/three.yaml", 7, "new"), ("redundancy-lowered", "pools/three.yaml", 7, "new")}
    assert found(linked, staged=True) == expected
    git(linked, "commit", "-q", "-m", "fewer")
    assert found(linked, since="main") == expected
    assert found(repo, staged=True) == set()
    git(linked, "checkout", "-q", "--detach")
    assert found(linked, since="main") == expected


def test_a_merge_that_is_not_yet_made_is_judged_as_the_index_stands(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "topic")
    commit(repo, {"pools/three.yaml": pool("three", 2), "pools/new.yaml": pool("new", 2)})
    git(repo, "checkout", "-q", "main")
    commit(repo, {"pools/three.yaml": pool("three", 4)})
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "-q", "topic")
    assert found(repo, staged=True) == {("pool-size-two", "pools/new.yaml", 7, "new")}, "ours where there is a conflict"
    write(repo, {"pools/three.yaml": pool("three", 2)})
    git(repo, "add", "-A")
    assert ("redundancy-lowered", "pools/three.yaml", 7, "new") in found(repo, staged=True)


def blob_file(root: Path, name: str) -> Path:
    """Where git keeps the content of a committed file."""
    object_id = git(root, "rev-parse", f"HEAD:{name}")
    return root / ".git" / "objects" / object_id[:2] / object_id[2:]


@pytest.mark.parametrize("staged", [False, True])
def test_content_that_is_the_same_on_both_sides_is_not_read_from_git(
    repo: Path, staged: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, {f"pools/p{n:03}.yaml": pool(f"p{n:03}") for n in range(60)} | {"pools/copy.yaml": pool("p001")})
    write(repo, {"pools/p007.yaml": pool("p007", 2)})
    if staged:
        git(repo, "add", "-A")
    unchanged = sorted({blob_file(repo, f"pools/p{n:03}.yaml") for n in range(60) if n != 7})
    expected = {("pool-size-two", "pools/p007.yaml", 7, "new"), ("redundancy-lowered", "pools/p007.yaml", 7, "new")}
    for file in unchanged:
        file.unlink()
    assert found(repo, staged=staged, since="" if staged else "HEAD") == expected
    blob_file(repo, "pools/p007.yaml").unlink()
    arguments = ["--staged"] if staged else ["--since", "HEAD"]
    assert "pools/p007.yaml of " in refused(capsys, monkeypatch, repo, *arguments)


def test_content_that_is_the_same_on_both_sides_is_parsed_once(repo: Path) -> None:
    commit(repo, {"pools/four.yaml": pool("four")})
    write(repo, {"pools/four.yaml": pool("four", 2)})
    work = WorkTree(repo).files()
    base = revision(repo, git(repo, "rev-parse", "HEAD"))
    files = tree_files(repo, base, work, object_ids(work, repo, work.paths, next(iter(base.ids.values()))))
    assert files.documents("pools/one.yaml") is work.documents("pools/one.yaml")
    assert files.documents("pools/four.yaml") is not work.documents("pools/four.yaml")
    assert files.same == {"pools/one.yaml", "pools/two.yaml", "pools/three.yaml"}


def test_an_unknown_revision_is_refused(repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--since nowhere: this repository has no such revision" in refused(capsys, monkeypatch, repo, "--since", "nowhere")
    assert "no such revision" in refused(capsys, monkeypatch, repo, "--since=--output=x")


@pytest.mark.parametrize("arguments", [("--since", "main"), ("--staged",)])
def test_a_change_needs_a_repository(
    tmp_path: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"pool.yaml": pool()})
    assert f"{arguments[0]} needs a git repository" in refused(capsys, monkeypatch, tmp_path, *arguments)


def test_the_report_carries_the_status(repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repo, {"pools/three.yaml": pool("three", 1)})
    monkeypatch.setattr("sys.argv", ["lintkit", "check", str(repo), "--since", "HEAD~1", "--all", "--format", "json"])
    with pytest.raises(SystemExit) as stop:
        main()
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert stop.value.code == 1
    statuses = {(f["policy"], f["path"]): f["status"] for f in report["findings"]}
    assert statuses["pool-size-one", "pools/three.yaml"] == "new"
    assert statuses["pool-size-one", "pools/one.yaml"] == "existing"


def test_an_environment_whose_last_resource_goes_is_judged_where_it_was_written(tmp_path: Path) -> None:
    pool = (
        "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: images, namespace: rook-ceph}\n"
        "spec: {failureDomain: host, replicated: {size: 3, requireSafeReplicaSize: true}, parameters: {bulk: 'true'}}\n"
    )
    root = tmp_path / "repo"
    root.mkdir()
    for command in (["init", "-q"], ["config", "user.email", "a@example.net"], ["config", "user.name", "a"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    (root / "pool.yaml").write_text(pool)
    (root / "README").write_text("x")
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-qm", "one"], cwd=root, check=True)
    (root / "pool.yaml").unlink()
    report, _ = review(Options(paths=(root,)), since="HEAD")
    assert {(f.policy, f.span.path) for f in report.findings} == {("data-store-removed", "pool.yaml")}
