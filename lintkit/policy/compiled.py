"""A policy made ready: expressions compiled, their reads known, their names checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lintkit.errors import LintkitError
from lintkit.policy.cel import CelError, Program, program
from lintkit.policy.model import At, Expression, Policy, Validation
from lintkit.policy.reads import Read, reads_of
from lintkit.policy.shapes import follow, known_kinds, root_schema, subject_schema


@dataclass(frozen=True, slots=True)
class Compiled:
    """``reads`` are those of a policy's conditions, ``validation_reads`` those of every validation by number.

    Both count what the variables they use read.
    """

    policy: Policy
    variables: dict[str, Program]
    reads: frozenset[Read]
    validation_reads: tuple[frozenset[Read], ...]
    _uses: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def uses(self, text: str) -> tuple[str, ...]:
        """The variables that an expression names, in the order of the policy."""
        found = self._uses.get(text)
        if found is None:
            paths = [read.path for read in reads_of(program(text).tree) if read.root == "variables"]
            named = {path[0] for path in paths if path}
            found = tuple(n for n in self.variables if n in named or () in paths)
            self._uses[text] = found
        return found


def compile_policy(policy: Policy) -> Compiled:
    """Compile and check every expression. LintkitError with file, line and field when something is wrong."""
    _check_kinds(policy)
    variables: dict[str, Program] = {}
    own: dict[str, frozenset[Read]] = {}
    for name, expression in policy.variables:
        if name in variables:
            raise LintkitError(f"variable {name!r} is declared twice", policy.origin, expression.line)
        variables[name] = _program(policy, expression)
        own[name] = _checked(policy, expression, own, None)
    shared = frozenset().union(*(_checked(policy, c, own, None) for c in policy.conditions))
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
        raise LintkitError(f"{expression.text!r} is no CEL: {error}", policy.origin, expression.line) from None


def _expressions(validation: Validation) -> Iterator[tuple[Expression, bool]]:
    """Every expression of a validation; the flag tells that ``item`` may be used."""
    if validation.for_each:
        yield validation.for_each, False
    yield validation.expression, True
    for expression in (validation.message_expression, validation.severity_expression, *_at(validation.at)):
        if expression:
            yield expression, True
    for related in validation.related:
        for expression in (related.for_each, related.message, *_at(related.at)):
            if expression:
                yield expression, True
    fix = validation.fix
    if fix:
        targets: Iterable[At] = (*(s.at for s in fix.sets), *fix.removes, *(i.at for i in fix.inserts))
        values = (v.value.computed for v in (*fix.sets, *fix.inserts))
        for expression in (fix.title_expression, fix.safe_expression, fix.when, *values, *(e for t in targets for e in _at(t))):
            if expression:
                yield expression, True


def _at(at: At) -> tuple[Expression, ...]:
    return tuple(e for e in (at.computed, at.of) if e)


def _validation_reads(policy: Policy, validation: Validation, own: dict[str, frozenset[Read]]) -> frozenset[Read]:
    each: Read | None = None
    if validation.for_each:
        chains = reads_of(_program(policy, validation.for_each).tree)
        each = max(chains, key=lambda r: len(r.path), default=None) if len(chains) == 1 else None
    found: set[Read] = set()
    for expression, _ in _expressions(validation):
        found |= _checked(policy, expression, own, each)
    return frozenset(found)


def _checked(policy: Policy, expression: Expression, own: dict[str, frozenset[Read]], each: Read | None) -> frozenset[Read]:
    """The reads of an expression with variables replaced by theirs; every chain is checked against its schema."""
    found: set[Read] = set()
    for read in reads_of(_program(policy, expression).tree):
        if read.root == "variables":
            if read.path and read.path[0] not in own:
                close = difflib.get_close_matches(read.path[0], own, 1)
                hint = f", did you mean {close[0]}?" if close else f"; there are {', '.join(own) or 'none'}"
                raise LintkitError(f"variable {read.path[0]!r} is not declared above{hint}", policy.origin, expression.line)
            found |= own.get(read.path[0], frozenset()) if read.path else set().union(*own.values())
            continue
        if read.root == "item":
            if each is not None:
                inside = ("[]", *(read.path[1:] if read.path[:1] == ("related",) else read.path))
                if read.path[:1] != ("related",):
                    _check_chain(policy, expression, each._replace(path=each.path + inside))
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
