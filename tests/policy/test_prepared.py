"""Built-in policies as the cache keeps them: the same policies, the same reads, and nothing trusted that is not whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lintkit.cache import KEPT, cache_dir, read_cached, write_cached
from lintkit.policy import prepared
from lintkit.policy.compiled import compile_policy
from lintkit.policy.prepared import builtin_policies, read_builtins, ready_policy


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "lintkit"


def kept_file(folder: Path) -> Path:
    (file,) = folder.glob("policies-*.json")
    return file


def test_policies_from_the_cache_are_those_of_the_files(empty_cache: Path) -> None:
    first = prepared.load_prepared()
    second = prepared.load_prepared()
    assert kept_file(empty_cache).is_file()
    assert second.policies == first.policies == read_builtins()
    assert second.ready == first.ready


def test_a_ready_policy_reads_what_compiling_it_says() -> None:
    for policy in builtin_policies():
        ready, compiled = ready_policy(policy), compile_policy(policy)
        assert (ready.reads, ready.validation_reads, ready.variables) == (
            compiled.reads,
            compiled.validation_reads,
            compiled.variables,
        ), policy.id


def test_a_saved_expression_is_the_compiled_one() -> None:
    for policy in builtin_policies()[::9]:
        ready, compiled = ready_policy(policy), compile_policy(policy)
        for text in ready.saved:
            one, other = ready.part(text), compiled.part(text)
            assert one[1:] == other[1:], (policy.id, text)
            assert one.program.tree == other.program.tree, (policy.id, text)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"policies": [[99]]}', '{"policies": 3}', "{}", '{"policies": []}\nno-second-word']
)
def test_a_damaged_cache_file_is_as_if_there_were_none(empty_cache: Path, text: str) -> None:
    first = prepared.load_prepared()
    name, _, key = kept_file(empty_cache).stem.partition("-")
    write_cached(name, key, text)
    assert prepared.load_prepared().policies == first.policies
    assert len(json.loads((read_cached(name, key) or "").partition("\n")[0])["policies"]) == len(first.policies)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert prepared.load_prepared().policies == read_builtins()


def test_the_cache_keeps_a_few_files_of_a_name(empty_cache: Path) -> None:
    for number in range(KEPT + 3):
        write_cached("thing", str(number), "{}")
    write_cached("other", "x", "{}")
    assert len(list(empty_cache.glob("thing-*.json"))) == KEPT
    assert read_cached("thing", str(KEPT + 2)) == "{}"
    assert read_cached("other", "x") == "{}"
    assert not list(empty_cache.glob(".*"))


def test_a_relative_cache_home_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache-of-the-repository")
    assert cache_dir().is_absolute()
