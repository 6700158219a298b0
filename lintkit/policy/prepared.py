"""Built-in policies in a form that loads in a few milliseconds: read, checked and compiled once, then kept in the cache.

The key names everything the form depends on: lintkit, Python, the CEL runtime, every policy and every subject schema.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from lintkit import __version__
from lintkit.cache import read_cached, write_cached
from lintkit.data import data_dir
from lintkit.errors import LintkitError
from lintkit.policy.cel import runtime_file
from lintkit.policy.chains import reads_from
from lintkit.policy.compiled import Compiled, Saved, compile_policy, expressions, saved_from
from lintkit.policy.model import (
    At,
    Expression,
    FixSpec,
    InsertSpec,
    Param,
    Policy,
    RelatedSpec,
    SetSpec,
    Validation,
    Value,
)
from lintkit.policy.read import read_policy
from lintkit.records import NamedTuple, names_of

_NAME: Final = "policies"
_TYPES: Final[tuple[Callable[..., Any], ...]] = (
    tuple,
    list,
    Expression,
    At,
    Value,
    Param,
    RelatedSpec,
    SetSpec,
    InsertSpec,
    FixSpec,
    Validation,
    Policy,
)


def read_builtins() -> tuple[Policy, ...]:
    """The policies that ship with lintkit, sorted by id, read from their files."""
    folder = data_dir("policies")
    files = sorted(folder.glob("*/*/policy.yaml"))
    found = [read_policy(f, f"policies/{f.relative_to(folder).as_posix()}", builtin=True) for f in files]
    return tuple(sorted(found, key=lambda p: p.id))


class Prepared(NamedTuple):
    """Every built-in policy by id, and what compiling gave (JSON) for those that are not broken."""

    policies: tuple[Policy, ...]
    ready: dict[str, str]


@lru_cache(maxsize=1)
def _prepared() -> Prepared:
    return load_prepared()


def load_prepared() -> Prepared:
    """The built-in policies from the cache; from their files, and into the cache, when it does not hold them."""
    key = _signature()
    text = read_cached(_NAME, key)
    if text is not None:
        try:
            first, *others = text.split("\n")
            ready = dict(line.split(" ", 1) for line in others)
            return Prepared(tuple(_restored(p) for p in json.loads(first)["policies"]), ready)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            pass  # not what was written: made again
    policies = read_builtins()
    ready = {policy.id: text for policy in policies if (text := _frozen(policy)) is not None}
    lines = [json.dumps({"policies": [_plain(p) for p in policies]}), *(f"{name} {text}" for name, text in ready.items())]
    write_cached(_NAME, key, "\n".join(lines))
    return Prepared(policies, ready)


def builtin_policies() -> tuple[Policy, ...]:
    """The policies that ship with lintkit, sorted by id."""
    return _prepared().policies


def ready_policy(policy: Policy) -> Compiled:
    """``policy`` ready to be evaluated; a built-in one without checking it again. LintkitError when it is broken."""
    kept = _prepared().ready.get(policy.id) if policy.builtin else None
    if kept is None:
        return compile_policy(policy)
    reads, validation_reads, saved = json.loads(kept)
    return Compiled(
        policy,
        {name: expression.text for name, expression in policy.variables},
        reads_from(reads),
        tuple(reads_from(r) for r in validation_reads),
        {text: Saved(code, below) for text, (code, below) in saved.items()},
    )


def _signature() -> str:
    found: list[object] = [__version__, sys.implementation.cache_tag, _stamp(runtime_file())]
    own = os.path.dirname(__file__)  # noqa: PTH120 - strings, on the hot path
    found += [(name, _stamp(f"{own}/{name}")) for name in sorted(os.listdir(own)) if name.endswith(".py")]  # noqa: PTH208
    policies, subjects = data_dir("policies"), data_dir("schemas") / "subjects"
    for family in sorted(os.listdir(policies)):  # noqa: PTH208
        below = os.path.join(policies, family)  # noqa: PTH118
        if os.path.isdir(below):  # noqa: PTH112
            found += [(family, name, _stamp(f"{below}/{name}/policy.yaml")) for name in sorted(os.listdir(below))]  # noqa: PTH208
    found += [(name, _stamp(f"{subjects}/{name}")) for name in sorted(os.listdir(subjects))]  # noqa: PTH208
    return hashlib.sha256(repr(found).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _stamp(file: str | Path) -> tuple[int, int]:
    try:
        info = os.stat(file)  # noqa: PTH116
    except OSError:
        return (0, 0)
    return (info.st_size, info.st_mtime_ns)


def _frozen(policy: Policy) -> str | None:
    """What compiling ``policy`` gives, as JSON; None when it is broken."""
    try:
        compiled = compile_policy(policy)
    except LintkitError:
        return None
    saved = {expression.text: saved_from(expression.text) for expression in expressions(policy)}
    return json.dumps([compiled.reads, compiled.validation_reads, saved])


def _plain(value: Any) -> Any:
    """Lists of a type's number and its fields; lists and tuples that are no type of ours have one too."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if type(value) in _TYPES:
        parts = value if isinstance(value, tuple | list) else [getattr(value, name) for name in names_of(type(value))]
        return [_TYPES.index(type(value)), *map(_plain, parts)]
    assert value is None or isinstance(value, str | int | float), value
    return value


def _restored(kept: Any) -> Any:
    """What ``_plain`` was given."""
    if type(kept) is dict:
        return {key: _restored(part) for key, part in kept.items()}
    if type(kept) is not list:
        return kept
    number = kept[0]
    parts = [_restored(part) if type(part) is list or type(part) is dict else part for part in kept[1:]]
    return tuple(parts) if number == 0 else parts if number == 1 else _TYPES[number](*parts)
