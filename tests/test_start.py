"""`lintkit init`, `new` and `schemas add`: what they write, what they say, what they refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.config import load_config
from lintkit.errors import LintkitError
from lintkit.scaffold import add_schemas, add_to_configuration, new_policy
from lintkit.start import init, scalar, start
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Json
from lintkit.yamldoc.plain import settings

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: rook-ceph}\nspec: {mon: {count: 3}}\n"
POOL = (
    "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: a}\nspec: {failureDomain: host, replicated: {size: 3}}\n"
)
HOSTS = """\
all:
  hosts:
    HOST: {node_labels: {openstack-control-plane: enabled, node-role.kubernetes.io/rack-store: "yes", topology.kubernetes.io/zone: a}}
  children:
    kube_node: {hosts: {HOST: {}}}
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.net}
spec:
  group: example.net
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
"""


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def two_sites(root: Path) -> Path:
    hosts = {f"inventory/{name}/hosts.yaml": HOSTS.replace("HOST", f"{name[:2]}-1") for name in ("production", "lab")}
    return write(root, {"clusters/prod/ceph.yaml": CLUSTER, "clusters/lab/ceph.yaml": CLUSTER, **hosts})


def test_init_writes_a_configuration_that_lintkit_accepts(tmp_path: Path) -> None:
    init(two_sites(tmp_path))
    config = load_config(tmp_path / ".lintkit.yaml", ".lintkit.yaml")
    assert [e.name for e in config.environments] == ["lab", "prod"]
    first, second, *_ = (tmp_path / ".lintkit.yaml").read_text().splitlines()
    assert first.startswith("# yaml-language-server: $schema=https://")
    assert second == 'required-version: ">=0.1"'


def test_an_inventory_of_another_name_is_written_and_said_to_be_a_guess(tmp_path: Path) -> None:
    told = init(two_sites(tmp_path))
    assert "the nodes of prod are those of inventory/production/hosts.yaml, for its name" in told.partition("guessed")[2]
    text = (tmp_path / ".lintkit.yaml").read_text()
    assert "    inventory: inventory/production/hosts.yaml # guessed from its name\n" in text
    assert "inventory/lab" not in text, "the path names the environment: nothing to write"


def test_an_environment_whose_name_suggests_a_lab_is_said_to_be_a_guess(tmp_path: Path) -> None:
    told = init(two_sites(tmp_path))
    assert "lab is a lab (profile lab), for its name" in told.partition("guessed")[2]
    assert load_config(tmp_path / ".lintkit.yaml", "c").environment("lab").profile == "lab"  # type: ignore[union-attr]


def test_inventories_that_could_be_anybodys_are_named_and_not_written(tmp_path: Path) -> None:
    files = {f"inventory/{name}/hosts.yaml": HOSTS.replace("HOST", name) for name in ("east", "west")}
    told = init(write(tmp_path, {"clusters/prod/ceph.yaml": CLUSTER, **files}))
    assert "prod: its nodes (perhaps one of inventory/east/hosts.yaml, inventory/west/hosts.yaml)" in told
    assert load_config(tmp_path / ".lintkit.yaml", "c").environments[0].inventory == ()


def test_house_roles_are_read_from_node_labels_and_topology_is_none(tmp_path: Path) -> None:
    found = load_text(start(two_sites(tmp_path)).text)
    assert isinstance(found, dict)
    assert found["roles"] == {
        "openstack-control-plane": {"label": "openstack-control-plane=enabled"},
        "rack-store": {"label": "node-role.kubernetes.io/rack-store"},
    }


def load_text(text: str) -> Json:
    root = documents(Source("a.yaml", text))[0].root
    assert root is not None
    return settings(root)


def test_what_is_not_known_is_said_and_stands_as_a_comment(tmp_path: Path) -> None:
    told = init(write(tmp_path, {"pool.yaml": POOL, "cluster.yaml": CLUSTER}))
    unknown = told.partition("not known")[2]
    for line in ("the name of the environment: no path gives one", "default: its nodes", "version of ceph, kubernetes, rook"):
        assert line in unknown
    assert "    # inventory: PATH\n" in (tmp_path / ".lintkit.yaml").read_text()


def test_loose_values_files_get_the_chart_they_look_like(tmp_path: Path) -> None:
    told = init(write(tmp_path, {"storage/ceph.yaml": "cephClusterSpec: {mon: {count: 3}}\n", "x/values.yaml": "replicas: 2\n"}))
    assert load_config(tmp_path / ".lintkit.yaml", "c").charts == {"storage/ceph.yaml": "rook-ceph-cluster"}
    assert "storage/ceph.yaml are values of chart rook-ceph-cluster" in told.partition("guessed")[2]


def test_init_does_not_overwrite_unless_forced(tmp_path: Path) -> None:
    write(tmp_path, {".lintkit.yaml": "profile: lab\n", "pool.yaml": POOL})
    with pytest.raises(LintkitError, match=r"there is a configuration already \(\.lintkit\.yaml\)"):
        init(tmp_path)
    assert (tmp_path / ".lintkit.yaml").read_text() == "profile: lab\n"
    init(tmp_path, force=True)
    assert "environments:" in (tmp_path / ".lintkit.yaml").read_text()


def test_init_refuses_where_pyproject_configures(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.lintkit]\nprofile = 'lab'\n"})
    with pytest.raises(LintkitError, match=r"already \(pyproject\.toml\)"):
        init(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_init_does_not_write_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".lintkit.yaml").symlink_to(tmp_path / "outside")
    with pytest.raises(LintkitError, match="is a link"):
        init(tmp_path / "r", force=True)
    assert not (tmp_path / "outside").exists()


def test_an_empty_directory_gives_a_valid_configuration_and_says_so(tmp_path: Path) -> None:
    assert "nothing here that lintkit can tell" in init(tmp_path)
    load_config(tmp_path / ".lintkit.yaml", "c")


def test_the_example_cloud_is_judged_alike_with_the_configuration_of_init(tmp_path: Path) -> None:
    cloud = tmp_path / "cloud"
    shutil.copytree(ROOT / "examples", cloud)
    told = init(cloud, force=True)
    assert "the environment of argocd/lab.yaml, argocd/prod.yaml (environments:" in told
    assert load_config(cloud / ".lintkit.yaml", "c").environment("lab").profile == "lab"  # type: ignore[union-attr]


def test_what_is_found_is_said_with_inventories_and_charts() -> None:
    found = start(ROOT / "examples").found
    assert any(line.startswith("environment prod: ") and " 7 nodes of nodes/prod/hosts.yaml, " in line for line in found)
    assert any(line.startswith("charts: cinder, glance, ") and "rook-ceph-cluster" in line for line in found)


CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no repositories to try it on")
@pytest.mark.parametrize("repository", sorted(p for p in CORPUS.glob("*") if p.is_dir()), ids=lambda p: p.name)
def test_real_repositories_get_a_configuration_that_is_accepted(repository: Path, tmp_path: Path) -> None:
    started = start(repository)
    (tmp_path / ".lintkit.yaml").write_text(started.text)
    config = load_config(tmp_path / ".lintkit.yaml", "c")
    assert config.environments
    assert any(line.startswith(f"environment {config.environments[0].name}: ") for line in started.found)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_scalar_reads_back_as_itself(text: str) -> None:
    assert load_text(f"{scalar(text)}: 1\n") == {text: 1}
    assert load_text(f"a: {scalar(text)}\n") == {"a": text}


def test_a_new_policy_passes_its_own_cases_and_is_found(tmp_path: Path) -> None:
    write(tmp_path, {"pool.yaml": POOL.replace("failureDomain: host, ", "")})
    told = new_policy("house/pool-without-domain", tmp_path)
    assert "wrote policies/house/pool-without-domain/policy.yaml" in told
    command = [sys.executable, "-m", "lintkit", "test", str(tmp_path / "policies")]
    assert subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0
    done = subprocess.run([sys.executable, "-m", "lintkit", "check", str(tmp_path)], cwd=ROOT, check=False, capture_output=True)
    assert b"pool-without-domain" in done.stdout


@pytest.mark.parametrize("name", ["house", "House/x", "a/b/c", "a/", "/b", "../a/b", "a/b_c", ""])
def test_a_name_that_is_no_family_and_id_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LintkitError, match="is not FAMILY/ID"):
        new_policy(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_id_that_lintkit_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LintkitError, match="'pool-size-one' is taken"):
        new_policy("house/pool-size-one", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_second_policy_goes_to_the_configured_folder(tmp_path: Path) -> None:
    write(tmp_path, {".lintkit.yaml": "policy-folders: [house]\n", "house/a/b-c/.keep": ""})
    new_policy("a/d-e", tmp_path)
    assert (tmp_path / "house/a/d-e/cases/bad.yaml").is_file()
    assert (tmp_path / ".lintkit.yaml").read_text() == "policy-folders: [house]\n"
    with pytest.raises(LintkitError, match="exists already"):
        new_policy("a/b-c", tmp_path)


def test_the_configured_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.lintkit]\npolicy-folders = ['house']\n"})
    new_policy("a/d-e", tmp_path)
    assert (tmp_path / "house/a/d-e/policy.yaml").is_file()


def test_schemas_add_names_the_file_and_keeps_the_rest(tmp_path: Path) -> None:
    write(tmp_path, {".lintkit.yaml": "# why\nprofile: lab # so\n", "vendor/widget.yaml": CRD})
    told = add_schemas(tmp_path / "vendor/widget.yaml")
    assert told == ".lintkit.yaml names schemas: vendor/widget.yaml, it defines Widget.example.net\n"
    assert (tmp_path / ".lintkit.yaml").read_text() == "# why\nprofile: lab # so\nschemas:\n  - vendor/widget.yaml\n"
    assert "is named already" in add_schemas(tmp_path / "vendor/widget.yaml")


def test_schemas_add_refuses_what_defines_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"pool.yaml": POOL})
    with pytest.raises(LintkitError, match="defines no kind"):
        add_schemas(tmp_path / "pool.yaml")
    assert not (tmp_path / ".lintkit.yaml").exists()


def test_a_named_definition_is_what_resources_are_checked_against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crd = CRD.replace("example.net", "ceph.rook.io").replace("Widget", "CephBlockPool")
    write(tmp_path, {"vendor/pool.yaml": crd, "pool.yaml": POOL})
    command = [sys.executable, "-m", "lintkit", "check", "--select", "schema", str(tmp_path)]
    assert b"unknown-key" not in subprocess.run(command, cwd=ROOT, check=False, capture_output=True).stdout
    monkeypatch.chdir(tmp_path)
    add_schemas(Path("vendor"))
    found = subprocess.run(command, cwd=ROOT, check=False, capture_output=True).stdout
    assert b"unknown-key" in found
    assert b"failureDomain" in found


def test_a_named_definition_that_is_not_there_is_said(tmp_path: Path) -> None:
    write(tmp_path, {".lintkit.yaml": "schemas: [nope.yaml]\n", "pool.yaml": POOL})
    command = [sys.executable, "-m", "lintkit", "check", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert b"skipped: schemas of the configuration that do not exist, or are ignored (nope.yaml) (1)" in done.stdout


def test_a_change_may_bring_its_definitions(tmp_path: Path) -> None:
    author = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    write(tmp_path, {"pool.yaml": POOL})
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, env={**os.environ, **author}, check=True)
    crd = CRD.replace("example.net", "ceph.rook.io").replace("Widget", "CephBlockPool")
    write(tmp_path, {".lintkit.yaml": "schemas: [vendor]\n", "vendor/pool.yaml": crd})
    command = [sys.executable, "-m", "lintkit", "check", "--since", "HEAD", "--select", "schema", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert b"failureDomain" in done.stdout, done.stderr
    assert b"do not exist" not in done.stdout


def test_a_configuration_in_pyproject_is_not_edited(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.lintkit]\nprofile = 'lab'\n"})
    with pytest.raises(LintkitError, match=r"add 'x' to schemas of \[tool\.lintkit\] yourself"):
        add_to_configuration(tmp_path, "schemas", "x")
