"""Every case of every policy that ships with lintkit, one test each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lintkit.harness.cases import Case, cases_of, check_case, expected, forms_of, policies_of
from lintkit.policy.model import Policy
from lintkit.run import judge
from lintkit.tree.files import Files

POLICIES = policies_of(None)
CASES = [pytest.param(case, id=f"{p.id}/{case.name}") for p, home in POLICIES for case in cases_of(p, home)]

VALUES = {"valuesObject", "a literal values block", "a HelmRelease"}
RESOURCES = {"a kustomization", "a List"}
FORMS = VALUES | RESOURCES | {"chart values", "wrapper chart values"}


@pytest.mark.parametrize("case", CASES)
def test_case_holds(case: Case) -> None:
    assert check_case(case) == []


@pytest.mark.parametrize(("policy", "home"), [pytest.param(p, h, id=p.id) for p, h in POLICIES])
def test_policy_has_bad_and_good_cases(policy: Policy, home: Path) -> None:
    cases = list(cases_of(policy, home))
    assert any(expected(case.files) for case in cases), "no case expects a finding"
    assert any(not expected(case.files) for case in cases), "no case is good"


def forms(policy_id: str, case_name: str) -> set[str]:
    """The other forms that a case is judged in."""
    policy, home = next((p, h) for p, h in POLICIES if p.id == policy_id)
    case = next(c for c in cases_of(policy, home) if c.name == case_name)
    findings, _ = judge(Files(case.files, case.files.__getitem__), [policy], case.config, case.profile)
    assert findings, "the case says nothing that forms could repeat"
    return {form.name for form in forms_of(case, findings)}


@pytest.mark.parametrize(
    ("policy", "case"),
    [
        ("unquoted-pool-parameter", "typed-values"),
        ("unknown-pool-parameter", "misspelt"),
        ("data-pool-unsized", "no-hint"),
        ("overlapping-crush-roots", "one-pool-without-class"),
        ("pool-size-one", "metadata-pools"),
        ("even-mon-count", "four"),
    ],
)
def test_rook_case_is_judged_in_seven_other_forms(policy: str, case: str) -> None:
    assert forms(policy, case) == FORMS


def test_chart_values_case_is_judged_inside_every_delivery() -> None:
    assert forms("too-few-api-replicas", "one-replica") == VALUES


def test_case_of_any_other_resource_is_judged_in_a_kustomization_and_a_list() -> None:
    assert forms("weak-rabbitmq-quorum", "absent") == RESOURCES


def test_most_single_file_cases_are_wrapped() -> None:
    counted: Counter[str] = Counter()
    for policy, home in POLICIES:
        for case in cases_of(policy, home):
            counted.update(form.name for form in forms_of(case, []))
    assert all(counted[name] >= 40 for name in FORMS)
