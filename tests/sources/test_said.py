"""What a run says of deliveries that it could not follow."""

from __future__ import annotations

from lintkit.sources.said import MAX_SENTENCES, problems_by_reason
from lintkit.sources.world import Problem


def test_a_repository_that_is_not_here_is_one_line_however_often_it_is_named() -> None:
    problems = [Problem("unknown", "repository https://x cannot be read here", None, f"{n}.yaml") for n in range(9)]
    assert problems_by_reason(problems) == {"source that cannot be read here (repository https://x)": 9}


def test_a_delivery_that_could_not_be_built_is_a_sentence_with_its_place() -> None:
    assert problems_by_reason([Problem("cycle", "../a leads back to itself", None, "b/kustomization.yaml")]) == {
        "kustomization that leads back to itself: b/kustomization.yaml: ../a leads back to itself": 1
    }


def test_many_sentences_of_one_kind_are_counted_together() -> None:
    problems = [Problem("broken", f"part {n}", None, "a.yaml") for n in range(MAX_SENTENCES + 1)]
    assert problems_by_reason(problems) == {"part of a delivery that could not be built (see `lintkit env`)": MAX_SENTENCES + 1}


def test_the_same_problem_told_twice_is_one() -> None:
    assert problems_by_reason([Problem("limit", "too many", None)] * 2) == {"beyond a limit: too many": 1}
