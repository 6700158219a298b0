"""Facts about the memory that Rook's daemons are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.reading import unknown_below, words, written
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Path, items, lookup
from lintkit.yamldoc.unknowns import unknown_reason

_RESOURCES: Final[Path] = ("spec", "resources")
_SETS: Final[Path] = ("spec", "storage", "storageClassDeviceSets")
_DAEMONS: Final = ("mon", "mgr", "mds", "osd")


class _Amount(NamedTuple):
    """A memory quantity as written, and where it stands."""

    text: str
    path: Path


def daemon_memory(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Memory of mon, mgr, mds and osd daemons where a request or limit is in force.

    One item a daemon: ``daemon`` (``osd-nvme`` counts as ``osd``), ``name`` (as written), ``path`` (of the amount that
    counts: the limit, else the request), ``text`` of it (a quantity as written), ``what`` (limit or request),
    ``request_path``, ``request`` (text; empty when absent).
    """
    reason = unknown_below(lookup(subject.object, *_RESOURCES))
    if reason:
        return NotKnown(f"resources are unknown: {reason}")
    return [item for daemon, name, path in _places(subject) if (item := _item(subject, daemon, name, path)) is not None]


def mds_memory(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Memory of a CephFilesystem's MDS daemons, as in ``daemon_memory``: a list of none or one item."""
    path: Path = ("spec", "metadataServer", "resources")
    reason = unknown_below(lookup(subject.object, *path))
    if reason:
        return NotKnown(f"resources are unknown: {reason}")
    item = _item(subject, "mds", "mds", path)
    return [item] if item is not None else []


def _places(subject: Subject) -> Iterator[tuple[str, str, Path]]:
    resources = lookup(subject.object, *_RESOURCES)
    for name, _ in resources if isinstance(resources, Mapping) else ():
        daemon = "osd" if name.startswith("osd-") else name
        if daemon in _DAEMONS:
            yield daemon, name, (*_RESOURCES, name)
    for i, item in enumerate(items(lookup(subject.object, *_SETS))):
        yield "osd", f"device set {words(lookup(item, 'name')) or i}", (*_SETS, i, "resources")


def _item(subject: Subject, daemon: str, name: str, path: Path) -> Json | None:
    limit, request = (_amount(subject, (*path, part, "memory")) for part in ("limits", "requests"))
    counts = limit or request
    if counts is None:
        return None
    return {
        "daemon": daemon,
        "name": name,
        "path": written(counts.path),
        "text": counts.text,
        "what": "limit" if limit else "request",
        "request_path": written((*path, "requests", "memory")),
        "request": request.text if request else "",
    }


def _amount(subject: Subject, path: Path) -> _Amount | None:
    text = words(lookup(subject.object, *path))
    return _Amount(text, path) if text else None


def osd_memory_set(subject: Subject, environment: Environment) -> Json | NotKnown:
    """Whether every OSD has a memory request or limit.

    From ``resources.osd``, or from each device set where only those make OSDs.
    """
    resources = lookup(subject.object, *_RESOURCES)
    sets = items(lookup(subject.object, *_SETS))
    reason = unknown_below(resources) or next((r for s in sets if (r := unknown_below(lookup(s, "resources")))), "")
    if reason:
        return NotKnown(f"resources are unknown: {reason}")
    names = [n for n, _ in resources if n == "osd" or n.startswith("osd-")] if isinstance(resources, Mapping) else []
    if any(_has_memory(lookup(resources, name)) for name in names):
        return True
    return bool(sets) and all(_has_memory(lookup(item, "resources")) for item in sets)


def _has_memory(node: object) -> bool:
    return isinstance(node, Mapping) and any(words(lookup(node, part, "memory")) for part in ("limits", "requests"))


def prepare_limit(subject: Subject, environment: Environment) -> Json | NotKnown:
    """The memory limit of the OSD prepare jobs as written; empty without one."""
    node = lookup(subject.object, *_RESOURCES, "prepareosd", "limits", "memory")
    reason = unknown_reason(node)
    return NotKnown(f"the limit of prepareosd is unknown: {reason}") if reason else words(node)


_DURATION: Final = regex(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def mon_timeout(subject: Subject, environment: Environment) -> Json | NotKnown:
    """``healthCheck.daemonHealth.mon.timeout`` in whole seconds (a Go duration such as ``10m0s``).

    Null when absent or no duration.
    """
    node = lookup(subject.object, "spec", "healthCheck", "daemonHealth", "mon", "timeout")
    if unknown_reason(node):
        return NotKnown(f"the mon timeout is unknown: {unknown_reason(node)}")
    text = words(node)
    if not text or not re.fullmatch(f"(?:{_DURATION.pattern})+", text):
        return None
    return int(sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text)))


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "CephCluster": {
        "daemon_memory": daemon_memory,
        "osd_memory_set": osd_memory_set,
        "prepare_limit": prepare_limit,
        "mon_timeout": mon_timeout,
    },
    "CephFilesystem": {"mds_memory": mds_memory},
}
