"""Objects of chart templates, told without Helm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.chart_objects import Templates, is_delivery, template_objects
from lintkit.sources.charts import LocalChart
from lintkit.text.source import Source
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Unknown, items, lookup, text

POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: images\n"


def read(template: str, values: str = "{}") -> Templates:
    root = documents(Source("values.yaml", values))[0].root
    files = Files(["c/templates/a.yaml"], lambda _: template)
    chart = LocalChart("c", "c", root if isinstance(root, Mapping) else None)
    return template_objects(Reader(files), chart, "ceph", "rook-ceph")


def placed(body: Mapping, *path: str) -> tuple[str | None, str, int]:
    node = lookup(body, *path)
    assert node is not None
    place = place_of(node)
    return text(node), place.source.path, place.first.line


def test_a_value_that_is_put_in_stands_where_values_give_it() -> None:
    size = ("spec", "replicated", "size")
    for expression in (".Values.size", ".Values.size | default 3", 'index .Values "size" | int', "$.Values.size"):
        (body,) = read(POOL + "spec:\n  replicated:\n    size: {{ %s }}\n" % expression, "a: 1\nsize: 2").objects
        assert placed(body, *size) == ("2", "values.yaml", 2), expression


def test_a_computed_value_stands_at_its_expression() -> None:
    for expression in (".Values.none | default 2", "add .Values.size 1", 'printf "%v" .Values.text'):
        (body,) = read(POOL + "spec:\n  replicated:\n    size: {{ %s }}\n" % expression, "a: 1\nsize: 1\ntext: '2'").objects
        assert placed(body, "spec", "replicated", "size") == ("2", "c/templates/a.yaml", 7), expression


def test_a_part_of_a_text_stands_in_the_template() -> None:
    (body,) = read(POOL + "spec:\n  deviceClass: {{ .Values.class }}-fast\n", "class: nvme").objects
    assert placed(body, "spec", "deviceClass") == ("nvme-fast", "c/templates/a.yaml", 6)


def test_quotes_around_a_value_and_in_its_template_do_not_move_it() -> None:
    for written in ('"{{ .Values.class }}"', "{{ .Values.class | quote }}", "{{ .Values.class | squote }}"):
        (body,) = read(POOL + f"spec:\n  deviceClass: {written}\n", "a: 1\nclass: nvme").objects
        assert placed(body, "spec", "deviceClass") == ("nvme", "values.yaml", 2), written


def test_what_a_loop_takes_from_values_stands_there() -> None:
    template = "{{- range $name, $pool := .Values.pools }}\n---\n" + POOL.replace("images", "{{ $name }}")
    template += "spec:\n  {{- with $pool }}\n  replicated: {size: {{ .size }}}\n  {{- end }}\n{{- end }}\n"
    first, second = read(template, "pools:\n  a: {size: 3}\n  b: {size: 1}\n").objects
    assert placed(first, "spec", "replicated", "size") == ("3", "values.yaml", 2)
    assert placed(second, "spec", "replicated", "size") == ("1", "values.yaml", 3)


def test_what_to_yaml_writes_is_the_values_themselves() -> None:
    template = (
        POOL
        + "  labels:\n    own: x\n    {{- toYaml .Values.labels | nindent 4 }}\nspec:\n  {{- toYaml .Values.spec | nindent 2 }}\n"
    )
    (body,) = read(template, "labels:\n  team: a\nspec:\n  zone:\n  - one\n  replicated:\n    size: 1\n").objects
    assert placed(body, "metadata", "labels", "own") == ("x", "c/templates/a.yaml", 6)
    assert placed(body, "metadata", "labels", "team") == ("a", "values.yaml", 2)
    assert placed(body, "spec", "replicated", "size") == ("1", "values.yaml", 7)


def test_items_that_to_yaml_adds_to_a_list_are_those_of_the_values() -> None:
    template = POOL + "spec:\n  hosts:\n  - own\n  {{- toYaml .Values.hosts | nindent 2 }}\n"
    (body,) = read(template, "hosts:\n- a\n- b\n").objects
    found = [(text(n), place_of(n).source.path, place_of(n).first.line) for n in items(lookup(body, "spec", "hosts"))]
    assert found == [("own", "c/templates/a.yaml", 7), ("a", "values.yaml", 2), ("b", "values.yaml", 3)]


def test_a_condition_over_values_decides() -> None:
    template = "{{- if and .Values.wanted (not .Values.dropped) }}\n" + POOL + "{{- end }}\n"
    assert len(read(template, "wanted: true").objects) == 1
    assert read(template, "{wanted: true, dropped: true}").objects == ()


def test_a_loop_over_values_makes_an_object_each() -> None:
    template = "{{- range .Values.pools }}\n---\n" + POOL.replace("images", "{{ .name }}") + "{{- end }}\n"
    names = [text(lookup(b, "metadata", "name")) for b in read(template, "pools: [{name: a}, {name: b}]").objects]
    assert names == ["a", "b"]


def test_what_a_helper_makes_is_unknown_and_its_neighbours_are_known() -> None:
    template = (
        POOL + '  labels:\n    {{- include "c.labels" . | nindent 4 }}\nspec:\n  host: {{ include "c.host" . }}\n  size: 3\n'
    )
    (body,) = read(template).objects
    assert isinstance(lookup(body, "metadata", "labels"), Unknown)
    assert isinstance(lookup(body, "spec", "host"), Unknown)
    assert text(lookup(body, "spec", "size")) == "3"


def test_lines_of_a_helper_among_others_are_left_out() -> None:
    (body,) = read(POOL + '  labels:\n    a: b\n    {{- include "c.labels" . | nindent 4 }}\nspec: {size: 3}\n').objects
    assert text(lookup(body, "metadata", "labels", "a")) == "b"
    assert text(lookup(body, "spec", "size")) == "3"


def test_a_condition_that_cannot_be_decided_makes_the_file_unread() -> None:
    made = read('{{- if .Capabilities.APIVersions.Has "x" }}\n' + POOL + "{{- end }}\n")
    assert (made.objects, made.read, made.unread) == ((), (), ("c/templates/a.yaml",))


def test_deliveries_are_told_from_other_objects() -> None:
    (application,) = read("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n").objects
    (release,) = read("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\n").objects
    (other,) = read("apiVersion: app.k8s.io/v1beta1\nkind: Application\nmetadata: {name: a}\n").objects
    assert [is_delivery(body) for body in (application, release, other)] == [True, True, False]


def test_what_makes_pods_under_argos_group_is_an_object_like_any_other() -> None:
    bus = "apiVersion: argoproj.io/v1alpha1\nkind: EventBus\nmetadata: {name: default}\n---\n"
    found = read(bus + "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: default}\n").objects
    assert [text(body.get("kind")) for body in found] == ["EventBus", "PodDisruptionBudget"]


def test_a_custom_resource_alone_in_its_file_is_an_object_too() -> None:
    (body,) = read(
        "{{- if .Values.wanted }}\napiVersion: example.org/v1\nkind: Beehive\nmetadata: {name: hive}\n{{- end }}\n",
        "wanted: true",
    ).objects
    assert text(lookup(body, "metadata", "name")) == "hive"


def test_no_kind_is_passed_over() -> None:
    (body,) = read("apiVersion: v1\nkind: Service\nmetadata: {name: hive}\n").objects
    assert text(body.get("kind")) == "Service"


def test_a_file_that_only_borrows_from_a_helper_is_unread() -> None:
    made = read('{{ include "common.all" . }}\n')
    assert (made.objects, made.unread, made.hidden) == ((), ("c/templates/a.yaml",), True)
    assert read("{{- /* nothing here */}}\n").unread == ()


def test_a_file_that_cannot_be_read_hides_pods_unless_its_kinds_have_none() -> None:
    unsure = (
        '{{- if .Capabilities.APIVersions.Has "x" }}\napiVersion: v1\nkind: %s\nmetadata: {name: a}\n# StorageClass\n{{- end }}\n'
    )
    assert [read(unsure % kind).hidden for kind in ("Beehive", "{{ .Values.kind }}", "Service")] == [True, True, False]


@given(
    st.lists(
        st.sampled_from(
            ["{{ .Values.a }}", "{{- if .a }}", "{{ end }}", "{{", "}}", "kind: StorageClass\n", ": ", "\n", "---\n", "- "]
        )
    )
)
def test_no_template_stops_anything(parts: list[str]) -> None:
    read("".join(parts), "a: 1")
