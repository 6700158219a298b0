"""The shapes of subjects: what expressions may read, and whether data is what a policy counts on.

``schemas/subjects/<Kind>.json`` describes ``object`` and ``facts`` of a subject; ``env.json``
describes ``env``. A mapping with ``properties`` is closed to expressions unless
``additionalProperties`` says otherwise: a misspelt field is an error when the policy loads.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from lintkit.data import data_dir
from lintkit.policy.chains import Read
from lintkit.records import NamedTuple
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json

Schema = Mapping[str, Any]
_TYPES: Final[Mapping[str, type]] = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
OBJECT_KEYWORDS: Final = frozenset(("type", "properties", "additionalProperties", "required", "items", "pattern"))
"""The words of JSON Schema that the shape of an object is told in: every run asks, so nothing larger is imported for it."""


@lru_cache(maxsize=128)
def subject_schema(kind: str) -> Schema:
    """The schema of a subject kind; free-form for a kind without a file."""
    file = data_dir("schemas") / "subjects" / f"{kind}.json"
    if not file.is_file():
        return {"properties": {"object": {}, "facts": {"type": "object", "properties": {}}}}
    loaded: Schema = json.loads(file.read_text("utf-8"))
    return loaded


@lru_cache(maxsize=1)
def env_schema() -> Schema:
    """The schema of ``env``."""
    loaded: Schema = json.loads((data_dir("schemas") / "subjects" / "env.json").read_text("utf-8"))
    return loaded


@lru_cache(maxsize=1)
def known_kinds() -> frozenset[str]:
    """Subject kinds with a schema."""
    return frozenset(f.stem for f in (data_dir("schemas") / "subjects").glob("*.json") if f.stem != "env")


def root_schema(kind: str, root: str, params: Schema) -> Schema:
    """The schema of what an expression calls ``root`` when it judges a ``kind``."""
    if root in ("object", "oldObject"):
        return subject_schema(kind)["properties"]["object"]  # type: ignore[no-any-return]
    if root == "facts":
        return subject_schema(kind)["properties"]["facts"]  # type: ignore[no-any-return]
    if root == "env":
        return env_schema()
    if root == "params":
        return params
    return {}


def follow(schema: Schema, path: tuple[str, ...], definitions: Schema) -> Schema | str:
    """The schema at ``path``; a sentence when a field of the path cannot exist."""
    at = _resolve(schema, definitions)
    for depth, key in enumerate(path):
        below = _below(at, key)
        if isinstance(below, str):
            return f"{'.'.join(path[: depth + 1]).replace('.[]', '[]')}: {below}"
        at = _resolve(below, definitions)
    return at


def _resolve(schema: Schema, definitions: Schema) -> Schema:
    while "$ref" in schema:
        schema = definitions["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _below(schema: Schema, key: str) -> Schema | str:
    if key == "[]":
        if "items" in schema:
            return schema["items"]  # type: ignore[no-any-return]
        extra = schema.get("additionalProperties")
        return extra if isinstance(extra, Mapping) else {}
    known = schema.get("properties")
    if known is None:
        if schema.get("type") == "array":
            return "a list has no fields"
        extra = schema.get("additionalProperties")
        return extra if isinstance(extra, Mapping) else {}
    if key in known:
        return known[key]  # type: ignore[no-any-return]
    extra = schema.get("additionalProperties", False)
    if extra is not False:
        return extra if isinstance(extra, Mapping) else {}
    close = difflib.get_close_matches(key, known, 1)
    return "no such field" + (f", did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known)) or 'none'}")


class Misfit(NamedTuple):
    """A place where an object is not as its kind asks: ``path`` (list items as ``[]``), and the same in words."""

    path: tuple[str, ...]
    text: str


def misfits(kind: str, plain_object: Json) -> tuple[Misfit, ...]:
    """Where an object does not have the shape of its kind: ``parameters.bulk is a boolean``, ``metadata.name is missing``."""
    return tuple(_misfits(plain_object, subject_schema(kind)["properties"]["object"], ()))


def _misfits(value: Json, schema: Schema, path: tuple[str | int, ...]) -> Iterator[Misfit]:
    kinds = schema.get("type")
    astray = kinds is not None and not any(_is(value, name) for name in ((kinds,) if isinstance(kinds, str) else kinds))
    pattern = schema.get("pattern")
    if astray or (pattern is not None and isinstance(value, str) and re.search(pattern, value) is None):
        yield _misfit(path, f"is {_type_word(value)}")
    if isinstance(value, dict):
        yield from (_misfit((*path, name), "is missing") for name in schema.get("required", ()) if name not in value)
        known, extra = schema.get("properties", {}), schema.get("additionalProperties")
        for name, part in value.items():
            below = known.get(name, extra)
            if below and below is not True:
                yield from _misfits(part, below, (*path, name))
    elif isinstance(value, list) and schema.get("items"):
        for number, item in enumerate(value):
            yield from _misfits(item, schema["items"], (*path, number))


def _is(value: Json, kind: str) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False  # JSON, in which objects travel, has no word for it
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer":
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool)
    return isinstance(value, _TYPES[kind])


def _misfit(path: tuple[str | int, ...], said: str) -> Misfit:
    return Misfit(tuple("[]" if isinstance(key, int) else key for key in path), f"{_written(path)} {said}")


def _written(path: Iterable[str | int]) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".") or "the object"


def _type_word(value: Json) -> str:
    """What a value is, in YAML's words; the wrong one where it stands."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, float) and not math.isfinite(value):
        return "no finite number"
    if isinstance(value, int | float):
        return "an integer" if isinstance(value, int) else "a number"
    if isinstance(value, str):
        return "a string"
    return "a map" if isinstance(value, dict) else "a list"


@lru_cache(maxsize=1024)
def _has_numbers(kind: str, name: str) -> bool:
    return '"number"' in json.dumps(_fact_schema(kind, name))


def _fact_schema(kind: str, name: str) -> Schema:
    known = subject_schema(kind)["properties"]["facts"].get("properties", {})
    return known.get(name, {})  # type: ignore[no-any-return]


def fact_names(kind: str) -> tuple[str, ...]:
    """The facts that a kind's schema declares."""
    return tuple(subject_schema(kind)["properties"]["facts"].get("properties", ()))


def fact_as_declared(kind: str, name: str, value: Json) -> Json:
    """A fact with whole numbers as doubles where its schema says ``number``.

    CEL has no arithmetic between integers and doubles: what an expression sees depends on the schema, not on
    whether a sum happens to be whole.
    """
    return _doubled(value, _fact_schema(kind, name), subject_schema(kind)) if _has_numbers(kind, name) else value


def _doubled(value: Json, schema: Schema, definitions: Schema) -> Json:
    schema = _resolve(schema, definitions)
    if isinstance(value, list):
        return [_doubled(item, schema.get("items", {}), definitions) for item in value]
    if isinstance(value, dict):
        known, extra = schema.get("properties", {}), schema.get("additionalProperties")
        rest = extra if isinstance(extra, Mapping) else {}
        return {key: _doubled(part, known.get(key, rest), definitions) for key, part in value.items()}
    types = schema.get("type", ())
    named = (types,) if isinstance(types, str) else types
    if type(value) is int and "number" in named and "integer" not in named:
        return float(value)
    return value


def touches(read: Read, path: tuple[str, ...]) -> bool:
    """Whether ``read`` (of ``object``) depends on the value at ``path``: on it, above it, or below a deep read."""
    shared = min(len(read.path), len(path))
    if read.path[:shared] != path[:shared]:
        return False
    return len(path) <= len(read.path) or read.deep


def no_resource(subject: Subject, plain_object: Json) -> str:
    """Why no API server would take an object that an expression failed on; empty when it would: the policy is broken."""
    if number := too_large(plain_object):
        return f"the number {number} is too large"
    written = subject.object.get("apiVersion") is not None
    return "it has no metadata.name" if written and not subject.resource.name else ""


def too_large(value: Json) -> str:
    """A whole number beyond 64 bits, which CEL does not have although JSON Schema calls it an integer; empty without one."""
    if isinstance(value, dict | list):
        return next((found for part in (value.values() if isinstance(value, dict) else value) if (found := too_large(part))), "")
    return f"{value:g}" if isinstance(value, int | float) and abs(value) >= 2**63 else ""
