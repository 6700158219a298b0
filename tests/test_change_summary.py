"""The change summary, on real histories of the example cloud."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lintkit.boot import main
from lintkit.change import review
from lintkit.finding import Changed, ChangeSummary, Turn
from lintkit.report.markdown_changes import summary_lines
from lintkit.run import Options
from tests.repositories import EXAMPLES, commit, git, write

COMMON, PROD, HOSTS = "ceph/cluster/common.yaml", "ceph/cluster/prod.yaml", "nodes/prod/hosts.yaml"
POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: NAME, namespace: rook-ceph}\nspec: {replicated: {size: 3}}\n"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example cloud, committed."""
    root = tmp_path_factory.mktemp("history") / "cloud"
    shutil.copytree(EXAMPLES, root)
    git(root, "init", "-q", "-b", "main")
    commit(root, {})
    return root


@pytest.fixture
def cloud(history: Path, tmp_path: Path) -> Path:
    """A repository of the example cloud that a test may change."""
    return shutil.copytree(history, tmp_path / "cloud")


def edit(root: Path, path: str, *changes: tuple[str, str]) -> None:
    """Replace the first place of each text in a file; it must be there."""
    text = (root / path).read_text("utf-8")
    for old, new in changes:
        assert old in text, (path, old)
        text = text.replace(old, new, 1)
    write(root, {path: text})


def summary(root: Path, *, since: str = "HEAD", staged: bool = False) -> ChangeSummary:
    report, _ = review(Options(paths=(root,)), since="" if staged else since, staged=staged, summary=True)
    assert not report.broken
    assert report.changes is not None
    return report.changes


def changes(root: Path, environment: str = "prod", since: str = "HEAD") -> dict[tuple[str, str], Changed]:
    """What the summary says of an environment, by kind and name."""
    found = next(e for e in summary(root, since=since).environments if e.environment == environment)
    return {(changed.kind, changed.name): changed for changed in found.changed}


def turns(changed: Changed) -> dict[str, tuple[str | None, str | None]]:
    return {turn.name: (turn.before, turn.after) for turn in changed.turns}


def markdown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path, *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["lintkit", "check", str(root), "--format", "markdown", "--exit-zero", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_nothing_to_say_is_said(cloud: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (["--since", "HEAD"], ["--staged"]):
        assert "\nNo change in what the clusters get.\n" in markdown(capsys, monkeypatch, cloud, *arguments)
    write(cloud, {COMMON: "# a comment\n" + (cloud / COMMON).read_text("utf-8"), "notes.md": "words\n"})
    assert "\nNo change in what the clusters get.\n" in markdown(capsys, monkeypatch, cloud, "--since", "HEAD")
    assert "What the clusters get" not in markdown(capsys, monkeypatch, cloud)


def test_a_table_stands_below_the_findings_even_when_nothing_is_wrong(
    cloud: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(cloud, "argocd/prod/heat.yaml", ("cfn: 1", "cfn: 3"), ("min_available: 0", "min_available: 1"))
    said = markdown(capsys, monkeypatch, cloud, "--since", "HEAD")
    assert said.startswith("## lintkit\n\nNothing found")
    assert (
        "\n**prod**\n\n| | Name | Change |\n| --- | --- | --- |\n| service | `heat` | cfn replicas 1 → 3; also pod.lifecycle |\n"
        in said
    )
    assert "\nNo change in lab.\n" in said
    git(cloud, "add", "-A")
    assert "| service | `heat` | cfn replicas 1 → 3; also pod.lifecycle |" in markdown(capsys, monkeypatch, cloud, "--staged")


def test_pools_are_told_with_what_decides_about_them_and_their_pgs(cloud: Path) -> None:
    edit(cloud, "ceph/extra/registry.yaml", ("spec:\n", "spec:\n  deviceClass: nvme\n"))
    commit(cloud, {})
    slow = "name: cinder-slow\n    spec:\n      failureDomain: host\n      deviceClass: hdd\n      enableCrushUpdates: true\n"
    edit(cloud, COMMON, (slow + "      replicated:\n        size: 3", slow + "      replicated:\n        size: 2"))
    edit(cloud, COMMON, ('target_size_ration: "0.5"', 'target_size_ratio: "0.5"'))
    found = changes(cloud)
    assert turns(found["pool", "cinder-slow"])["size"] == ("3", "2")
    ratio = turns(found["pool", "cinder-fast"])
    assert ratio["ratio"] == ("", "0.5")
    before, after = ratio["PGs"]
    assert before is not None
    assert after is not None
    assert int(before) < int(after)
    assert found["pool", "cinder-fast"].also == ("parameters.target_size_ration",)
    assert turns(found["pool", "nova-disks"]).keys() == {"PGs"}, "its share is smaller, though nobody touched it"
    load = found["PG replicas per OSD", "default~hdd"].turns[0]
    assert float(load.before or 0) != float(load.after or 0)


def test_pgs_are_those_that_the_command_predicts(cloud: Path) -> None:
    from lintkit.facts.pg_plan import ClusterPlan, plans

    edit(cloud, "ceph/extra/registry.yaml", ("spec:\n", "spec:\n  enableCrushUpdates: true\n  deviceClass: nvme\n"))
    _, loaded = review(Options(paths=(cloud,)), since="HEAD")
    prod = next(e for e in loaded.environments if e.name == "prod")
    ((_, made),) = plans(prod)
    assert isinstance(made, ClusterPlan)
    predicted = {plan.name: str(plan.pg_num_accepted) for plan in made.plan.pools}
    told = {name: turns(changed)["PGs"][1] for (kind, name), changed in changes(cloud).items() if kind == "pool"}
    assert told
    assert told.items() <= predicted.items()


def test_how_much_of_a_pools_data_moves_is_told(cloud: Path) -> None:
    edit(cloud, "ceph/extra/registry.yaml", ("spec:\n", "spec:\n  enableCrushUpdates: true\n  deviceClass: nvme\n"))
    edit(cloud, COMMON, ("target_size_ration", "target_size_ratio"))
    commit(cloud, {})
    slow = "name: cinder-slow\n    spec:\n      failureDomain: host\n      deviceClass: hdd\n      enableCrushUpdates: true\n"
    edit(cloud, COMMON, (slow + "      replicated:\n        size: 3", slow + "      replicated:\n        size: 4"))
    fast = "name: cinder-fast\n    spec:\n      failureDomain: host\n      deviceClass: "
    edit(cloud, COMMON, (fast + "nvme", fast + "hdd"))
    found = changes(cloud)
    assert turns(found["pool", "cinder-slow"])["PGs"] == ("128", "32")
    # 3/4 of the PGs are merged into others, 4 of 10 OSDs hold each
    assert found["pool", "cinder-slow"].effects == ("Ceph makes 33 % more copies", "Ceph moves about 45 % of its data")
    assert found["pool", "cinder-fast"].effects == ("Ceph moves all its data",)
    assert "size 3 → 4; PGs 128 → 32; Ceph makes 33 % more copies; Ceph moves about 45 % of its data |" in "\n".join(
        summary_lines(summary(cloud))
    )
    commit(cloud, {})
    assert found["pool", "cinder-slow"].name not in {c.name for e in summary(cloud).environments for c in e.changed}


def test_pools_that_stand_keep_their_pgs_and_their_place(cloud: Path) -> None:
    edit(cloud, "ceph/extra/registry.yaml", ("spec:\n", "spec:\n  enableCrushUpdates: true\n  deviceClass: nvme\n"))
    commit(cloud, {})
    off = 'bulk: "true"\n        pg_autoscale_mode: "off"\n        target_size_ration'
    edit(cloud, COMMON, ('bulk: "true"\n        target_size_ration', off))
    assert turns(changes(cloud)["pool", "cinder-fast"]) == {"autoscale mode": ("", "off")}
    commit(cloud, {})
    fast = "name: cinder-fast\n    spec:\n      failureDomain: host\n      deviceClass: "
    edit(cloud, COMMON, (fast + "nvme\n      enableCrushUpdates: true", fast + "hdd"))
    found = changes(cloud)
    assert turns(found["pool", "cinder-fast"]) == {"device class": ("nvme", "hdd")}
    assert found["pool", "cinder-fast"].effects == ("Rook ignores the new placement",)
    assert not [kind for kind, _ in found if kind.startswith("PG")], "nothing moves in the cluster"


def test_new_osds_take_their_share_and_those_that_leave_git_stay(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    claim = "{metadata: {name: data}, spec: {resources: {requests: {storage: 2Ti}}}}"
    cluster = (
        "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: rook-ceph, namespace: rook-ceph}\nspec:\n"
        "  storage:\n    storageClassDeviceSets:\n"
        f"      - {{name: all, count: 6, config: {{deviceClass: ssd}}, volumeClaimTemplates: [{claim}]}}\n"
    )
    commit(tmp_path, {"c.yaml": cluster})
    write(tmp_path, {"c.yaml": cluster.replace("count: 6", "count: 9")})
    (row,) = (c for e in summary(tmp_path).environments for c in e.changed if c.kind == "CephCluster")
    assert row.effects == ("Ceph moves at least 33 % of the data on ssd OSDs to new ones",)
    write(tmp_path, {"c.yaml": cluster.replace("count: 6", "count: 5")})
    (row,) = (c for e in summary(tmp_path).environments for c in e.changed if c.kind == "CephCluster")
    assert row.effects == ("Rook removes no OSD",)


def test_a_pool_that_is_new_or_gone_is_told_whole(cloud: Path) -> None:
    write(cloud, {"ceph/extra/registry.yaml": None})
    edit(cloud, "ceph/clients/clients.yaml", ("---\n", "---\n" + POOL.replace("NAME", "fresh") + "---\n"))
    found = changes(cloud)
    assert (found["pool", "registry"].state, turns(found["pool", "registry"])["size"]) == ("removed", ("3", ""))
    assert ("StorageClass", "rbd-registry") in found
    fresh = found["pool", "fresh"]
    assert (fresh.state, turns(fresh)["size"], turns(fresh)["failure domain"]) == ("added", ("", "3"), ("", "host"))
    assert ("CephBlockPool", "rook-ceph/fresh") not in found, "the pool tells it"
    assert changes(cloud, "lab").keys() >= {("pool", "fresh")}


def test_an_erasure_coded_pool_is_told_by_its_chunks(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    coded = POOL.replace("NAME", "ec").replace("replicated: {size: 3}", "erasureCoded: {dataChunks: 4, codingChunks: 2}")
    commit(tmp_path, {"pool.yaml": coded})
    write(tmp_path, {"pool.yaml": coded.replace("codingChunks: 2", "codingChunks: 3")})
    (environment,) = summary(tmp_path).environments
    (pool,) = environment.changed
    assert turns(pool) == {"size": ("4+2", "4+3"), "PGs": (None, None)}
    assert environment.notes == tuple(
        f"PGs {when} the change are unknown: no CephCluster of these pools is declared here" for when in ("before", "after")
    )
    assert "| pool | `ec` | size 4+2 → 4+3; PGs unknown |" in list(summary_lines(summary(tmp_path)))


def test_versions_releases_and_daemons_are_told(cloud: Path) -> None:
    for path in cloud.glob("services/nova/*.yaml"):
        write(cloud, {path.relative_to(cloud).as_posix(): path.read_text("utf-8").replace(":2025.2-", ":2026.1-")})
    edit(cloud, "argocd/prod/nova.yaml", ("2025.2.6", "2026.1.8"))
    edit(cloud, "ceph/operator.yaml", ("tag: v1.19.6", "tag: v1.20.1"))
    edit(cloud, COMMON, ("tag: v19.2.3-20250717", "tag: v20.2.1"))
    edit(cloud, PROD, ("count: 4", "count: 5"))
    found = changes(cloud)
    assert turns(found["service", "nova"]) == {"release": ("2025.2", "2026.1"), "chart version": ("2025.2.6", "2026.1.8")}
    assert turns(found["Rook operator", "rook-ceph"]) == {"Rook": ("1.19.6", "1.20.1")}
    assert turns(found["CephCluster", "rook-ceph/rook-ceph"]) == {"Ceph": ("19.2.3", "20.2.1"), "mons": ("4", "5")}
    assert found["Application", "prod-nova"].turns == (Turn("revision of nova", "2025.2.6", "2026.1.8"),)


def test_a_release_that_only_some_containers_change_is_told_by_their_names(cloud: Path) -> None:
    compute = "nova_compute: registry.tarn.example/loci/nova:"
    edit(cloud, "services/nova/common.yaml", (compute + "2025.2", compute + "2025.1"))
    assert turns(changes(cloud)["service", "nova"]) == {"release of nova_compute": ("2025.2", "2025.1")}


def test_images_of_plain_workloads_are_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    operator = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: rook-ceph-operator, namespace: rook-ceph}\nspec:\n"
        "  template:\n    spec:\n      containers:\n        - {name: rook-ceph-operator, image: 'docker.io/rook/ceph:v1.18.5'}\n"
    )
    commit(tmp_path, {"operator.yaml": operator, "pool.yaml": POOL})
    write(tmp_path, {"operator.yaml": operator.replace("v1.18.5", "v1.19.6")})
    (row,) = (c for e in summary(tmp_path).environments for c in e.changed)
    assert row.turns == (Turn("image of rook-ceph-operator", "docker.io/rook/ceph:v1.18.5", "docker.io/rook/ceph:v1.19.6"),)


def test_nodes_that_leave_and_roles_that_change_are_told(cloud: Path) -> None:
    edit(cloud, HOSTS, ("    beck-04:\n      ansible_host: 10.61.4.24\n      ip: 10.61.4.24\n", ""), ("        beck-04:\n", ""))
    edit(cloud, HOSTS, ("          node-role.kubernetes.io/tarn-vswitch: enabled\n", ""))
    found = changes(cloud)
    assert found["node", "beck-04"].state == "removed"
    assert turns(found["node", "beck-04"])["node-role.kubernetes.io/tarn-compute"] == ("enabled", "")
    assert turns(found["node", "fell-01"]) == {"node-role.kubernetes.io/tarn-vswitch": ("enabled", "")}


def test_what_else_differs_is_named_and_no_value_of_it_shown(cloud: Path) -> None:
    text = (cloud / "services/keystone/common.yaml").read_text("utf-8")
    write(cloud, {"services/keystone/common.yaml": text + "secrets:\n  note: hunter2\n"})
    said = list(summary_lines(summary(cloud)))
    assert "| service | `keystone` | secrets.note |" in said
    assert not any("hunter2" in line for line in said)


def test_a_value_that_cannot_be_read_is_unknown(cloud: Path) -> None:
    edit(cloud, "argocd/prod/heat.yaml", ("cfn: 1", "cfn: <path:kv/heat#cfn>"))
    assert turns(changes(cloud)["service", "heat"]) == {"cfn replicas": ("1", None)}
    assert "| service | `heat` | cfn replicas 1 → unknown |" in list(summary_lines(summary(cloud)))


def test_what_a_broken_file_held_is_unknown_not_gone(cloud: Path) -> None:
    edit(cloud, "ceph/extra/registry.yaml", ("spec:\n", "spec: [\n"))
    found = summary(cloud)
    registry = next(c for e in found.environments for c in e.changed if c.name == "registry")
    assert (registry.state, registry.why) == ("removed", "ceph/extra/registry.yaml cannot be parsed")
    said = list(summary_lines(found))
    assert any(line.startswith("| pool | `registry` | not found any more (unknown): size 3") for line in said)
    assert "- ceph/extra/registry.yaml cannot be parsed" in said


def test_a_layer_that_broke_makes_values_unknown(cloud: Path) -> None:
    edit(cloud, PROD, ("count: 4", "count: [4"))
    found = changes(cloud)
    cluster = found["CephCluster", "rook-ceph/rook-ceph"]
    assert turns(cluster)["mons"] == ("4", None)
    assert PROD in cluster.why
    assert turns(found["StorageClass", "rbd"]) == {"settings": (None, None)}, "the file might have said something of it"
    assert any(
        line.startswith("| StorageClass | ") and line.endswith(" | settings unknown |") for line in summary_lines(summary(cloud))
    )


def test_a_file_that_moved_with_its_references_is_no_change(cloud: Path) -> None:
    git(cloud, "mv", COMMON, "ceph/cluster/base.yaml")
    git(cloud, "mv", "nodes/prod/hosts.yaml", "nodes/prod/inventory.yaml")
    for path in sorted(cloud.glob("argocd/*/ceph-cluster.yaml")):
        edit(cloud, path.relative_to(cloud).as_posix(), ("ceph/cluster/common.yaml", "ceph/cluster/base.yaml"))
    found = summary(cloud)
    assert [e.changed for e in found.environments] == [(), ()]
    (said,) = (line for line in summary_lines(found) if line.startswith("No change"))
    assert said.startswith("No change in what the clusters get that lintkit can tell, by 6 files: argocd/")


def test_an_environment_that_is_new_or_gone_is_told_by_what_it_has(cloud: Path) -> None:
    for path in ("argocd/lab.yaml", "argocd/lab", "nodes/lab"):
        git(cloud, "rm", "-rq", path)
    git(cloud, "commit", "-qm", "gone")
    gone = changes(cloud, "lab", since="HEAD~1")
    assert (gone["service", "nova"].state, gone["pool", "cinder-fast"].state) == ("removed", "removed")
    assert "**lab** (gone with this change)\n" in list(summary_lines(summary(cloud, since="HEAD~1")))
    git(cloud, "revert", "--no-edit", "-n", "HEAD")
    back = changes(cloud, "lab")
    assert (back["node", "ghyll-1"].state, back["service", "nova"].state) == ("added", "added")
    assert turns(back["service", "nova"])["release"] == ("", "2025.2")
    assert "**lab** (new with this change)\n" in list(summary_lines(summary(cloud)))


def test_alike_environments_and_things_share_their_place(cloud: Path) -> None:
    for name in ("glance", "keystone"):
        path = f"services/{name}/common.yaml"
        edit(cloud, path, ("api: 3", "api: 4"))
    said = list(summary_lines(summary(cloud)))
    assert "**lab, prod**\n" in said
    assert "| service | `glance`, `keystone` | api replicas 3 → 4 |" in said
    assert not any(line.startswith("No change in") for line in said)


def test_names_of_a_repository_cannot_break_the_table(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    commit(tmp_path, {"pool.yaml": POOL.replace("NAME", "plain")})
    name = "a|b`c\\n<img src=x>@all\\u202e"
    write(
        tmp_path, {"pool.yaml": POOL.replace("NAME", f'"{name}"').replace("size: 3", "size: 3}, deviceClass: 'x|y_z*', a: {b: 1")}
    )
    text = "\n".join(summary_lines(summary(tmp_path)))
    rows = [line for line in text.splitlines() if line.startswith("| pool |")]
    assert len(rows) == 2
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)
    assert "device class x\\|y\\_z\\*" in text
    assert "\u202e" not in text


def test_alternatives_of_one_name_are_told_by_their_file(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    pool = POOL.replace("NAME", "same")
    commit(tmp_path, {"a.yaml": pool, "b.yaml": pool.replace("size: 3", "size: 5")})
    write(tmp_path, {"a.yaml": pool.replace("size: 3", "size: 2"), "b.yaml": pool.replace("size: 3", "size: 4")})
    (environment,) = summary(tmp_path).environments
    assert [(c.name, turns(c)["size"]) for c in environment.changed] == [
        ("same (a.yaml)", ("3", "2")),
        ("same (b.yaml)", ("5", "4")),
    ]


def test_a_release_that_moves_to_another_namespace_goes_in_one_and_comes_in_the_other(cloud: Path) -> None:
    edit(cloud, "argocd/prod/neutron.yaml", ("namespace: openstack", "namespace: network"))
    moved = {name: changed.state for (kind, name), changed in changes(cloud).items() if kind == "service"}
    assert moved == {"network/neutron": "added", "openstack/neutron": "removed"}
    edit(cloud, "argocd/prod/neutron.yaml", ("  destination:\n    name: prod\n    namespace: network\n", ""))
    lost = {name: changed.state for (kind, name), changed in changes(cloud).items() if kind == "service"}
    assert lost == {"neutron": "added", "openstack/neutron": "removed"}


def test_sources_are_known_by_what_they_bring(cloud: Path) -> None:
    text = (cloud / "argocd/prod/neutron.yaml").read_text("utf-8")
    start, end = text.index("    - repoURL: https://tarballs"), text.index("    - repoURL: https://git.tarn")
    last = text.index("  destination:")
    turned = text[:start] + text[end:last] + text[start:end] + text[last:]
    write(cloud, {"argocd/prod/neutron.yaml": turned})
    assert ("Application", "prod-neutron") not in changes(cloud)
    write(cloud, {"argocd/prod/neutron.yaml": turned.replace("https://tarballs.opendev.org", "https://mirror.tarn.example")})
    assert changes(cloud)["Application", "prod-neutron"].also == ("repoURL of neutron",)


def test_a_template_that_changed_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    chart = "apiVersion: v2\nname: own\nversion: 1.0.0\n"
    template = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: {{ .Release.Name }}}\n"
    commit(tmp_path, {"own/Chart.yaml": chart, "own/values.yaml": "a: 1\n", "own/templates/map.yaml": template, "p.yaml": POOL})
    write(tmp_path, {"own/templates/map.yaml": template + "data: {a: b}\n"})
    assert summary(tmp_path).unplaced == ("own/templates/map.yaml",)
    (said,) = (line for line in summary_lines(summary(tmp_path)) if line.startswith("No change"))
    assert said.endswith("that lintkit can tell; it does not follow 1 changed file: own/templates/map.yaml")


def test_other_formats_do_not_pay_for_it(cloud: Path) -> None:
    code = (
        "import sys\nfrom lintkit.boot import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(str('lintkit.facts.summary' in sys.modules))"
    )
    loaded = {}
    for name in ("json", "markdown"):
        arguments = ["check", "--since", "HEAD", "--format", name, "--no-cache", "."]
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=cloud, capture_output=True, text=True, check=True)
        loaded[name] = done.stderr
    assert loaded == {"json": "False", "markdown": "True"}
