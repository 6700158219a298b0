"""The table of facts: every name stands for one function, and every kind finds its own."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import lintkit.facts
from lintkit.facts import table

GIVEN = {
    module.name: found.FACTS
    for module in pkgutil.iter_modules(lintkit.facts.__path__)
    if hasattr(found := import_module(f"lintkit.facts.{module.name}"), "FACTS")
}


def test_no_two_modules_give_one_fact() -> None:
    given = [(module, kind, name) for module, facts in GIVEN.items() for kind, names in facts.items() for name in names]
    twice = [entry for entry in given if sum(entry[1:] == other[1:] for other in given) > 1]
    assert twice == []


def test_the_table_names_every_module_with_the_kinds_it_speaks_of() -> None:
    assert {module: set(kinds) for module, kinds in table._MODULES.items()} == {m: set(facts) for m, facts in GIVEN.items()}


def test_a_kind_finds_its_facts() -> None:
    assert table.facts_of("Pool")["sizing"] is GIVEN["pools"]["Pool"]["sizing"]
    assert table.facts_of("Unheard") == {}
