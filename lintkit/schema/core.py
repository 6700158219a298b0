"""Schemas of Kubernetes' own kinds, read from the files of the ``kubernetes-validate`` package.

Only the type files that a walk reaches are read (a Deployment's pod spec, not the 1.5 MB of all
definitions), and the package itself is never imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from lintkit.schema.model import ANYTHING, CrdSchema, Ref, Shape
from lintkit.schema.openapi import shape_of
from lintkit.text.regex import regex

_FOLDER: Final = regex(r"v(\d+)\.(\d+)\.\d+-local")
_VERSION: Final = regex(r"v?(\d+)\.(\d+)")
_WORD: Final = regex(r"[A-Za-z0-9]+", re.ASCII)
_DEFINITION: Final = "#/$defs/"
_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
_SPECIAL: Final = {
    # their files say "object", whatever they are; a quantity may be written as a number (apimachinery Quantity.UnmarshalJSON)
    "io.k8s.apimachinery.pkg.api.resource.Quantity": Shape(types=("number", "string"), nullable=True),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": Shape(types=("integer", "string"), nullable=True),
    f"{_META}Time": Shape(types=("string",), nullable=True),
    f"{_META}MicroTime": Shape(types=("string",), nullable=True),
    **{
        f"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON{end}": ANYTHING
        for end in ("", "SchemaPropsOrArray", "SchemaPropsOrBool", "SchemaPropsOrStringArray")
    },
}


def core_schema(api_version: str, kind: str, kubernetes: str = "") -> CrdSchema | None:
    """The schema of a kind of Kubernetes itself (``apps/v1``, ``Deployment``); None for any other kind.

    ``kubernetes`` is the cluster's version (``1.31``, ``v1.31.4``): the nearest known one counts, the
    newest where it is empty. None too when ``kubernetes-validate`` is not installed.
    """
    match = _VERSION.match(kubernetes)
    wanted = (int(match[1]), int(match[2])) if match else None
    folder = _nearest(wanted)
    return _schema(folder, api_version, kind) if folder else None


def core_versions() -> tuple[str, ...]:
    """The Kubernetes minors that schemas are known of, oldest first; empty without ``kubernetes-validate``."""
    return tuple(f"{major}.{minor}" for (major, minor), _ in _folders())


@lru_cache(maxsize=1)
def _folders() -> tuple[tuple[tuple[int, int], Path], ...]:
    from importlib.util import find_spec

    try:
        spec = find_spec("kubernetes_validate")
    except (ImportError, ValueError):
        return ()
    found: list[tuple[tuple[int, int], Path]] = []
    for place in (spec.submodule_search_locations or ()) if spec else ():
        base = Path(place) / "kubernetes-json-schema"
        for folder in base.iterdir() if base.is_dir() else ():
            match = _FOLDER.fullmatch(folder.name)
            if match:
                found.append(((int(match[1]), int(match[2])), folder))
    return tuple(sorted(found))


def _nearest(wanted: tuple[int, int] | None) -> Path | None:
    folders = _folders()
    if not folders:
        return None
    if wanted is None:
        return folders[-1][1]
    older = [folder for version, folder in folders if version <= wanted]
    return older[-1] if older else folders[0][1]


@lru_cache(maxsize=512)
def _schema(folder: Path, api_version: str, kind: str) -> CrdSchema | None:
    group, _, version = api_version.rpartition("/")
    short = group.split(".")[0]
    if not _WORD.fullmatch(kind) or not _WORD.fullmatch(version) or (group and not _WORD.fullmatch(short)):
        return None
    raw = _read(folder, f"{kind.lower()}-{short}-{version}" if group else f"{kind.lower()}-{version}")
    # file names drop the domain of the group and the case of the kind: only the contents tell
    if raw is None or not _is_of(raw, "apiVersion", api_version) or not _is_of(raw, "kind", kind):
        return None
    return CrdSchema(group, kind, {version: _whole(raw)}, _resolver(folder))


def _is_of(raw: dict[str, Any], key: str, value: str) -> bool:
    return bool(raw.get("properties", {}).get(key, {}).get("enum") == [value])


def _whole(raw: dict[str, Any]) -> dict[str, Any]:
    """An object's schema without the keys that every object has and the walker looks at by itself."""
    kept = {n: p for n, p in raw["properties"].items() if n not in ("apiVersion", "kind", "metadata", "status")}
    return {**raw, "properties": kept}


@lru_cache(maxsize=2048)
def _read(folder: Path, name: str) -> dict[str, Any] | None:
    try:
        raw = json.loads((folder / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return raw if isinstance(raw, dict) else None


@lru_cache(maxsize=64)
def _resolver(folder: Path) -> Callable[[Ref], Shape]:
    known: dict[int, tuple[Ref, Shape]] = {}

    def resolve(raw: Ref) -> Shape:
        held = known.get(id(raw))
        if held is None:
            # the schema is kept beside its shape: an id is only good while its object lives
            held = known[id(raw)] = raw, _shape(folder, raw)
        return held[1]

    return resolve


def _shape(folder: Path, raw: Ref) -> Shape:
    link = raw.get("$ref") if isinstance(raw, dict) else None
    if isinstance(link, str):
        name = link.rpartition(_DEFINITION)[2]
        if name in _SPECIAL:
            return _SPECIAL[name]
        raw = _definition(folder, name)
    # list map keys are not told apart here: some (a port's protocol) have defaults these schemas do not name
    return shape_of(raw)._replace(unique=None)


def _definition(folder: Path, name: str) -> dict[str, Any] | None:
    parts = name.split(".")
    if len(parts) < 3 or not all(_WORD.fullmatch(part.replace("-", "")) for part in parts):
        return None
    group, version, kind = parts[-3], parts[-2], parts[-1].lower()
    return _read(folder, f"{kind}-{version}" if group == "core" else f"{kind}-{group}-{version}")
