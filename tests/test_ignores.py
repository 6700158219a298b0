"""Recorded decisions: which findings a comment, the configuration or the baseline accepts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lintkit.baseline import entry_of, load_baseline, render
from lintkit.errors import LintkitError
from lintkit.ignores import comments, ignore_fixes
from lintkit.run import Options, check
from lintkit.text.edits import apply_edits
from lintkit.text.source import Source

POOL = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata:
  name: scratch
  namespace: rook-ceph
spec:
  failureDomain: host
  replicated:
    size: 1{beside}
    requireSafeReplicaSize: true
  parameters:
    bulk: "true"
"""


def run(root: Path, text: str, config: str = "") -> tuple[dict[tuple[str, int], str], list[tuple[str, str, str]]]:
    """Findings by policy and line, and what was accepted: policy, reason, by."""
    (root / "pool.yaml").write_text(text)
    if config:
        (root / ".lintkit.yaml").write_text(config)
    report, _ = check(Options(paths=(root,)))
    found = {(f.policy, f.span.start.line): f.message for f in report.findings}
    return found, [(i.finding.policy, i.reason, i.by) for i in report.ignored]


def test_a_comment_beside_the_line_accepts_the_finding_there(tmp_path: Path) -> None:
    found, accepted = run(tmp_path, POOL.format(beside="  # lintkit: ignore[pool-size-one] build cache, rebuilt nightly"))
    assert ("pool-size-one", 9) not in found
    assert accepted == [("pool-size-one", "build cache, rebuilt nightly", "comment")]


def test_a_comment_above_the_line_accepts_it_too(tmp_path: Path) -> None:
    text = POOL.format(beside="").replace(
        "    size: 1", "    # lintkit: ignore[pool-size-one] cache\n    # and more words\n    size: 1"
    )
    found, accepted = run(tmp_path, text)
    assert found == {}
    assert accepted == [("pool-size-one", "cache", "comment")]


def test_a_comment_two_lines_away_accepts_nothing_and_is_unused(tmp_path: Path) -> None:
    text = POOL.format(beside="").replace("spec:", "spec:  # lintkit: ignore[pool-size-one] cache")
    found, accepted = run(tmp_path, text)
    assert found[("unused-ignore", 6)] == "nothing here breaks pool-size-one"
    assert ("pool-size-one", 9) in found
    assert accepted == []


@pytest.mark.parametrize(
    ("comment", "policy", "message"),
    [
        ("ignore[pool-size-one]", "reasonless-ignore", "this ignore gives no reason"),
        ("ignore[pool-size-on] cache", "unknown-ignore", "no policy is called pool-size-on, perhaps pool-size-one"),
        ("ignore[] cache", "unknown-ignore", "this ignore names no policy"),
        ("ignore[pool-size-one] until=2020-01-31 cache", "expired-ignore", "this ignore ended on 2020-01-31"),
        ("ignore[pool-size-one] until=soon cache", "expired-ignore", "this ignore ended on soon"),
    ],
)
def test_a_decision_that_does_not_hold_is_a_finding_and_has_no_effect(
    tmp_path: Path, comment: str, policy: str, message: str
) -> None:
    found, accepted = run(tmp_path, POOL.format(beside=f"  # lintkit: {comment}"))
    assert found[(policy, 9)] == message
    assert ("pool-size-one", 9) in found
    assert accepted == []


def test_an_ignore_holds_on_its_last_day(tmp_path: Path) -> None:
    today = date.today().isoformat()
    found, accepted = run(tmp_path, POOL.format(beside=f"  # lintkit: ignore[pool-size-one] until={today} cache"))
    assert found == {}
    assert accepted == [("pool-size-one", "cache", "comment")]


def test_the_fix_of_a_dead_ignore_takes_only_the_comment_away(tmp_path: Path) -> None:
    text = POOL.format(beside="").replace("size: 1", "size: 3  # lintkit: ignore[pool-size-one] old")
    (tmp_path / "pool.yaml").write_text(text)
    report, _ = check(Options(paths=(tmp_path,)))
    (finding,) = [f for f in report.findings if f.policy == "unused-ignore"]
    assert finding.fix is not None
    assert finding.fix.safe
    assert apply_edits(text, finding.fix.edits) == POOL.format(beside="").replace("size: 1", "size: 3")


def test_the_configuration_accepts_by_resource_even_where_a_key_is_absent(tmp_path: Path) -> None:
    text = POOL.format(beside="").replace("size: 1", "size: 3").replace('  parameters:\n    bulk: "true"\n', "")
    config = "ignore:\n- {policies: [data-pool-unsized], resources: [CephBlockPool/scratch], reason: tiny on purpose}\n"
    found, accepted = run(tmp_path, text, config)
    assert "data-pool-unsized" not in {policy for policy, _ in found}
    assert accepted == [("data-pool-unsized", "tiny on purpose", "config")]


def test_an_ignore_for_a_policy_that_was_not_run_is_not_called_unused(tmp_path: Path) -> None:
    (tmp_path / "pool.yaml").write_text(POOL.format(beside="").replace("spec:", "spec:  # lintkit: ignore[pool-size-one] cache"))
    report, _ = check(Options(paths=(tmp_path,), select=("data-pool-unsized", "unused-ignore")))
    assert report.findings == ()


def test_comments_in_values_count_and_words_about_ignores_do_not() -> None:
    text = 'a: "# lintkit: ignored"\nb: x # lintkit: ignore[a, b] why # really\n# lintkit: ignore nothing\n'
    (found,) = comments(Source("a.yaml", text))
    assert (found.ids, found.reason, found.line) == (("a", "b"), "why # really", 2)


def test_the_baseline_accepts_a_finding_wherever_its_line_and_file_go(tmp_path: Path) -> None:
    (tmp_path / "pool.yaml").write_text(POOL.format(beside=""))
    report, _ = check(Options(paths=(tmp_path,)))
    (tmp_path / ".lintkit-baseline.json").write_text(render(entry_of(f) for f in report.findings))
    (tmp_path / "pool.yaml").rename(tmp_path / "moved.yaml")
    (tmp_path / "moved.yaml").write_text("# a new first line\n\n" + POOL.format(beside=""))
    report, _ = check(Options(paths=(tmp_path,)))
    assert report.findings == ()
    assert {(i.finding.policy, i.by) for i in report.ignored} >= {("pool-size-one", "baseline")}


def test_a_broken_baseline_is_one_sentence_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ".lintkit-baseline.json").write_text('{"version": 1,\n "findings": [}')
    with pytest.raises(LintkitError, match=r"\.lintkit-baseline\.json:2: is no JSON"):
        load_baseline(tmp_path)


def recorded(root: Path, name: str, text: str, *policies: str) -> str:
    """The file after the decision to ignore what some policies say, which must then be silent about it."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    report, _ = check(Options(paths=(root,), select=policies))
    fixes = ignore_fixes([(f, "known") for f in report.findings])
    after = apply_edits(text, [edit for fix in fixes for edit in fix.edits])
    (root / name).write_text(after)
    if fixes:
        again, _ = check(Options(paths=(root,), select=(*policies, "unused-ignore")))
        assert again.findings == ()
    return after


def test_a_recorded_ignore_stands_beside_the_line(tmp_path: Path) -> None:
    text = POOL.format(beside="")
    wanted = POOL.format(beside="  # lintkit: ignore[pool-size-one] known")
    assert recorded(tmp_path, "pool.yaml", text, "pool-size-one") == wanted


def test_a_recorded_ignore_stands_above_a_line_that_has_a_comment(tmp_path: Path) -> None:
    text = POOL.format(beside="  # one is enough")
    wanted = text.replace("    size: 1", "    # lintkit: ignore[pool-size-one] known\n    size: 1")
    assert recorded(tmp_path, "pool.yaml", text, "pool-size-one") == wanted


def test_several_ignores_of_one_line_stand_above_it(tmp_path: Path) -> None:
    text = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: a, namespace: rook-ceph}\n"
    text += "spec: {failureDomain: host, replicated: {size: 1, requireSafeReplicaSize: false}}\n"
    after = recorded(tmp_path, "pool.yaml", text, "pool-size-one", "unsafe-replica-size", "data-pool-unsized")
    lines = after.splitlines()
    assert lines[-1] == text.splitlines()[-1]
    assert "# lintkit: ignore[pool-size-one] known" in lines
    assert "# lintkit: ignore[data-pool-unsized] known" in lines


def test_a_recorded_ignore_can_stand_in_embedded_values(tmp_path: Path) -> None:
    inner = "cephBlockPools:\n- name: a\n  spec:\n    replicated:\n      size: 1\ncephFileSystems: []\ncephObjectStores: []\n"
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: ceph\n  namespace: argocd\nspec:\n"
        "  destination: {namespace: rook-ceph, name: in-cluster}\n  source:\n    repoURL: https://charts.rook.io/release\n"
        "    chart: rook-ceph-cluster\n    targetRevision: v1.18.0\n    helm:\n      values: |\n"
    ) + "".join(f"        {line}\n" for line in inner.splitlines())
    after = recorded(tmp_path, "app.yaml", text, "pool-size-one")
    assert "              size: 1  # lintkit: ignore[pool-size-one] known\n" in after


def test_no_ignore_is_recorded_where_no_comment_can_stand(tmp_path: Path) -> None:
    text = (
        '{"apiVersion": "ceph.rook.io/v1", "kind": "CephBlockPool", "metadata": {"name": "a", "namespace": "rook-ceph"},\n'
        ' "spec": {"replicated": {"size": 1}}}\n'
    )
    assert recorded(tmp_path, "pool.json", text, "pool-size-one") == text
