"""The example cloud: lintkit reports the mistakes planted in it, at the lines its README names, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
ROW = re.compile(r"^\| `([a-z-]+)` \| `([^`:]+):(\d+)` \| `([^`]+)` \| (.+) \|$", re.MULTILINE)

POLICIES = {
    "classless-mgr-pool",
    "data-pool-unsized",
    "even-mon-count",
    "overlapping-crush-roots",
    "pool-size-one",
    "selector-matches-no-node",
    "too-few-api-replicas",
    "unknown-pool-parameter",
    "unknown-storage-node",
    "unquoted-pool-parameter",
    "weak-rabbitmq-quorum",
}

# what a person would write instead: file, text, replacement
CORRECTIONS = (
    ("ceph/cluster/common.yaml", '        target_size_ration: "0.5"\n', ""),
    (
        "ceph/cluster/common.yaml",
        '            compression_mode: "passive"\n',
        '            compression_mode: "passive"\n            bulk: "true"\n',
    ),
    ("ceph/cluster/prod.yaml", "    count: 4\n", "    count: 5\n"),
    (
        "ceph/cluster/prod.yaml",
        "      - name: beck-05\n"
        "        devices:\n"
        "          - {name: /dev/disk/by-id/nvme-SAMSUNG_MZQL23T8HCLS_S615NA1, config: {deviceClass: nvme}}\n"
        "          - {name: /dev/disk/by-id/nvme-SAMSUNG_MZQL23T8HCLS_S615NA2, config: {deviceClass: nvme}}\n"
        "          - {name: /dev/disk/by-id/ata-WDC_WUH721816ALE6_2C15H1, config: {deviceClass: hdd}}\n"
        "          - {name: /dev/disk/by-id/ata-WDC_WUH721816ALE6_2C15H2, config: {deviceClass: hdd}}\n",
        "",
    ),
    ("ceph/extra/backups.yaml", "pg_autoscale_mode: on", 'pg_autoscale_mode: "on"'),
    (
        "ceph/extra/registry.yaml",
        "  failureDomain: host\n",
        "  failureDomain: host\n  deviceClass: nvme\n  enableCrushUpdates: true\n",
    ),
    (
        "argocd/lab/ceph-cluster.yaml",
        "          cephBlockPools:\n",
        "          cephBlockPools:\n"
        "            - name: mgr\n"
        "              spec: {name: .mgr, failureDomain: host, deviceClass: nvme, enableCrushUpdates: true,"
        " replicated: {size: 3, requireSafeReplicaSize: true}}\n"
        "              storageClass: {enabled: false}\n",
    ),
    (
        "argocd/lab/ceph-cluster.yaml",
        "size: 1\n                  requireSafeReplicaSize: false",
        "size: 3\n                  requireSafeReplicaSize: true",
    ),
    ("argocd/prod/heat.yaml", "cfn: 1\n", "cfn: 3\n"),
    ("argocd/prod/heat.yaml", "min_available: 0\n", "min_available: 2\n"),
    ("queues/prod/sizes.yaml", "  replicas: 2\n", "  replicas: 3\n"),
    ("services/cinder/prod.yaml", "      replicas: 2\n", "      replicas: 3\n"),
    ("services/neutron/common.yaml", "tarn-controlplane", "tarn-control-plane"),
)


class Planted(NamedTuple):
    """A row of the table in the README."""

    policy: str
    path: str
    line: int
    written: str
    consequence: str


class Checked(NamedTuple):
    """How a run of lintkit ended."""

    code: int
    report: dict[str, Any]


def planted() -> list[Planted]:
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8").partition("## Planted mistakes")[2]
    return [Planted(policy, path, int(line), written, says) for policy, path, line, written, says in ROW.findall(table)]


def check(directory: Path, cwd: Path) -> Checked:
    command = [sys.executable, "-m", "lintkit", "check", str(directory), "--format", "json"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode in (0, 1), done.stderr
    return Checked(done.returncode, json.loads(done.stdout))


@pytest.fixture(scope="module")
def checked() -> Checked:
    return check(Path("examples"), ROOT)


def places(report: dict[str, Any], *severities: str) -> set[tuple[str, str, int]]:
    return {(f["policy"], f["path"], f["line"]) for f in report["findings"] if f["severity"] in severities}


def test_the_table_has_one_row_for_each_planted_policy() -> None:
    assert sorted(row.policy for row in planted()) == sorted(POLICIES)


@pytest.mark.parametrize("row", planted(), ids=lambda row: row.policy)
def test_the_table_quotes_the_line_it_names(row: Planted) -> None:
    lines = (EXAMPLES / row.path).read_text(encoding="utf-8").splitlines()
    assert row.written in lines[row.line - 1]


def test_errors_and_warnings_are_exactly_the_planted_mistakes(checked: Checked) -> None:
    assert places(checked.report, "error", "warning") == {(row.policy, row.path, row.line) for row in planted()}


def test_the_example_fails_the_check(checked: Checked) -> None:
    assert checked.code == 1


def test_a_mistake_of_both_sites_is_told_once_as_grave_as_in_production(checked: Checked) -> None:
    told = [(f["severity"], f["environments"]) for f in checked.report["findings"] if f["policy"] == "selector-matches-no-node"]
    assert told == [("error", ["lab", "prod"])]


def test_production_errors_are_warnings_in_the_lab(checked: Checked) -> None:
    told = [(f["severity"], f["environments"]) for f in checked.report["findings"] if f["policy"] == "pool-size-one"]
    assert told == [("warning", ["lab"])]


def test_both_sites_are_found(checked: Checked) -> None:
    assert checked.report["summary"]["environments"] == ["lab", "prod"]


def test_only_the_operator_of_another_repository_is_skipped(checked: Checked) -> None:
    assert [(s["reason"].partition(" (")[0], s["count"]) for s in checked.report["skipped"]] == [
        ("source that cannot be read here", 2)
    ]


def test_an_overridden_value_is_named_with_its_layer(checked: Checked) -> None:
    found = next(f for f in checked.report["findings"] if f["policy"] == "too-few-api-replicas")
    assert [r["path"] for r in found["related"]] == ["services/heat/common.yaml"]


def test_nothing_is_reported_once_the_mistakes_are_corrected(tmp_path: Path) -> None:
    cloud = tmp_path / "cloud"
    shutil.copytree(EXAMPLES, cloud)
    for path, written, better in CORRECTIONS:
        file = cloud / path
        text = file.read_text(encoding="utf-8")
        assert text.count(written) >= 1, path
        file.write_text(text.replace(written, better, 1), encoding="utf-8")
    done = check(cloud, ROOT)
    assert places(done.report, "error", "warning", "info") == set()
    assert {entry["reason"] for entry in done.report["not_evaluated"]} == {"no base revision"}
    assert done.code == 0
