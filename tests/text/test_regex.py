"""Patterns that are compiled late: every one of the product is a regular expression, and works as one."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import lintkit
from lintkit.text.regex import regex


def test_every_pattern_of_the_product_compiles() -> None:
    found = 0
    for module in pkgutil.walk_packages(lintkit.__path__, "lintkit."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if type(value).__name__ == "_Waiting":
                re.compile(value.pattern, value.flags)
                found += 1
    assert found > 50


def test_it_is_used_as_a_compiled_one() -> None:
    words = regex(r"(\w+)-(\w+)", re.IGNORECASE)
    match = words.fullmatch("mon-A")
    assert match is not None
    assert match.groups() == ("mon", "A")
    assert words.sub(r"\2", "a-b c-d") == "b d"
    assert [m.start() for m in words.finditer("a-b c-d")] == [0, 4]
    assert words.flags & re.IGNORECASE
    assert regex(rb"\d+").findall(b"1 22") == [b"1", b"22"]


def test_what_is_no_regular_expression_says_so_when_it_is_used() -> None:
    wrong = regex("(")
    with pytest.raises(re.error, match="unterminated subpattern"):
        wrong.search("x")
    with pytest.raises(AttributeError):
        _ = regex("a").missing  # type: ignore[attr-defined]
