"""Flux Kustomizations: their fields, their directory, and the objects they send to a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from lintkit.sources.flux.contents import contents, manifests
from lintkit.sources.flux.helmrelease import is_release, release
from lintkit.sources.flux.kustomization import (
    FluxKustomization,
    apply,
    build_kustomization,
    directory_of,
    is_kustomization,
    read_kustomization,
)
from lintkit.sources.flux.objects import index_objects, name_of, namespace_of
from lintkit.text.source import Source
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, lookup, text

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "xunholy-k8s-gitops"

HEAD = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ceph, namespace: flux-system}\n"
POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: pool}\n"
POOL += "spec:\n  replicated: {size: 1}\n  note: ${NOTE:-none}\n"


def mapping(source: str, path: str = "clusters/prod/ks.yaml") -> Mapping:
    root = documents(Source(path, source))[0].root
    assert isinstance(root, Mapping)
    return root


def flux(spec: str, path: str = "clusters/prod/ks.yaml") -> FluxKustomization:
    return read_kustomization(mapping(HEAD + spec, path))


def reader(files: dict[str, str]) -> Reader:
    return Reader(Files(files, files.get))


def test_every_field_is_read() -> None:
    fk = flux(
        "spec:\n  path: ./apps\n  prune: true\n  wait: false\n  suspend: true\n  targetNamespace: rook-ceph\n"
        "  sourceRef: {kind: GitRepository, name: flux-system}\n  dependsOn: [{name: operator}, {name: db, namespace: data}]\n"
        "  healthChecks: [{apiVersion: ceph.rook.io/v1, kind: CephCluster, name: c, namespace: n}]\n"
        "  kubeConfig: {secretRef: {name: x}}\n  namePrefix: a-\n  components: [../c]\n  postBuild: {substitute: {A: b}}\n"
    )
    assert (fk.name, fk.namespace, fk.path, fk.target_namespace) == ("ceph", "flux-system", "./apps", "rook-ceph")
    assert (fk.prune, fk.wait, fk.suspended, fk.other_cluster, fk.name_prefix) == (True, False, True, True, "a-")
    assert [str(ref) for ref in fk.depends_on] == ["Kustomization flux-system/operator", "Kustomization data/db"]
    assert [str(ref) for ref in fk.health_checks] == ["CephCluster n/c"]
    assert fk.delivery == "Kustomization flux-system/ceph"
    assert place_of(fk.depends_on[0].home).first.line == 11


@pytest.mark.parametrize("spec", ["", "spec: 1\n", "spec: {sourceRef: x, dependsOn: [1], patches: a, postBuild: []}\n"])
def test_odd_kustomizations_are_read_with_empty_values(spec: str) -> None:
    fk = flux(spec)
    assert (fk.path, fk.prune, fk.wait, fk.source, fk.depends_on, fk.post_build) == ("", None, None, None, (), None)


def test_files_of_kustomize_are_no_flux_kustomizations() -> None:
    assert is_kustomization(mapping(HEAD))
    assert not is_kustomization(mapping("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"))


@pytest.mark.parametrize(
    ("kind", "name", "path", "directory"),
    [
        ("GitRepository", "flux-system", "./kubernetes/apps", "kubernetes/apps"),
        ("GitRepository", "flux-system", "./apps", None),
        ("GitRepository", "elsewhere", "./kubernetes/apps", None),
        ("GitRepository", "mapped", "apps", "kubernetes/apps"),
        ("OCIRepository", "flux-system", "./apps", "kubernetes/apps"),
        ("ExternalArtifact", "ceph", "./apps/ceph", "kubernetes/apps/ceph"),
        ("ExternalArtifact", "ceph", "./apps/none", None),
        ("ExternalArtifact", "ceph", "./", None),
        ("OCIRepository", "flux-system", "../../../..", None),
    ],
)
def test_the_directory_of_a_path(kind: str, name: str, path: str, directory: str | None) -> None:
    fk = flux(f"spec: {{path: '{path}', sourceRef: {{kind: {kind}, name: {name}}}}}\n", "kubernetes/clusters/prod/ks.yaml")
    mapped = mapping(
        "kind: GitRepository\nmetadata: {name: mapped, namespace: flux-system}\nspec: {url: 'https://git.example/sub.git'}\n"
    )
    tree = reader({"kubernetes/apps/ceph/pool.yaml": POOL, "kubernetes/clusters/prod/ks.yaml": HEAD})
    found = directory_of(fk, [mapped], tree, lambda url: "kubernetes" if url.endswith("/sub.git") else None)
    assert found == directory


def test_a_directory_without_a_kustomization_yields_all_manifests_and_nested_builds() -> None:
    tree = reader(
        {
            "apps/pool.yaml": POOL,
            "apps/notes.yaml": "a: 1\n",
            "apps/deep/more.yml": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Namespace, metadata: {name: n}}]\n",
            "apps/built/kustomization.yaml": "namePrefix: x-\nresources: [pool.yaml]\n",
            "apps/built/pool.yaml": POOL.replace("name: pool", "name: other"),
            "apps/built/unused/pool.yaml": POOL,
        }
    )
    assert sorted(name_of(body) for body in contents(tree, "apps").objects) == ["n", "pool", "x-other"]


def test_patches_namespace_and_variables_are_applied_in_that_order() -> None:
    ks = (
        "spec:\n  targetNamespace: storage\n  namePrefix: p-\n  postBuild: {substitute: {SIZE: '3', NOTE: hello}}\n  patches:\n"
        "    - target: {kind: CephBlockPool}\n      patch: |\n        - op: replace\n          path: /spec/replicated/size\n"
        "          value: ${SIZE}\n"
        "  commonMetadata: {labels: {team: storage}}\n"
    )
    pool = mapping(POOL, "apps/pool.yaml")
    (made,) = apply(flux(ks), [pool])
    size, note = lookup(made, "spec", "replicated", "size"), lookup(made, "spec", "note")
    assert (text(size), text(note)) == ("3", "hello")
    assert (name_of(made), namespace_of(made)) == ("p-pool", "storage")
    assert text(lookup(made, "metadata", "labels", "team")) == "storage"
    assert size is not None
    assert note is not None
    place = place_of(size)
    assert (place.source.path, place.source.text[place.start : place.end]) == ("clusters/prod/ks.yaml", "${SIZE}")
    assert (place_of(note).source.path, place_of(note).first.line) == ("apps/pool.yaml", 6)


def test_without_post_build_nothing_is_substituted() -> None:
    (made,) = apply(flux("spec: {path: a}\n"), [mapping(POOL)])
    assert text(lookup(made, "spec", "note")) == "${NOTE:-none}"


def test_variables_may_come_from_a_configmap_of_the_environment() -> None:
    settings = mapping("kind: ConfigMap\nmetadata: {name: s, namespace: flux-system}\ndata: {NOTE: from the map}\n")
    fk = flux("spec: {postBuild: {substituteFrom: [{kind: ConfigMap, name: s}]}}\n")
    (made,) = apply(fk, [mapping(POOL)], [settings])
    assert text(lookup(made, "spec", "note")) == "from the map"


def test_a_parent_patch_decides_what_a_child_says() -> None:
    parent = flux(
        "spec:\n  patches:\n    - target: {kind: Kustomization}\n      patch: |\n"
        "        apiVersion: kustomize.toolkit.fluxcd.io/v1\n        kind: Kustomization\n        metadata: {name: _}\n"
        "        spec: {prune: true}\n"
    )
    (child,) = apply(parent, [mapping(HEAD + "spec: {path: ./apps}\n", "apps/ks.yaml")])
    assert read_kustomization(child).prune is True
    prune = lookup(child, "spec", "prune")
    assert prune is not None
    assert (place_of(prune).source.path, place_of(prune).first.line) == ("clusters/prod/ks.yaml", 11)


def test_components_add_resources_and_patch_what_is_there() -> None:
    tree = reader(
        {
            "apps/ceph/kustomization.yaml": "resources: [pool.yaml]\n",
            "apps/ceph/pool.yaml": POOL,
            "apps/common/kustomization.yaml": (
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [extra.yaml]\n"
                "patches:\n  - {path: size.yaml, target: {kind: CephBlockPool}}\n"
            ),
            "apps/common/extra.yaml": POOL.replace("name: pool", "name: extra"),
            "apps/common/size.yaml": "- {op: replace, path: /spec/replicated/size, value: 3}\n",
        }
    )
    fk = flux("spec: {path: ./apps/ceph, components: [../common]}\n")
    made = build_kustomization(fk, tree, "apps/ceph")
    assert {name_of(body): text(lookup(body, "spec", "replicated", "size")) for body in made.objects} == {
        "pool": "3",
        "extra": "3",
    }
    assert made.troubles == ()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_a_real_repository_is_followed_from_its_cluster_to_the_ceph_values() -> None:
    paths = [p.relative_to(CORPUS).as_posix() for p in CORPUS.rglob("*.yaml")]
    tree = Reader(Files(paths, lambda path: (CORPUS / path).read_text(encoding="utf-8")))
    everything = index_objects(body for path in paths if path.startswith("kubernetes/") for body in manifests(tree, path))
    (top,) = (body for body in manifests(tree, "kubernetes/clusters/cluster-00/ks.yaml") if is_kustomization(body))

    def build(body: Mapping) -> list[Mapping]:
        fk = read_kustomization(body)
        directory = directory_of(fk, everything, tree, lambda _: None)
        assert directory is not None, fk.path
        return build_kustomization(fk, tree, directory, everything).objects

    children = {name_of(body): body for body in build(top) if is_kustomization(body)}
    both = manifests(tree, "kubernetes/apps/base/rook-ceph/rook-ceph/ks.yaml")
    written = next(body for body in both if name_of(body) == "rook-ceph-cluster")
    assert read_kustomization(written).prune is None
    assert read_kustomization(children["rook-ceph-cluster"]).prune is True
    objects = build(children["rook-ceph-cluster"])
    (hr,) = filter(is_release, objects)
    made = release(hr, objects, tree).release
    (layer,) = made.layers
    assert (made.chart, made.namespace, made.hidden) == ("rook-ceph-cluster", "rook-ceph", "")
    assert layer.name == "kubernetes/apps/base/rook-ceph/rook-ceph/cluster/values.yaml"
    count = lookup(layer.root, "cephClusterSpec", "mon", "count") or lookup(layer.root, "cephBlockPools")
    assert count is not None
    place = place_of(count)
    assert place.source.path == layer.name
    assert place.source.text[place.start : place.end]
