"""Lines that several fixes put at one place."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lintkit.fix.joined import joined


def test_keys_stand_in_the_order_of_their_fixes() -> None:
    assert joined("\nb: 1", "\na: 2") == "\nb: 1\na: 2"


def test_mappings_of_one_name_become_one() -> None:
    a = "\npod:\n  replicas:\n    api: 3"
    b = "\npod:\n  replicas:\n    metadata: 2\n  resources:\n    enabled: true"
    assert joined(a, b) == "\npod:\n  replicas:\n    api: 3\n    metadata: 2\n  resources:\n    enabled: true"


def test_deeper_lines_come_before_those_that_end_them() -> None:
    assert joined("\n  a: 1", "\n    deep: 2") == "\n    deep: 2\n  a: 1"


def test_an_item_comes_before_a_key_of_its_column() -> None:
    assert joined("\n  a: 1", "\n  - item") == "\n  - item\n  a: 1"


def test_line_ends_of_windows_stay() -> None:
    assert joined("\r\na: 1", "\r\nb: 2") == "\r\na: 1\r\nb: 2"


def test_what_is_there_already_is_there_once() -> None:
    assert joined("\na: 1\nb: 2", "\na: 1") == "\na: 1\nb: 2"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("\na: 1", "\na: 2"),
        ("\na:\n  - 1", "\na:\n  - 2"),
        ("\na:\n- 1", "\na:\n- 2"),
        ("\na:\n  b: 1", "\na:\n    c: 1"),
        ("\na: |\n  text", "\nb: 1"),
        (" 1", "\nb: 1"),
        ("\na:\n  b: 1", "\na: 1"),
        ("", ""),
    ],
)
def test_what_cannot_stand_together_is_not_joined(a: str, b: str) -> None:
    assert joined(a, b) is None


_KEYS = st.sampled_from("abc")
_TREES = st.recursive(st.integers(0, 2), lambda inner: st.dictionaries(_KEYS, inner, min_size=1, max_size=3), max_leaves=6)
_MAPS = st.dictionaries(_KEYS, _TREES, min_size=1, max_size=3)


def _deep(a: dict, b: dict) -> dict | None:  # type: ignore[type-arg]
    out = dict(a)
    for key, value in b.items():
        if key in out and out[key] != value:
            both = isinstance(out[key], dict) and isinstance(value, dict)
            inner = _deep(out[key], value) if both else None
            if inner is None:
                return None
            out[key] = inner
        else:
            out[key] = value
    return out


@given(_MAPS, _MAPS)
def test_a_joined_text_says_what_both_say_or_there_is_none(a: dict, b: dict) -> None:  # type: ignore[type-arg]
    texts = ["\n" + yaml.safe_dump(value, sort_keys=False).rstrip("\n") for value in (a, b)]
    text = joined(*texts)
    want = _deep(a, b)
    assert (None if text is None else yaml.safe_load(text)) == want
