"""Facts about the ``parameters`` of a pool: what Ceph will make of each key and value."""

from __future__ import annotations

import json
from collections.abc import Mapping as Dict
from functools import lru_cache
from typing import Any, Final

from lintkit.data import data_dir
from lintkit.facts.reading import type_word
from lintkit.facts.words import nearest
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Scalar
from lintkit.yamldoc.unknowns import unknown_reason


@lru_cache(maxsize=1)
def accepted_keys() -> Dict[str, Dict[str, Any]]:
    """Keys that ``ceph osd pool set`` accepts, with type, range and first version where known."""
    loaded = json.loads((data_dir("schemas") / "tables" / "pool_parameters.json").read_text("utf-8"))
    keys: Dict[str, Dict[str, Any]] = loaded["keys"]
    return keys


def parameters(subject: Subject, environment: Environment) -> Json:
    """Every entry under ``parameters``: key, path, how it is typed, its string form, and what Ceph knows of the key.

    ``type`` is boolean, integer, number, null, string, list or map; ``unknown`` a reason why the value
    cannot be read; ``accepted`` whether Ceph has the key in any release known here; ``since`` the first
    release that has it (empty: all known ones; ``?``: not known); ``similar`` the accepted keys within
    two edits.
    """
    node = subject.object.get("parameters")
    if not isinstance(node, Mapping):
        return []
    return [_parameter(name, entry.value) for name, entry in node]


def _parameter(name: str, value: Node) -> Json:
    known = accepted_keys().get(name)
    written = value.text if isinstance(value, Scalar) else ""
    return {
        "key": name,
        "path": f"parameters.{_escaped(name)}",
        "type": type_word(value),
        "text": written,
        "wanted": _wanted(name, value, written),
        "unknown": unknown_reason(value),
        "accepted": known is not None,
        "since": str((known or {}).get("since", "")),
        "similar": list(nearest(name, accepted_keys(), 2)) if known is None else [],
    }


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")


def _wanted(name: str, value: Node, written: str) -> str:
    """The string that was meant: a mode word for ``pg_autoscale_mode``, else the text as written."""
    if name == "pg_autoscale_mode" and isinstance(value, Scalar) and isinstance(value.value, bool):
        return "on" if value.value else "off"
    return written


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Pool": {"parameters": parameters}}
