"""HelmReleases become releases: chart, name, layers in Flux's order, and what cannot be read is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from lintkit.sources.flux.contents import manifests
from lintkit.sources.flux.helmrelease import FluxRelease, is_release, release, release_name
from lintkit.sources.flux.objects import index_objects
from lintkit.sources.flux.values import set_value
from lintkit.text.source import Source
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document, place_of
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, Unknown, lookup, text
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.transform import make_mapping, merge

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "xunholy-k8s-gitops"

HEAD = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: ceph, namespace: rook-ceph}\n"
REPOSITORY = (
    "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
    "metadata: {name: rook, namespace: flux-system}\nspec: {url: https://charts.rook.io/release}\n"
)
CHART = (
    "  chart: {spec: {chart: rook-ceph-cluster, version: v1.18.1, "
    "sourceRef: {kind: HelmRepository, name: rook, namespace: flux-system}}}\n"
)


def flux(text_: str, files: dict[str, str] | None = None, extra: tuple[Mapping, ...] = ()) -> FluxRelease:
    tree = {"apps/ceph.yaml": text_, **(files or {})}
    reader = Reader(Files(tree, tree.get))
    objects = [body for path in tree for body in manifests(reader, path)]
    hr = next(body for body in objects if is_release(body))
    return release(hr, (*objects, *extra), reader, lambda url: "" if url.endswith("/this.git") else None)


def values(found: FluxRelease) -> Node | None:
    made: Node | None = None
    for layer in found.release.layers:
        made = merge(made, layer.root)
    return made


def test_a_chart_of_a_helm_repository_has_its_url_and_version() -> None:
    found = flux(f"{HEAD}spec:\n{CHART}{REPOSITORY}")
    made = found.release
    assert (made.chart, made.version, made.repository) == ("rook-ceph-cluster", "v1.18.1", "https://charts.rook.io/release")
    assert (made.name, made.namespace, made.delivery) == ("ceph", "rook-ceph", "HelmRelease ceph")
    assert found.missing == ()
    assert place_of(made.home).first.line == 3


@pytest.mark.parametrize(
    ("ref", "version"), [("{tag: v1.19.5}", "v1.19.5"), ("{semver: '>=1.18'}", ">=1.18"), ("{digest: 'sha256:1'}", "sha256:1")]
)
def test_an_oci_repository_names_chart_and_version(ref: str, version: str) -> None:
    source = (
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: c, namespace: rook-ceph}\n"
        f"spec: {{url: 'oci://ghcr.io/rook/rook-ceph-cluster', ref: {ref}}}\n"
    )
    made = flux(f"{HEAD}spec:\n  chartRef: {{kind: OCIRepository, name: c}}\n{source}").release
    assert (made.chart, made.repository, made.version) == ("rook-ceph-cluster", "oci://ghcr.io/rook", version)


def test_a_chart_template_may_be_an_oci_repository() -> None:
    made = flux(f"{HEAD}spec:\n  chart: {{kind: OCIRepository, spec: {{url: 'oci://x.org/rook-ceph', ref: {{tag: v1}}}}}}\n")
    assert (made.release.chart, made.release.version) == ("rook-ceph", "v1")


def test_a_helm_chart_object_is_followed() -> None:
    chart = (
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: c, namespace: flux-system}\n"
        "spec: {chart: nova, version: 2025.2.1, sourceRef: {kind: HelmRepository, name: rook}}\n"
    )
    made = flux(f"{HEAD}spec:\n  chartRef: {{kind: HelmChart, name: c, namespace: flux-system}}\n{chart}{REPOSITORY}").release
    assert (made.chart, made.version, made.repository) == ("nova", "2025.2.1", "https://charts.rook.io/release")


def test_a_chart_of_this_repository_is_a_path_with_its_values_files_as_lowest_layers() -> None:
    git = (
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: own, namespace: rook-ceph}\n"
        "spec: {url: 'https://git.example/this.git'}\n"
    )
    spec = (
        "spec:\n  chart:\n    spec:\n      chart: ./charts/ceph\n      sourceRef: {kind: GitRepository, name: own}\n"
        "      valuesFiles: [charts/ceph/values.yaml, charts/ceph/prod.yaml, charts/ceph/none.yaml]\n  values: {a: 3}\n"
    )
    files = {
        "charts/ceph/Chart.yaml": "name: ceph\n",
        "charts/ceph/values.yaml": "a: 1\nb: 1\n",
        "charts/ceph/prod.yaml": "b: 2\n",
    }
    found = flux(HEAD + spec + git, files)
    assert found.release.path == "charts/ceph"
    assert [layer.name for layer in found.release.layers] == [
        "charts/ceph/values.yaml",
        "charts/ceph/prod.yaml",
        "apps/ceph.yaml values",
    ]
    assert plain(values(found)) == {"a": 3, "b": 2}
    assert [m.message for m in found.missing] == ["there is no values file charts/ceph/none.yaml"]


def test_the_bootstrap_repository_is_this_repository_even_when_it_is_not_in_the_tree() -> None:
    source = "{kind: GitRepository, name: flux-system, namespace: flux-system}"
    spec = f"spec:\n  chart: {{spec: {{chart: charts/ceph, sourceRef: {source}}}}}\n"
    assert flux(HEAD + spec, {"charts/ceph/Chart.yaml": "name: ceph\n"}).release.path == "charts/ceph"


def test_a_source_that_is_not_in_the_tree_is_missing_at_its_reference() -> None:
    found = flux(f"{HEAD}spec:\n  chartRef:\n    kind: OCIRepository\n    name: gone\n")
    assert found.release.chart == ""
    assert [(m.message, place_of(m.home).first.line) for m in found.missing] == [
        ("OCIRepository rook-ceph/gone is not in this tree", 6)
    ]


def test_values_files_of_a_packed_chart_are_hidden() -> None:
    spec = "spec:\n  chart: {spec: {chart: c, sourceRef: {kind: HelmRepository, name: rook}, valuesFiles: [prod.yaml]}}\n"
    assert flux(HEAD + spec).release.hidden == "prod.yaml of the chart (not readable)"


@pytest.mark.parametrize(
    ("spec", "name", "namespace"),
    [
        ("{}", "ceph", "rook-ceph"),
        ("{targetNamespace: storage}", "storage-ceph", "storage"),
        ("{targetNamespace: storage, releaseName: x}", "x", "storage"),
        ("{storageNamespace: helm}", "ceph", "rook-ceph"),
    ],
)
def test_release_name_and_namespace_follow_flux(spec: str, name: str, namespace: str) -> None:
    found = flux(f"{HEAD}spec: {spec}\n")
    assert (found.release.name, found.release.namespace) == (name, namespace)
    assert found.storage_namespace == ("helm" if "storageNamespace" in spec else "rook-ceph")


def test_a_composed_name_past_53_characters_is_shortened_with_a_hash() -> None:
    found = flux(f"{HEAD}spec: {{targetNamespace: {'n' * 60}}}\n")
    name = release_name(found.home)
    assert len(name) == 53
    assert name.startswith("n" * 40 + "-")


CONFIG = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: base, namespace: rook-ceph}
data:
  values.yaml: |
    cephClusterSpec:
      mon: {count: 3}
    toolbox: {enabled: false}
  other.yaml: "toolbox: {enabled: true}"
  size: "5"
  broken: "a: ["
"""


def test_values_from_configmaps_come_in_order_below_the_inline_values() -> None:
    spec = (
        f"spec:\n{CHART}  valuesFrom:\n    - {{kind: ConfigMap, name: base}}\n"
        "    - {kind: ConfigMap, name: base, valuesKey: other.yaml}\n"
        "    - {kind: ConfigMap, name: base, valuesKey: size, targetPath: 'cephClusterSpec.mon.count'}\n"
        "    - {kind: ConfigMap, name: base, valuesKey: size, targetPath: 'pools[0].size'}\n"
        "  values:\n    inline: true\n"
    )
    source = HEAD + spec + CONFIG
    found = flux(source)
    assert plain(values(found)) == {
        "cephClusterSpec": {"mon": {"count": 5}},
        "toolbox": {"enabled": True},
        "pools": [{"size": 5}],
        "inline": True,
    }
    assert [layer.name for layer in found.release.layers] == [
        "apps/ceph.yaml ConfigMap base",
        "apps/ceph.yaml ConfigMap base",
        "apps/ceph.yaml ConfigMap base (cephClusterSpec.mon.count)",
        "apps/ceph.yaml ConfigMap base (pools[0].size)",
        "apps/ceph.yaml values",
    ]
    first = lookup(found.release.layers[0].root, "cephClusterSpec", "mon", "count")
    assert first is not None
    place = place_of(first)
    assert source[place.start : place.end] == "3"
    assert place.locked is None
    won = lookup(values(found), "cephClusterSpec", "mon", "count")
    assert won is not None
    assert won.under is first
    assert source[slice(*place_of(won)[1:3])] == '"5"'


def test_what_cannot_be_read_is_hidden_and_what_is_absent_is_missing() -> None:
    spec = (
        f"spec:\n{CHART}  valuesFrom:\n    - {{kind: Secret, name: outside}}\n"
        "    - {kind: ConfigMap, name: gone}\n    - {kind: ConfigMap, name: maybe, optional: true}\n"
        "    - {kind: ConfigMap, name: base, valuesKey: nothing}\n    - {kind: ConfigMap, name: base, valuesKey: broken}\n"
        "    - {kind: Secret, name: sealed}\n    - {kind: Secret, name: coded}\n    - {kind: Bucket, name: odd}\n"
    )
    secrets = (
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: sealed, namespace: rook-ceph}\n"
        "stringData: {values.yaml: 'ENC[AES256_GCM,data:topsecret]'}\nsops: {mac: m}\n"
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: coded, namespace: rook-ceph}\ndata: {values.yaml: YTogMQ==}\n"
    )
    found = flux(HEAD + spec + CONFIG + REPOSITORY + secrets)
    assert found.release.layers == ()
    assert found.release.hidden.split("; ") == [
        "Secret outside (not in this tree)",
        "ConfigMap gone (not in this tree)",
        "ConfigMap maybe (not in this tree)",
        "ConfigMap base (its values cannot be read)",
        "Secret sealed (encrypted with SOPS)",
        "Secret coded (not readable)",
        "values from Bucket odd (not readable)",
    ]
    messages = [m.message for m in found.missing]
    assert messages[:2] == ["ConfigMap gone is not in this tree", "ConfigMap base has no key nothing"]
    assert messages[2].startswith("values of ConfigMap base cannot be read: ")
    assert "topsecret" not in repr((found.release.hidden, messages))


def test_an_unencrypted_secret_is_a_layer() -> None:
    secret = (
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: rook-ceph}\nstringData:\n  values.yaml: |\n    a: 1\n"
    )
    found = flux(f"{HEAD}spec:\n{CHART}  valuesFrom: [{{kind: Secret, name: s}}]\n{REPOSITORY}{secret}")
    assert plain(values(found)) == {"a": 1}
    assert found.release.hidden == ""


def test_values_of_a_generated_configmap_stand_in_the_values_file() -> None:
    tree = {"apps/values.yaml": "# settings\ncephClusterSpec:\n  mon:\n    count: 5\n"}
    reader = Reader(Files({**tree, "apps/ceph.yaml": ""}, tree.get))
    source = reader.source("apps/values.yaml")
    assert source is not None
    doc = Document(source, 0)
    whole = Scalar(doc, 0, len(source.text), source.text)
    body = make_mapping(
        whole,
        [
            ("kind", Scalar(doc, 0, 0, "ConfigMap")),
            ("metadata", make_mapping(whole, [("name", Scalar(doc, 0, 0, "generated"))])),
            ("data", make_mapping(whole, [("values.yaml", whole)])),
        ],
    )
    found = flux(f"{HEAD}spec:\n{CHART}  valuesFrom: [{{kind: ConfigMap, name: generated}}]\n{REPOSITORY}", tree, (body,))
    (layer,) = found.release.layers
    assert layer.name == "apps/values.yaml"
    count = lookup(layer.root, "cephClusterSpec", "mon", "count")
    assert count is not None
    place = place_of(count)
    assert (place.source.path, place.first.line, source.text[place.start : place.end]) == ("apps/values.yaml", 4, "5")


def test_suspension_dependencies_and_another_cluster_are_read() -> None:
    found = flux(
        f"{HEAD}spec:\n{CHART}  suspend: true\n  dependsOn: [{{name: operator}}, {{name: db, namespace: data}}]\n"
        f"  kubeConfig: {{secretRef: {{name: far}}}}\n{REPOSITORY}"
    )
    assert found.suspended
    assert found.other_cluster
    assert [str(ref) for ref in found.depends_on] == ["HelmRelease rook-ceph/operator", "HelmRelease data/db"]


def test_encrypted_inline_values_are_unknown() -> None:
    found = flux(f"{HEAD}spec:\n{CHART}  values:\n    a: 1\n    b: ENC[AES256_GCM,data:x,iv:y]\n{REPOSITORY}")
    assert isinstance(lookup(values(found), "b"), Unknown)
    assert text(lookup(values(found), "a")) == "1"


def test_post_renderers_patch_the_objects_of_the_release() -> None:
    spec = (
        f"spec:\n{CHART}  postRenderers:\n    - kustomize:\n        patches:\n          - target: {{kind: CephCluster}}\n"
        "            patch: |\n              - op: replace\n                path: /spec/mon/count\n                value: 5\n"
    )
    source = HEAD + spec + REPOSITORY
    adjust = flux(source).release.adjust
    assert adjust is not None
    cluster = documents(
        Source("c.yaml", "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: c}\nspec: {mon: {count: 3}}\n")
    )[0].root
    assert isinstance(cluster, Mapping)
    (made,) = adjust([cluster])
    count = lookup(made, "spec", "mon", "count")
    assert count is not None
    place = place_of(count)
    assert (place.source.path, source[place.start : place.end]) == ("apps/ceph.yaml", "5")


def test_no_post_renderer_adjusts_nothing() -> None:
    assert flux(f"{HEAD}spec:\n{CHART}{REPOSITORY}").release.adjust is None


@pytest.mark.parametrize(
    ("written", "value"),
    [("5", 5), ("true", True), ("null", None), ("1.5", "1.5"), ("007", "007"), ("'5'", "5"), ("word\n", "word"), ("-3", -3)],
)
def test_a_value_at_a_target_path_is_typed_as_helm_set_does(written: str, value: object) -> None:
    scalar = Scalar(Document(Source("a", written), 0), 0, 0, written, "'")
    assert plain(set_value(scalar)) == value


def test_lists_of_helm_set_are_lists_and_other_syntax_is_unknown() -> None:
    doc = Document(Source("a", ""), 0)
    made = set_value(Scalar(doc, 0, 0, "{a, 2}", "'"))
    assert isinstance(made, Sequence)
    assert plain(made) == ["a", 2]
    assert isinstance(set_value(Scalar(doc, 0, 0, "a,b=c", "'")), Unknown)


@pytest.mark.parametrize("spec", ["", "spec: 1\n", "spec: {chart: x}\n", "spec: {chartRef: {}}\n", "spec: {valuesFrom: [1]}\n"])
def test_odd_releases_are_read_without_an_exception(spec: str) -> None:
    found = flux(HEAD + spec)
    assert found.release.name == "ceph"
    assert found.missing


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_helm_release_of_a_real_repository_has_a_chart() -> None:
    paths = [p.relative_to(CORPUS).as_posix() for p in CORPUS.rglob("*.yaml")]
    reader = Reader(Files(paths, lambda path: (CORPUS / path).read_text(encoding="utf-8")))
    bodies = [body for path in paths if path.startswith("kubernetes/") for body in manifests(reader, path)]
    objects = index_objects(bodies)
    for hr in filter(is_release, bodies):
        found = release(hr, objects, reader)
        assert found.release.chart, hr.doc.source.path
        inline = lookup(hr, "spec", "values")
        assert not isinstance(inline, Mapping) or found.release.layers
