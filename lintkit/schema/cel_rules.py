"""The validation rules of CRDs (``x-kubernetes-validations``): CEL over ``self``.

An environment of its own, smaller than that of policies: the strings, lists and regex functions that
CRDs use. What does not compile or fails when evaluated raises ``CelFailure``; callers say so and go on.
CEL is imported when the first rule is met.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from lintkit.schema.model import CelRule, Ref, Shape
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, Sequence, lookup
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.unknowns import unknown_reason

if TYPE_CHECKING:
    from cel_expr_python import cel

COSTLIEST: Final = 10_000_000

_LOOP: Final = regex(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter)\s*\(")
_TRANSITION: Final = regex(r"\boldSelf\b")
_RESERVED: Final = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return"),
    )
)
_ESCAPES: Final = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))


class CelFailure(Exception):
    """A rule does not compile, failed, or gave no verdict."""


class Program:
    """A compiled expression over ``self``, ``oldSelf`` and ``pattern``. Raises CelFailure when ``source`` is no CEL."""

    __slots__ = ("_expression",)

    def __init__(self, source: str) -> None:
        try:
            self._expression = _environment().compile(source)
        except (RuntimeError, ImportError) as error:
            raise CelFailure(str(error).split("\n", 1)[0]) from None

    def evaluate(self, data: dict[str, Json]) -> Json:
        """The value over ``data``; CelFailure when it failed."""
        try:
            result = self._expression.eval(data=data)
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise CelFailure(str(error).split("\n", 1)[0]) from None
        if result.type().name() == "ERROR":
            raise CelFailure(str(result.plain_value()).split("\n", 1)[0])
        value: Json = result.plain_value()
        return value


@lru_cache(maxsize=2048)
def program(source: str) -> Program:
    """``source`` compiled, once for a run."""
    return Program(source)


def is_transition(rule: CelRule) -> bool:
    """Whether a rule compares with an older object (``oldSelf``): it has nothing to say about one alone."""
    return _TRANSITION.search(rule.rule) is not None


def holds(rule: CelRule, data: dict[str, Json]) -> bool:
    """The verdict of a rule over ``self``, the value it stands at (made by ``view``), and ``oldSelf``; CelFailure when there is
    none.

    The API server bounds what a rule may cost; here one whose loops could take more than ``COSTLIEST`` steps is not run.
    """
    loops = len(_LOOP.findall(rule.rule))
    if loops > 1 and _size(data["self"]) ** loops > COSTLIEST:
        raise CelFailure("too costly")
    verdict = program(rule.rule).evaluate(data)
    if not isinstance(verdict, bool):
        raise CelFailure(f"gives {type(verdict).__name__}, not a bool")
    return verdict


def _size(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(item) for item in value.values())
    return 1 + sum(_size(item) for item in value) if isinstance(value, list) else 1


def saying(rule: CelRule, data: dict[str, Json]) -> str:
    """What a broken rule says: its message expression, its message, else the rule itself."""
    if rule.message_expression:
        try:
            words = program(rule.message_expression).evaluate(data)
        except CelFailure:
            words = None
        if isinstance(words, str) and words.strip():
            return words
    return rule.message.strip() or f"it does not satisfy {rule.rule}"


def is_known(node: Node) -> bool:
    """Whether everything in ``node`` can be read here."""
    if isinstance(node, Mapping):
        return all(is_known(entry.value) and not unknown_reason(entry.key) for entry in node.entries)
    if isinstance(node, Sequence):
        return all(is_known(item) for item in node.items)
    return not unknown_reason(node)


def view(node: Node, shape: Shape, resolve: Callable[[Ref], Shape]) -> Json:
    """A node as the API server hands it to rules: unknown keys and pruned nulls dropped, defaults filled in, names escaped."""
    if isinstance(node, Mapping):
        return _object(node, shape, resolve)
    if isinstance(node, Sequence):
        below = Shape() if shape.items is None else resolve(shape.items)
        return [view(item, below, resolve) for item in node.items]
    if not isinstance(node, Scalar):
        return None
    value = node.value
    if isinstance(value, float) and value.is_integer() and "integer" in shape.types:
        return int(value)
    return float(value) if shape.types == ("number",) and type(value) is int else value


def identity(node: Node) -> dict[str, Json]:
    """What rules of a whole object may read of it beside its own keys: apiVersion, kind and the names in metadata."""
    found: dict[str, Json] = {key: plain(lookup(node, key)) for key in ("apiVersion", "kind")}
    names = ((key, lookup(node, "metadata", key)) for key in ("name", "generateName"))
    found["metadata"] = {key: plain(value) for key, value in names if value is not None}
    return found


def _object(node: Mapping, shape: Shape, resolve: Callable[[Ref], Shape]) -> Json:
    made: dict[str, Json] = {}
    for name, entry in node:
        ref = shape.properties.get(name)
        if ref is None and shape.closed:
            continue
        below = resolve(ref) if ref is not None else Shape() if shape.extra is None else resolve(shape.extra)
        if isinstance(entry.value, Scalar) and entry.value.value is None and not below.nullable:
            continue
        made[escaped(name) if ref is not None else name] = view(entry.value, below, resolve)
    for name, ref in shape.properties.items():
        default = resolve(ref).default
        if default and escaped(name) not in made:
            made[escaped(name)] = default[0]
    return made


def escaped(name: str) -> str:
    """A property name as rules spell it (Kubernetes' escaping of names that are no CEL identifiers)."""
    if name in _RESERVED:
        return f"__{name}__"
    if name.isalnum():
        return name
    for char, word in _ESCAPES:
        name = name.replace(char, word)
    return name


def _is_sorted(values: list[Any]) -> bool:
    return all(a <= b for a, b in pairwise(values))


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings

    kind = cel.Type
    anything = kind.DYN
    many = kind.List(anything)

    def on_list(name: str, result: cel.Type, impl: object) -> cel.FunctionDecl:
        overload = cel.Overload(f"list_{name}", return_type=result, parameters=[many], is_member=True, impl=impl)
        return cel.FunctionDecl(name, [overload])

    functions = [
        on_list("sum", anything, sum),
        on_list("max", anything, max),
        on_list("min", anything, min),
        on_list("isSorted", kind.BOOL, _is_sorted),
    ]
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional(), ext_math.ExtMath(), ext_bindings.ExtBindings()]
    return cel.NewEnv(
        variables={"self": anything, "oldSelf": anything, "pattern": anything}, extensions=extensions, functions=functions
    )
