"""Inputs made wrong: characters, lines, values and whole blocks, always the same ones for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

TOKENS: Final = (
    *("null", "~", "[]", "{}", '""', "''", "-1", "0", "1e400", ".inf", ".nan", "-.inf", "0x7fffffffffffffff", "0777", "0o8"),
    *("99999999999999999999999", "1_000", "12:30:45", "2001-01-01", "true", "off", "1Ki", "1e3", "100%", "-0", "0.5.1", "v1.2"),
    *("'{{ x }}'", "{{ .Values.a | default }}", "{{", "}}", "${x}", "${x:=${y}}", "$(x)", "${", "{% if %}", "<path:a#b>"),
    *("*a", "&a x", "&a", "<<: *a", "!!binary x", "!x y", "!!str 1", "? ", "| ", "|2-", ">-", "|", ": ", "- ", "-", "? a\n: b"),
    *("---", "...", "%YAML 1.1\n---", "# ", "#", "\t", "\r\n", "\r", "\n", "\n\n", "\0", "\x1b[31m", "\x85", "\u2028", "\ufeff"),
    *("\U0001f600", "\u202e", "\xad", "é", "\ud800", "[[[[", "{{{{", "]", "}", '"', "'", "\\", "\\x", "\\ud800", "a" * 300),
    *(
        "../..",
        "/",
        "//",
        "~1",
        "~2",
        ".",
        "..",
        "/spec/-",
        "[0]",
        "[-1]",
        "[99999999]",
        "a.b.c",
        "*",
        "**",
        "[a-",
        "{a,b",
        "(((",
        "(a+)+$",
    ),
    *(
        "$patch: delete",
        "$patch: replace",
        "$setElementOrder/a",
        "$retainKeys",
        "ENC[AES256_GCM,data:x]",
        "$ANSIBLE_VAULT;1.1;AES256",
    ),
    *(
        "# lintkit: ignore[pool-size-one] x",
        "# lintkit: ignore[",
        "# lintkit: ignore[a,,b] until=2020-13-45 y",
        "until=",
        "expect:",
    ),
    *("{a: 1}", "[1, a, null]", "{a: {b: [c]}}", "[{name: a}, {name: a}]", "{name: }", "{? : }", "[,]", "{a: *a}", "&a [*a]"),
    *(
        "object.spec",
        "facts.x",
        "1/0",
        "[1][5]",
        "[].map(x, x)",
        "dyn(1)",
        "int('x')",
        "'a'.matches('(')",
        "has(a)",
        "params.min",
    ),
)
"""What has broken readers of YAML, templates, patches, globs and expressions before."""

_VALUE: Final = re.compile(r"(?<=: )[^\n#]+|(?<=- )[^\n#]+")
_KEY: Final = re.compile(r"[\w./-]+(?=:(?: |\n))")
_Change = Callable[[random.Random, str, Sequence[str]], str]


def mutated(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """``text`` after one to six changes; ``others`` are inputs of the same kind to take parts from."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        text = rng.choice(_CHANGES)(rng, text, others)
    return text[:200_000]


def _at(rng: random.Random, text: str) -> int:
    return rng.randint(0, len(text))


def _insert_token(rng: random.Random, text: str, others: Sequence[str]) -> str:
    at = _at(rng, text)
    return text[:at] + rng.choice(TOKENS) + text[at:]


def _drop(rng: random.Random, text: str, others: Sequence[str]) -> str:
    at = _at(rng, text)
    return text[:at] + text[at + rng.choice((1, 1, 2, 5, 20, 100)) :]


def _repeat(rng: random.Random, text: str, others: Sequence[str]) -> str:
    at = _at(rng, text)
    part = text[at : at + rng.choice((1, 3, 10, 60))]
    return text[:at] + part * rng.choice((2, 2, 3, 50)) + text[at:]


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _drop_line(rng: random.Random, text: str, others: Sequence[str]) -> str:
    lines = _lines(text)
    del lines[rng.randrange(len(lines))]
    return "\n".join(lines)


def _repeat_line(rng: random.Random, text: str, others: Sequence[str]) -> str:
    lines = _lines(text)
    at = rng.randrange(len(lines))
    lines[at:at] = lines[at : at + rng.choice((1, 1, 4))] * rng.choice((1, 1, 1, 20))
    return "\n".join(lines)


def _swap_lines(rng: random.Random, text: str, others: Sequence[str]) -> str:
    lines = _lines(text)
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return "\n".join(lines)


def _indent(rng: random.Random, text: str, others: Sequence[str]) -> str:
    lines = _lines(text)
    at = rng.randrange(len(lines))
    for number in range(at, min(at + rng.choice((1, 1, 3, 10)), len(lines))):
        lines[number] = "  " + lines[number] if rng.random() < 0.5 else lines[number][2:]
    return "\n".join(lines)


def _replace(pattern: re.Pattern[str], rng: random.Random, text: str, new: str) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return text + new
    match = rng.choice(found)
    return text[: match.start()] + new + text[match.end() :]


def _other_value(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return _replace(_VALUE, rng, text, rng.choice(TOKENS))


def _borrowed_value(rng: random.Random, text: str, others: Sequence[str]) -> str:
    found = _VALUE.findall(rng.choice(others))
    return _replace(_VALUE, rng, text, rng.choice(found)) if found else text


def _borrowed_key(rng: random.Random, text: str, others: Sequence[str]) -> str:
    found = _KEY.findall(rng.choice(others))
    return _replace(_KEY, rng, text, rng.choice(found)) if found else text


def _no_value(rng: random.Random, text: str, others: Sequence[str]) -> str:
    return _replace(_VALUE, rng, text, "")


def _borrowed_block(rng: random.Random, text: str, others: Sequence[str]) -> str:
    theirs, lines = _lines(rng.choice(others)), _lines(text)
    begin = rng.randrange(len(theirs))
    at = rng.randrange(len(lines) + 1)
    lines[at:at] = theirs[begin : begin + rng.choice((1, 3, 8, 30))]
    return "\n".join(lines)


_CHANGES: Final[tuple[_Change, ...]] = (
    *(_insert_token, _drop, _repeat, _drop_line, _repeat_line, _swap_lines, _indent),
    *(_other_value, _other_value, _other_value, _borrowed_value, _borrowed_key, _no_value, _borrowed_block),
)
