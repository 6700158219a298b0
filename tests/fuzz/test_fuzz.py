"""A little fuzzing in every run of the tests, always of the same inputs; and every input that once broke something."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lintkit.harness.cases import policies_of
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import files_of, joined
from tests.fuzz.targets import TARGETS, attempt, judged

CRASHES = sorted((Path(__file__).parent / "crashes").glob("*/*.txt"))
ROUNDS = {
    "fixes": 4,
    "repository": 15,
    "deliveries": 15,
    "forms": 15,
    "policy": 8,
    "configuration": 8,
    "baseline": 4,
    "ignores": 10,
}


@pytest.mark.parametrize("file", CRASHES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_what_once_broke_holds(file: Path) -> None:
    attempt(TARGETS[file.parent.name], file.read_bytes().decode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_made_wrong_at_random_breaks_nothing(name: str) -> None:
    target = TARGETS[name]
    known = target.seeds()
    for number in range(ROUNDS.get(name, 60)):
        rng = random.Random(f"test:{name}:{number}")
        attempt(target, mutated(rng, rng.choice(known), known))


def test_inputs_are_the_same_for_the_same_seed() -> None:
    known = TARGETS["forms"].seeds()
    one, other = ([mutated(random.Random(seed), known[0], known) for seed in range(20)] for _ in range(2))
    assert one == other
    assert len(set(one)) > 15


def test_what_is_fuzzed_is_judged() -> None:
    silent = []
    for text in TARGETS["forms"].seeds():
        report, loaded = judged(files_of(text))
        if not report.findings or not loaded.environments:
            silent.append(text)
    assert silent == []
    assert len(TARGETS["repository"].seeds()) > len(policies_of(None))
    assert files_of(joined({"a.yaml": "x: 1\n", "b/c.yaml": "y"})) == {"a.yaml": "x: 1\n", "b/c.yaml": "y\n"}
