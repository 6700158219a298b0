"""Expressions of Go templates: what stands between ``{{`` and ``}}``."""

from __future__ import annotations

import json
import re
from collections import ChainMap
from functools import lru_cache
from typing import Final, TypeAlias

from lintkit.records import NamedTuple
from lintkit.sources.argocd.functions import TemplateError, call, truth
from lintkit.sources.argocd.params import Opaque, Value
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Path

_TOKEN: Final = regex(
    r"""(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)
    |(?P<number>[-+]?\d+(?:\.\d+)?(?![\w.]))
    |(?P<field>(?:\.[A-Za-z_]\w*)+)
    |(?P<dot>\.)
    |(?P<variable>\$\w*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>:=|[()|=,])""",
    re.VERBOSE,
)
_WORDS: Final[dict[str, Value]] = {"true": True, "false": False, "nil": None}
INPUTS: Final = "inputs"
"""What a ResourceSet of the Flux Operator calls its inputs: a function there, a parameter here."""
_MAX_DEPTH: Final = 50
_SAME: Final = frozenset(
    {
        "quote",
        "squote",
        "toString",
        "toYaml",
        "toJson",
        "indent",
        "nindent",
        "required",
        "trim",
        "int",
        "int64",
        "float64",
        "bool",
    }
)
"""Functions that lay their last argument out, or say that it must be there: what comes out still is that value."""


class Literal(NamedTuple):
    """A constant."""

    value: Value


class Variable(NamedTuple):
    """``$`` or ``$name``; ``.`` is the variable of that name."""

    name: str


class Fields(NamedTuple):
    """``base.a.b``."""

    base: Expression
    names: tuple[str, ...]


class Call(NamedTuple):
    """A function and its arguments; a pipe has become the last argument."""

    name: str
    args: tuple[Expression, ...]


Expression: TypeAlias = "Literal | Variable | Fields | Call"


class Pipeline(NamedTuple):
    """An expression, and the variables it sets (``$k, $v := range ...``); ``declares`` with ``:=``."""

    expression: Expression
    names: tuple[str, ...] = ()
    declares: bool = False


class _Token(NamedTuple):
    kind: str
    text: str
    glued: bool


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while True:
        start = at
        while start < len(text) and text[start].isspace():
            start += 1
        if start == len(text):
            return found
        match = _TOKEN.match(text, start)
        if match is None:
            raise TemplateError(f"the expression {text.strip()!r}")
        found.append(_Token(str(match.lastgroup), match.group(), start == at))
        at = match.end()


class _Parser:
    """Recursive descent over the tokens of one action."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def peek(self, *texts: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].text in texts

    def fail(self) -> TemplateError:
        return TemplateError(f"the expression {self.text!r}")

    def pipeline(self) -> Pipeline:
        names: list[str] = []
        start = self.at
        while self.at < len(self.tokens) and self.tokens[self.at].kind == "variable":
            names.append(self.tokens[self.at].text)
            self.at += 1
            if self.peek(","):
                self.at += 1
                continue
            break
        if names and self.peek(":=", "="):
            declares = self.tokens[self.at].text == ":="
            self.at += 1
            return Pipeline(self.pipe(), tuple(names), declares)
        self.at = start
        return Pipeline(self.pipe())

    def pipe(self) -> Expression:
        found = self.command(None)
        while self.peek("|"):
            self.at += 1
            found = self.command(found)
        return found

    def command(self, piped: Expression | None) -> Expression:
        if self.at >= len(self.tokens):
            raise self.fail()
        head = self.tokens[self.at]
        if head.kind == "word" and head.text not in _WORDS and head.text != INPUTS:
            self.at += 1
            args = self.operands()
            return Call(head.text, (*args, piped) if piped is not None else args)
        if piped is not None:
            raise self.fail()
        return self.operand()

    def operands(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while self.at < len(self.tokens) and not self.peek("|", ")", ",", ":=", "="):
            found.append(self.operand())
        return tuple(found)

    def operand(self) -> Expression:
        if self.at >= len(self.tokens):
            raise self.fail()
        token = self.tokens[self.at]
        self.at += 1
        found = self.term(token)
        if self.at < len(self.tokens) and (token.kind in ("variable", "sign") or token.text == INPUTS):
            following = self.tokens[self.at]
            if following.kind == "field" and following.glued:
                self.at += 1
                return Fields(found, tuple(following.text[1:].split(".")))
        return found

    def term(self, token: _Token) -> Expression:
        kind, text = token.kind, token.text
        if kind == "string":
            return Literal(_unquoted(text))
        if kind == "number":
            return Literal(float(text) if "." in text else int(text))
        if kind == "field":
            return Fields(Variable("."), tuple(text[1:].split(".")))
        if kind in ("dot", "variable"):
            return Variable(text)
        if text == INPUTS:
            return Fields(Variable("$"), (INPUTS,))
        if kind == "word":
            return Literal(_WORDS[text]) if text in _WORDS else Call(text, ())
        if text == "(" and self.depth < _MAX_DEPTH:
            self.depth += 1
            found = self.pipe()
            self.depth -= 1
            if self.peek(")"):
                self.at += 1
                return found
        raise self.fail()


def _unquoted(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        raise TemplateError(f"the text {text}") from None


@lru_cache(maxsize=4096)
def parse(text: str) -> Pipeline:
    """The pipeline ``text`` spells; raises TemplateError when it is none that lintkit reads."""
    parser = _Parser(text)
    found = parser.pipeline()
    if parser.at < len(parser.tokens):
        raise parser.fail()
    return found


class Scope(NamedTuple):
    """What an expression sees: ``.``, the variables, and whether a missing key is an error (missingkey=error).

    ``paths`` says where in the parameters ``.`` and variables stand, as far as they are a part of them.
    """

    dot: Value
    variables: ChainMap[str, Value]
    paths: ChainMap[str, Path | None]
    strict: bool = False

    def inner(self, dot: Value, path: Path | None) -> Scope:
        """The scope of a block whose ``.`` is ``dot``, which stands at ``path``."""
        return Scope(dot, self.variables.new_child(), self.paths.new_child({".": path}), self.strict)


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of an expression; raises TemplateError when it has none here."""
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, Variable):
        if expression.name == ".":
            return scope.dot
        if expression.name not in scope.variables:
            raise TemplateError(f"variable {expression.name} of the template")
        return scope.variables[expression.name]
    if isinstance(expression, Fields):
        return _fields(evaluate(expression.base, scope), expression.names, scope.strict)
    if expression.name in ("and", "or"):
        return _logic(expression, scope)
    return call(expression.name, [evaluate(arg, scope) for arg in expression.args])


def origin(expression: Expression, scope: Scope) -> Path | None:
    """Where in the parameters the value of an expression stands, quoted or laid out perhaps; None for a computed one."""
    if isinstance(expression, Variable):
        return scope.paths.get(expression.name)
    if isinstance(expression, Fields):
        base = origin(expression.base, scope)
        return None if base is None else (*base, *expression.names)
    if isinstance(expression, Literal) or not expression.args:
        return None
    if expression.name in _SAME:
        return origin(expression.args[-1], scope)
    if expression.name == "default":
        return origin(expression.args[-1 if truth(evaluate(expression.args[-1], scope)) else 0], scope)
    if expression.name in ("index", "get"):
        base = origin(expression.args[0], scope)
        keys = [evaluate(arg, scope) for arg in expression.args[1:]]
        known = [key if isinstance(key, str) else int(key) for key in keys if isinstance(key, str | int | float)]
        return (*base, *known) if base is not None and len(known) == len(keys) else None
    return None


def _fields(value: Value, names: tuple[str, ...], strict: bool) -> Value:
    for i, name in enumerate(names):
        if isinstance(value, Opaque):
            return value
        if not isinstance(value, dict):
            raise TemplateError(f"parameter .{'.'.join(names[:i])} that has no {name}")
        if name not in value and strict:
            raise TemplateError(f"parameter .{'.'.join(names[: i + 1])} that is not given")
        value = value.get(name)
    return value


def _logic(expression: Call, scope: Scope) -> Value:
    if not expression.args:
        raise TemplateError(f"{expression.name} without values")
    value: Value = None
    for arg in expression.args:
        value = evaluate(arg, scope)
        if truth(value) is (expression.name == "or"):
            break
    return value
