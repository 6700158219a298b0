"""A policy made ready: expressions compiled, their reads known, their names checked."""

from __future__ import annotations

import difflib
import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final

from lintkit.errors import LintkitError
from lintkit.policy.cel import ROOTS, CelError, Program, program, restored
from lintkit.policy.chains import Asked, Read, asked, reads_from
from lintkit.policy.model import At, Expression, FixSpec, Policy, Validation
from lintkit.policy.shapes import follow, known_kinds, root_schema, subject_schema
from lintkit.policy.view import LASTING, PRESENT, View, view
from lintkit.records import NamedTuple, dataclass, field
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json

_CHAIN: Final = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)
_ANSWERS: Final = 256
"""How many answers of one expression are kept."""
_LARGEST: Final = 256
"""How many bytes of data an answer that is kept may rest on: much data is seldom seen twice, and costs memory."""


class Saved(NamedTuple):
    """An expression that an earlier run compiled: as the runtime writes it, in base64, and its reads as JSON has them."""

    code: str
    reads: list[Any]


class Part(NamedTuple):
    """One expression of a policy, ready to be evaluated.

    ``uses`` are the variables it names, in the order of the policy. ``views`` are the paths it reads of every root
    that does not change while a policy judges a subject, ``changing`` the other roots. Without any, and without
    variables, every policy that asks the same of a subject gets the same answer: ``shared``. ``answers`` are values by
    the data they were computed from (bytes that are equal for equal data): environments have much in common. ``chain`` are
    the keys of an expression that is one plain select chain (``item.path``): there is nothing to compute.
    """

    program: Program
    uses: tuple[str, ...]
    views: tuple[View, ...]
    changing: tuple[str, ...]
    shared: bool
    answers: dict[bytes, Json]
    chain: tuple[str, ...] = ()

    def value(self, data: Mapping[str, Json], key: bytes) -> Json:
        """The value over ``data`` (root name to plain data); CelError when it failed.

        ``key`` stands for the data where it may be seen again; it is empty where that is unlikely.
        """
        if self.chain:
            found: Json = data  # type: ignore[assignment]
            for name in self.chain:
                if not isinstance(found, dict) or name not in found:
                    break  # the runtime says what is wrong
                found = found[name]
            else:
                return found
        if not key:
            return self.program.evaluate(data)
        answers = self.answers
        if key in answers:
            return answers[key]
        value = self.program.evaluate(data)
        if len(key) <= _LARGEST and len(answers) < _ANSWERS:
            answers[key] = value
        return value

    def test(self, data: Mapping[str, Json], key: bytes) -> bool:
        """The value as a verdict; CelError when it is no bool."""
        value = self.value(data, key)
        if value is True or value is False:
            return value
        raise CelError(f"gives {type(value).__name__}, not a bool")

    def render(self, data: Mapping[str, Json], key: bytes) -> str:
        """The value as a string; CelError when it is none."""
        value = self.value(data, key)
        if not isinstance(value, str):
            raise CelError(f"gives {type(value).__name__}, not a string")
        return value


@dataclass(frozen=True)
class Compiled:
    """``reads`` are those of a policy's conditions, ``validation_reads`` those of every validation by number.

    Both count what the variables they use read, and are sorted: the first obstacle is the one that is named.
    ``variables`` are expressions by name, ``saved`` expressions by text. ``verdicts`` are those on data judged before,
    by its mark: whether the conditions hold, whether the validations have anything to say.
    """

    policy: Policy
    variables: dict[str, str]
    reads: tuple[Read, ...]
    validation_reads: tuple[tuple[Read, ...], ...]
    saved: dict[str, Saved] = field(default_factory=dict, repr=False)
    verdicts: dict[bytes, bool] = field(default_factory=dict, repr=False)
    _parts: dict[str, Part] = field(default_factory=dict, repr=False)

    @cached_property
    def lasting(self) -> bool:
        """Whether a verdict rests on the object and named facts alone: equal ones are judged equally in every environment."""
        plain = all(asked.plain for asked in (self.asked, *self.validations_asked))
        return plain and not self.policy.on_change and not any(v.needs for v in self.policy.validations)

    @cached_property
    def asked(self) -> Asked:
        """What the conditions ask of a subject."""
        return asked(self.reads)

    @cached_property
    def validations_asked(self) -> tuple[Asked, ...]:
        """What every validation asks of a subject."""
        return tuple(asked(reads) for reads in self.validation_reads)

    @cached_property
    def validations_ask(self) -> Asked:
        """What all validations ask together."""
        return asked(read for reads in self.validation_reads for read in reads)

    def part(self, text: str) -> Part:
        """An expression of the policy, made ready once."""
        found = self._parts.get(text)
        if found is None:
            found = self._parts[text] = self._part(text)
        return found

    def _part(self, text: str) -> Part:
        saved = self.saved.get(text)
        ready = program(text) if saved is None else restored(text, saved.code)
        reads = _reads(ready) if saved is None else reads_from(saved.reads)
        named = [read.path[:1] for read in reads if read.root == "variables"]
        uses = tuple(n for n in self.variables if (n,) in named or () in named)
        paths: dict[str, list[tuple[str, ...]]] = {}
        for read in reads:
            paths.setdefault(read.root, []).append(read.path if read.deep else (*read.path, PRESENT))
        views = tuple(view(root, tuple(found)) for root, found in paths.items() if root in LASTING)
        changing = tuple(root for root in paths if root not in LASTING)
        chain = tuple(text.split(".")) if _CHAIN.fullmatch(text) else ()
        return Part(ready, uses, views, changing, not changing, {}, chain)


def compile_policy(policy: Policy) -> Compiled:
    """Compile and check every expression. LintkitError with file, line and field when something is wrong."""
    _check_kinds(policy)
    variables: dict[str, str] = {}
    own: dict[str, frozenset[Read]] = {}
    for name, expression in policy.variables:
        if name in variables:
            raise LintkitError(f"variable {name!r} is declared twice", policy.origin, expression.line)
        variables[name] = expression.text
        own[name] = _checked(policy, expression, own, _Scope())
    shared = tuple(sorted(frozenset().union(*(_checked(policy, c, own, _Scope()) for c in policy.conditions))))
    per_validation = tuple(_validation_reads(policy, v, own) for v in policy.validations)
    return Compiled(policy, variables, shared, per_validation)


def _check_kinds(policy: Policy) -> None:
    for kind in policy.subjects:
        if kind not in known_kinds():
            close = difflib.get_close_matches(kind, known_kinds(), 1)
            hint = f", did you mean {close[0]}?" if close else f"; known: {', '.join(sorted(known_kinds()))}"
            raise LintkitError(f"subject {kind!r} is no kind that lintkit judges{hint}", policy.origin, policy.subject_line)


def _program(policy: Policy, expression: Expression) -> Program:
    try:
        return program(expression.text)
    except CelError as error:
        hint = f"; known are {', '.join(ROOTS)}" if "undeclared reference" in str(error) else ""
        raise LintkitError(f"{expression.text!r} is no CEL: {error}{hint}", policy.origin, expression.line) from None


@lru_cache(maxsize=4096)
def _reads(compiled: Program) -> tuple[Read, ...]:
    from lintkit.policy.reads import reads_of

    return tuple(sorted(reads_of(compiled.tree)))


class _Scope(NamedTuple):
    """What ``item`` and ``item.related`` stand for in an expression: the lists they are taken from, ``()`` for nothing.

    A list that is not one plain chain of selects has no shape that could be checked: None.
    """

    item: Read | tuple[()] | None = ()
    related: Read | tuple[()] | None = ()


def _expressions(policy: Policy, validation: Validation) -> Iterator[tuple[Expression, _Scope]]:
    """Every expression of a validation with what may be used in it."""
    scope = _Scope()
    if validation.when:
        yield validation.when, scope
    if validation.for_each:
        yield validation.for_each, scope
        scope = _Scope(_listed(policy, validation.for_each, scope))
    plain = (validation.expression, validation.message_expression, validation.severity_expression, *_at(validation.at))
    yield from ((e, scope) for e in (*plain, *_fix_expressions(validation.fix)) if e)
    for related in validation.related:
        yield from _each(policy, scope, related.for_each, (related.message, *_at(related.at)))
    for target in validation.fix.sets if validation.fix else ():
        yield from _each(policy, scope, target.for_each, (target.value.computed, target.when, *_at(target.at)))


def _each(
    policy: Policy, scope: _Scope, for_each: Expression | None, inner: Iterable[Expression | None]
) -> Iterator[tuple[Expression, _Scope]]:
    """Expressions that may be under a ``forEach`` of their own."""
    if for_each:
        yield for_each, scope
        scope = scope._replace(related=_listed(policy, for_each, scope))
    yield from ((e, scope) for e in inner if e)


def saved_from(expression: str) -> Saved:
    """An expression compiled, in a form to keep."""
    ready = program(expression)
    return Saved(b2a_base64(ready.serialized(), newline=False).decode("ascii"), list(_reads(ready)))


def expressions(policy: Policy) -> Iterator[Expression]:
    """Every expression of a policy; some more than once."""
    yield from (expression for _, expression in policy.variables)
    yield from policy.conditions
    for validation in policy.validations:
        yield from (expression for expression, _ in _expressions(policy, validation))


def _fix_expressions(fix: FixSpec | None) -> Iterator[Expression | None]:
    if fix is None:
        return
    yield from (fix.title_expression, fix.safe_expression, fix.when)
    added = (*fix.inserts, *fix.appends)
    for at in (*fix.removes, *(i.at for i in added)):
        yield from _at(at)
    yield from (i.value.computed for i in added)


def _listed(policy: Policy, expression: Expression, scope: _Scope) -> Read | None:
    """The items that a ``forEach`` goes over, as a path into object, facts or env."""
    chains = _reads(_program(policy, expression))
    read: Read | tuple[()] | None = next(iter(chains)) if len(chains) == 1 else None
    if read and read.root == "item":
        read = _resolved(read, scope)
    return read._replace(path=(*read.path, "[]")) if isinstance(read, Read) and read.root != "variables" else None


def _resolved(read: Read, scope: _Scope) -> Read | tuple[()] | None:
    """A read of ``item`` as the path into object, facts or env that it stands for; ``()`` when it stands for nothing."""
    related = read.path[:1] == ("related",) and scope.related != ()
    base, rest = (scope.related, read.path[1:]) if related else (scope.item, read.path)
    return base._replace(path=base.path + rest) if isinstance(base, Read) else base


def _at(at: At) -> tuple[Expression, ...]:
    return tuple(e for e in (at.computed, at.of) if e)


def _validation_reads(policy: Policy, validation: Validation, own: dict[str, frozenset[Read]]) -> tuple[Read, ...]:
    found: set[Read] = set()
    for expression, scope in _expressions(policy, validation):
        found |= _checked(policy, expression, own, scope)
    return tuple(sorted(found))


def _checked(policy: Policy, expression: Expression, own: dict[str, frozenset[Read]], scope: _Scope) -> frozenset[Read]:
    """The reads of an expression with variables replaced by theirs; every chain is checked against its schema."""
    found: set[Read] = set()
    for read in _reads(_program(policy, expression)):
        if read.root == "variables":
            if read.path and read.path[0] not in own:
                close = difflib.get_close_matches(read.path[0], own, 1)
                hint = f", did you mean {close[0]}?" if close else f"; there are {', '.join(own) or 'none'}"
                raise LintkitError(f"variable {read.path[0]!r} is not declared above{hint}", policy.origin, expression.line)
            found |= own.get(read.path[0], frozenset()) if read.path else set().union(*own.values())
            continue
        if read.root == "item":
            resolved = _resolved(read, scope)
            if resolved == ():
                raise LintkitError(f"item is known under forEach only (in {expression.text!r})", policy.origin, expression.line)
            if isinstance(resolved, Read):
                _check_chain(policy, expression, resolved)
            continue
        _check_chain(policy, expression, read)
        found.add(read)
    return frozenset(found)


def _check_chain(policy: Policy, expression: Expression, read: Read) -> None:
    params: dict[str, Any] = {"type": "object", "properties": {name: p.schema for name, p in policy.params.items()}}
    for kind in policy.subjects:
        schema = root_schema(kind, read.root, params)
        result = follow(schema, read.path, subject_schema(kind))
        if isinstance(result, str):
            raise LintkitError(f"{read.root}.{result} (in {expression.text!r})", policy.origin, expression.line)
