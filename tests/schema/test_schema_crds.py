"""The bundled schemas: which kinds, which releases, how large, how safe to look up."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from lintkit.data import data_dir
from lintkit.schema.compact import _FIELDS
from lintkit.schema.crds import _load, api_versions, schema_for

ROOK_KINDS = [
    "CephBlockPool",
    "CephBlockPoolRadosNamespace",
    "CephBucketNotification",
    "CephBucketTopic",
    "CephCOSIDriver",
    "CephClient",
    "CephCluster",
    "CephFilesystem",
    "CephFilesystemMirror",
    "CephFilesystemSubVolumeGroup",
    "CephNFS",
    "CephNVMeOFGateway",
    "CephObjectRealm",
    "CephObjectStore",
    "CephObjectStoreAccount",
    "CephObjectStoreUser",
    "CephObjectZone",
    "CephObjectZoneGroup",
    "CephRBDMirror",
]
OTHER_KINDS = (
    ("argoproj.io", "v1alpha1", "Application"),
    ("argoproj.io", "v1alpha1", "ApplicationSet"),
    ("argoproj.io", "v1alpha1", "AppProject"),
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"),
    ("source.toolkit.fluxcd.io", "v1", "GitRepository"),
    ("source.toolkit.fluxcd.io", "v1", "HelmRepository"),
    ("source.toolkit.fluxcd.io", "v1", "OCIRepository"),
    ("k8s.mariadb.com", "v1alpha1", "MariaDB"),
    ("pxc.percona.com", "v1", "PerconaXtraDBCluster"),
    ("rabbitmq.com", "v1beta1", "RabbitmqCluster"),
)


@pytest.mark.parametrize("kind", ROOK_KINDS)
def test_every_rook_kind_is_bundled(kind: str) -> None:
    schema = schema_for("ceph.rook.io", "v1", kind)
    assert schema is not None
    assert schema.product == "Rook"
    assert "spec" in schema.resolve(schema.roots["v1"]).properties
    assert "1.20" in schema.releases


@pytest.mark.parametrize(("group", "version", "kind"), OTHER_KINDS)
def test_the_kinds_that_lintkit_judges_are_bundled(group: str, version: str, kind: str) -> None:
    schema = schema_for(group, version, kind)
    assert schema is not None
    assert "spec" in schema.resolve(schema.roots[version]).properties


def test_the_release_chooses_the_schema_and_the_union_serves_where_it_is_unknown() -> None:
    def keys(rook: str) -> set[str]:
        schema = schema_for("ceph.rook.io", "v1", "CephObjectStoreUser", rook)
        assert schema is not None
        spec = schema.resolve(schema.roots["v1"]).properties["spec"]
        return set(schema.resolve(spec).properties)

    assert "accountRef" in keys("1.20")
    assert "accountRef" not in keys("v1.19.4")
    assert keys("") == keys("1.7") == keys("1.99") == keys("not a version") == keys("1.18") | keys("1.20")


def test_a_kind_or_version_that_is_not_bundled_has_no_schema() -> None:
    assert schema_for("ceph.rook.io", "v2", "CephCluster") is None
    assert schema_for("example.com", "v1", "CephCluster") is None
    assert schema_for("ceph.rook.io", "v1", "cephcluster") is None


@pytest.mark.parametrize(
    ("group", "kind"), [("..", "config"), ("ceph.rook.io/../..", "config"), ("", "x"), ("a" * 300, "X"), ("ceph.rook.io", "../x")]
)
def test_a_group_or_kind_that_leads_elsewhere_finds_nothing(group: str, kind: str) -> None:
    assert schema_for(group, "v1", kind) is None


def test_served_versions_are_known() -> None:
    assert api_versions("pxc.percona.com", "PerconaXtraDBCluster") == ("v1-10-0", "v1-11-0", "v1")
    assert api_versions("example.com", "Thing") == ()


def test_the_data_is_small() -> None:
    files = list(Path(data_dir("schemas") / "crds").rglob("*.json"))
    assert len(files) >= 30
    assert sum(f.stat().st_size for f in files) < 400_000


def test_the_largest_kinds_load_fast() -> None:
    def load(kind: str) -> float:
        _load.cache_clear()
        start = time.process_time()
        _load("ceph.rook.io", kind)
        return time.process_time() - start

    assert min(load("CephCluster") for _ in range(5)) < 0.002
    assert min(load("CephObjectStore") for _ in range(5)) < 0.002


def test_the_data_holds_no_prose() -> None:
    known = {short for short, _ in _FIELDS} | {"type", "open", "rules"}
    for file in Path(data_dir("schemas") / "crds").rglob("*.json"):
        for packed in json.loads(file.read_text("utf-8"))["shapes"]:
            assert set(packed) <= known, file.name
