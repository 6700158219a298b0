"""The table of facts: every name stands for one function."""

from __future__ import annotations

from lintkit.facts import table


def test_no_two_modules_give_one_fact() -> None:
    given = [(module.__name__, kind, name) for module in table._MODULES for kind, facts in module.FACTS.items() for name in facts]
    twice = [entry for entry in given if sum(entry[1:] == other[1:] for other in given) > 1]
    assert twice == []
