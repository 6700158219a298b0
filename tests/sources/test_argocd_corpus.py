"""Real repositories, when they lie beside this one: every ApplicationSet and Application is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lintkit.sources.argocd.application import read_application
from lintkit.sources.argocd.applicationset import expand
from lintkit.sources.argocd.charttemplates import scrape
from lintkit.sources.argocd.generators import Cluster
from lintkit.sources.argocd.releases import releases
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.node import Mapping, text

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpus is not here")


def reader_of(root: Path) -> Reader:
    def load(path: str) -> str | None:
        try:
            return (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return None

    return Reader(Files((p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()), load))


def of_kind(reader: Reader, kind: str, under: str = "") -> list[Mapping]:
    paths = [p for p in reader.files.paths if p.startswith(under) and p.endswith(".yaml")]
    found = (doc.root for path in paths for doc in reader.documents(path))
    return [root for root in found if isinstance(root, Mapping) and text(root.get("kind")) == kind]


def test_every_application_set_of_home_ops_expands_to_named_applications() -> None:
    reader = reader_of(SHARED / "corpus" / "mmalyska-home-ops")
    sets = of_kind(reader, "ApplicationSet", "cluster/appsets/")
    assert len(sets) == 6
    apps = []
    for each in sets:
        found = expand(each, reader, lambda url: "" if "home-ops" in url else None)
        assert found.unknown == ()
        apps += [read_application(app) for app in found.applications]
    by_name = {app.name: app for app in apps}
    assert len(by_name) == len(apps)
    assert by_name["rook-ceph-cluster"].wave == 3
    assert by_name["rook-ceph-cluster"].sync.automated.value is False
    assert by_name["rook-ceph-cluster"].sources[0].path == "cluster/apps/core/rook-ceph/cluster"
    assert by_name["rook-ceph-cluster"].ignore_differences
    results = [releases(app, reader, lambda _: "") for app in apps]
    assert not any(result.missing for result in results)
    assert {r.path for result in results for r in result.releases} >= {"cluster/apps/core/rook-ceph/cluster"}


def test_understack_expands_with_its_clusters() -> None:
    reader = reader_of(SHARED / "corpus" / "understack")
    sets = of_kind(reader, "ApplicationSet")
    cluster = Cluster("mgmt", "https://k", {"understack.rackspace.com/role": "aio", "understack.rackspace.com/argocd": "enabled"})
    found = [expand(each, reader, lambda url: "" if "understack" in url else None, [cluster]) for each in sets]
    assert {read_application(app).name for each in found for app in each.applications} == {"mgmt-understack", "mgmt-argocd"}
    assert all(expand(each, reader, lambda _: "").unknown for each in sets)


def test_every_chart_template_of_understack_gives_its_applications() -> None:
    reader = reader_of(SHARED / "corpus" / "understack")
    paths = [p for p in reader.files.paths if p.startswith("charts/argocd-understack/templates/application-")]
    found = {path: [read_application(app) for app in scrape(reader, path)] for path in paths}
    assert paths
    assert all(found.values())
    (cluster,) = found["charts/argocd-understack/templates/application-rook-ceph-cluster.yaml"]
    assert (cluster.wave, cluster.sync.prune.value, cluster.sources[0].chart) == (1, False, "rook-ceph-cluster")
    assert [name for name, _ in cluster.finalizers] == ["resources-finalizer.argocd.argoproj.io"]


def test_the_clean_cloud_is_read_without_anything_missing_or_unknown() -> None:
    reader = reader_of(SHARED / "cloud" / "clean")
    apps = [read_application(app) for app in of_kind(reader, "Application")]
    for app in apps:
        result = releases(app, reader, lambda url: "" if "gitops" in url else None)
        assert result.missing == ()
        assert {reason for reason, _ in result.unknown} <= {
            "repository https://github.com/rabbitmq/cluster-operator.git cannot be read here"
        }
        assert all(not release.hidden and release.chart for release in result.releases)
        assert result.releases or result.directories or result.unknown
    nova = next(app for app in apps if app.name == "prod-nova")
    (release,) = releases(nova, reader, lambda url: "" if "gitops" in url else None).releases
    assert [layer.name for layer in release.layers] == ["openstack/nova/values.yaml", "openstack/nova/prod.yaml"]
