"""Applications as facts that keep their nodes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.argocd.application import Application, read_application
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Unknown, lookup
from lintkit.yamldoc.transform import map_scalars

APP = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: nova
  namespace: argocd
  finalizers: [resources-finalizer.argocd.argoproj.io]
  annotations:
    argocd.argoproj.io/sync-wave: "-3"
spec:
  project: cloud
  destination: {name: prod, namespace: openstack}
  sources:
    - repoURL: https://charts.example
      chart: nova
      targetRevision: 2025.2.6
      helm:
        releaseName: nova
        ignoreMissingValueFiles: true
        skipCrds: true
        valueFiles: [$v/a.yaml]
        parameters:
          - {name: a.b, value: "3", forceString: true}
    - repoURL: https://git.example/x.git
      ref: v
    - repoURL: https://git.example/x.git
      path: plain
      directory: {recurse: true, include: '*.yaml', exclude: 'x*'}
  ignoreDifferences:
    - kind: CephCluster
  syncPolicy:
    automated: {prune: true, selfHeal: no, allowEmpty: true}
    syncOptions: [CreateNamespace=false, Replace=true]
"""


def application(text: str) -> Application:
    root = documents(Source("apps/nova.yaml", text))[0].root
    assert isinstance(root, Mapping)
    return read_application(root)


def test_an_application_is_read_with_its_places() -> None:
    app = application(APP)
    assert (app.name, app.namespace, app.project, app.file) == ("nova", "argocd", "cloud", "apps/nova.yaml")
    assert (app.destination.name, app.destination.server, app.destination.namespace) == ("prod", "", "openstack")
    assert app.wave == -3
    assert app.wave_node is not None
    assert place_of(app.wave_node).first.line == 8
    assert [text for text, _ in app.finalizers] == ["resources-finalizer.argocd.argoproj.io"]
    assert len(app.ignore_differences) == 1


def test_sources_keep_their_order_and_kind() -> None:
    chart, ref, plain = application(APP).sources
    assert (chart.chart, chart.target_revision, chart.path) == ("nova", "2025.2.6", None)
    assert (ref.ref, ref.helm) == ("v", None)
    assert plain.path == "plain"
    assert plain.directory is not None
    assert plain.directory.recurse.value is True
    assert (plain.directory.include, plain.directory.exclude) == ("*.yaml", "x*")


def test_helm_settings_are_read() -> None:
    helm = application(APP).sources[0].helm
    assert helm is not None
    assert (helm.release_name, helm.ignore_missing.value, helm.skip_crds.value) == ("nova", True, True)
    assert [(p.name, p.force_string) for p in helm.parameters] == [("a.b", True)]


def test_the_sync_policy_says_where_each_switch_is_written() -> None:
    sync = application(APP).sync
    assert sync.automated.value is True
    assert (sync.prune.value, sync.self_heal.value, sync.allow_empty.value) == (True, False, True)
    assert sync.prune.node is not None
    place = place_of(sync.prune.node)
    assert place.source.text[place.start : place.end] == "true"
    option = application(APP).option("Replace")
    assert option is not None
    assert option[0] == "true"


def test_absent_switches_have_argo_cds_defaults_and_no_place() -> None:
    app = application("metadata: {name: a}\nspec: {syncPolicy: {automated: {}}}\n")
    assert app.sync.automated.value is True
    assert (app.sync.prune.value, app.sync.prune.node) == (False, None)
    assert application("metadata: {name: a}\nspec: {}\n").sync.automated == (False, None)


def test_automated_enabled_false_switches_automation_off() -> None:
    app = application("spec: {syncPolicy: {automated: {enabled: false, prune: true}}}\n")
    assert app.sync.automated.value is False


def test_sources_win_over_source_and_a_dry_source_counts() -> None:
    both = application("spec: {source: {path: one}, sources: [{path: two}]}\n")
    assert [s.path for s in both.sources] == ["two"]
    dry = application("spec: {sourceHydrator: {drySource: {path: dry}}}\n")
    assert [s.path for s in dry.sources] == ["dry"]


def test_a_placeholder_is_no_text_but_its_node_is_there() -> None:
    spec = "{destination: {namespace: '${NS}'}, syncPolicy: {automated: {prune: '{{p}}'}}}"
    app = application(f"metadata: {{name: '{{{{ .x }}}}'}}\nspec: {spec}\n")
    assert (app.name, app.destination.namespace) == ("", "")
    assert lookup(app.destination.home, "namespace") is not None
    assert app.sync.prune.value is None
    assert app.sync.prune.node is not None


@given(st.integers(0, 40))
def test_any_value_of_an_application_may_be_unknown(victim: int) -> None:
    root = documents(Source("a.yaml", APP))[0].root
    assert isinstance(root, Mapping)
    seen = iter(range(1000))
    broken = map_scalars(root, lambda s: Unknown(s.doc, s.start, s.end, "x") if next(seen) == victim else s)
    assert isinstance(broken, Mapping)
    assert read_application(broken).home is broken


@given(st.sampled_from(["spec", "metadata"]), st.sampled_from(["[]", "1", "~", "{source: [1]}", "{sources: [1, {helm: 3}]}"]))
def test_odd_shapes_never_raise(key: str, value: str) -> None:
    assert application(f"{key}: {value}\n").wave is None
