"""ApplicationSets expanded offline."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintkit.sources.argocd.application import read_application
from lintkit.sources.argocd.applicationset import FINALIZER, Cluster, Expansion, expand
from lintkit.sources.argocd.generators import MAX_SETS
from lintkit.sources.argocd.releases import releases
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, lookup, text
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.transform import map_scalars

FILES = {
    "apps/core/nova/app.yaml": "name: nova\nnested: {wave: 3}\n",
    "apps/core/glance/app.yaml": "- name: glance-a\n  nested: {wave: 1}\n- name: glance-b\n  nested: {wave: 2}\n",
    "apps/core/deep/er/app.yaml": "name: deeper\n",
    "apps/core/.hidden/app.yaml": "name: hidden\n",
    "apps/My_App/cfg.json": '{"name": "json", "n": 2}',
    "apps/broken/bad.yaml": "a: [\n",
    "mapped/x/one/a.txt": "",
}
CLUSTERS = [
    Cluster("prod", "https://prod", {"tier": "live"}, {"size": "big"}, {"owner": "ops"}),
    Cluster("Lab_1", "https://lab", {"tier": "test"}),
]


def local(url: str) -> str | None:
    return {"h": "", "m": "mapped"}.get(url)


def run(generators: str, template: str = "", *, go: bool = True, more: str = "", clusters: Sequence[Cluster] = ()) -> Expansion:
    name = "{{.name}}" if go else "{{name}}"
    template = template or f"metadata: {{name: '{name}'}}\nspec: {{project: p}}"
    block = "".join(f"    {line}\n" for line in template.split("\n"))
    items = "".join(f"    {line}\n" for line in generators.strip("\n").split("\n"))
    source = (
        f"kind: ApplicationSet\nmetadata: {{name: set, namespace: argocd}}\nspec:\n  goTemplate: {str(go).lower()}\n"
        f"{more}  generators:\n{items}  template:\n{block}"
    )
    files = {**FILES, "set.yaml": source}
    reader = Reader(Files(files, files.get))
    doc = reader.documents("set.yaml")[0]
    assert isinstance(doc.root, Mapping), doc.trouble
    return expand(doc.root, reader, local, clusters)


def names(expansion: Expansion) -> list[str | None]:
    return [text(lookup(app, "metadata", "name")) for app in expansion.applications]


def reasons(expansion: Expansion) -> list[str]:
    return [reason for reason, _ in expansion.unknown]


LIST = "- list: {elements: [{name: a, num: 1, values: {k: va}}, {name: b, num: 2, values: {k: vb}}]}"


def test_a_list_makes_one_application_each() -> None:
    found = run(LIST)
    assert names(found) == ["a", "b"]
    app = found.applications[0]
    assert plain(app) == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "a", "namespace": "argocd", "finalizers": [FINALIZER]},
        "spec": {"project": "p"},
    }


def test_values_stand_where_the_template_is_written() -> None:
    labelled = run(LIST, "metadata: {name: 'x-{{.name}}'}").applications[1]
    node = lookup(labelled, "metadata", "name")
    assert node is not None
    place = place_of(node)
    assert place.source.text[place.start : place.end] == "'x-{{.name}}'"
    fixed = lookup(run(LIST).applications[1], "spec", "project")
    assert fixed is not None
    assert (place_of(fixed).source.path, place_of(fixed).first.line) == ("set.yaml", 9)


@pytest.mark.parametrize(
    ("generators", "template", "path", "file", "written"),
    [
        ("- list: {elements: [{name: a, mons: '3'}]}", "metadata: {name: '{{.mons}}'}", ("metadata", "name"), "set.yaml", "'3'"),
        ("- list: {elements: [{name: a, mons: 3}]}", "metadata: {name: '{{ .mons }}'}", ("metadata", "name"), "set.yaml", "3"),
        (
            "- list: {elements: [{a: {b: c}}]}",
            "metadata: {name: '{{ .x | default .a.b }}'}",
            ("metadata", "name"),
            "set.yaml",
            "c",
        ),
        (
            "- list: {elements: [{a: c}]}",
            "metadata: {name: '{{ .a | upper }}'}",
            ("metadata", "name"),
            "set.yaml",
            "'{{ .a | upper }}'",
        ),
        (
            "- git: {repoURL: h, files: [{path: 'apps/*/cfg.json'}], values: {k: v}}",
            "metadata: {name: '{{.name}}'}",
            ("metadata", "name"),
            "apps/My_App/cfg.json",
            '"json"',
        ),
        (
            "- git: {repoURL: h, files: [{path: 'apps/*/cfg.json'}], values: {k: v}}",
            "metadata: {name: '{{.values.k}}'}",
            ("metadata", "name"),
            "set.yaml",
            "v",
        ),
    ],
)
def test_a_value_that_is_a_parameter_stands_where_the_parameter_is_written(
    generators: str, template: str, path: tuple[str, ...], file: str, written: str
) -> None:
    node = lookup(run(generators, template).applications[0], *path)
    assert isinstance(node, Scalar)
    place = place_of(node)
    assert (place.source.path, place.source.text[place.start : place.end]) == (file, written)
    assert isinstance(node.value, str)


def test_a_parameter_of_fasttemplate_stands_where_it_is_written() -> None:
    node = lookup(
        run("- list: {elements: [{a: {b: 3}}]}", "metadata: {name: '{{a.b}}'}", go=False).applications[0], "metadata", "name"
    )
    assert isinstance(node, Scalar)
    place = place_of(node)
    assert (node.value, place.source.text[place.start : place.end]) == ("3", "3")


def test_fasttemplate_sees_values_and_leaves_unknown_names_unknown() -> None:
    found = run(LIST, "metadata: {name: '{{name}}-{{ values.k }}-{{num}}', labels: {x: '{{gone}}'}}", go=False)
    assert names(found) == ["a-va-1", "b-vb-2"]
    label = lookup(found.applications[0], "metadata", "labels", "x")
    assert isinstance(label, Unknown)
    assert "{{gone}}" in label.reason


def test_elements_yaml_is_read() -> None:
    assert names(run("- list:\n    elementsYaml: |\n      - name: one\n      - name: two")) == ["one", "two"]


def test_git_directories_include_and_exclude() -> None:
    git = "- git: {repoURL: h, directories: [{path: 'apps/core/*'}, {path: apps/My_App}, {path: '*/*/deep', exclude: true}]}"
    assert names(run(git, "metadata: {name: '{{.path.basename}}-{{index .path.segments 1}}'}")) == [
        "My_App-My_App",
        "glance-core",
        "nova-core",
    ]
    fast = run(git, "metadata: {name: '{{path.basenameNormalized}}-{{path[0]}}-{{path}}'}", go=False)
    assert names(fast)[0] == "my-app-apps-apps/My_App"


def test_git_directories_of_a_mapped_repository_are_seen_from_its_root() -> None:
    git = "- git: {repoURL: m, directories: [{path: 'x/*'}]}"
    assert names(run(git, "metadata: {name: '{{.path.path}}'}")) == ["x/one"]


def test_git_files_give_their_parameters_and_stars_cross_directories() -> None:
    git = "- git: {repoURL: h, files: [{path: 'apps/core/*/app.yaml'}, {path: apps/core/.hidden/app.yaml, exclude: true}]}"
    assert names(run(git)) == ["deeper", "glance-a", "glance-b", "nova"]
    one = "- git: {repoURL: h, files: [{path: apps/core/nova/app.yaml}]}"
    flat = run(one, "metadata: {name: '{{name}}-{{nested.wave}}-{{path.filename}}'}", go=False)
    assert names(flat) == ["nova-3-app.yaml"]


def test_git_files_may_be_json_and_have_values_and_a_prefix() -> None:
    git = """
- git:
    repoURL: h
    pathParamPrefix: g
    files: [{path: 'apps/*.json'}]
    values: {full: '{{.g.path.basename}}-{{.n}}'}
"""
    assert names(run(git, "metadata: {name: '{{.values.full}}'}")) == ["My_App-2"]


def test_a_broken_parameter_file_is_unknown() -> None:
    found = run("- git: {repoURL: h, files: [{path: apps/broken/bad.yaml}]}")
    assert reasons(found)[0].startswith("apps/broken/bad.yaml cannot be parsed")
    assert names(found) == []


def test_selectors_filter_what_a_generator_makes() -> None:
    keep = "\n  selector: {matchLabels: {name: a}}"
    assert names(run(LIST + keep)) == ["a"]
    assert names(run(LIST + "\n  selector: {matchExpressions: [{key: num, operator: NotIn, values: ['1']}]}")) == ["b"]
    assert names(run(LIST + "\n  selector: {matchExpressions: [{key: values.k, operator: Exists}]}")) == ["a", "b"]
    assert names(run(LIST + "\n  selector: {matchExpressions: [{key: zz, operator: Exists}]}")) == []


def test_a_matrix_combines_and_its_second_generator_sees_the_first() -> None:
    matrix = """
- matrix:
    generators:
      - list: {elements: [{env: nova}, {env: glance}]}
      - git: {repoURL: h, files: [{path: 'apps/core/{{.env}}/app.yaml'}]}
"""
    assert names(run(matrix, "metadata: {name: '{{.env}}:{{.name}}'}")) == ["nova:nova", "glance:glance-a", "glance:glance-b"]


def test_a_merge_overrides_by_its_keys() -> None:
    merge = """
- merge:
    mergeKeys: [name]
    generators:
      - list: {elements: [{name: a, v: {x: low, z: keep}}, {name: b, v: {x: low}}]}
      - list: {elements: [{name: a, v: {x: high}}, {name: zz, v: {x: none}}]}
"""
    assert names(run(merge, "metadata: {name: '{{.name}}-{{.v.x}}-{{.v.z}}'}"))[0] == "a-high-keep"
    assert len(run(merge).applications) == 2


def test_clusters_come_from_the_configuration() -> None:
    live = "- clusters: {selector: {matchLabels: {tier: live}}, values: {t: '{{.metadata.labels.tier}}'}}"
    template = """metadata: {name: '{{.name}}-{{.values.t}}-{{index .metadata.annotations "owner"}}'}
spec: {destination: {server: '{{.server}}'}}"""
    found = run(live, template, clusters=CLUSTERS)
    assert names(found) == ["prod-live-ops"]
    assert text(lookup(found.applications[0], "spec", "destination", "server")) == "https://prod"
    fast = run("- clusters: {}", "metadata: {name: '{{nameNormalized}}-{{metadata.labels.tier}}'}", go=False, clusters=CLUSTERS)
    assert names(fast) == ["prod-live", "lab-1-test"]


def test_without_known_clusters_the_generator_is_unknown() -> None:
    found = run("- clusters: {selector: {matchLabels: {a: b}}}\n" + LIST)
    assert reasons(found) == ["a clusters generator, and no cluster is configured"]
    assert names(found) == ["a", "b"]


@pytest.mark.parametrize("kind", ["scmProvider", "pullRequest", "plugin", "clusterDecisionResource", "newOne"])
def test_generators_that_ask_a_live_system_are_unknown_where_they_stand(kind: str) -> None:
    found = run(f"- {kind}: {{x: 1}}")
    ((reason, node),) = found.unknown
    assert "generator" in reason
    assert place_of(node).first.line == 6


def test_a_repository_elsewhere_is_unknown_at_its_url() -> None:
    ((reason, node),) = run("- git: {repoURL: far, files: [{path: x}]}").unknown
    assert reason == "repository far cannot be read here"
    assert isinstance(node, Scalar)
    assert node.text == "far"


def test_a_generators_own_template_wins_over_the_set() -> None:
    own = "- list:\n    elements: [{name: a}]\n    template: {spec: {project: mine}}"
    assert text(lookup(run(own).applications[0], "spec", "project")) == "mine"


def test_preserved_resources_get_no_finalizer() -> None:
    found = run(LIST, more="  syncPolicy: {preserveResourcesOnDeletion: true}\n")
    assert lookup(found.applications[0], "metadata", "finalizers") is None


def test_keys_of_the_template_are_rendered_too() -> None:
    found = run(LIST, "metadata: {name: x, labels: {'app-{{.name}}': y}}")
    assert text(lookup(found.applications[0], "metadata", "labels", "app-a")) == "y"


PATCH = """\
  templatePatch: |
    metadata:
      finalizers: [mine]
    spec:
      project: stolen
      path: null
      {{- if eq .name "a" }}
      syncPolicy: {automated: {prune: {{ ne .name "a" }}}}
      {{- end }}
      lost: {{ lookup .name }}
"""
PATCHED = """metadata: {name: '{{.name}}', finalizers: [theirs]}
spec: {project: p, path: x, syncPolicy: {automated: {prune: true, selfHeal: true}}}"""


def test_a_template_patch_is_merged_and_cannot_change_the_project() -> None:
    first, second = run(LIST, PATCHED, more=PATCH).applications
    assert plain(lookup(first, "spec")) == {
        "project": "p",
        "syncPolicy": {"automated": {"prune": False, "selfHeal": True}},
        "lost": None,
    }
    assert plain(lookup(second, "spec", "syncPolicy")) == {"automated": {"prune": True, "selfHeal": True}}
    assert plain(lookup(first, "metadata", "finalizers")) == ["theirs", "mine"]
    assert isinstance(lookup(first, "spec", "lost"), Unknown)


def test_a_patched_value_stands_in_the_patch_and_remembers_what_it_overrides() -> None:
    app = run(LIST, PATCHED, more=PATCH).applications[0]
    node = lookup(app, "spec", "syncPolicy", "automated", "prune")
    assert node is not None
    place = place_of(node)
    assert place.first.line == 12
    assert place.source.text[place.start : place.end] == '{{ ne .name "a" }}'
    assert place.locked
    assert node.under is not None
    assert place_of(node.under).first.line > 15
    assert read_application(app).sync.prune.value is False


def test_a_patch_that_cannot_be_decided_makes_no_application() -> None:
    found = run(LIST, PATCHED, more="  templatePatch: '{{ if lookup 1 }}a: 1{{ end }}'\n")
    assert names(found) == []
    assert reasons(found) == ["templatePatch: function lookup of the template"]


def test_a_patch_that_renders_to_broken_yaml_is_said() -> None:
    found = run(LIST, PATCHED, more="  templatePatch: '[{{ .name }}'\n")
    assert reasons(found)[0].startswith("templatePatch: what it renders to cannot be parsed")


def test_missingkey_error_makes_a_missing_parameter_unknown() -> None:
    found = run(LIST, "metadata: {name: '{{.gone}}'}", more="  goTemplateOptions: ['missingkey=error']\n")
    assert isinstance(lookup(found.applications[0], "metadata", "name"), Unknown)


def test_templated_values_text_keeps_the_lines_of_its_template() -> None:
    template = (
        "metadata: {name: '{{.name}}'}\nspec:\n  source:\n    repoURL: c\n    chart: nova\n    helm:\n      values: |\n"
        "        env: {{.name}}\n        zone: in-{{.name}}\n        pod: {replicas: 3}\n"
    )
    app = run(LIST, template).applications[1]
    reader = Reader(Files([], lambda _: None))
    layer = releases(read_application(app), reader, local).releases[0].layers[0]
    assert layer.name == "set.yaml values"
    env, zone, replicas = (lookup(layer.root, *path) for path in (("env",), ("zone",), ("pod", "replicas")))
    assert env is not None
    assert zone is not None
    assert replicas is not None
    assert (text(env), text(zone)) == ("b", "in-b")
    place = place_of(replicas)
    assert place.source.text[place.start : place.end] == "3"
    assert place_of(zone).source.text[place_of(zone).start : place_of(zone).end] == "in-{{.name}}"
    assert place.locked
    # what is a parameter and nothing else is edited in the element
    assert (place_of(env).source.text[place_of(env).start : place_of(env).end], place_of(env).locked) == ("b", None)


def test_an_unknown_parameter_stays_unknown() -> None:
    found = run("- list: {elements: [{name: !secret x}]}")
    assert isinstance(lookup(found.applications[0], "metadata", "name"), Unknown)


def test_more_than_the_limit_stops_with_an_unknown() -> None:
    big = "- matrix: {generators: [{list: {elements: [%s]}}, {list: {elements: [%s]}}]}"
    many = big % (", ".join(f"{{name: a{i}}}" for i in range(150)), ", ".join(f"{{b: b{i}}}" for i in range(150)))
    found = run(many)
    assert len(found.applications) == MAX_SETS
    assert reasons(found) == ["more than 20,000 Applications of one generator"]


def test_nesting_too_deep_to_follow_is_unknown() -> None:
    deep = "x: " + "{a: " * 390 + "'{{ .x }}'" + "}" * 390
    found = run(LIST, "metadata: {name: x}\nspec: {" + deep + "}")
    assert names(found) == []
    assert reasons(found) == ["nesting that is too deep to follow"]


def test_odd_sets_are_unknown() -> None:
    for body in ("spec: {}", "spec: {template: {}, generators: 3}", "spec: {generators: [], template: '{{ x }}'}", "a: 1"):
        reader = Reader(Files(["s.yaml"], {"s.yaml": body}.get))
        root = reader.documents("s.yaml")[0].root
        assert isinstance(root, Mapping)
        assert expand(root, reader, local).applications == ()
        assert expand(root, reader, local).unknown


WHOLE = """\
spec:
  goTemplate: true
  generators:
    - matrix:
        generators:
          - list: {elements: [{name: a}, {name: b}], elementsYaml: "- name: c"}
          - git: {repoURL: h, files: [{path: 'apps/*/app.yaml'}], values: {v: '{{.name}}'}}
      selector: {matchExpressions: [{key: name, operator: In, values: [a, nova]}]}
    - merge: {mergeKeys: [name], generators: [{list: {elements: [{name: a}]}}, {clusters: {}}]}
  template: {metadata: {name: '{{.name}}-{{.path.basename}}'}, spec: {project: p}}
  templatePatch: "spec: {x: '{{ .name }}'}"
"""


@settings(max_examples=150)
@given(
    st.integers(0, 45),
    st.sampled_from(["Unknown", "~", "[", "{{", "{{ .x", "{{ end }}", "**", "../..", "[!", "*[z-a]", "{a", "7"]),
)
def test_any_value_may_be_odd(victim: int, odd: str) -> None:
    files = {**FILES, "set.yaml": WHOLE}
    reader = Reader(Files(files, files.get))
    root = reader.documents("set.yaml")[0].root
    assert isinstance(root, Mapping)
    seen = iter(range(1000))

    def change(scalar: Scalar) -> Node:
        if next(seen) != victim:
            return scalar
        span = (scalar.doc, scalar.start, scalar.end)
        return Unknown(*span, "x") if odd == "Unknown" else Scalar(*span, odd)

    broken = map_scalars(root, change)
    assert isinstance(broken, Mapping)
    assert isinstance(expand(broken, reader, local, CLUSTERS), Expansion)
