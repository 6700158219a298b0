"""Chart facts: the data under schemas/charts, how it is picked, and which chart a values file is for."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lintkit import charts
from lintkit.charts import (
    ComponentSpec,
    Defaults,
    chart_defaults,
    components,
    guess_chart,
    keys_read,
    keys_told,
    known_chart,
    known_keys,
)
from lintkit.data import data_dir
from lintkit.errors import LintkitError
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Node, items, lookup
from lintkit.yamldoc.plain import plain

ROOT = Path(__file__).resolve().parents[2]
SHARED_CHARTS = ROOT.parent / "shared" / "charts"
LINES = ("2024.2", "2025.1", "2025.2", "2026.1")
BY_HAND = {"cyborg", "freezer", "ldap", "postgresql", "powerdns", "skyline", "swift", "tacker", "zaqar"}

# Paths that templates read although no default names them: upstream forgot the default, named it otherwise,
# or added the workload in a later patch of 2026.1.
READ_WITHOUT_DEFAULT = {
    "cinder": {"pod.resources.backup", "manifests.statefulset_volume"},
    "designate": {f"pod.resources.{c}" for c in ("central", "mdns", "producer", "sink", "worker")},
    "ironic": {
        "pod.replicas.novncproxy",
        "labels.novncproxy",
        "manifests.deployment_novncproxy",
        "pod.resources.novncproxy",
        "images.tags.ironic_novncproxy",
    },
    "manila": {"manifests.statefulset_share"},
    "mariadb": {
        "pod.resources.controller",
        "pod.replicas.db_controller",
        "labels.db_controller",
        "manifests.deployment_db_controller",
        "pod.resources.db_controller",
        "images.tags.mariadb_db_controller",
    },
    "memcached": {"pod.resources.server"},
    "neutron": {"manifests.daemonset_ovn_agent", "images.tags.neutron_ovn_agent", "pod.resources.rpc_server"},
    "ovn": {
        "labels.ovn_bgp_agent",
        "manifests.daemonset_ovn_bgp_agent",
        "pod.tolerations.ovn_bgp_agent",
        "pod.resources.ovn_bgp_agent",
        "images.tags.ovn_bgp_agent",
    },
    "watcher": {"pod.replicas.engine"},
}


def defaults(name: str, version: str = "") -> Defaults:
    found = chart_defaults(name, version)
    assert found is not None
    return found


def value(name: str, version: str, *path: str | int) -> object:
    return plain(lookup(defaults(name, version).document.root, *path))


def component(chart: str, name: str, release: str = "") -> ComponentSpec:
    (found,) = [c for c in components(chart, release) if c.component == name]
    return found


def values(text: str) -> Mapping:
    root = documents(Source("values.yaml", text))[0].root
    assert isinstance(root, Mapping)
    return root


def guess(path: str, text: str) -> str:
    root = values(text)
    return guess_chart(path, frozenset(root.index), root)


def paths_of(spec: ComponentSpec) -> Iterator[tuple[str | int, ...]]:
    named = (spec.label, spec.replicas, spec.disruption_budget, spec.budget_manifest, spec.tolerations)
    yield from (p for p in named if p)
    yield from spec.manifests
    yield from spec.resources
    yield from (("images", "tags", tag) for tag in spec.images)


def charts_with_components() -> list[str]:
    return sorted(p.stem for p in (data_dir("schemas") / "charts" / "components").glob("*.yaml"))


# --- which release


@pytest.mark.parametrize(
    ("name", "version", "release", "exact"),
    [
        ("nova", "2025.2.6", "2025.2", True),
        ("nova", "2026.1.8+a659ab8a2", "2026.1", True),
        ("nova", "2024.2", "2024.2", True),
        ("nova", "0.3.13", "2026.1", False),
        ("nova", "", "2026.1", False),
        ("nova", "latest", "2026.1", False),
        ("nova", "2027.1.0", "2026.1", False),
        ("nova", "2023.2.0", "2024.2", False),
        ("libvirt", "2024.2.0", "2025.1", False),
        ("rook-ceph-cluster", "v1.19.5", "1.19", True),
        ("rook-ceph-cluster", "1.16", "1.16", True),
        ("rook-ceph", "v1.21.0", "1.20", False),
        ("rook-ceph", "1.15.2", "1.16", False),
        ("rook-ceph", "2025.1.0", "1.20", False),
    ],
)
def test_version_picks_the_release(name: str, version: str, release: str, exact: bool) -> None:
    found = defaults(name, version)
    assert (found.release, found.exact) == (release, exact)


def test_a_chart_without_data_has_no_defaults_and_no_components() -> None:
    assert chart_defaults("kube-prometheus-stack", "1.2.3") is None
    assert not known_chart("kube-prometheus-stack")
    assert components("kube-prometheus-stack") == ()
    assert known_keys("../../config") is None


@given(st.text(max_size=12))
def test_any_version_text_gives_some_release(version: str) -> None:
    assert defaults("nova", version).release in LINES


@given(st.text(max_size=30), st.text(max_size=12))
def test_any_chart_name_is_answered(name: str, release: str) -> None:
    assert (chart_defaults(name) is not None) == known_chart(name)
    keys_read(name, release)
    components(name, release)


def test_defaults_are_composed_once_and_marked_builtin() -> None:
    document = defaults("glance", "2025.1.0").document
    assert document is defaults("glance", "2025.1.3").document
    assert document.source.builtin
    assert document.source.path == "schemas/charts/openstack-helm/2025.1/glance.yaml"
    replicas = lookup(document.root, "pod", "replicas", "api")
    assert replicas is not None
    assert place_of(replicas).source is document.source


# --- facts in the data


@pytest.mark.parametrize("line", ["2025.1", "2025.2", "2026.1"])
def test_rabbitmq_has_two_servers_and_mariadb_three(line: str) -> None:
    assert value("rabbitmq", line, "pod", "replicas", "server") == 2
    assert value("mariadb", line, "pod", "replicas", "server") == 3
    assert value("rabbitmq", line, "conf", "rabbitmq", "cluster_partition_handling") == "autoheal"
    assert value("nova", line, "endpoints", "oslo_messaging", "statefulset") == {"replicas": 2, "name": "rabbitmq-rabbitmq"}


@pytest.mark.parametrize("line", LINES)
def test_openstack_conf_defaults(line: str) -> None:
    assert value("nova", line, "conf", "nova", "libvirt", "images_rbd_pool") == "vms"
    assert value("nova", line, "conf", "nova", "DEFAULT", "cpu_allocation_ratio") == 3.0
    assert value("nova", line, "conf", "nova", "upgrade_levels", "compute") == "auto"
    assert value("nova", line, "conf", "ceph", "enabled") is True
    assert value("cinder", line, "conf", "backends", "rbd1", "rbd_pool") == "cinder.volumes"
    assert value("cinder", line, "conf", "ceph", "pools", "backup", "replication") == 3
    assert value("glance", line, "storage") == "swift"
    assert value("glance", line, "conf", "glance", "rbd", "rbd_store_pool") == "glance.images"
    assert value("neutron", line, "network", "backend") == ["openvswitch"]
    assert value("neutron", line, "conf", "neutron", "DEFAULT", "l3_ha") is True
    assert value("octavia", line, "conf", "octavia", "health_manager", "heartbeat_key") == "insecure"
    assert value("nova", line, "pod", "resources", "enabled") is False


def test_defaults_hold_no_configuration_that_no_policy_reads() -> None:
    assert value("nova", "2026.1", "conf", "paste") is None
    assert value("nova", "2026.1", "dependencies") is None
    assert value("keystone", "2026.1", "endpoints") == {
        "oslo_db": {"hosts": {"default": "mariadb"}},
        "oslo_messaging": {"statefulset": {"name": "rabbitmq-rabbitmq", "replicas": 2}, "hosts": {"default": "rabbitmq"}},
        "oslo_cache": {"hosts": {"default": "memcached"}},
    }


def test_memcached_requires_anti_affinity_and_others_prefer_it() -> None:
    where = ("pod", "affinity", "anti", "type", "default")
    assert value("memcached", "2026.1", *where) == "requiredDuringSchedulingIgnoredDuringExecution"
    assert value("nova", "2026.1", *where) == "preferredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.parametrize("minor", ["1.16", "1.17", "1.18", "1.19", "1.20"])
def test_rook_cluster_chart_brings_its_own_pools(minor: str) -> None:
    root = defaults("rook-ceph-cluster", minor).document.root
    (block,) = items(lookup(root, "cephBlockPools"))
    assert plain(lookup(block, "name")) == "ceph-blockpool"
    assert plain(lookup(block, "spec")) == {"failureDomain": "host", "replicated": {"size": 3}}
    (filesystem,) = items(lookup(root, "cephFileSystems"))
    assert plain(lookup(filesystem, "name")) == "ceph-filesystem"
    assert plain(lookup(filesystem, "spec", "metadataPool", "replicated", "size")) == 3
    assert plain(lookup(filesystem, "spec", "dataPools", 0, "replicated", "size")) == 3
    (store,) = items(lookup(root, "cephObjectStores"))
    assert plain(lookup(store, "name")) == "ceph-objectstore"
    assert plain(lookup(store, "spec", "dataPool", "erasureCoded")) == {"dataChunks": 2, "codingChunks": 1}
    assert plain(lookup(store, "spec", "metadataPool", "replicated", "size")) == 3
    assert plain(lookup(store, "spec", "gateway", "instances")) == 1
    assert plain(lookup(root, "cephClusterSpec", "storage")) == {"useAllNodes": True, "useAllDevices": True}
    assert plain(lookup(root, "cephClusterSpec", "mgr", "count")) == 2
    assert plain(lookup(root, "cephClusterSpec", "disruptionManagement", "managePodBudgets")) is True


def test_only_the_rgw_data_pool_is_bulk() -> None:
    root = defaults("rook-ceph-cluster", "1.19").document.root
    assert plain(lookup(root, "cephObjectStores", 0, "spec", "dataPool", "parameters", "bulk")) == "true"
    assert lookup(root, "cephBlockPools", 0, "spec", "parameters") is None


def test_rook_operator_chart_names_its_own_image() -> None:
    assert value("rook-ceph", "1.19", "image", "tag") == "v1.19.10"
    assert value("rook-ceph", "1.19", "crds", "enabled") is True
    assert value("rook-ceph", "1.19", "csi", "enableRbdDriver") is True
    assert value("rook-ceph", "1.19", "csi", "csiRBDProvisionerResource") is None
    assert value("rook-ceph", "1.20", "csi", "enableRbdDriver") is None


# --- components


def test_nova_api_is_judged_by_the_paths_its_template_reads() -> None:
    api = component("nova", "osapi")
    assert (api.workload, api.role, api.group, api.name) == ("Deployment", "api", "openstack", "nova-api-osapi")
    assert api.replicas == ("pod", "replicas", "osapi")
    assert api.label == ("labels", "osapi")
    assert api.manifests == (("manifests", "deployment_api_osapi"),)
    assert api.anti_affinity == "os-api"
    assert api.disruption_budget == ("pod", "lifecycle", "disruption_budget", "osapi")
    assert api.budget_manifest == ("manifests", "pdb_osapi")
    assert api.tolerations == ("pod", "tolerations", "nova")
    assert api.resources == (("pod", "resources", "api"),)
    assert api.images == ("nova_api",)
    assert api.pod_labels == (("application", "nova"), ("component", "os-api"))


def test_label_of_a_component_may_be_called_otherwise() -> None:
    assert component("horizon", "server").label == ("labels", "dashboard")
    assert component("nova", "compute").label == ("labels", "agent", "compute")
    assert component("cloudkitty", "cloudkitty_processor").label == ("labels", "cloudkitty")
    assert component("ovn", "ovn_controller").label == ("labels", "ovn_controller")
    assert component("neutron", "ovn_metadata_agent").label == ("labels", "ovs")


def test_daemonsets_have_a_selector_and_no_replicas() -> None:
    daemonsets = [c for name in charts_with_components() for c in components(name) if c.workload == "DaemonSet"]
    assert {(c.chart, c.component) for c in daemonsets} >= {
        ("nova", "compute"),
        ("libvirt", "libvirt"),
        ("openvswitch", "openvswitch"),
        ("neutron", "l3_agent"),
        ("octavia", "health_manager"),
        ("ovn", "ovn_controller"),
    }
    assert [c for c in daemonsets if c.replicas or not c.label] == []


def test_roles_of_databases_queues_and_caches() -> None:
    assert component("mariadb", "server").role == "database"
    assert component("ovn", "ovn_ovsdb_nb").role == "database"
    assert component("rabbitmq", "server").role == "queue"
    assert component("memcached", "server").role == "cache"
    assert component("horizon", "server").role == "api"
    assert component("nova", "conductor").role == "engine"


def test_neutron_agents_need_their_backend() -> None:
    assert component("neutron", "ovs_agent").backend == "openvswitch"
    assert component("neutron", "sriov_agent").backend == "sriov"
    assert component("neutron", "l3_agent").backend == ""


def test_components_are_those_of_the_release() -> None:
    assert component("octavia", "worker", "2025.1").workload == "Deployment"
    assert component("octavia", "worker", "2025.2").workload == "DaemonSet"
    assert component("octavia", "worker").workload == "DaemonSet"
    assert "collector" in {c.component for c in components("ceilometer", "2025.1")}
    assert "collector" not in {c.component for c in components("ceilometer")}
    assert "serialproxy" not in {c.component for c in components("nova", "2024.2")}


def test_watcher_engine_reads_another_key_than_its_values_name() -> None:
    assert component("watcher", "decision_engine").replicas == ("pod", "replicas", "engine")
    assert value("watcher", "2026.1", "pod", "replicas", "decision_engine") == 1


@pytest.mark.parametrize("name", charts_with_components())
def test_every_path_of_a_component_exists_in_the_defaults_of_a_release(name: str) -> None:
    roots: list[Node | None] = [c.document.root for line in LINES if (c := chart_defaults(name, line)) is not None]
    specs = {spec for line in (*LINES, "") for spec in components(name, line)}
    assert specs
    absent = {".".join(map(str, p)) for spec in specs for p in paths_of(spec) if all(lookup(r, *p) is None for r in roots)}
    assert absent == READ_WITHOUT_DEFAULT.get(name, set())


@pytest.mark.parametrize("name", charts_with_components())
@pytest.mark.parametrize("line", LINES)
def test_every_replica_key_that_templates_read_belongs_to_a_component(name: str, line: str) -> None:
    read = keys_read(name, line)
    if read is not None:
        assert read.replicas <= {str(c.replicas[-1]) for c in components(name, line) if c.replicas}


@pytest.mark.parametrize("name", charts_with_components())
def test_components_have_the_disruption_budgets_that_templates_read(name: str) -> None:
    read = keys_read(name, "2026.1")
    assert read is not None
    assert {c.disruption_budget[-1] for c in components(name, "2026.1") if c.disruption_budget} == read.disruption_budget


def test_component_names_are_unique_within_a_release() -> None:
    for name in charts_with_components():
        for line in LINES:
            names = [c.component for c in components(name, line)]
            assert len(names) == len(set(names)), f"{name} {line}"


# --- keys


def test_templates_of_rabbitmq_read_no_disruption_budget() -> None:
    read = keys_read("rabbitmq", "2026.1")
    assert read is not None
    assert read.replicas == {"server"}
    assert read.disruption_budget == frozenset()
    assert value("rabbitmq", "2026.1", "pod", "lifecycle", "disruption_budget", "mariadb", "min_available") == 0
    assert keys_read("rabbitmq", "2024.2") is None


def test_keys_of_a_line_whose_templates_were_not_looked_at_are_those_of_any_line() -> None:
    told = keys_told("nova")
    assert told is not None
    assert {"conductor", "scheduler", "osapi"} <= told.replicas
    assert "conducter" not in told.replicas
    assert {"metadata", "osapi"} <= told.disruption_budget
    assert keys_told("rook-ceph") is None


def known(name: str, path: str) -> object:
    tree: object = known_keys(name)
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("nova", "pod.replicas.osapi", 1),
        ("nova", "pod.replicas.api", None),
        ("nova", "conf.nova", 0),
        ("nova", "conf.overrides", 0),
        ("nova", "labels.osapi.node_selector_key", 1),
        ("nova", "pod.resources.conductor.limits", 0),
        ("cinder", "pod.resources.backup.requests", 0),
        ("ironic", "pod.replicas.novncproxy", 1),
        ("octavia", "manifests.deployment_worker", 1),
        ("octavia", "manifests.daemonset_worker", 1),
        ("rook-ceph-cluster", "cephClusterSpec", 0),
        ("rook-ceph-cluster", "cephECBlockPools", 1),
        ("rook-ceph-cluster", "cephImage.tag", 1),
        ("rook-ceph", "csi.enableRbdDriver", 1),
        ("rook-ceph", "nodeSelector", 0),
    ],
)
def test_known_keys(name: str, path: str, kind: int | None) -> None:
    assert known(name, path) == kind


def test_every_default_is_a_known_key() -> None:
    def unknown(node: Node, tree: object, path: str) -> Iterator[str]:
        if isinstance(node, Mapping) and isinstance(tree, dict):
            for key, entry in node:
                if key in tree:
                    yield from unknown(entry.value, tree[key], f"{path}.{key}")
                else:
                    yield f"{path}.{key}"

    for name in sorted(charts.chart_names() - BY_HAND):
        for line in (*LINES, "1.16", "1.17", "1.18", "1.19", "1.20"):
            found = defaults(name, line)
            if found.exact:
                assert found.document.root is not None
                assert list(unknown(found.document.root, known_keys(name), name)) == []


# --- guessing


OSAPI = "pod: {replicas: {osapi: 3}}\nmanifests: {deployment_spiceproxy: false}\n"


@pytest.mark.parametrize(
    "path",
    [
        "openstack/nova/values.yaml",
        "openstack/nova/overlays/prod.yaml",
        "values/nova.yaml",
        "base-helm-configs/nova/nova-helm-overrides.yaml",
        "helm/osh-openstack-nova.yml",
    ],
)
def test_nova_is_recognised_by_its_path_and_keys(path: str) -> None:
    assert guess(path, OSAPI) == "nova"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("openstack/values.yaml", OSAPI),
        ("openstack/nova/values.yaml", "image: {repository: nova}\nreplicaCount: 2\n"),
        ("apps/redis/values.yaml", "labels: {team: data}\nimages: {redis: x}\n"),
        ("apps/redis/values.yaml", "image: {repository: redis}\nmetrics: {enabled: true}\n"),
        ("nova/values.yaml", "pod: text\nlabels: [a]\n"),
        ("nova/values.yaml", "{}\n"),
        ("blazar-splitter/values.yaml", "image: {}\nservice: {}\nhpa: {}\nendpoints: {}\nmanifests: {secret_rabbitmq: false}\n"),
    ],
)
def test_no_chart_is_guessed_in_doubt(path: str, text: str) -> None:
    assert guess(path, text) == ""


def test_longer_chart_name_wins() -> None:
    text = "pod: {replicas: {server: 3}}\nlabels: {server: {node_selector_key: a}}\n"
    assert guess("db/mariadb-cluster/values.yaml", text) == "mariadb-cluster"


def test_one_shared_key_is_enough_when_all_below_it_is_known() -> None:
    assert guess("components/ovn/values.yaml", "conf: {ovn_encap_type: geneve}\n") == "ovn"
    assert guess("components/ovn/values.yaml", "conf: {ovn_encap_type: geneve, other: 1}\n") == ""
    assert guess("components/nova/values.yaml", "labels: {job: {node_selector_key: a}}\n") == ""


def test_charts_kept_by_hand_are_recognised_too() -> None:
    assert guess("zaqar/zaqar-helm-overrides.yaml", "pod: {replicas: {api: 3}}\nimages: {tags: {zaqar_api: x}}\n") == "zaqar"


@pytest.mark.parametrize("key", ["cephClusterSpec", "cephBlockPools", "cephFileSystems", "cephObjectStores"])
def test_rook_cluster_values_are_told_by_one_key(key: str) -> None:
    assert guess("storage/values.yaml", f"{key}: []\n") == "rook-ceph-cluster"


@pytest.mark.parametrize(
    "text",
    [
        "image: {repository: docker.io/rook/ceph, tag: v1.19.5}\n",
        "crds: {enabled: true}\nenableDiscoveryDaemon: true\n",
        "csi: {enableRbdDriver: true}\n",
    ],
)
def test_rook_operator_values_are_told_by_their_keys(text: str) -> None:
    assert guess("platform/values.yaml", text) == "rook-ceph"


def test_crds_and_csi_alone_need_rook_in_the_path() -> None:
    text = "crds: {enabled: true}\ncsi: {nfs: {enabled: true}}\n"
    assert guess("platform/values.yaml", text) == ""
    assert guess("rook/operator/values.yaml", text) == "rook-ceph"


SOME_KEYS = st.sampled_from(["pod", "conf", "labels", "csi", "image", "nova", "replicas", "tags"])


@given(st.text(max_size=40), st.recursive(st.none() | st.text(max_size=5), lambda s: st.dictionaries(SOME_KEYS, s)))
def test_guessing_never_fails(path: str, data: object) -> None:
    text = yaml.safe_dump(data if isinstance(data, dict) else {}, allow_unicode=True)
    assert guess(f"nova/{path}", text) in {"", *charts.chart_names()}


# --- data folder and refreshing


def test_data_folders_of_a_checkout_are_at_its_top() -> None:
    assert data_dir("schemas") == ROOT / "schemas"


def test_missing_data_folder_is_an_error() -> None:
    with pytest.raises(LintkitError, match="lacks its nonsense"):
        data_dir("nonsense")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh_charts", ROOT / "tools" / "refresh_charts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_refreshing_reads_values_and_templates(tool: ModuleType, tmp_path: Path) -> None:
    chart = tmp_path / "in" / "openstack-helm" / "2027.1.3" / "demo"
    (chart / "templates").mkdir(parents=True)
    (chart / "values.yaml").write_text(
        "# words\npod:\n  replicas: {api: 1} # why\n  mounts: {a: 1}\nconf:\n  demo: {DEFAULT: {debug: off}}\nlabels: {}\n",
        encoding="utf-8",
    )
    (chart / "templates" / "deployment.yaml").write_text(
        "replicas: {{ .Values.pod.replicas.api }}\n{{ .Values.pod.lifecycle.disruption_budget.api.min_available }}\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    tool.refresh(tmp_path / "in", out, out)
    text = (out / "openstack-helm" / "2027.1" / "demo.yaml").read_text(encoding="utf-8")
    assert text == "# demo 2027.1.3: chart defaults that policies read\npod:\n  replicas:\n    api: 1\nlabels: {}\n"
    reads = yaml.safe_load((out / "reads" / "2027.1.yaml").read_text(encoding="utf-8"))
    assert reads == {"demo": {"replicas": ["api"], "disruption_budget": ["api"]}}
    keys = yaml.safe_load((out / "keys" / "demo.json").read_text(encoding="utf-8"))
    assert keys["conf"] == {"demo": 0, "overrides": 0}
    assert keys["pod"]["replicas"] == {"api": 1}


def test_newest_patch_of_a_release_gives_its_defaults(tool: ModuleType, tmp_path: Path) -> None:
    for version, replicas in (("2027.1.10", 5), ("2027.1.9", 4)):
        folder = tmp_path / "in" / "openstack-helm" / version
        folder.mkdir(parents=True)
        (folder / "demo.yaml").write_text(f"pod: {{replicas: {{api: {replicas}}}}}\n", encoding="utf-8")
    tool.refresh(tmp_path / "in", tmp_path, tmp_path)
    assert "# demo 2027.1.10:" in (tmp_path / "openstack-helm" / "2027.1" / "demo.yaml").read_text(encoding="utf-8")


@pytest.mark.skipif(not SHARED_CHARTS.is_dir(), reason="the charts' values are not at hand")
def test_refreshing_reproduces_the_data(tool: ModuleType, tmp_path: Path) -> None:
    here = data_dir("schemas") / "charts"
    written = {p.relative_to(tmp_path) for p in tool.refresh(SHARED_CHARTS, tmp_path, here)}
    assert [p for p in sorted(written) if (tmp_path / p).read_bytes() != (here / p).read_bytes()] == []
    kept = {p.relative_to(here) for p in here.glob("**/*") if p.is_file()} - written
    by_hand = {"components", "reads", "additions.yaml", "ceph-csi-drivers", "pxc-db"}
    assert {p for p in kept if p.parts[0] not in by_hand} == {
        Path("openstack-helm", "2026.1", f"{name}.yaml") for name in BY_HAND
    }
