"""Schemas of custom resources that ship with lintkit (``schemas/crds``, docs/crds.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from lintkit.data import data_dir
from lintkit.schema.compact import resolver
from lintkit.schema.model import CrdSchema, Ref, Shape
from lintkit.text.regex import regex

ANY_RELEASE: Final = "any"

_GROUP: Final = regex(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.ASCII)
_KIND: Final = regex(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)
_MINOR: Final = regex(r"v?(\d+\.\d+)(?![0-9])")


def schema_for(group: str, version: str, kind: str, rook: str = "") -> CrdSchema | None:
    """The bundled schema of ``group/version`` ``kind``; None when there is none.

    ``rook`` is a Rook version (``1.18``, ``v1.18.3``). Where it is empty, or no release the data is of,
    the schema is the union of all releases: what any of them accepts.
    """
    match = _MINOR.match(rook)
    return _schema(group, version, kind, match[1] if match else "")


def api_versions(group: str, kind: str) -> tuple[str, ...]:
    """The served API versions of a bundled kind, oldest first; empty when the kind is not bundled."""
    loaded = _load(group, kind)
    return tuple(loaded[0]["versions"]) if loaded else ()


@lru_cache(maxsize=512)
def _schema(group: str, version: str, kind: str, minor: str) -> CrdSchema | None:
    loaded = _load(group, kind)
    roots: dict[str, Ref] | None = loaded[0]["versions"].get(version) if loaded else None
    if loaded is None or roots is None:
        return None
    releases = {name: ref for name, ref in roots.items() if name != ANY_RELEASE}
    root = roots[minor if minor in releases else ANY_RELEASE]
    return CrdSchema(group, kind, {version: root}, loaded[1], loaded[0].get("product", ""), releases)


@lru_cache(maxsize=256)
def _load(group: str, kind: str) -> tuple[dict[str, Any], Callable[[Ref], Shape]] | None:
    # group and kind come from files under review: they must not lead anywhere else
    if not (len(group) < 254 and _GROUP.fullmatch(group) and _KIND.fullmatch(kind)):
        return None
    try:
        text = (data_dir("schemas") / "crds" / group / f"{kind}.json").read_text("utf-8")
    except OSError:
        return None
    data: dict[str, Any] = json.loads(text)
    # a file system that ignores case finds other kinds too
    return (data, resolver(data["shapes"])) if data["kind"] == kind else None
