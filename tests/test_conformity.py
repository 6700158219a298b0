"""Nothing misspelt gets through: keys and types of resources and chart values, at the line that holds them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent, indent

import pytest

from lintkit.change import review
from lintkit.finding import Finding, NotEvaluated
from lintkit.run import Options, check
from lintkit.text.edits import apply_edits

SPEC = """\
failureDomain: host
deviceClass: nvme
replicated:
  size: 3
  requireSafeReplicaSise: true
parameters:
  bulk: "true"
"""
CR = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: images\n  namespace: rook-ceph\nspec:\n" + indent(
    SPEC, "  "
)
VALUES = "cephBlockPools:\n  - name: images\n    spec:\n" + indent(SPEC, "      ") + "cephFileSystems: []\ncephObjectStores: []\n"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ceph
spec:
  source:
    repoURL: https://charts.example.org
    chart: rook-ceph-cluster
    targetRevision: v1.19.5
    helm:
      %s
"""


def schema_findings(root: Path, files: dict[str, str]) -> list[Finding]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    report, _ = check(Options(paths=(root,), select=("schema",)))
    return list(report.findings)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pool.yaml", CR),
        ("rook-ceph-cluster/values.yaml", VALUES),
        ("apps/ceph.yaml", APPLICATION % ("valuesObject:\n" + indent(VALUES, " " * 8))),
        ("apps/ceph.yaml", APPLICATION % ("values: |\n" + indent(VALUES, " " * 8))),
    ],
    ids=["resource", "chart values", "valuesObject", "literal block"],
)
def test_a_misspelt_key_is_found_at_the_key_in_every_form(tmp_path: Path, path: str, text: str) -> None:
    (finding,) = schema_findings(tmp_path, {path: text})
    place = finding.place
    assert finding.policy == "unknown-key"
    assert (finding.span.path, place.source.text[place.start : place.end]) == (path, "requireSafeReplicaSise")
    assert "did you mean 'requireSafeReplicaSize'?" in finding.message
    assert finding.resource.kind == "CephBlockPool"
    assert finding.fix is not None
    assert apply_edits(text, finding.fix.edits) == text.replace("ReplicaSise", "ReplicaSize")


def test_a_definition_in_the_repository_wins_for_its_kind(tmp_path: Path) -> None:
    definition = dedent("""\
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: backups.example.org}
        spec:
          group: example.org
          names: {kind: Backup, plural: backups}
          scope: Namespaced
          versions:
            - name: v1
              served: true
              storage: true
              schema:
                openAPIV3Schema:
                  type: object
                  properties:
                    spec:
                      type: object
                      required: [schedule]
                      properties:
                        schedule: {type: string}
                        keep: {type: integer, minimum: 1}
                      x-kubernetes-validations:
                        - {rule: "!has(self.keep) || self.keep < 100", message: keep fewer than 100}
        """)
    backup = "apiVersion: example.org/v1\nkind: Backup\nmetadata: {name: a}\nspec:\n  keep: 0\n  shedule: nightly\n---\n"
    backup += (
        "apiVersion: example.org/v1\nkind: Backup\nmetadata: {name: b}\nspec: {schedule: nightly, keep: 100}  # StorageClass\n"
    )
    found = {
        (f.policy, f.span.start.line): f.message for f in schema_findings(tmp_path, {"crds.yaml": definition, "b.yaml": backup})
    }
    assert set(found) == {("bad-value", 5), ("unknown-key", 6), ("missing-key", 4), ("crd-validation", 11)}
    assert "did you mean 'schedule'?" in found[("unknown-key", 6)]
    assert "keep fewer than 100" in found[("crd-validation", 11)]


def test_a_core_kind_is_checked_by_kubernetes_own_schema(tmp_path: Path) -> None:
    text = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec:\n  minAvailabel: 1\n  selector: {}\n"
    (finding,) = schema_findings(tmp_path, {"pdb.yaml": text})
    assert (finding.policy, finding.span.start.line) == ("unknown-key", 5)
    assert "minAvailable" in finding.message


def test_a_placeholder_is_never_of_the_wrong_type(tmp_path: Path) -> None:
    text = CR.replace("requireSafeReplicaSise", "requireSafeReplicaSize").replace("size: 3", 'size: "{{ replicas }}"')
    assert schema_findings(tmp_path, {"pool.yaml": text}) == []


def test_a_misspelt_value_of_a_known_chart_is_found_and_free_maps_are_not(tmp_path: Path) -> None:
    values = dedent("""\
        pod:
          replicas:
            apis: 3
        labels:
          api:
            node_selector_key: anything
        conf:
          keystone:
            DEFAULT:
              whatever_operators_write: true
        """)
    application = APPLICATION.replace("rook-ceph-cluster", "keystone").replace("v1.19.5", "2025.2.6")
    (finding,) = schema_findings(tmp_path, {"app.yaml": application % ("valuesObject:\n" + indent(values, " " * 8))})
    assert finding.message == "chart keystone has no value pod.replicas.apis, did you mean api?"
    assert (finding.severity, finding.place.source.text[finding.place.start : finding.place.end]) == ("warning", "apis")


def test_values_of_a_chart_of_unknown_version_are_not_judged_by_their_keys(tmp_path: Path) -> None:
    application = APPLICATION.replace("rook-ceph-cluster", "keystone").replace("v1.19.5", "0.3.13")
    assert schema_findings(tmp_path, {"app.yaml": application % "valuesObject: {pod: {replicas: {apis: 3}}}"}) == []


def test_a_patch_is_never_judged_alone(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": "resources: [pool.yaml]\npatches: [{path: patch.yaml}]\n",
        "pool.yaml": CR.replace("requireSafeReplicaSise", "requireSafeReplicaSize"),
        "patch.yaml": "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: images, namespace: rook-ceph}\nspec: {}\n",
    }
    assert schema_findings(tmp_path, files) == []


def test_a_value_that_another_policy_names_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "pool.yaml").write_text(CR.replace("requireSafeReplicaSise", "requireSafeReplicaSize").replace('"true"', "true"))
    report, _ = check(Options(paths=(tmp_path,)))
    assert [f.policy for f in report.findings if f.span.start.line == 13] == ["unquoted-pool-parameter"]


NAMESPACE = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPoolRadosNamespace
metadata: {name: a, namespace: rook-ceph}
spec:
  blockPoolName: images
"""


def _commit(root: Path, message: str) -> None:
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", message)):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(("git", *identity, *command), cwd=root, check=True)


def test_a_transition_rule_waits_for_a_base_and_is_judged_with_one(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(NAMESPACE)
    _commit(tmp_path, "one")
    (tmp_path / "a.yaml").write_text(NAMESPACE.replace("images", "volumes"))
    alone, _ = check(Options(paths=(tmp_path,), select=("schema",)))
    assert alone.findings == ()
    assert [n for n in alone.not_evaluated if n.policy == "crd-validation"] == [
        NotEvaluated("crd-validation", "default", "no base revision")
    ]
    report, _ = review(Options(paths=(tmp_path,), select=("schema",)), since="HEAD")
    (finding,) = report.findings
    assert (finding.policy, finding.span.start.line) == ("crd-validation", 5)
    assert finding.message == "spec.blockPoolName: it cannot be changed after creation"
    assert not [n for n in report.not_evaluated if n.policy == "crd-validation"]


APP = """\
apiVersion: argoproj.io/v1alpha1
kind: %s
metadata: {name: x}
spec:
%s
"""
SPEC_OF_APP = """\
project: default
destination: {name: prod, namespace: x}
source:
  repoURL: https://charts.example.org
  chart: anything
  targetRevison: 1.2.3
  targetRevision: 1.20
"""


def test_a_delivery_is_held_against_its_schema_and_what_a_set_makes_is_not_said_twice(tmp_path: Path) -> None:
    generators = "  generators: [{list: {elements: [{a: b}, {a: c}]}}]\n  template:\n    metadata: {name: 'x-{{a}}'}\n    spec:\n"
    sets = APP % ("ApplicationSet", generators + indent(SPEC_OF_APP, " " * 6))
    found = schema_findings(tmp_path, {"app.yaml": APP % ("Application", indent(SPEC_OF_APP, "  ")), "sets.yaml": sets})
    assert [(f.policy, f.span.path, f.span.start.line) for f in found] == [
        ("unknown-key", "app.yaml", 10),
        ("wrong-type", "app.yaml", 11),
        ("unknown-key", "sets.yaml", 14),
        ("wrong-type", "sets.yaml", 15),
    ]
    (quoted,) = found[1].fix.edits if found[1].fix else ()
    assert quoted.text == '"1.20"'


def test_a_severity_of_the_configuration_holds_for_the_schema(tmp_path: Path) -> None:
    (tmp_path / ".lintkit.yaml").write_text("policies: {unknown-key: warning}\n")
    (finding,) = schema_findings(tmp_path, {"pool.yaml": CR})
    assert (finding.policy, finding.severity) == ("unknown-key", "warning")


@pytest.mark.parametrize("metadata", ["metadata: {namespace: rook-ceph}", "metadata: {name: }"])
def test_an_object_without_a_name_breaks_no_policy_and_is_named(tmp_path: Path, metadata: str) -> None:
    text = "apiVersion: ceph.rook.io/v1\nkind: CephNFS\n%s\nspec: {server: {active: 0}}\n" % metadata
    (tmp_path / "nfs.yaml").write_text(text)
    report, _ = check(Options(paths=(tmp_path,)))
    assert report.broken == ()
    assert [f.message for f in report.findings if f.span.start.line == 3] == ["metadata has no name, which is required"]
    reasons = {n.policy: n.reason for n in report.not_evaluated}
    assert (
        reasons["nfs-server-inactive"] == "CephNFS//: metadata.name is missing" or "rook-ceph" in reasons["nfs-server-inactive"]
    )
    generated = text.replace("metadata: {", "metadata: {generateName: a-, ")
    assert schema_findings(tmp_path, {"nfs.yaml": generated}) == []


def test_a_key_is_not_renamed_to_one_that_stands_beside_it(tmp_path: Path) -> None:
    text = CR.replace("requireSafeReplicaSise: true", "Size: 2")
    (finding,) = schema_findings(tmp_path, {"pool.yaml": text})
    assert "did you mean 'size'?" in finding.message
    assert finding.fix is None
