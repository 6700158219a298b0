"""`env`, `eval`, `explain` and `policies` on the example cloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLES, ROOT, Run, pool, sentence, write

NODES = """\
environment prod
  1: node-role.kubernetes.io/control-plane
  2: node-role.kubernetes.io/tarn-compute=enabled
  3: node-role.kubernetes.io/tarn-control-plane=enabled
  4: node-role.kubernetes.io/tarn-storage=enabled
  5: node-role.kubernetes.io/tarn-vswitch=enabled
           1  2  3  4  5
  fell-01  x  .  x  x  x
  fell-02  x  .  x  x  x
  fell-03  x  .  x  x  x
  beck-01  .  x  .  x  x
  beck-02  .  x  .  x  x
  beck-03  .  x  .  x  x
  beck-04  .  x  .  x  x
"""

WHY = """\
lab: CephCluster rook-ceph spec.mon.count
  = 3   ceph/cluster/common.yaml:16
  overrides 3   chart default
prod: CephCluster rook-ceph spec.mon.count
  = 4   ceph/cluster/prod.yaml:5
  overrides 3   ceph/cluster/common.yaml:16
  overrides 3   chart default
"""


def test_env_shows_versions_nodes_and_resources_by_origin(run: Run) -> None:
    done = run("env", EXAMPLES)
    assert (done.code, done.err) == (0, "")
    lab, prod = done.out.split("environment prod")
    assert lab.startswith("environment lab (profile lab)\n  versions: ceph 19.2.3, rook 1.19.6\n  nodes: 3\n")
    assert prod.startswith(" (profile production)\n")
    origin = "  Application lab-ceph-cluster -> ceph/cluster/common.yaml -> argocd/lab/ceph-cluster.yaml valuesObject\n"
    assert origin + "    CephBlockPool: cinder-fast, nova-disks," in lab
    assert "\n  Application prod-queues\n" in prod
    assert "\n    RabbitmqCluster: mq-" in prod
    assert "  nodes: 7\n" in prod


def test_env_says_what_could_not_be_read(run: Run) -> None:
    lines = run("env", EXAMPLES).out.splitlines()
    assert any(line.startswith("  not read: argocd/prod/rabbitmq-operator.yaml:") for line in lines)


def test_env_of_a_directory_without_anything_says_so(run: Run, repo: Path) -> None:
    assert run("env", repo).out == "no environment: nothing in this repository reaches a cluster that lintkit can tell\n"


def test_env_nodes_is_a_matrix_of_roles(run: Run) -> None:
    assert run("env", EXAMPLES, "--nodes").out.split("\n\n")[1] == NODES


def test_env_why_names_the_layer_that_wins_first(run: Run) -> None:
    assert run("env", EXAMPLES, "--why", "CephCluster/rook-ceph:spec.mon.count").out == WHY


def test_env_why_says_when_nothing_sets_a_value(run: Run) -> None:
    out = run("env", EXAMPLES, "--why", "CephCluster/rook-ceph:spec.nothing.here").out
    assert out.splitlines()[1] == "  nothing sets it"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("CephCluster/rook-ceph", "--why takes KIND/NAME:PATH"),
        ("rook-ceph:spec", "--why takes KIND/NAME:PATH"),
        ("CephCluster/rook-ceph:", "--why wants a path after the colon"),
        ("CephCluster/rook-cehp:spec", "nothing is called 'CephCluster/rook-cehp', perhaps CephCluster/rook-ceph"),
        ("Nonsense/nothing-like-it:spec", "(see `lintkit env`)"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_sentence(question: str, said: str, run: Run) -> None:
    assert said in sentence(run("env", EXAMPLES, "--why", question))


def test_eval_shows_object_facts_and_result(run: Run) -> None:
    done = run("eval", "object.spec.mon.count % 2", "--on", "CephCluster/rook-ceph", "--path", EXAMPLES)
    results = [line for line in done.out.splitlines() if line.startswith(("environment", "result"))]
    assert results == [
        "environment lab, CephCluster/rook-ceph/rook-ceph",
        "result: 1",
        "environment prod, CephCluster/rook-ceph/rook-ceph",
        "result: 0",
    ]
    assert '"count": 4' in done.out


def test_eval_of_an_unknown_value_is_not_evaluated(run: Run, repo: Path) -> None:
    write(repo, {"pool.yaml": pool().replace("size: 1", 'size: "{{ size }}"')})
    done = run("eval", "object.replicated.size > 1", "--on", "Pool/data", "--path", repo)
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("result: not evaluated (")


def test_eval_of_what_is_no_cel_is_a_sentence(run: Run) -> None:
    assert "'1 +' is no CEL" in sentence(run("eval", "1 +", "--on", "CephCluster/rook-ceph", "--path", EXAMPLES))
    assert "nothing is called" in sentence(run("eval", "1", "--on", "nonsense", "--path", EXAMPLES))


def test_explain_tells_everything_about_a_policy(run: Run) -> None:
    out = run("explain", "pool-size-one").out
    assert out.startswith(
        "pool-size-one (durability)\nPool keeps a single copy\n\nSeverity: production error, lab warning\nJudges: Pool\n"
    )
    for heading in (
        "Why: ",
        "What to do: ",
        "Parameters:",
        "Fix: safe where it is certain",
        "Example that is found:",
        "References:",
    ):
        assert f"\n{heading}" in out
    assert "expect:" not in out


def test_explain_knows_every_policy_and_those_about_shape(run: Run) -> None:
    for name in sorted(p.parent.name for p in (ROOT / "policies").glob("*/*/policy.yaml")):
        out = run("explain", name).out
        assert out.startswith(f"{name} (")
        assert "\nExample that is found:\n" in out
        assert "  # found" in out
    assert run("explain", "invalid-yaml").out.startswith("invalid-yaml (yaml)\n")


def test_explain_shows_what_is_found_and_the_same_after_the_fix(run: Run) -> None:
    found, _, fixed = (
        run("explain", "pool-size-one").out.partition("Example that is found:")[2].partition("The same after the fix:")
    )
    assert "        size: 1  # found: pool throwaway\n" in found
    assert "        size: 3\n" in fixed
    assert "expect" not in found + fixed


def test_explain_shows_the_parameters_with_their_type_and_meaning(run: Run) -> None:
    out = run("explain", "pgs-per-osd-exceeded").out
    assert "  mon_target_pg_per_osd = 100 (integer): The target where the cluster does not set one.\n" in out


def test_explain_shows_what_was_there_before_a_change(run: Run) -> None:
    before, _, after = (
        run("explain", "data-store-removed").out.partition("Before the change:")[2].partition("Example that is found:")
    )
    assert "      name: volumes\n" in before
    assert "  # found: pool volumes is gone\n" in after


def test_explain_suggests_the_nearest_policy(run: Run) -> None:
    assert "no policy is called 'pool-size-on', perhaps pool-size-one" in sentence(run("explain", "pool-size-on"))


def test_policies_lists_every_policy_by_family(run: Run) -> None:
    out = run("policies").out
    listed = json.loads(run("policies", "--format", "json").out)
    assert {p["id"] for p in listed} == {p.parent.name for p in (ROOT / "policies").glob("*/*/policy.yaml")}
    assert f"\n{len(listed)} policies (severity: production/lab)" in out
    assert "\ndurability\n" in out
    assert next(p for p in listed if p["id"] == "pool-size-one") == {
        "id": "pool-size-one",
        "family": "durability",
        "title": "Pool keeps a single copy",
        "severity": {"production": "error", "lab": "warning"},
        "subjects": ["Pool"],
        "needs": [],
        "builtin": True,
    }


def test_policies_of_the_repository_are_listed_and_explained(run: Run, repo: Path) -> None:
    policy = (
        "version: 1\nid: mine\ntitle: Mine\nsubject: Pool\nseverity: {production: info}\nvalidations:\n"
        "  - expression: object.replicated.size > 1\n    message: m\nwhy: Because.\nremedy: Do.\n"
    )
    write(repo, {".lintkit.yaml": "policy-folders: [p]\n", "p/house/mine/policy.yaml": policy, "pool.yaml": pool()})
    assert "\nhouse\n  mine " in run("policies", repo).out
    assert "Why: Because." in run("explain", "mine", "--path", repo).out
    assert run("check", repo, "--format", "json").places("mine") == [("pool.yaml", 4)]


@pytest.mark.parametrize("command", [("env",), ("policies",), ("explain", "pool-size-one", "--path")])
def test_a_missing_repository_is_a_sentence_everywhere(command: tuple[str, ...], run: Run, repo: Path) -> None:
    assert "no such file or directory" in sentence(run(*command, repo / "absent"))
