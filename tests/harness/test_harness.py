"""`lintkit test` fails, with a clear sentence, whenever a case and its policy disagree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from lintkit.errors import LintkitError
from lintkit.harness.cases import Outcome, run_all

POLICY = """\
version: 1
id: thin
title: Pool is thin
subject: Pool
matchConditions: ["has(object.replicated)"]
validations:
  - expression: "object.replicated.size != 2"
    messageExpression: "'%d copies'.format([object.replicated.size])"
    at: replicated.size
    fix: {title: three copies, set: {replicated.size: 3}, safe: false}
"""
NO_FIX = POLICY[: POLICY.index("    fix:")]
HEAD = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: p\n  namespace: rook-ceph\nspec:\n  replicated:\n"
BAD = HEAD + '    size: 2 # expect: thin error "2 copies"\n    requireSafeReplicaSize: true # ok: thin\n'
FIXED = BAD.replace("size: 2 #", "size: 3 #")
GOOD = HEAD + "    size: 3 # ok: thin\n"


class Folder:
    """A folder with one policy and its cases."""

    def __init__(self, root: Path) -> None:
        self.root = root / "house"
        self.home = self.root / "storage" / "thin"
        (self.home / "cases").mkdir(parents=True)
        self.write("../policy.yaml", POLICY)
        self.write("bad.yaml", BAD)
        self.write("bad.fixed.yaml", FIXED)
        self.write("good.yaml", GOOD)

    def write(self, name: str, text: str) -> None:
        file = self.home / "cases" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def run(self) -> Outcome:
        return run_all(self.root)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder in which all is well."""
    return Folder(tmp_path)


def failures(outcome: Outcome) -> str:
    """The sentences; there must be some."""
    assert outcome.failed
    assert outcome.text.endswith(f"{outcome.passed} passed, {outcome.failed} failed\n")
    return "\n".join(outcome.failures)


def test_cases_that_hold_pass(folder: Folder) -> None:
    assert folder.run().text == "2 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("name", "text", "sentences"),
    [
        (
            "bad.yaml",
            BAD.replace(' # expect: thin error "2 copies"', "").replace("# ok: thin", '# expect: thin "2 copies"'),
            ["bad.yaml:8: unexpected error thin: 2 copies", "bad.yaml:9: no thin with '2 copies'"],
        ),
        (
            "bad.yaml",
            BAD.replace("2 copies", "two copies"),
            ["unexpected error thin: 2 copies", "bad.yaml:8: no error thin with 'two copies'"],
        ),
        ("bad.yaml", BAD.replace("thin error", "thin warning"), ["bad.yaml:8: no warning thin with '2 copies'"]),
        ("bad.yaml", BAD.replace("size: 2", "size: 3"), ["thin bad: bad.yaml:8: no error thin with '2 copies'"]),
        ("good.yaml", GOOD.replace("size: 3", "size: 2"), ["thin good: good.yaml:8: unexpected error thin: 2 copies"]),
        ("bad.yaml", BAD.replace("expect: thin", "expect: thinn"), ["bad.yaml:8: thinn is not this policy's id"]),
        ("good.yaml", GOOD.replace("ok: thin", "ok: thick"), ["good.yaml:8: thick is not this policy's id"]),
        ("bad.fixed.yaml", FIXED.replace("size: 3", "size: 4"), ["bad.yaml: the fixed text differs: line 8 is '    size: 3 #"]),
        ("bad.fixed.yaml", FIXED + "\n", ["bad.yaml: the fixed text differs: 9 lines, wanted 10"]),
        ("good.fixed.yaml", GOOD, ["thin good: there is a fixed file, but no fix is offered"]),
        (
            "good.yaml",
            GOOD.replace("size: 3", "size: ${COPIES}"),
            ["silent only because the policy is not evaluated", "substituted later"],
        ),
        (
            "good.yaml",
            GOOD + '# unevaluated: thin "no inventory"\n',
            ["the policy is not unevaluated for 'no inventory'; reasons are: none"],
        ),
        ("../policy.yaml", NO_FIX, ["thin bad: there is a fixed file, but no fix is offered"]),
        ("bad.yaml", GOOD, ["thin: no case expects a finding"]),
        ("good.yaml", BAD, ["thin: no case is good", "thin good: a fix is offered, but there is no fixed file"]),
        ("tree/p.yaml", BAD, ["thin tree: a fix is offered, but there is no fixed file"]),
    ],
)
def test_disagreement_is_said(name: str, text: str, sentences: list[str], folder: Folder) -> None:
    folder.write(name, text)
    said = failures(folder.run())
    for sentence in sentences:
        assert sentence in said


def test_missing_fixed_file_is_said(folder: Folder) -> None:
    (folder.home / "cases" / "bad.fixed.yaml").unlink()
    assert "thin bad: a fix is offered, but there is no fixed file" in failures(folder.run())


def test_fix_that_never_comes_to_rest_is_said(folder: Folder) -> None:
    growing = POLICY.replace('"object.replicated.size != 2"', '"object.replicated.size < 2"')
    folder.write(
        "../policy.yaml", growing.replace("{replicated.size: 3}", '{replicated.size: {expression: "object.replicated.size + 1"}}')
    )
    folder.write("good.yaml", GOOD.replace("3", "1"))
    folder.write("bad.fixed.yaml", FIXED.replace("size: 3", "size: 6"))
    said = failures(folder.run())
    assert "thin bad: after fixing: bad.yaml:8: 6 copies" in said
    assert "thin bad: a second fix changes something" in said


def test_fix_that_makes_another_finding_is_said(folder: Folder) -> None:
    second = '  - {expression: "object.replicated.size != 3", message: three is odd, at: replicated.size}\n'
    folder.write("../policy.yaml", POLICY + second)
    folder.write("good.yaml", GOOD.replace("3", "4"))
    assert "thin bad: after fixing: bad.yaml:8: three is odd" in failures(folder.run())


def test_finding_without_a_fix_may_stay_beside_one_that_is_fixed(folder: Folder) -> None:
    domain = '  - {expression: "has(object.failureDomain)", message: no domain, at: failureDomain}\n'
    folder.write("../policy.yaml", POLICY + domain)
    bad = BAD.replace("spec:", 'spec: # expect: thin "no domain"')
    folder.write("bad.yaml", bad)
    folder.write("bad.fixed.yaml", bad.replace("size: 2 #", "size: 3 #"))
    folder.write("good.yaml", GOOD.replace("  replicated:", "  failureDomain: host\n  replicated:"))
    assert folder.run().text == "2 passed, 0 failed\n"


def test_several_expectations_may_stand_on_one_line(folder: Folder) -> None:
    again = '  - {expression: "object.replicated.size != 2", message: again, at: replicated.size}\n'
    folder.write("../policy.yaml", POLICY + again)
    bad = BAD.replace('"2 copies"', '"2 copies" # expect: thin "again"')
    folder.write("bad.yaml", bad)
    folder.write("bad.fixed.yaml", bad.replace("size: 2 #", "size: 3 #"))
    assert folder.run().failed == 0
    folder.write("bad.yaml", BAD)
    assert "bad.yaml:8: unexpected error thin: again" in failures(folder.run())


def test_other_form_that_gives_other_findings_is_said(folder: Folder) -> None:
    only_plain = POLICY.replace('"has(object.replicated)"', "\"has(object.replicated) && facts.cluster == 'storage'\"")
    folder.write("../policy.yaml", only_plain)
    for name, text in (("bad.yaml", BAD), ("bad.fixed.yaml", FIXED), ("good.yaml", GOOD)):
        folder.write(name, text.replace("namespace: rook-ceph", "namespace: storage"))
    said = failures(folder.run())
    for form in ("chart values", "wrapper chart values", "valuesObject", "a literal values block", "a HelmRelease"):
        assert f"thin bad: as {form}: findings at lines [], wanted [" in said


def test_directives_decide_place_chart_and_profile(folder: Folder) -> None:
    folder.write("lab.yaml", "# profile: lab\n" + BAD.replace("thin error", "thin warning"))
    folder.write("lab.fixed.yaml", "# profile: lab\n" + FIXED.replace("thin error", "thin warning"))
    folder.write("placed.yaml", "# file: clusters/east/pool.yaml\n" + BAD)
    folder.write("placed.fixed.yaml", "# file: clusters/east/pool.yaml\n" + FIXED)
    values = "# chart: rook-ceph-cluster v1.19.5\ncephFileSystems: []\ncephObjectStores: []\ncephBlockPools:\n  - name: p\n"
    values += '    spec:\n      replicated:\n        size: 2 # expect: thin "2 copies"\n'
    folder.write("values.yaml", values)
    folder.write("values.fixed.yaml", values.replace("size: 2 #", "size: 3 #"))
    assert folder.run().text == "5 passed, 0 failed\n"


def test_tree_has_its_own_configuration_and_expectations_in_every_file(folder: Folder) -> None:
    folder.write(
        "tree/.lintkit.yaml", "policies:\n  thin:\n    overrides:\n      - {paths: ['clusters/lab/**'], severity: info}\n"
    )
    for name, word in (("prod", "error"), ("lab", "info")):
        folder.write(f"tree/clusters/{name}/p.yaml", BAD.replace("thin error", f"thin {word}"))
        folder.write(f"tree.fixed/clusters/{name}/p.yaml", FIXED.replace("thin error", f"thin {word}"))
    assert folder.run().text == "3 passed, 0 failed\n"


def test_policy_that_fails_when_it_runs_fails_its_case(folder: Folder) -> None:
    folder.write("../policy.yaml", NO_FIX.replace("object.replicated.size != 2", "[1][object.replicated.size] == 1"))
    assert "house/storage/thin/policy.yaml: line 7: " in failures(folder.run())


def test_policy_without_cases_is_compiled_all_the_same(folder: Folder) -> None:
    for file in (folder.home / "cases").iterdir():
        file.unlink()
    assert "thin: no case expects a finding" in failures(folder.run())
    folder.write("../policy.yaml", POLICY.replace("object.replicated.size != 2", "object.replicated.sise != 2"))
    with pytest.raises(LintkitError, match="did you mean size"):
        folder.run()


def test_empty_and_missing_folders_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(LintkitError, match="holds no"):
        run_all(tmp_path)
    with pytest.raises(LintkitError, match="no such folder of policies"):
        run_all(tmp_path / "absent")


def test_command_prints_the_sentences_and_exits_with_1(folder: Folder) -> None:
    folder.write("good.yaml", GOOD.replace("size: 3", "size: 2"))
    command = [sys.executable, "-m", "lintkit", "test", "house"]
    done = subprocess.run(command, cwd=folder.root.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == dedent("""\
        thin good: good.yaml:8: unexpected error thin: 2 copies
        1 passed, 1 failed
        """)
