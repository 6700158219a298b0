"""Objects of chart templates, told without Helm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.chart_objects import Templates, template_objects
from lintkit.text.source import Source
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Unknown, lookup, text

POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: images\n"


def read(template: str, values: str = "{}") -> Templates:
    root = documents(Source("values.yaml", values))[0].root
    files = Files(["c/templates/a.yaml"], lambda _: template)
    return template_objects(Reader(files), "c", root if isinstance(root, Mapping) else None, "ceph", "rook-ceph")


def test_a_value_is_put_in_and_stands_at_its_expression() -> None:
    (body,) = read(POOL + "spec:\n  replicated:\n    size: {{ .Values.size }}\n", "size: 2").objects
    size = lookup(body, "spec", "replicated", "size")
    assert text(size) == "2"
    assert size is not None
    assert place_of(size).first.line == 7


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


def test_applications_are_left_to_argo_cd() -> None:
    assert read("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: StorageClass}\n").objects == ()


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
    assert read("apiVersion: v1\nkind: Service\nmetadata: {name: hive}\n").objects == ()


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
