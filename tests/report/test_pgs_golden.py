"""`lintkit pgs` byte for byte, as text and JSON. ``LINTKIT_ACCEPT=1`` rewrites the files: read the difference."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lintkit.pgs import repository_answer, what_if_answer
from lintkit.run import Options, load

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "pgs.schema.json").read_text("utf-8"))
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# pools with and without a device class, one whose parameter has a wrong name, one that Ceph does not know at all
OVERLAPPING = """apiVersion: ceph.rook.io/v1
kind: CephCluster
metadata: {name: rook-ceph, namespace: rook-ceph}
spec:
  cephVersion: {image: "quay.io/ceph/ceph:v19.2.3"}
  storage:
    useAllNodes: false
    useAllDevices: false
    config: {deviceClass: nvme}
    nodes:
      - {name: one, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
      - {name: two, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
      - {name: three, devices: [{name: a}, {name: b}, {name: c}, {name: d}]}
---
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: volumes, namespace: rook-ceph}
spec:
  failureDomain: host
  deviceClass: nvme
  replicated: {size: 3}
  parameters:
    target_size_ration: "0.5"
    bulk: "true"
---
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: images, namespace: rook-ceph}
spec:
  failureDomain: host
  replicated: {size: 3}
  parameters:
    nonsense_key: "1"
    bulk: "true"
---
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: fixed, namespace: rook-ceph}
spec:
  failureDomain: host
  deviceClass: nvme
  erasureCoded: {dataChunks: 2, codingChunks: 1}
  parameters: {pg_autoscale_mode: "off", pg_num: "64"}
"""


def _same(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("LINTKIT_ACCEPT") == "1":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


def _answer(folder: Path, *, as_json: bool) -> str:
    options = Options(paths=(folder,))
    return repository_answer(load(options), options, as_json=as_json)


def test_the_example_cloud() -> None:
    _same("pgs-examples.txt", _answer(EXAMPLES, as_json=False))


def test_overlapping_roots(tmp_path: Path) -> None:
    (tmp_path / "ceph.yaml").write_text(OVERLAPPING, "utf-8")
    _same("pgs-overlapping.txt", _answer(tmp_path, as_json=False))
    _same("pgs-overlapping.json", _answer(tmp_path, as_json=True))


def test_json_holds_the_cluster_again_with_the_fixes_made(tmp_path: Path) -> None:
    (tmp_path / "ceph.yaml").write_text(OVERLAPPING, "utf-8")
    (cluster,) = json.loads(_answer(tmp_path, as_json=True))["clusters"]
    suggested: dict[str, Any] = cluster["suggested"]
    assert cluster["pools"]["volumes"]["pg_num_accepted"] == 1
    assert suggested["after"]["pools"]["volumes"]["pg_num_accepted"] > 1
    assert suggested["after"]["overlapping_roots"] == []
    assert {f["policy"] for f in suggested["fixes"]} >= {"overlapping-crush-roots"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    useAllNodes: false\n", "    useAllNodes: true\n", "  not known: the number of OSDs is not in the repository"),
        (
            "    config: {deviceClass: nvme}\n",
            "    config: {}\n",
            "  not known: the device class of some OSDs is detected in the cluster",
        ),
    ],
)
def test_what_is_not_known_is_said_and_so_is_what_is_suggested(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "ceph.yaml").write_text(OVERLAPPING.replace(old, new), "utf-8")
    text = _answer(tmp_path, as_json=False)
    assert said in text
    assert "    overlapping-crush-roots ceph.yaml:29: put it on device class nvme\n" in text
    assert "  what they give is not known: " in text
    (cluster,) = json.loads(_answer(tmp_path, as_json=True))["clusters"]
    assert cluster["not_known"]
    assert cluster["suggested"]["after"]["not_known"]


def _valid(text: str) -> bool:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(json.loads(text)))


def test_every_json_answer_is_what_the_schema_says(tmp_path: Path) -> None:
    assert _valid(_answer(EXAMPLES, as_json=True))
    for number, (old, new) in enumerate(
        (("", ""), ("useAllNodes: false", "useAllNodes: true"), ("kind: CephCluster", "kind: Other"))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "ceph.yaml").write_text(OVERLAPPING.replace(old, new) if old else OVERLAPPING, "utf-8")
        assert _valid(_answer(folder, as_json=True))
    described = {
        "ceph_version": "19.2.3",
        "osds": [{"count": 9}],
        "pools": [{"name": "a", "size": 3}, {"name": "b", "size": 3, "bulk": True}],
    }
    (tmp_path / "cluster.json").write_text(json.dumps(described), "utf-8")
    assert _valid(what_if_answer(tmp_path / "cluster.json", as_json=True))
    assert _valid('{"error": "ZeroDivisionError"}')


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("pools", "volumes", "mode"), "sometimes"),
        (("pools", "volumes", "more"), 1),
        (("osds",), "12"),
        (("more",), 1),
        (("suggested", "fixes", 0, "line"), 0),
        (("suggested", "after", "more"), 1),
    ],
)
def test_the_schema_refuses_what_lintkit_never_writes(path: tuple[str | int, ...], value: object) -> None:
    whole = json.loads((GOLDEN / "pgs-overlapping.json").read_text("utf-8"))
    at: Any = whole["clusters"][0]
    for key in path[:-1]:
        at = at[key]
    assert _valid(json.dumps(whole))
    at[path[-1]] = value
    assert not _valid(json.dumps(whole))
