"""Sources of Applications as releases with layers, and as directories."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.argocd.application import read_application
from lintkit.sources.argocd.releases import AppResult, releases
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, lookup
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.transform import map_scalars, merge

HERE = "https://git.example/cloud.git"
FILES = {
    "charts/nova/Chart.yaml": "name: nova\n",
    "charts/nova/values.yaml": "replicas: 1\n",
    "charts/nova/prod.yaml": "pod: {replicas: 3}\n",
    "env/a.yaml": "list: [{v: 1}, {v: 2}]\nx: a\n",
    "env/b.yaml": "x: b\n",
    "env/deep/c.yaml": "x: c\n",
    "env/list.yaml": "- 1\n",
    "env/broken.yaml": "a: [\n",
    "env/empty.yaml": "# nothing\n",
    "plain/x.yaml": "kind: ConfigMap\n",
    "kust/kustomization.yaml": "resources: []\n",
    "cfg/my.cnf": "[mysqld]\na=1\n",
    "other/values.yaml": "x: other\n",
}


def local(url: str) -> str | None:
    return {HERE: "", "https://git.example/other.git": "other"}.get(url)


def run(sources: str, **more: str) -> AppResult:
    body = "".join("    " + line + "\n" for line in sources.strip("\n").split("\n"))
    text = f"metadata: {{name: app}}\nspec:\n  destination: {{namespace: ns}}\n  sources:\n{body}"
    files = {**FILES, "apps/app.yaml": text, **more}
    reader = Reader(Files(files, files.get))
    root = reader.documents("apps/app.yaml")[0].root
    assert isinstance(root, Mapping), reader.documents("apps/app.yaml")[0].trouble
    return releases(read_application(root), reader, local)


def merged(result: AppResult) -> object:
    (release,) = result.releases
    roots: list[Node | None] = [layer.root for layer in release.layers]
    return plain(reduce(merge, roots, None))


def slice_of(node: Node | None) -> str:
    assert node is not None
    place = place_of(node)
    return place.source.text[place.start : place.end]


CHART = f"""
- repoURL: https://charts.example
  chart: nova
  targetRevision: 2025.2.6
  helm:
    valueFiles: [%s]
- {{repoURL: {HERE}, ref: v, path: plain}}
- {{repoURL: https://git.example/other.git, ref: o}}
- {{repoURL: https://git.example/secret.git, ref: s}}
"""


def test_value_files_are_layers_in_order_from_the_root_of_their_repository() -> None:
    result = run(CHART % "$v/env/a.yaml, $v/env/b.yaml, $o/values.yaml")
    (release,) = result.releases
    assert [layer.name for layer in release.layers] == ["env/a.yaml", "env/b.yaml", "other/values.yaml"]
    assert (release.name, release.namespace, release.chart, release.version) == ("app", "ns", "nova", "2025.2.6")
    assert (release.repository, release.path, release.hidden) == ("https://charts.example", None, "")
    assert release.delivery == "Application app"
    assert slice_of(lookup(release.layers[2].root, "x")) == "other"
    assert result.directories[0][0] == "plain"
    assert "env/a.yaml" in result.references


def test_values_that_cannot_be_read_are_hidden() -> None:
    result = run(CHART % "$v/env/a.yaml, $s/prod/nova.yaml, 'https://x.example/v.yaml', own.yaml")
    (release,) = result.releases
    assert release.hidden == (
        "values of https://git.example/secret.git ($s/prod/nova.yaml), values of https://x.example/v.yaml, "
        "values of chart nova (own.yaml)"
    )
    assert [layer.name for layer in release.layers] == ["env/a.yaml"]
    assert not result.missing


def test_a_missing_file_is_said_at_the_entry_that_names_it() -> None:
    result = run(CHART % "$v/env/gone.yaml, $nope/x.yaml")
    assert [message for message, _ in result.missing] == [
        "values file env/gone.yaml does not exist",
        "no source has ref nope, which values file $nope/x.yaml needs",
    ]
    assert slice_of(result.missing[0][1]) == "$v/env/gone.yaml"
    assert result.releases[0].hidden.startswith("values of $v/env/gone.yaml, which do not exist")
    assert "env/gone.yaml" in result.references


def test_ignore_missing_value_files_keeps_silent() -> None:
    sources = CHART.replace("helm:\n", "helm:\n    ignoreMissingValueFiles: true\n") % "$v/env/gone.yaml, $v/none/*.yaml"
    assert run(sources).missing == ()


def test_lists_broken_and_empty_files_are_told_apart() -> None:
    result = run(CHART % "$v/env/list.yaml, $v/env/broken.yaml, $v/env/empty.yaml")
    assert [m for m, _ in result.missing] == ["values file env/list.yaml holds a list where a mapping is needed"]
    assert result.unknown[0][0].startswith("values file env/broken.yaml cannot be parsed: ")
    assert result.releases[0].hidden == "values of env/broken.yaml, which cannot be parsed"
    assert result.releases[0].layers == ()


def test_globs_expand_in_place_own_files_first_and_leave_named_files_out() -> None:
    result = run(CHART % "'$v/env/**/[abc].yaml', $v/env/a.yaml")
    assert [layer.name for layer in result.releases[0].layers] == ["env/b.yaml", "env/deep/c.yaml", "env/a.yaml"]
    assert run(CHART % "'$v/none/*.yaml'").missing[0][0] == "values file glob $v/none/*.yaml matched no files"


LOCAL = f"""
- repoURL: {HERE}
  path: charts/nova
  helm:
    valueFiles: [prod.yaml, ../../env/b.yaml, /env/a.yaml, ../../../out.yaml]
"""


def test_value_files_of_a_local_chart_are_relative_to_its_path() -> None:
    result = run(LOCAL)
    (release,) = result.releases
    assert (release.path, release.chart) == ("charts/nova", "")
    assert [layer.name for layer in release.layers] == ["charts/nova/prod.yaml", "env/b.yaml", "env/a.yaml"]
    assert [m for m, _ in result.missing] == ["values file ../../../out.yaml is outside its repository"]


INLINE = f"""
- repoURL: {HERE}
  path: charts/nova
  helm:
    valueFiles: [/env/a.yaml]
    values: |
      x: inline
      only: values
%s
"""


def test_an_embedded_values_text_is_a_layer_with_places_in_the_application() -> None:
    result = run(INLINE % "")
    layer = result.releases[0].layers[1]
    assert layer.name == "apps/app.yaml values"
    node = lookup(layer.root, "only")
    assert node is not None
    assert slice_of(node) == "values"
    assert place_of(node).first.line == 11
    assert merged(result) == {"list": [{"v": 1}, {"v": 2}], "x": "inline", "only": "values"}


def test_values_object_makes_argo_cd_ignore_values() -> None:
    result = run(INLINE % "    valuesObject: {x: object}")
    assert [layer.name for layer in result.releases[0].layers] == ["env/a.yaml", "apps/app.yaml valuesObject"]
    assert merged(result) == {"list": [{"v": 1}, {"v": 2}], "x": "object"}


def parameters(*pairs: str) -> str:
    return "    parameters:\n" + "\n".join(f"      - {{{pair}}}" for pair in pairs)


def test_parameters_are_typed_as_helm_set_types_them_and_come_last() -> None:
    result = run(
        INLINE
        % parameters(
            'name: x, value: "3"',
            'name: a.b, value: "TRUE"',
            "name: a.c, value: 'null'",
            "name: a.d, value: '3', forceString: true",
            "name: a.e, value: 1.5",
            "name: a.f, value: '007'",
            "name: a.g, value: '{x, 2}'",
            "name: 'k\\.io/x', value: y",
        )
    )
    assert result.releases[0].layers[-1].name == "apps/app.yaml parameters"
    assert merged(result) == {
        "list": [{"v": 1}, {"v": 2}],
        "x": 3,
        "only": "values",
        "a": {"b": True, "c": None, "d": "3", "e": "1.5", "f": "007", "g": ["x", 2]},
        "k.io/x": "y",
    }
    assert slice_of(lookup(result.releases[0].layers[-1].root, "x")) == "3"


def test_a_parameter_changes_one_item_of_a_list_a_layer_has() -> None:
    result = run(INLINE % parameters("name: 'list[1].v', value: '5'", "name: 'new[0]', value: q"))
    assert merged(result) == {"list": [{"v": 1}, {"v": 5}], "new": ["q"], "x": "inline", "only": "values"}


def test_a_parameter_without_a_usable_name_is_unknown() -> None:
    result = run(INLINE % parameters("value: x", "name: '{{ .n }}', value: x", "name: 'a[99999999]', value: x"))
    nameless = "a parameter without a name"
    assert [reason for reason, _ in result.unknown] == [
        nameless,
        "the name of a parameter is not known: template expression",
        nameless,
    ]
    assert result.releases[0].hidden == "a parameter of apps/app.yaml whose name is not known"


def test_a_placeholder_parameter_is_unknown_at_its_place() -> None:
    result = run(INLINE % parameters("name: x, value: '${SECRET}'"))
    node = lookup(result.releases[0].layers[-1].root, "x")
    assert isinstance(node, Unknown)
    assert slice_of(node) == "'${SECRET}'"


def test_file_parameters_hold_the_text_of_their_file() -> None:
    result = run(INLINE % "    fileParameters:\n      - {name: cnf, path: /cfg/my.cnf}\n      - {name: gone, path: /cfg/gone}")
    root = result.releases[0].layers[-1].root
    node = lookup(root, "cnf")
    assert isinstance(node, Scalar)
    assert node.value == "[mysqld]\na=1\n"
    assert place_of(node).source.path == "cfg/my.cnf"
    assert isinstance(lookup(root, "gone"), Unknown)
    assert result.missing[0][0] == "file cfg/gone does not exist"


def test_the_build_environment_is_filled_in() -> None:
    result = run(
        LOCAL.replace("prod.yaml,", "/env/$ARGOCD_APP_NAME.yaml, '/${ARGOCD_APP_SOURCE_PATH}/prod.yaml',"),
        **{"env/app.yaml": "q: 1"},
    )
    assert [layer.name for layer in result.releases[0].layers[:2]] == ["env/app.yaml", "charts/nova/prod.yaml"]


@pytest.mark.parametrize(
    ("source", "directory"),
    [
        ("path: plain", "plain"),
        ("path: ./kust/", "kust"),
        ("path: .", ""),
        ("path: charts/nova, directory: {recurse: true}", "charts/nova"),
    ],
)
def test_directories_without_a_chart_are_left_to_others(source: str, directory: str) -> None:
    result = run(f"- {{repoURL: {HERE}, {source}}}")
    assert [path for path, _ in result.directories] == [directory]
    assert result.releases == ()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"repoURL: {HERE}, path: gone", "directory gone does not exist"),
        (f"repoURL: {HERE}, path: ../x", "path ../x is outside its repository"),
        (f"repoURL: {HERE}, path: plain, helm: {{releaseName: x}}", "plain/Chart.yaml does not exist"),
    ],
)
def test_what_is_not_there_is_missing(source: str, message: str) -> None:
    assert [m for m, _ in run(f"- {{{source}}}").missing] == [message]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("repoURL: https://git.example/secret.git, path: x", "repository https://git.example/secret.git cannot be read here"),
        ("repoURL: '{{ .url }}', path: x", "the repository of a source is not known: template expression"),
        (f"repoURL: {HERE}, path: '{{{{ .p }}}}'", "the path of a source is not known: template expression"),
        ("repoURL: https://charts.example, chart: '{{ .c }}'", "the chart of a source is not known: template expression"),
        (f"repoURL: {HERE}", "a source with neither chart nor path"),
        (f"repoURL: {HERE}, path: charts/nova, plugin: {{name: avp}}", "a plugin makes the resources of this source"),
    ],
)
def test_what_cannot_be_read_here_is_unknown(source: str, reason: str) -> None:
    assert [r for r, _ in run(f"- {{{source}}}").unknown] == [reason]


def test_a_chart_directory_of_another_repository_still_names_its_chart() -> None:
    helm = "helm: {valuesObject: {a: 1}, valueFiles: [x.yaml]}"
    (release,) = run(f"- {{repoURL: https://opendev.example/osh, path: charts/nova, {helm}}}").releases
    assert (release.chart, release.repository) == ("nova", "https://opendev.example/osh")
    assert release.hidden == "values of https://opendev.example/osh (x.yaml)"


def test_an_oci_url_names_its_chart() -> None:
    (release,) = run("- {repoURL: 'oci://reg.example/charts/rook-ceph', path: ., targetRevision: v1}").releases
    assert (release.chart, release.repository) == ("rook-ceph", "oci://reg.example/charts")


def test_everything_read_is_recorded() -> None:
    app = "spec: {source: {repoURL: h, path: charts/nova, helm: {valueFiles: [gone.yaml, '/env/*.yaml']}}}"
    files = {**FILES, "apps/app.yaml": app}
    reader = Reader(Files(files, files.get))
    root = reader.documents("apps/app.yaml")[0].root
    assert isinstance(root, Mapping)
    releases(read_application(root), reader, lambda _: "")
    assert "charts/nova/gone.yaml" in reader.absences
    assert "env/**" in reader.globs
    assert "env/b.yaml" in reader.reads


def test_base_is_where_the_repository_itself_begins() -> None:
    app = "spec: {source: {repoURL: h, path: c, helm: {valueFiles: [/v.yaml]}}}"
    files = {"sub/c/Chart.yaml": "name: c", "sub/v.yaml": "a: 1", "app.yaml": app}
    reader = Reader(Files(files, files.get))
    root = reader.documents("app.yaml")[0].root
    assert isinstance(root, Mapping)
    (release,) = releases(read_application(root), reader, lambda _: "", "sub").releases
    assert (release.path, release.layers[0].name) == ("sub/c", "sub/v.yaml")


@given(st.integers(0, 30), st.sampled_from(["Unknown", "~", "${X}", "[", "../..", "$v/", "*", "*[z-a]", "://"]))
def test_any_value_may_be_odd(victim: int, odd: str) -> None:
    sources = LOCAL + CHART % "$v/env/a.yaml" + INLINE % parameters("name: a, value: '1'")
    files = {**FILES, "app.yaml": "spec:\n  sources:\n" + "".join(f"  {line}\n" for line in sources.split("\n"))}
    reader = Reader(Files(files, files.get))
    root = reader.documents("app.yaml")[0].root
    assert isinstance(root, Mapping)
    seen = iter(range(1000))

    def change(scalar: Scalar) -> Node:
        if next(seen) != victim:
            return scalar
        if odd == "Unknown":
            return Unknown(scalar.doc, scalar.start, scalar.end, "x")
        return Scalar(scalar.doc, scalar.start, scalar.end, odd, "")

    broken = map_scalars(root, change)
    assert isinstance(broken, Mapping)
    assert isinstance(releases(read_application(broken), reader, local), AppResult)
