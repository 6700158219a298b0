"""Applications inside chart templates, read without rendering."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.argocd.application import read_application
from lintkit.sources.argocd.charttemplates import scrape
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Scalar, Unknown, lookup, text

TEMPLATE = """\
{{- $app := eq (include "x.on" (list $ "}}" true)) "true" }}
{{- if $app }}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {{ printf "%s-%s" $.Release.Name "rook" }}
  annotations:
    argocd.argoproj.io/sync-wave: "1"
{{- include "x.labels" $ | nindent 2 }}
spec:
  destination:
    namespace: rook-ceph
    server: {{ $.Values.server }}
  sources:
  {{- range $name := list
    "a"
    "b"
  }}
  - chart: rook-ceph-cluster
    targetRevision: v1.16.4
    helm:
      valueFiles:
      - $up/operators/values.yaml
      - $deploy/{{ include "x.path" $ }}/values.yaml
      {{- with .Values.site }}
      values: |
        site: {{ . | quote }}
        mon: {count: 3}
      {{- end }}
  {{- end }}
  plugin:
    {{- toYaml .Values.plugin | nindent 4 }}
  syncPolicy:
    automated:
      {{- if $app }}
      prune: false
      {{- else }}
      prune: true
      {{- end }}
      selfHeal: true
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argoproj.io/x}
{{- end }}
"""


def found(template: str = TEMPLATE) -> list[Mapping]:
    return scrape(Reader(Files(["c/templates/app.yaml"], lambda _: template)), "c/templates/app.yaml")


def test_only_argo_cd_resources_are_returned() -> None:
    assert [text(lookup(m, "kind")) for m in found()] == ["Application"]


def test_plain_values_stand_where_they_are_in_the_template() -> None:
    (app,) = found()
    for path, wanted, line in (
        (("spec", "destination", "namespace"), "rook-ceph", 13),
        (("spec", "sources", 0, "chart"), "rook-ceph-cluster", 20),
        (("spec", "syncPolicy", "automated", "selfHeal"), "true", 41),
    ):
        node = lookup(app, *path)
        assert node is not None
        place = place_of(node)
        assert place.source.text[place.start : place.end] == wanted
        assert place.first.line == line
        assert place.locked


def test_values_with_templates_are_unknown_where_they_stand() -> None:
    (app,) = found()
    name = lookup(app, "metadata", "name")
    assert isinstance(name, Unknown)
    place = place_of(name)
    assert place.source.text[place.start : place.end] == '{{ printf "%s-%s" $.Release.Name "rook" }}'
    assert isinstance(lookup(app, "spec", "sources", 0, "helm", "valueFiles", 1), Unknown)
    assert isinstance(lookup(app, "spec", "sources", 0, "helm", "valueFiles", 0), Scalar)


def test_a_value_made_of_lines_of_templates_is_unknown() -> None:
    (app,) = found()
    assert isinstance(lookup(app, "spec", "plugin"), Unknown)


def test_a_value_that_several_branches_write_is_unknown() -> None:
    (app,) = found()
    assert isinstance(lookup(app, "spec", "syncPolicy", "automated", "prune"), Unknown)
    assert read_application(app).sync.self_heal.value is True


def test_facts_that_are_plain_are_known() -> None:
    (app,) = found()
    facts = read_application(app)
    assert (facts.name, facts.wave, facts.destination.namespace, facts.sync.prune.value) == ("", 1, "rook-ceph", None)


def test_what_is_no_template_of_applications_gives_nothing() -> None:
    assert found("kind: Application\n") == []
    assert found("# argoproj.io/\n{{ broken") == []
    assert found("# argoproj.io/\na: [\n") == []
    assert scrape(Reader(Files([], lambda _: None)), "x") == []


@given(st.integers(0, len(TEMPLATE)), st.text('{}|-"`:\n #a', max_size=5))
def test_any_damage_is_survived(at: int, noise: str) -> None:
    for app in found(TEMPLATE[:at] + noise + TEMPLATE[at:]):
        assert isinstance(app, Mapping)
        read_application(app)
