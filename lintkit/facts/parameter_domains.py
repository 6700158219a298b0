"""Facts about values under a pool's ``parameters``: those that Ceph rejects."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Any, Final

from lintkit.facts.parameters import accepted_keys
from lintkit.facts.units import ceph_bytes
from lintkit.facts.words import nearest
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Scalar
from lintkit.yamldoc.unknowns import unknown_reason


def rejected_values(subject: Subject, environment: Environment) -> Json:
    """Entries of ``parameters`` whose value lies outside what Ceph takes for the key.

    One item an entry: ``key``, ``path``, ``value``, ``wanted`` (what the key takes, for people), ``legal`` (the nearest
    value it takes; empty when none is near). Only limits read in Ceph's source count. Values that are no strings are
    another question, as are unknown ones and keys.
    """
    node = subject.object.get("parameters")
    if not isinstance(node, Mapping):
        return []
    found: list[Json] = []
    for key, entry in node:
        domain = accepted_keys().get(key)
        value = entry.value
        if domain is None or not isinstance(value, Scalar) or not isinstance(value.value, str) or unknown_reason(value):
            continue
        wanted = _wanted(domain, value.text)
        if wanted:
            path = "parameters." + key.replace("\\", "\\\\").replace(".", "\\.")
            found.append({"key": key, "path": path, "value": value.text, "wanted": wanted, "legal": _legal(domain, value.text)})
    return found


def _wanted(domain: Dict[str, Any], written: str) -> str:
    """What the key takes, where ``written`` is none of it; empty where it is."""
    if "values" in domain:
        values = list(domain["values"])
        return "" if written in values else f"one of {', '.join(values)}"
    if "min" not in domain:
        return ""
    number = _number(domain["type"], written)
    low, high = domain["min"], domain.get("max")
    if number is not None and number >= low and (high is None or number <= high):
        return ""
    kind = {"integer": "a whole number", "bytes": "a number of bytes"}.get(domain["type"], "a number")
    return f"{kind} from {low} to {high}" if high is not None else f"{kind} of {low} or more"


def _number(kind: str, written: str) -> float | None:
    try:
        if kind == "integer":
            return int(written)
        return float(written) if kind == "number" else _bytes(written)
    except ValueError:
        return None


def _bytes(written: str) -> float | None:
    return -1 if written.startswith("-") else ceph_bytes(written)


def _legal(domain: Dict[str, Any], written: str) -> str:
    if "values" in domain:
        close = nearest(written.strip().lower(), domain["values"], 2)
        return close[0] if len(close) == 1 else ""
    number = _number(domain["type"], written)
    if number is None:
        return ""
    if domain["type"] == "number" and "max" in domain and number > domain["max"]:
        return str(domain["max"])
    return ""


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Pool": {"rejected_values": rejected_values}}
