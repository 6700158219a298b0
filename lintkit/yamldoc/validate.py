"""lintkit's own files against lintkit's own schemas, with a line and a suggestion."""

from __future__ import annotations

import difflib
import json
from typing import Any

from lintkit.data import data_dir
from lintkit.errors import LintkitError
from lintkit.yamldoc.node import Mapping, Node, child
from lintkit.yamldoc.plain import settings


def validate(root: Node, schema_name: str, name: str) -> None:
    """Raise LintkitError (``name`` and line) when ``root`` does not conform to ``schemas/<schema_name>``."""
    import jsonschema

    schema = json.loads((data_dir("schemas") / schema_name).read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(settings(root)))
    if error is None:
        return
    at = root
    for key in error.absolute_path:
        at = child(at, key) or at
    place, message = _unknown_key(at, error) or (at, error.message)
    where = ".".join(str(part) for part in error.absolute_path)
    line = place.doc.source.position(place.start).line
    raise LintkitError(f"{where}: {message}" if where else message, name, line)


def _unknown_key(at: Node, error: Any) -> tuple[Node, str] | None:
    if error.validator != "additionalProperties" or not isinstance(at, Mapping):
        return None
    known = list(error.schema.get("properties", {}))
    for entry in at.entries:
        if entry.key.text not in known:
            close = difflib.get_close_matches(entry.key.text, known, 1)
            hint = f", did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
            return entry.key, f"unknown key {entry.key.text!r}{hint}"
    return None
