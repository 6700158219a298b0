"""What a build yields, where its values stand, and what it says about what it cannot do."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lintkit.sources.kustomize.build import build, kustomization_file
from lintkit.sources.kustomize.generate import whole_file, yaml_in
from lintkit.sources.kustomize.model import Build, Trouble
from lintkit.sources.kustomize.patches import apply_patches
from lintkit.sources.kustomize.steps import field_path, transform
from lintkit.sources.kustomize.transform import apply_images, set_namespace, split_image
from lintkit.text.source import Source
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, lookup, text
from lintkit.yamldoc.node import Sequence as ListNode
from lintkit.yamldoc.plain import plain

POOL = """apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata:
  name: volumes
  namespace: rook-ceph
spec:
  replicated:
    size: 3
  parameters:
    pg_num: "64"
"""


def reader(tree: dict[str, str]) -> Reader:
    return Reader(Files(tree, tree.get))


def found(node: Node | None, *path: str | int) -> Node:
    node = lookup(node, *path)
    assert node is not None
    return node


def made(tree: dict[str, str], directory: str = "over") -> Build:
    return build(reader(tree), directory)


def where(node: Node | None) -> str:
    assert node is not None
    place = place_of(node)
    return f"{place.source.path}:{place.first.line}:{place.first.column}"


def written(node: Node | None) -> str:
    assert node is not None
    place = place_of(node)
    return place.source.text[place.start : place.end]


def said(result: Build) -> list[tuple[str, str]]:
    return [(trouble.kind, trouble.message) for trouble in result.troubles]


def mapping(body: str, path: str = "a.yaml") -> Mapping:
    root = documents(Source(path, body))[0].root
    assert isinstance(root, Mapping)
    return root


def test_a_value_of_an_inline_patch_stands_in_the_patch_and_knows_what_it_overrides() -> None:
    result = made(
        {
            "base/kustomization.yaml": "resources: [pool.yaml]\n",
            "base/pool.yaml": POOL,
            "over/kustomization.yaml": "resources: [../base]\npatches:\n- patch: |\n    kind: CephBlockPool\n"
            "    apiVersion: ceph.rook.io/v1\n    metadata: {name: volumes, namespace: rook-ceph}\n    spec:\n"
            "      replicated:\n        size: 2\n",
        }
    )
    size = found(result.objects[0], "spec", "replicated", "size")
    assert (where(size), written(size)) == ("over/kustomization.yaml:9:15", "2")
    assert place_of(size).locked is None
    assert where(size.under) == "base/pool.yaml:8:11"
    assert where(lookup(result.objects[0], "spec", "parameters", "pg_num")) == "base/pool.yaml:10:13"
    assert where(result.objects[0]) == "base/pool.yaml:1:1"
    assert result.troubles == ()


def test_a_value_of_a_json_patch_stands_in_the_patch_file_which_is_partial() -> None:
    result = made(
        {
            "over/kustomization.yaml": "resources: [pool.yaml]\npatches:\n- path: p.yaml\n  target: {kind: CephBlockPool}\n",
            "over/pool.yaml": POOL,
            "over/p.yaml": "- op: replace\n  path: /spec/replicated/size\n  value: 1\n",
        }
    )
    size = found(result.objects[0], "spec", "replicated", "size")
    assert (where(size), where(size.under)) == ("over/p.yaml:3:10", "over/pool.yaml:8:11")
    assert result.partial == {"over/p.yaml"}
    assert result.kustomizations == {"over"}


def test_the_second_document_of_an_inline_patch_keeps_its_lines() -> None:
    result = made(
        {
            "over/kustomization.yaml": "resources: [pool.yaml]\npatchesStrategicMerge:\n- |-\n  kind: CephBlockPool\n"
            "  apiVersion: ceph.rook.io/v1\n  metadata: {name: volumes, namespace: rook-ceph}\n  spec: {a: 1}\n  ---\n"
            "  kind: CephBlockPool\n  apiVersion: ceph.rook.io/v1\n  metadata: {name: volumes, namespace: rook-ceph}\n"
            "  spec:\n    b: 2\n",
            "over/pool.yaml": POOL,
        }
    )
    spec = found(result.objects[0], "spec")
    assert (where(lookup(spec, "a")), where(lookup(spec, "b"))) == (
        "over/kustomization.yaml:7:13",
        "over/kustomization.yaml:13:8",
    )


def test_a_namespace_stands_where_the_kustomization_writes_it() -> None:
    result = made({"over/kustomization.yaml": "namespace: prod\nresources: [pool.yaml]\n", "over/pool.yaml": POOL})
    namespace = found(result.objects[0], "metadata", "namespace")
    assert (where(namespace), where(namespace.under)) == ("over/kustomization.yaml:1:12", "over/pool.yaml:5:14")


def test_an_image_stands_at_its_new_tag_and_is_locked() -> None:
    objects = [mapping("kind: X\nmetadata: {name: x}\nspec: {containers: [{image: 'keystone:1'}]}\n")]
    images = mapping("images:\n- name: keystone\n  newName: mirror/keystone\n  newTag: 2024.1\n", "k.yaml").get("images")
    assert isinstance(images, ListNode)
    image = found(apply_images(objects, images.items)[0], "spec", "containers", 0, "image")
    assert text(image) == "mirror/keystone:2024.1"
    assert (where(image), written(image)) == ("k.yaml:4:11", "2024.1")
    assert place_of(image).locked == "images: puts this image together"
    assert where(image.under) == "a.yaml:3:29"


def test_a_prefixed_name_is_locked_and_stands_at_the_name() -> None:
    result = made({"over/kustomization.yaml": "namePrefix: a-\nresources: [pool.yaml]\n", "over/pool.yaml": POOL})
    name = found(result.objects[0], "metadata", "name")
    assert (text(name), where(name)) == ("a-volumes", "over/pool.yaml:4:9")
    assert place_of(name).locked


def test_a_generated_value_is_the_whole_file_and_its_yaml_keeps_spans() -> None:
    tree = {
        "over/kustomization.yaml": "configMapGenerator:\n- name: c\n  files: [values.yaml=nova.yaml]\n  literals: [size=3]\n",
        "over/nova.yaml": "pod:\n  replicas: 2\n",
    }
    use = reader(tree)
    data = found(build(use, "over").objects[0], "data")
    file = lookup(data, "values.yaml")
    assert isinstance(file, Scalar)
    assert whole_file(file)
    replicas = found(yaml_in(use, file).root, "pod", "replicas")
    assert (where(replicas), place_of(replicas).locked) == ("over/nova.yaml:2:13", None)
    literal = found(data, "size")
    assert isinstance(literal, Scalar)
    assert (literal.value, written(literal), whole_file(literal)) == ("3", "3", False)


def test_an_env_file_gives_strings_where_they_stand() -> None:
    result = made(
        {
            "over/kustomization.yaml": "secretGenerator: [{name: s, envs: [a.env]}]\n",
            "over/a.env": "# no\nUSER=root\nPASS=a=b\n",
        }
    )
    password = found(result.objects[0], "stringData", "PASS")
    assert (text(password), where(password)) == ("a=b", "over/a.env:3:6")


CHART = "name: rook-ceph-cluster\n  repo: https://charts.rook.io/release\n  version: v1.18.1\n  releaseName: cluster\n"


@pytest.mark.parametrize(
    ("how", "layers"),
    [
        ("", ["over/v.yaml", "valuesInline", "over/more.yaml"]),
        ("  valuesMerge: override\n", ["over/v.yaml", "valuesInline", "over/more.yaml"]),
        ("  valuesMerge: merge\n", ["valuesInline", "over/v.yaml", "over/more.yaml"]),
        ("  valuesMerge: replace\n", ["valuesInline", "over/more.yaml"]),
    ],
)
def test_a_chart_has_its_layers_in_the_order_values_merge_gives(how: str, layers: list[str]) -> None:
    result = made(
        {
            "over/kustomization.yaml": f"namespace: rook-ceph\nhelmCharts:\n- {CHART}{how}  valuesFile: v.yaml\n"
            "  additionalValuesFiles: [more.yaml]\n  valuesInline: {a: 1}\n",
            "over/v.yaml": "a: 2\n",
            "over/more.yaml": "b: 2\n",
        }
    )
    release = result.releases[0]
    assert [layer.name for layer in release.layers] == layers
    assert (release.name, release.chart, release.version, release.namespace) == (
        "cluster",
        "rook-ceph-cluster",
        "v1.18.1",
        "rook-ceph",
    )
    assert (release.repository, release.path) == ("https://charts.rook.io/release", None)


def test_a_chart_in_the_tree_has_its_path() -> None:
    result = made(
        {
            "over/kustomization.yaml": "helmGlobals: {chartHome: ../vendor}\nhelmCharts: [{name: c}]\n",
            "vendor/c/Chart.yaml": "name: c\n",
        }
    )
    assert (result.releases[0].path, result.releases[0].name) == ("vendor/c", "c")


def test_objects_of_a_chart_go_through_the_transformers_of_every_level() -> None:
    result = made(
        {
            "base/kustomization.yaml": "namespace: rook\nhelmCharts: [{name: c}]\npatches:\n- target: {kind: CephBlockPool}\n"
            '  patch: \'[{"op": "replace", "path": "/spec/replicated/size", "value": 2}]\'\n',
            "over/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\n",
        }
    )
    adjust = result.releases[0].adjust
    assert adjust is not None
    pool = adjust([mapping(POOL)])[0]
    assert plain(lookup(pool, "metadata")) == {"name": "p-volumes", "namespace": "rook"}
    assert where(lookup(pool, "spec", "replicated", "size")).startswith("base/kustomization.yaml:5:")
    assert result.troubles == (), "a patch for what a chart yields is not said to match nothing"


def test_a_missing_values_file_is_said_and_hides_what_it_may_set() -> None:
    result = made({"over/kustomization.yaml": "helmCharts: [{name: c, valuesFile: v.yaml}]\n"})
    assert said(result) == [("missing", "there is no values file v.yaml")]
    assert result.releases[0].hidden == "v.yaml"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("resources: [gone.yaml]", ("missing", "there is no file or directory gone.yaml")),
        ("resources: [../../up.yaml]", ("missing", "there is no file or directory ../../up.yaml")),
        ("resources: ['https://x.org/a.yaml']", ("remote", "https://x.org/a.yaml is outside this tree")),
        ("resources: ['github.com/a/b//c?ref=v1']", ("remote", "github.com/a/b//c?ref=v1 is outside this tree")),
        ("resources: ['git@github.com:a/b']", ("remote", "git@github.com:a/b is outside this tree")),
        ("resources: [../over]", ("cycle", "../over leads back to itself")),
        ("resources: [sub]", ("missing", "there is no kustomization file in over/sub")),
        ("components: [pool.yaml]", ("missing", "there is no directory pool.yaml")),
        ("resources: [3, {a: b}]", ("broken", "a resource must be a path")),
        ("generators: [g.yaml]", ("unsupported", "generators of a kustomization are not applied here")),
        (
            "resources: [pool.yaml]\npatches: [{path: no.yaml}]",
            ("missing", "there is no file no.yaml"),
        ),
        (
            "resources: [pool.yaml]\npatches: [{patch: 'a: [', target: {kind: X}}]",
            ("broken", "this patch is no YAML: did not find expected node content while parsing a flow node"),
        ),
        (
            "resources: [pool.yaml]\npatches: [{patch: '- {op: remove, path: /a}'}]",
            ("broken", "a JSON patch needs a target"),
        ),
        (
            "resources: [pool.yaml]\npatches: [{patch: '- {op: remove, path: /spec/none}', target: {kind: CephBlockPool}}]",
            ("broken", "/spec/none does not exist in CephBlockPool rook-ceph/volumes: kustomize stops here"),
        ),
        (
            "resources: [pool.yaml]\npatches: [{patch: '- {op: remove, path: /a}', target: {kind: Pool}}]",
            ("no-target", "no object matches the target of this patch: it does nothing"),
        ),
        (
            "resources: [pool.yaml]\npatches: [{patch: '{kind: A, metadata: {name: b}}'}]",
            ("no-target", "the patch for A b matches no object of this kustomization: kustomize stops here"),
        ),
        (
            "resources: [pool.yaml]\npatches: [{patch: '[{op: remove}]', target: {kind: '('}}]",
            ("broken", "a patch that starts with [ must be JSON, this is not: kustomize stops here"),
        ),
        (
            "resources: [pool.yaml, pool.yaml]",
            ("broken", "CephBlockPool rook-ceph/volumes is in this kustomization already: kustomize stops here"),
        ),
        (
            "replicas: [{name: x, count: 2}]",
            ("no-target", "no Deployment, StatefulSet, ReplicaSet or ReplicationController is called x: kustomize stops here"),
        ),
    ],
)
def test_what_cannot_be_done_is_said(content: str, expected: tuple[str, str]) -> None:
    result = made({"over/kustomization.yaml": content, "over/pool.yaml": POOL, "over/sub/x.yaml": "", "over/g.yaml": "a: b"})
    assert expected in said(result)


def test_a_patch_that_may_be_for_a_missing_resource_is_not_said_to_match_nothing() -> None:
    result = made(
        {"over/kustomization.yaml": "resources: [all.yaml]\npatches: [{patch: '- {op: remove, path: /a}', target: {kind: X}}]\n"}
    )
    assert [trouble.kind for trouble in result.troubles] == ["missing"]


def test_a_broken_document_leaves_its_neighbours() -> None:
    result = made(
        {
            "over/kustomization.yaml": "resources: [all.yaml, pool.yaml]\n",
            "over/all.yaml": "name: {{ template }}: x\n---\nkind: A\nmetadata: {name: a}\n",
            "over/pool.yaml": POOL,
        }
    )
    assert [text(body.get("kind")) for body in result.objects] == ["A", "CephBlockPool"]
    assert result.troubles[0].kind == "broken"
    assert where(result.troubles[0].home) == "over/kustomization.yaml:1:13"


def test_a_cycle_of_two_directories_ends() -> None:
    result = made(
        {
            "a/kustomization.yaml": "resources: [../b, x.yaml]\n",
            "a/x.yaml": "kind: A\nmetadata: {name: a}\n",
            "b/kustomization.yml": "resources: [../a]\n",
        },
        "a",
    )
    assert said(result) == [("cycle", "../a leads back to itself")]
    assert len(result.objects) == 1


def test_many_diamonds_are_built_once_each() -> None:
    tree = {f"d{i}/kustomization.yaml": f"resources: [../d{i + 1}, ../d{i + 1}]\n" for i in range(30)}
    tree["d30/kustomization.yaml"] = "resources: [x.yaml]\n"
    tree["d30/x.yaml"] = "kind: A\nmetadata: {name: a}\n"
    assert len(made(tree, "d0").objects) == 1


def test_files_of_a_component_are_partial_and_it_sees_the_objects_of_its_user() -> None:
    result = made(
        {
            "over/kustomization.yaml": "resources: [pool.yaml]\ncomponents: [../part]\n",
            "over/pool.yaml": POOL,
            "part/kustomization.yaml": "kind: Component\nresources: [extra.yaml]\npatches:\n- target: {kind: CephBlockPool}\n"
            "  patch: '{kind: x, metadata: {name: x}, spec: {failureDomain: rack}}'\n",
            "part/extra.yaml": "kind: A\nmetadata: {name: a}\n",
        }
    )
    assert text(lookup(result.objects[0], "spec", "failureDomain")) == "rack"
    assert result.partial == {"part/kustomization.yaml", "part/extra.yaml"}
    assert result.kustomizations == {"over", "part"}


def test_a_replacement_makes_its_target_unknown() -> None:
    result = made(
        {
            "over/kustomization.yaml": "resources: [pool.yaml]\nreplacements:\n- source: {kind: A}\n  targets:\n"
            "  - select: {kind: CephBlockPool}\n    fieldPaths: [spec.parameters.pg_num]\n",
            "over/pool.yaml": POOL,
        }
    )
    assert isinstance(lookup(result.objects[0], "spec", "parameters", "pg_num"), Unknown)
    assert ("unsupported", "replacements of a kustomization are not applied here") in said(result)


def test_a_variable_makes_the_values_that_name_it_unknown() -> None:
    result = made(
        {
            "over/kustomization.yaml": "resources: [x.yaml]\nvars: [{name: A}]\n",
            "over/x.yaml": "kind: K\nmetadata: {name: k}\nspec: {a: $(A), b: $(B)}\n",
        }
    )
    assert isinstance(lookup(result.objects[0], "spec", "a"), Unknown)
    assert text(lookup(result.objects[0], "spec", "b")) == "$(B)"


def test_local_only_objects_do_not_reach_the_cluster() -> None:
    mark = "annotations: {config.kubernetes.io/local-config: 'true'}"
    result = made(
        {"over/kustomization.yaml": "resources: [x.yaml]\n", "over/x.yaml": f"kind: K\nmetadata: {{name: k, {mark}}}\n"}
    )
    assert result.objects == ()


def test_a_json_patch_into_an_unknown_value_changes_nothing_and_says_nothing() -> None:
    objects = [mapping("kind: K\nmetadata: {name: k}\nspec: !vault {a: 1}\n")]
    patches = mapping("p:\n- target: {kind: K}\n  patch: |\n    - {op: replace, path: /spec/a, value: 2}\n").get("p")
    assert isinstance(patches, ListNode)
    result, troubles = apply_patches(objects, patches.items)
    assert troubles == []
    assert isinstance(lookup(result[0], "spec"), Unknown)


def test_parent_patches_of_flux_set_what_the_children_leave_out() -> None:
    child = mapping(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: app}\nspec: {path: ./app}\n"
    )
    parent = mapping(
        "patches:\n- patch: |-\n    apiVersion: kustomize.toolkit.fluxcd.io/v1\n    kind: Kustomization\n"
        "    metadata: {name: all}\n    spec:\n      prune: true\n  target:\n    group: kustomize.toolkit.fluxcd.io\n"
        "    kind: Kustomization\n    labelSelector: no/patch notin (yes)\n",
        "ks.yaml",
    ).get("patches")
    assert isinstance(parent, ListNode)
    result, troubles = apply_patches([child], parent.items)
    assert troubles == []
    assert plain(lookup(result[0], "spec")) == {"path": "./app", "prune": True}
    assert where(lookup(result[0], "spec", "prune")) == "ks.yaml:7:14"
    assert text(lookup(result[0], "metadata", "name")) == "app"


def test_settings_of_a_delivery_transform_its_objects() -> None:
    settings_ = mapping("namePrefix: a-\ncommonLabels: {team: infra}\nnamespace: ns\n")
    result, troubles = transform([mapping(POOL)], settings_)
    assert troubles == []
    assert plain(result[0].get("metadata")) == {"name": "a-volumes", "namespace": "ns", "labels": {"team": "infra"}}


def test_a_namespace_is_set_on_all_but_cluster_wide_objects() -> None:
    namespace = mapping("namespace: prod\n").get("namespace")
    assert isinstance(namespace, Scalar)
    bodies = [mapping(POOL), mapping("apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: s}\n")]
    result = set_namespace(bodies, namespace)
    assert [text(lookup(body, "metadata", "namespace")) for body in result] == ["prod", None]


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("nginx", ("nginx", "", "")),
        ("nginx:1", ("nginx", "1", "")),
        ("host:5000/a/b", ("host:5000/a/b", "", "")),
        ("host:5000/a/b:2@sha256:c", ("host:5000/a/b", "2", "sha256:c")),
    ],
)
def test_an_image_has_a_name_a_tag_and_a_digest(image: str, parts: tuple[str, str, str]) -> None:
    assert split_image(image) == parts


def test_a_field_path_keeps_dots_in_brackets() -> None:
    assert field_path(r"metadata.annotations.[a.b/c].x\.y") == ("metadata", "annotations", "a.b/c", "x.y")


def test_a_directory_without_a_kustomization_is_missing() -> None:
    result = made({"over/a.yaml": POOL})
    assert result.troubles == (Trouble("missing", "there is no kustomization file in over", None, "over"),)
    assert kustomization_file(reader({"Kustomization": ""}), "") == "Kustomization"


def test_a_kustomization_in_the_root_is_built() -> None:
    assert len(made({"kustomization.yaml": "resources: [pool.yaml]", "pool.yaml": POOL}, "").objects) == 1


FIELDS = ("resources", "components", "patches", "patchesJson6902", "patchesStrategicMerge", "images", "replicas", "labels",
          "commonLabels", "commonAnnotations", "configMapGenerator", "secretGenerator", "helmCharts", "namespace",
          "namePrefix", "replacements", "vars", "generatorOptions", "helmGlobals", "transformers")  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.sampled_from(["a.yaml", "..", "x=y", "- {op: add, path: /a}", "{kind: K}", "("]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "patch", "path", "target", "kind", "count", "pairs", "files", "literals", "valuesInline", "select"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4))
def test_no_kustomization_makes_the_build_fail(content: dict[str, object]) -> None:
    result = made({"over/kustomization.yaml": json.dumps({"resources": ["a.yaml"], **content}), "over/a.yaml": POOL})
    assert all(trouble.message and trouble.path for trouble in result.troubles)


@settings(max_examples=80, deadline=None)
@given(ANYTHING, ANYTHING)
@example({"name": "a"}, {"name": False})
def test_a_strategic_merge_of_the_same_object_again_changes_nothing(base: object, patch: object) -> None:
    objects = [mapping(json.dumps({"kind": "K", "metadata": {"name": "k"}, "spec": base}))]
    inner = json.dumps({"kind": "K", "metadata": {"name": "k"}, "spec": patch})
    patches = mapping(json.dumps({"p": [{"patch": inner}]})).get("p")
    assert isinstance(patches, ListNode)
    once, _ = apply_patches(objects, patches.items)
    twice, _ = apply_patches(once, patches.items)
    assert [plain(body) for body in once] == [plain(body) for body in twice]
