"""What the engine makes of a policy and a subject: findings with places and identities, or a reason for silence."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from lintkit.config import load_config
from lintkit.errors import LintkitError
from lintkit.finding import Finding
from lintkit.policy import shapes
from lintkit.policy.compiled import compile_policy
from lintkit.policy.load import builtin_policies
from lintkit.policy.model import Policy
from lintkit.run import Options, check, judge
from lintkit.tree.files import Files

Write = Callable[[str], Policy]


def judged(
    files: Mapping[str, str], policy: Policy | str, profile: str = "production"
) -> tuple[list[Finding], set[str], dict[str, str]]:
    """Findings, reasons of what is not evaluated, and broken policies. ``.lintkit.yaml`` among the files is the configuration."""
    chosen = policy if isinstance(policy, Policy) else next(p for p in builtin_policies() if p.id == policy)
    texts = {path: dedent(text).lstrip("\n") for path, text in files.items()}
    config = None
    if ".lintkit.yaml" in texts:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / ".lintkit.yaml"
            file.write_text(texts.pop(".lintkit.yaml"), "utf-8")
            config = load_config(file, ".lintkit.yaml")
    findings, verdicts = judge(Files(texts, texts.__getitem__), [chosen], config, profile)
    return findings, {n.reason for n in verdicts.not_evaluated}, verdicts.broken


def pool(spec: str, name: str = "images") -> str:
    """A CephBlockPool with a spec of indented lines."""
    body = "".join(f"  {line}\n" for line in dedent(spec).strip("\n").split("\n"))
    return f"apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: {name}\n  namespace: rook-ceph\nspec:\n{body}"


def place(finding: Finding) -> tuple[str, int, str]:
    """File, line, and the marked text."""
    at = finding.place
    return finding.span.path, finding.span.start.line, at.source.text[at.start : at.end]


SIZE = """
    version: 1
    id: own
    title: Pool is small
    severity: {production: error, lab: warning}
    subject: Pool
    params:
      min: {type: integer, default: 2}
    matchConditions: ["has(object.replicated) && has(object.replicated.size)"]
    validations:
      - expression: "object.replicated.size >= params.min"
        messageExpression: "'%d copies'.format([object.replicated.size])"
        at: replicated.size
"""


def test_finding_marks_the_value_and_says_it(own_policy: Write) -> None:
    (finding,), silent, broken = judged({"p.yaml": pool("replicated:\n  size: 1")}, own_policy(SIZE))
    assert place(finding) == ("p.yaml", 8, "1")
    assert finding.message == "1 copies"
    assert finding.span.pointer == "/spec/replicated/size"
    assert finding.resource_path == "spec.replicated.size"
    assert finding.resource == ("CephBlockPool", "rook-ceph", "images")
    assert (silent, broken) == (set(), {})


def test_wrong_key_is_marked_instead_of_its_value() -> None:
    text = pool('replicated: {size: 3}\nparameters:\n  pg_nun_min: "8"')
    (finding,), _, _ = judged({"p.yaml": text}, "unknown-pool-parameter")
    assert place(finding) == ("p.yaml", 9, "pg_nun_min")
    assert finding.span.pointer == "/spec/parameters/pg_nun_min"


def test_key_is_marked_where_the_path_is_literal_or_computed(own_policy: Write) -> None:
    for at in ("{path: replicated.size, key: true}", "{expression: \"'replicated.size'\", key: true}"):
        (finding,), _, _ = judged(
            {"p.yaml": pool("replicated:\n  size: 1")}, own_policy(SIZE.replace("at: replicated.size", f"at: {at}"))
        )
        assert place(finding) == ("p.yaml", 8, "size")


@pytest.mark.parametrize(
    ("spec", "line", "marked"),
    [
        ("failureDomain: host\nparameters:\n  bulk: 'true'", 6, "spec"),
        ("failureDomain: host\nreplicated:\n  requireSafeReplicaSize: true", 8, "replicated"),
        ("failureDomain: host\nreplicated: {requireSafeReplicaSize: true}", 8, "replicated"),
    ],
)
def test_absent_key_is_shown_at_the_nearest_written_ancestor(spec: str, line: int, marked: str, own_policy: Write) -> None:
    text = SIZE.replace('"has(object.replicated) && has(object.replicated.size)"', '"true"').replace(
        '"object.replicated.size >= params.min"\n        messageExpression: "\'%d copies\'.format([object.replicated.size])"',
        '"has(object.replicated) && has(object.replicated.size)"',
    )
    (finding,), _, _ = judged({"p.yaml": pool(spec)}, own_policy(text))
    assert place(finding) == ("p.yaml", line, marked)
    assert finding.resource_path == "spec.replicated.size"


MY_CNF = """
    apiVersion: k8s.mariadb.com/v1alpha1
    kind: MariaDB
    metadata: {name: shared, namespace: cloud}
    spec:
      replicas: 3
      myCnf: %s
"""


@pytest.mark.parametrize(
    ("written", "line", "marked"),
    [
        ("|\n        [mariadb]\n\n          sync_binlog = 0  # fast\n", 9, "sync_binlog = 0  # fast"),
        (">-\n        [mariadb]\n\n        sync_binlog=0\n", 9, "sync_binlog=0"),
        ('"[mariadb]\\nsync_binlog=0\\n"\n', 6, "sync_binlog=0"),
        ("&own |\n        [mariadb]\n        sync_binlog=0\n", 8, "sync_binlog=0"),
    ],
)
def test_a_setting_in_a_text_is_marked_at_its_line(written: str, line: int, marked: str) -> None:
    (finding,), _, _ = judged({"db.yaml": MY_CNF % written}, "crash-unsafe-database-config")
    assert place(finding) == ("db.yaml", line, marked)
    assert finding.span.pointer == "/spec/myCnf"


def test_a_line_of_a_text_keeps_its_identity_when_others_come_before_it() -> None:
    first, second = (
        judged({"db.yaml": MY_CNF % f"|\n        [mariadb]{more}\n        sync_binlog=0\n"}, "crash-unsafe-database-config")[0]
        for more in ("", "\n        max_connections=9")
    )
    assert [f.fingerprint for f in first] == [f.fingerprint for f in second]
    (one, other), _, _ = judged(
        {"db.yaml": MY_CNF % "|\n        sync_binlog=0\n        innodb_doublewrite=0\n"}, "crash-unsafe-database-config"
    )
    assert one.fingerprint != other.fingerprint


def test_what_a_null_took_away_is_shown_at_the_null() -> None:
    values = "# chart values\nconf:\n  ceph:\n    pools:\n      backup: null\n  cinder:\n    DEFAULT: {backup_driver: cinder.backup.drivers.ceph.C}\n"
    (finding,), _, _ = judged({"values/cinder.yaml": values}, "pool-map-entry-missing")
    assert place(finding) == ("values/cinder.yaml", 5, "null")


def test_a_validation_is_left_out_where_its_condition_does_not_hold(own_policy: Write) -> None:
    conditional = SIZE.replace("- expression:", "- when: params.min > 1\n        needs: [nodes]\n        expression:")
    texts = {"p.yaml": pool("replicated:\n  size: 1")}
    _, said, _ = judged(texts, own_policy(conditional))
    assert said == {"Pool/rook-ceph/images: no node inventory"}
    texts[".lintkit.yaml"] = "policies:\n  own: {params: {min: 1}}\n"
    assert judged(texts, own_policy(conditional)) == ([], set(), {})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("${COPIES}", "variable that is substituted later"),
        ('"{{ copies }}"', "template expression"),
        ("<path:secret/data/ceph#copies>", "secret placeholder"),
        ("ENC[AES256_GCM,data:abc]", "encrypted value"),
        ('"1"', "replicated.size is a string"),
        ("1.5", "replicated.size is a number"),
        ("true", "replicated.size is a boolean"),
        (".inf", "replicated.size is no finite number"),
        ("[1]", "replicated.size is a list"),
        ("{a: 1}", "replicated.size is a map"),
    ],
)
def test_value_that_cannot_be_read_or_is_of_a_wrong_type_gives_a_reason_and_no_finding(
    value: str, reason: str, own_policy: Write
) -> None:
    findings, silent, broken = judged({"p.yaml": pool(f"replicated:\n  size: {value}")}, own_policy(SIZE))
    assert (findings, broken) == ([], {})
    assert len(silent) == 1
    assert "Pool/rook-ceph/images" in next(iter(silent))
    assert reason in next(iter(silent))


def test_number_beyond_64_bits_is_the_reason_where_an_expression_fails_on_it() -> None:
    queue = "apiVersion: rabbitmq.com/v1beta1\nkind: RabbitmqCluster\nmetadata: {name: q}\nspec: {replicas: 1e30}\n"
    findings, silent, broken = judged({"q.yaml": queue}, "weak-rabbitmq-quorum")
    assert (findings, broken) == ([], {})
    assert "the number 1e+30 is too large" in next(iter(silent))


def test_null_counts_as_absent(own_policy: Write) -> None:
    assert judged({"p.yaml": pool("replicated:\n  size: null")}, own_policy(SIZE)) == ([], set(), {})


def test_whole_number_written_as_a_float_is_an_integer(own_policy: Write) -> None:
    (finding,), silent, broken = judged({"p.yaml": pool("replicated:\n  size: 1.0")}, own_policy(SIZE))
    assert (finding.message, silent, broken) == ("1 copies", set(), {})


def test_fact_that_is_declared_a_number_is_a_double_even_when_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {
        "properties": {
            "object": {},
            "facts": {
                "properties": {
                    "shares": {"type": "array", "items": {"type": "object", "properties": {"share": {"type": "number"}}}},
                    "counts": {"type": "array", "items": {"type": ["integer", "number"]}},
                    "limit": {"type": ["number", "null"]},
                }
            },
        }
    }
    monkeypatch.setattr(shapes, "subject_schema", lambda _: schema)
    shapes._has_numbers.cache_clear()
    made = shapes.fact_as_declared("Anything", "shares", [{"share": 1, "name": "a"}])
    assert made == [{"share": 1.0, "name": "a"}]
    assert isinstance(made, list)
    assert isinstance(made[0], dict)
    assert isinstance(made[0]["share"], float)
    assert isinstance(shapes.fact_as_declared("Anything", "limit", 3), float)
    assert shapes.fact_as_declared("Anything", "limit", None) is None
    assert [type(n) for n in shapes.fact_as_declared("Anything", "counts", [1, 2.5])] == [int, float]  # type: ignore[union-attr]
    shapes._has_numbers.cache_clear()


def test_variable_may_be_called_off(own_policy: Write) -> None:
    text = SIZE.replace(
        "    matchConditions:", '    variables: [{name: off, expression: "object.replicated.size"}]\n    matchConditions:'
    )
    policy = own_policy(text.replace('"object.replicated.size >= params.min"', '"variables.off >= params.min"'))
    assert len(judged({"p.yaml": pool("replicated: {size: 1}")}, policy)[0]) == 1


def test_unknown_value_beside_what_a_policy_reads_does_not_silence_it(own_policy: Write) -> None:
    text = pool("failureDomain: ${DOMAIN}\nquotas: [wrong]\nreplicated:\n  size: 1")
    (finding,), silent, _ = judged({"p.yaml": text}, own_policy(SIZE))
    assert place(finding) == ("p.yaml", 10, "1")
    assert silent == set()


def test_unknown_behind_an_alias_is_unknown_too(own_policy: Write) -> None:
    text = pool("application: &later ${COPIES}\nreplicated:\n  size: *later")
    findings, silent, _ = judged({"p.yaml": text}, own_policy(SIZE))
    assert findings == []
    assert "variable that is substituted later" in next(iter(silent))


def test_one_unquoted_parameter_is_named_as_the_reason() -> None:
    text = pool("replicated: {size: 3}\nparameters:\n  pg_autoscale_mode: on")
    findings, silent, _ = judged({"p.yaml": text}, "data-pool-unsized")
    assert findings == []
    assert silent == {"Pool/rook-ceph/images: parameters.pg_autoscale_mode is a boolean"}


def test_item_of_a_list_is_named_by_its_place(own_policy: Write) -> None:
    text = """
        version: 1
        id: own
        title: Named nodes
        subject: CephCluster
        validations:
          - expression: "object.spec.storage.nodes.all(n, n.name != '')"
    """
    cluster = "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: c, namespace: rook-ceph}\n"
    cluster += "spec: {storage: {nodes: [{name: a}, {name: 3}]}}\n"
    findings, silent, _ = judged({"c.yaml": cluster}, own_policy(text))
    assert findings == []
    assert silent == {"CephCluster/rook-ceph/c: spec.storage.nodes[1].name is an integer"}


def test_alias_is_shown_where_it_is_used_and_its_value_as_related(own_policy: Write) -> None:
    text = "x-sizes: &one 1\n" + pool("replicated:\n  size: *one")
    (finding,), _, _ = judged({"p.yaml": text}, own_policy(SIZE))
    assert place(finding) == ("p.yaml", 9, "*one")
    assert [(r.place.source.text[r.place.start : r.place.end], r.message) for r in finding.related] == [
        ("1", "the value comes from here")
    ]


def test_merge_key_is_shown_where_it_is_used(own_policy: Write) -> None:
    text = "x-copies: &copies\n  size: 1\n" + pool("replicated:\n  <<: *copies\n  requireSafeReplicaSize: false")
    (finding,), _, _ = judged({"p.yaml": text}, own_policy(SIZE))
    path, line, _ = place(finding)
    assert (path, line) == ("p.yaml", 9)
    assert [(r.place.first.line, r.message) for r in finding.related] == [(2, "the value comes from here")]


APPLICATION = """
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata: {name: ceph}
    spec:
      destination: {name: in-cluster, namespace: rook-ceph}
      sources:
        - repoURL: https://charts.example.org
          chart: rook-ceph-cluster
          targetRevision: v1.19.5
          helm:
            valueFiles: [$tree/base.yaml, $tree/site.yaml]
        - repoURL: https://git.example.org/cloud
          targetRevision: main
          ref: tree
"""
VALUES = """
    cephBlockPools: []
    cephFileSystems: []
    cephObjectStores: []
    cephClusterSpec:
      mon:
        count: %s
"""


def test_overridden_layer_is_named_as_related() -> None:
    files = {"apps/ceph.yaml": APPLICATION, "base.yaml": VALUES % 3, "site.yaml": "cephClusterSpec:\n  mon:\n    count: 4\n"}
    (finding,), _, _ = judged(files, "even-mon-count")
    assert place(finding) == ("site.yaml", 3, "4")
    assert [(r.place.source.path, r.place.first.line, r.message) for r in finding.related] == [
        ("base.yaml", 6, "overrides 3 here")
    ]


def test_an_alias_that_overrides_a_layer_still_tells_where_its_value_comes_from() -> None:
    site = "x-mons: &mons 4\ncephClusterSpec:\n  mon:\n    count: *mons\n"
    files = {"apps/ceph.yaml": APPLICATION, "base.yaml": VALUES % 3, "site.yaml": site}
    (finding,), _, _ = judged(files, "even-mon-count")
    assert place(finding) == ("site.yaml", 4, "*mons")
    assert [(r.place.source.path, r.place.first.line, r.message) for r in finding.related] == [
        ("site.yaml", 1, "the value comes from here"),
        ("base.yaml", 6, "overrides 3 here"),
    ]


def test_of_an_overridden_text_the_first_line_is_told() -> None:
    base = """
        apiVersion: k8s.mariadb.com/v1alpha1
        kind: MariaDB
        metadata: {name: shared, namespace: cloud}
        spec:
          myCnf: |
            [mariadb]
            max_connections=100
    """
    site = """
        resources: [base.yaml]
        patches:
          - target: {kind: MariaDB}
            patch: |
              - op: replace
                path: /spec/myCnf
                value: |
                  [mariadb]
                  sync_binlog=0
    """
    files = {"base.yaml": dedent(base), "kustomization.yaml": dedent(site)}
    (finding,), _, _ = judged(files, "crash-unsafe-database-config")
    assert [(r.place.source.path, r.message) for r in finding.related] == [("base.yaml", "overrides [mariadb] ... here")]


def test_layer_that_cannot_be_read_lowers_the_severity_and_is_named() -> None:
    hidden = APPLICATION.replace(
        "[$tree/base.yaml, $tree/site.yaml]", '[$tree/base.yaml, "https://elsewhere.example.org/site.yaml"]'
    )
    (finding,), _, _ = judged({"apps/ceph.yaml": hidden, "base.yaml": VALUES % 4}, "even-mon-count")
    assert finding.severity == "info"
    assert "(may be overridden by " in finding.message
    assert place(finding) == ("base.yaml", 6, "4")


OVERLAP = """
apiVersion: ceph.rook.io/v1
kind: CephCluster
metadata: {name: c, namespace: rook-ceph}
spec: {cephVersion: {image: "quay.io/ceph/ceph:v19.2.3"}}
---
""" + "---\n".join(
    (
        pool("deviceClass: nvme\nreplicated: {size: 3}", "fast"),
        pool("deviceClass: hdd\nreplicated: {size: 3}", "slow"),
        pool("failureDomain: host\nreplicated: {size: 3}", "plain"),
    )
)


def test_related_places_of_each_item_are_in_the_subjects_they_name() -> None:
    (finding,), _, _ = judged({"p.yaml": OVERLAP}, "overlapping-crush-roots")
    assert finding.resource.name == "plain"
    assert [(r.place.source.text[r.place.start : r.place.end], r.message) for r in finding.related] == [
        ("nvme", "pool fast is on class nvme"),
        ("hdd", "pool slow is on class hdd"),
    ]


def test_related_place_may_be_literal_and_the_place_of_the_finding_is_no_related_one(own_policy: Write) -> None:
    related = """\
        related:
          - {at: failureDomain, message: spread over these}
          - {at: {path: replicated.size, key: true}, messageExpression: "'of ' + facts.ceph_name"}
          - {at: replicated.size, message: here}
"""
    policy = own_policy(SIZE + related)
    (finding,), _, _ = judged({"p.yaml": pool("failureDomain: host\nreplicated:\n  size: 1")}, policy)
    assert [(r.place.source.text[r.place.start : r.place.end], r.message) for r in finding.related] == [
        ("host", "spread over these"),
        ("size", "of images"),
    ]


EACH = """\
        fix:
          title: halve the counts
          set:
            - forEach: facts.pg_counts
              at: {expression: item.related.path}
              value: {expression: "string(item.related.value / 2)"}
              when: "item.related.key != 'pg_num_max'"
"""


def test_a_fix_writes_once_for_each_item_of_a_list(own_policy: Write) -> None:
    counts = 'replicated: {size: 1}\nparameters: {pg_num: "64", pg_num_min: "32", pg_num_max: "128"}'
    (finding,), _, _ = judged({"p.yaml": pool(counts)}, own_policy(SIZE + EACH))
    assert finding.fix
    text = finding.place.source.text
    assert [(text[e.start : e.end], e.text) for e in finding.fix.edits] == [('"64"', '"32"'), ('"32"', '"16"')]


def test_a_misspelt_field_of_such_an_item_is_an_error(own_policy: Write) -> None:
    with pytest.raises(LintkitError, match="vale"):
        compile_policy(own_policy(SIZE + EACH.replace("item.related.value", "item.related.vale")))


def test_severity_follows_profile_configuration_and_path(own_policy: Write) -> None:
    policy = own_policy(SIZE)
    text = pool("replicated: {size: 1}")

    def severities(config: str = "", profile: str = "production") -> list[str]:
        files = {"prod/p.yaml": text, "dev/q.yaml": text.replace("images", "trial")}
        if config:
            files[".lintkit.yaml"] = config
        return [f.severity for f in judged(files, policy, profile)[0]]

    assert severities() == ["error", "error"]
    assert severities(profile="lab") == ["warning", "warning"]
    assert severities("policies: {own: info}") == ["info", "info"]
    assert severities("policies: {own: off}") == []
    assert severities("policies: {own: {severity: warning, overrides: [{paths: ['dev/**'], severity: off}]}}") == ["warning"]
    assert severities("policies: {own: {severity: off, overrides: [{paths: ['dev/**'], severity: info}]}}") == ["info"]


def test_params_follow_configuration_and_path(own_policy: Write) -> None:
    policy = own_policy(SIZE)
    files = {"prod/p.yaml": pool("replicated: {size: 2}"), "dev/q.yaml": pool("replicated: {size: 2}", "trial")}
    assert judged(files, policy)[0] == []
    everywhere = {**files, ".lintkit.yaml": "policies: {own: {params: {min: 3}}}"}
    assert {f.span.path for f in judged(everywhere, policy)[0]} == {"prod/p.yaml", "dev/q.yaml"}
    there = {**files, ".lintkit.yaml": "policies: {own: {overrides: [{paths: ['dev/**'], params: {min: 3}}]}}"}
    assert {f.span.path for f in judged(there, policy)[0]} == {"dev/q.yaml"}


def test_profile_of_an_environment_decides(own_policy: Write) -> None:
    files = {
        "clusters/prod/p.yaml": pool("replicated: {size: 1}"),
        "clusters/lab/p.yaml": pool("replicated: {size: 1}"),
        ".lintkit.yaml": "environments: {lab: {profile: lab}}",
    }
    found, _, _ = judged(files, own_policy(SIZE), profile="")
    assert [(f.span.path, f.severity) for f in found] == [("clusters/lab/p.yaml", "warning"), ("clusters/prod/p.yaml", "error")]


def test_severity_of_a_validation_wins_and_a_computed_one_is_never_graver_in_a_lab(own_policy: Write) -> None:
    fixed = own_policy(SIZE + "        severity: {production: warning}\n")
    files = {"p.yaml": pool("replicated: {size: 1}")}
    assert [f.severity for f in judged(files, fixed)[0]] == ["warning"]
    computed = own_policy(SIZE + "        severity: {expression: \"object.replicated.size == 1 ? 'info' : 'error'\"}\n")
    assert [f.severity for f in judged(files, computed)[0]] == ["info"]
    assert [f.severity for f in judged(files, computed, "lab")[0]] == ["info"]
    assert [f.severity for f in judged({"p.yaml": pool("replicated: {size: 0}")}, computed, "lab")[0]] == ["warning"]


def test_validation_may_speak_where_the_policy_is_off(own_policy: Write) -> None:
    policy = own_policy(SIZE.replace("lab: warning", 'lab: "off"') + "        severity: {lab: info}\n")
    assert [f.severity for f in judged({"p.yaml": pool("replicated: {size: 1}")}, policy, "lab")[0]] == ["info"]


def test_missing_evidence_is_the_reason(own_policy: Write) -> None:
    files = {"p.yaml": pool("replicated: {size: 1}")}
    findings, silent, _ = judged(files, own_policy(SIZE.replace("subject: Pool", "subject: Pool\n    needs: [nodes]")))
    assert (findings, silent) == ([], {"no node inventory"})
    findings, silent, _ = judged(files, own_policy(SIZE + "        needs: [hosts]\n"))
    assert (findings, silent) == ([], {"Pool/rook-ceph/images: no node inventory"})


def test_variable_counts_only_where_it_is_reached(own_policy: Write) -> None:
    text = SIZE.replace(
        "    matchConditions:", '    variables: [{name: size, expression: "object.replicated.size"}]\n    matchConditions:'
    ).replace('"has(object.replicated) && has(object.replicated.size)"', '"has(object.replicated) && variables.size < 9"')
    policy = own_policy(text)
    coded = {"p.yaml": pool("erasureCoded: {dataChunks: 2, codingChunks: 1}")}
    assert judged(coded, policy) == ([], set(), {})
    assert len(judged({"p.yaml": pool("replicated: {size: 1}")}, policy)[0]) == 1


def test_expression_that_fails_breaks_its_policy_only(own_policy: Write, tmp_path: Path) -> None:
    broken = own_policy(
        SIZE.replace(
            "matchConditions:", 'variables: [{name: third, expression: "[1, 2][object.replicated.size]"}]\n    matchConditions:'
        ).replace("object.replicated.size >= params.min", "variables.third > 0")
    )
    findings, _, named = judged({"p.yaml": pool("replicated: {size: 3}")}, broken)
    assert findings == []
    assert set(named) == {"own"}
    assert "house/storage/own/policy.yaml: line 11: variable third: " in named["own"]
    assert "Pool/rook-ceph/images" in named["own"]
    (tmp_path / ".lintkit.yaml").write_text("policy-folders: [house]\n", "utf-8")
    (tmp_path / "p.yaml").write_text(pool("replicated: {size: 3}\nparameters: {bulk: true}"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "lintkit", "check", "--select", "own,unquoted-pool-parameter"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "policy own is broken" in done.stdout + done.stderr
    assert "unquoted-pool-parameter" in done.stdout


def fingerprints(files: Mapping[str, str], policy: Policy | str) -> set[str]:
    """The identities of the findings."""
    return {f.fingerprint for f in judged(files, policy)[0]}


def test_fingerprint_does_not_depend_on_lines_values_or_file(own_policy: Write) -> None:
    policy = own_policy(SIZE)
    first = fingerprints({"p.yaml": pool("replicated: {size: 1}")}, policy)
    assert len(first) == 1
    assert fingerprints({"p.yaml": "# moved\n\n" + pool("failureDomain: host\nreplicated:\n  size: 1")}, policy) == first
    assert fingerprints({"other/place.yaml": pool("replicated: {size: 0}")}, policy) == first
    assert fingerprints({"p.yaml": pool("replicated: {size: 1}", "volumes")}, policy) != first


def test_fingerprint_does_not_depend_on_the_form_of_delivery(own_policy: Write) -> None:
    policy = own_policy(SIZE)
    values = (
        "cephBlockPools:\n  - name: images\n    spec:\n      replicated: {size: 1}\ncephFileSystems: []\ncephObjectStores: []\n"
    )
    plain = fingerprints({"p.yaml": pool("replicated: {size: 1}")}, policy)
    assert fingerprints({"rook-ceph-cluster/values.yaml": values}, policy) == plain


def test_fingerprint_names_list_items_by_their_name() -> None:
    def filesystem(*names: str) -> str:
        pools = "".join(f"    - name: {name}\n      replicated: {{size: 1}}\n" for name in names)
        head = "apiVersion: ceph.rook.io/v1\nkind: CephFilesystem\nmetadata: {name: shared, namespace: rook-ceph}\n"
        return f"{head}spec:\n  metadataPool: {{replicated: {{size: 3}}}}\n  dataPools:\n{pools}"

    first = fingerprints({"f.yaml": filesystem("a", "b")}, "pool-size-one")
    assert len(first) == 2
    assert fingerprints({"f.yaml": filesystem("b", "a")}, "pool-size-one") == first
    assert fingerprints({"f.yaml": filesystem("c", "a", "b")}, "pool-size-one") > first


def test_equal_findings_of_several_environments_become_one() -> None:
    files = {
        "base/kustomization.yaml": "resources: [p.yaml]\n",
        "base/p.yaml": pool("replicated: {size: 1}"),
        "overlays/east/kustomization.yaml": "resources: [../../base]\n",
        "overlays/west/kustomization.yaml": "resources: [../../base]\n",
    }
    (finding,), _, _ = judged(files, "pool-size-one")
    assert finding.environments == ("east", "west")
    assert re.fullmatch(r"[0-9a-f]{32}", finding.fingerprint)


def test_a_finding_that_is_graver_in_one_environment_is_told_once_and_as_grave(tmp_path: Path) -> None:
    files = {
        "base/kustomization.yaml": "resources: [p.yaml]\n",
        "base/p.yaml": pool("replicated: {size: 1}"),
        "overlays/east/kustomization.yaml": "resources: [../../base]\n",
        "overlays/west/kustomization.yaml": "resources: [../../base]\n",
        ".lintkit.yaml": "environments: {east: {profile: lab}, west: {profile: production}}\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    report, _ = check(Options(paths=(tmp_path,), select=("pool-size-one",)))
    (finding,) = report.findings
    assert (finding.severity, finding.environments) == ("error", ("east", "west"))


OVERRIDE = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: rook-config-override, namespace: rook-ceph}
    data:
      config: |
        [global]
        osd_pool_default_size = 1
        osd_pool_default_min_size = 1
    ---
    apiVersion: ceph.rook.io/v1
    kind: CephCluster
    metadata: {name: rook-ceph, namespace: rook-ceph}
    spec: {mon: {count: 3}}
"""


def test_lines_of_a_text_are_places_of_their_own() -> None:
    found, _, _ = judged({"ceph.yaml": OVERRIDE}, "default-size-lowered")
    assert [place(f) for f in found] == [
        ("ceph.yaml", 7, "osd_pool_default_size = 1"),
        ("ceph.yaml", 8, "osd_pool_default_min_size = 1"),
    ]
    assert len({f.fingerprint for f in found}) == 2


def test_a_line_keeps_its_identity_when_others_come_before_it() -> None:
    before, _, _ = judged({"ceph.yaml": OVERRIDE}, "default-size-lowered")
    after, _, _ = judged({"ceph.yaml": OVERRIDE.replace("[global]", "[global]\n        debug_osd = 1")}, "default-size-lowered")
    assert [f.fingerprint for f in after] == [f.fingerprint for f in before]


def test_a_default_of_a_chart_without_values_here_is_shown_at_what_delivers_it() -> None:
    elsewhere = APPLICATION.replace("[$tree/base.yaml, $tree/site.yaml]", '["https://elsewhere.example.org/site.yaml"]')
    for policy in ("all-devices-used", "single-rgw-instance"):
        (finding,), _, _ = judged({"ceph.yaml": elsewhere}, policy)
        path, line, _ = place(finding)
        assert (path, line) == ("ceph.yaml", 7), policy
        assert "(may be overridden by " in finding.message
