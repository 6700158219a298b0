"""The variable expressions of Flux's post-build substitution: ``${VAR}``, defaults, and the string functions.

Flux uses drone/envsubst: only the braced form counts, ``$${VAR}`` stands for a literal ``${VAR}``, and a
default is taken when the variable is empty as well as when it is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Final

from lintkit.records import NamedTuple, dataclass, field
from lintkit.text.regex import regex

_NAME: Final = regex(r"#?([A-Za-z_][A-Za-z0-9_]*)")
_DEFAULTS: Final = (":=", ":-", "=")
_DIGITS: Final = regex(r"\d+")
_MAX_DEPTH: Final = 20


@dataclass(frozen=True, slots=True)
class Variables:
    """What is known when a Kustomization is built.

    ``known`` are values; ``hidden`` are names that have a value which cannot be read (their source
    by name); ``sources`` names sources of which not even the variables' names are known.
    """

    known: Mapping[str, str]
    hidden: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


class Piece(NamedTuple):
    """``[start, end)`` of a text becomes ``text``; ``unresolved`` is the variable that kept it from being known."""

    start: int
    end: int
    text: str
    unresolved: str = ""


class _UnresolvedError(Exception):
    """A variable whose value is not known here."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def pieces(text: str, variables: Variables) -> Iterator[Piece]:
    """The expressions of ``text`` in order, with what each becomes; an unresolved one keeps its own text."""
    at = text.find("${")
    while at >= 0:
        if at > 0 and text[at - 1] == "$":
            yield Piece(at - 1, at, "")
            at = text.find("${", at + 2)
            continue
        end = _close(text, at + 2)
        if end < 0:
            return
        try:
            yield Piece(at, end + 1, _evaluate(text[at + 2 : end], variables, 0))
        except _UnresolvedError as unresolved:
            yield Piece(at, end + 1, text[at : end + 1], unresolved.name)
        at = text.find("${", end + 1)


def replace(text: str, found: list[Piece]) -> str:
    """``text`` with every piece put in its place."""
    out: list[str] = []
    at = 0
    for piece in found:
        out += (text[at : piece.start], piece.text)
        at = piece.end
    out.append(text[at:])
    return "".join(out)


def _close(text: str, at: int) -> int:
    depth = 1
    while at < len(text):
        if text[at] == "}":
            depth -= 1
            if not depth:
                return at
        elif text.startswith("${", at):
            depth += 1
            at += 1
        at += 1
    return -1


def _evaluate(inside: str, variables: Variables, depth: int) -> str:
    match = _NAME.match(inside)
    if match is None or depth > _MAX_DEPTH:
        raise _UnresolvedError(inside)
    name, rest = match.group(1), inside[match.end() :]
    if inside.startswith("#"):
        if rest:
            raise _UnresolvedError(name)
        return str(len(_value(name, variables).encode()))
    operator = next((o for o in _DEFAULTS if rest.startswith(o)), None)
    if operator is not None:
        if name in variables.hidden:
            raise _UnresolvedError(name)
        return variables.known.get(name) or _expand(rest[len(operator) :], variables, depth)
    return _function(_value(name, variables), rest, name, variables, depth)


def _value(name: str, variables: Variables) -> str:
    if name not in variables.known:
        raise _UnresolvedError(name)
    return variables.known[name]


def _expand(text: str, variables: Variables, depth: int) -> str:
    """An argument, which may hold expressions of its own."""
    out: list[str] = []
    at = 0
    while (start := text.find("${", at)) >= 0 and (end := _close(text, start + 2)) >= 0:
        out += (text[at:start], _evaluate(text[start + 2 : end], variables, depth + 1))
        at = end + 1
    return "".join((*out, text[at:]))


def _function(value: str, rest: str, name: str, variables: Variables, depth: int) -> str:
    if not rest:
        return value
    if rest in ("^^", ",,", "^", ","):
        return _cased(value, rest)
    argument = _expand(rest[1:], variables, depth)
    if rest[0] == ":":
        return _substring(value, argument, name)
    if rest[0] in "#%":
        return _trimmed(value, rest[0], argument)
    if rest[0] == "/":
        return _replaced(value, argument)
    raise _UnresolvedError(name)


def _cased(value: str, operator: str) -> str:
    change = str.upper if operator[0] == "^" else str.lower
    return change(value) if len(operator) > 1 else change(value[:1]) + value[1:]


def _substring(value: str, argument: str, name: str) -> str:
    numbers = [part.strip() for part in argument.split(":")]
    if len(numbers) > 2 or not all(_DIGITS.fullmatch(number) for number in numbers):
        raise _UnresolvedError(name)
    start = int(numbers[0])
    return value[start:] if len(numbers) == 1 else value[start : start + int(numbers[1])]


def _trimmed(value: str, operator: str, pattern: str) -> str:
    longest = pattern.startswith(operator)
    match = _glob(pattern[1:] if longest else pattern).fullmatch
    if operator == "#":
        cuts = range(len(value) + 1)
        found = next((i for i in (reversed(cuts) if longest else cuts) if match(value[:i])), None)
        return value if found is None else value[found:]
    cuts = range(len(value), -1, -1)
    found = next((i for i in (reversed(cuts) if longest else cuts) if match(value[i:])), None)
    return value if found is None else value[:found]


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def _replaced(value: str, argument: str) -> str:
    mode, argument = (argument[0], argument[1:]) if argument[:1] in ("/", "#", "%") else ("", argument)
    old, _, new = argument.partition("/")
    if not old:
        return value
    if mode == "/":
        return value.replace(old, new)
    if mode == "#":
        return new + value[len(old) :] if value.startswith(old) else value
    if mode == "%":
        return value[: -len(old)] + new if value.endswith(old) else value
    return value.replace(old, new, 1)
