"""``pgs --what-if``: a cluster described in JSON, answered in JSON."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Final

from lintkit.errors import LintkitError
from lintkit.facts.ceph.autoscaler import generation, plan
from lintkit.facts.ceph.crush import root_name
from lintkit.facts.ceph.model import (
    DEFAULT_MAX_PG_PER_OSD,
    DEFAULT_OSD_BYTES,
    DEFAULT_POOL_PG_NUM,
    DEFAULT_TARGET_PG_PER_OSD,
    DEFAULT_THRESHOLD,
    ClusterInput,
    ModuleError,
    OsdGroup,
    PoolInput,
    PoolPlan,
)
from lintkit.yamldoc.node import Json

Object = dict[str, Json]

_CLUSTER_KEYS: Final = (
    "ceph_version",
    "cluster",
    "mon_max_pg_per_osd",
    "mon_target_pg_per_osd",
    "osd_pool_default_pg_num",
    "osds",
    "pools",
    "threshold",
)
_OSD_KEYS: Final = ("count", "device_class", "host_prefix", "hosts", "root", "size_bytes")
_POOL_KEYS: Final = (
    "bulk",
    "device_class",
    "failure_domain",
    "k",
    "m",
    "name",
    "pg_autoscale_bias",
    "pg_autoscale_mode",
    "pg_num_created",
    "pg_num_max",
    "pg_num_min",
    "root",
    "size",
    "target_size_bytes",
    "target_size_ratio",
    "type",
)
_TYPES: Final = ("replicated", "erasure")
_MODES: Final = ("on", "warn", "off")


def answer(data: Json) -> Json:
    """Pools, overlapping roots, PG replicas per OSD and warnings; ``{"error": ...}`` where Ceph's own module raises.

    Raises LintkitError on bad input.
    """
    try:
        result = plan(parse(data))
    except ModuleError as problem:
        return {"error": str(problem)}
    return {
        "pools": {item.name: _pool_answer(item) for item in result.pools},
        "overlapping_roots": list(result.overlapping_roots),
        "mean_pg_replicas_per_osd": round(result.mean_pg_replicas_per_osd, 3),
        "warnings": {item.code: {"summary": item.summary, "detail": list(item.detail)} for item in result.warnings},
    }


def _pool_answer(item: PoolPlan) -> Json:
    return {
        "pg_num_final": item.pg_num_final,
        "would_adjust": item.would_adjust,
        "pg_num_wanted": item.pg_num_wanted,
        "effective_target_ratio": item.effective_target_ratio,
        "capacity_ratio": item.capacity_ratio,
        "bias": item.bias,
        "bulk": item.bulk,
        "skipped": item.skipped or None,
    }


def parse(data: Json) -> ClusterInput:
    """A cluster from JSON. Raises LintkitError naming the place (``pools[2].size``) of an unknown key or a bad value."""
    top = _object(data, "the input", _CLUSTER_KEYS)
    version = _text(top, "ceph_version", "", "")
    if not version:
        raise LintkitError("ceph_version: missing; name a version like 20.2.4 (or main-2026)")
    generation(version)
    osds = tuple(_osd_group(item, f"osds[{index}]") for index, item in enumerate(_list(top, "osds")))
    pools = tuple(_pool(item, f"pools[{index}]") for index, item in enumerate(_list(top, "pools")))
    _distinct(pools)
    _sizes_known(top, osds, pools)
    return ClusterInput(
        osds=osds,
        pools=pools,
        ceph_version=version,
        mon_target_pg_per_osd=_count(top, "mon_target_pg_per_osd", "", DEFAULT_TARGET_PG_PER_OSD, least=1),
        mon_max_pg_per_osd=_count(top, "mon_max_pg_per_osd", "", DEFAULT_MAX_PG_PER_OSD, least=1),
        osd_pool_default_pg_num=_count(top, "osd_pool_default_pg_num", "", DEFAULT_POOL_PG_NUM, least=1),
        threshold=_number(top, "threshold", "", DEFAULT_THRESHOLD, least=1.0),
    )


def _osd_group(data: Json, place: str) -> OsdGroup:
    group = _object(data, place, _OSD_KEYS)
    hosts = _count(group, "hosts", place, 0)
    return OsdGroup(
        count=_count(group, "count", place, None),
        device_class=_text(group, "device_class", place, "") or None,
        root=_text(group, "root", place, "default"),
        size_bytes=_count(group, "size_bytes", place, DEFAULT_OSD_BYTES),
        hosts=hosts or None,
        host_prefix=_text(group, "host_prefix", place, "host"),
    )


def _pool(data: Json, place: str) -> PoolInput:
    pool = _object(data, place, _POOL_KEYS)
    name = _text(pool, "name", place, "")
    if not name:
        raise LintkitError(f"{place}.name: a pool needs a name")
    kind = _one_of(pool, "type", place, _TYPES, "replicated")
    other = ("size",) if kind == "erasure" else ("k", "m")
    for key in other:
        if pool.get(key) is not None:
            raise LintkitError(f"{place}.{key}: not a key of {'an erasure' if kind == 'erasure' else 'a replicated'} pool")
    erasure = kind == "erasure"
    return PoolInput(
        name=name,
        type=kind,
        size=0 if erasure else _count(pool, "size", place, None, least=1),
        k=_count(pool, "k", place, None, least=1) if erasure else 0,
        m=_count(pool, "m", place, None) if erasure else 0,
        root=_text(pool, "root", place, "default"),
        device_class=_text(pool, "device_class", place, "") or None,
        pg_num_created=_count(pool, "pg_num_created", place, 0) or None,
        target_size_ratio=_number(pool, "target_size_ratio", place, 0.0),
        target_size_bytes=_count(pool, "target_size_bytes", place, 0),
        bulk=_flag(pool, "bulk", place),
        bias=_number(pool, "pg_autoscale_bias", place, 1.0),
        pg_num_min=_optional_count(pool, "pg_num_min", place),
        pg_num_max=_optional_count(pool, "pg_num_max", place),
        mode=_one_of(pool, "pg_autoscale_mode", place, _MODES, "on"),
        failure_domain=_text(pool, "failure_domain", place, "host"),
    )


def _distinct(pools: Iterable[PoolInput]) -> None:
    seen: set[str] = set()
    for index, pool in enumerate(pools):
        if pool.name in seen:
            raise LintkitError(f"pools[{index}].name: '{pool.name}' is used twice; pool names are unique in a cluster")
        seen.add(pool.name)


def _sizes_known(top: Object, osds: tuple[OsdGroup, ...], pools: tuple[PoolInput, ...]) -> None:
    """``target_size_bytes`` means nothing without the capacity of the OSDs it is a part of."""
    groups = _list(top, "osds")
    for index, pool in enumerate(pools):
        if not pool.target_size_bytes:
            continue
        for number, (group, data) in enumerate(zip(osds, groups, strict=True)):
            below = group.root == pool.root and pool.device_class in (None, group.device_class)
            if below and isinstance(data, dict) and data.get("size_bytes") is None:
                where = root_name(pool.root, pool.device_class)
                raise LintkitError(
                    f"osds[{number}].size_bytes: missing, and pools[{index}].target_size_bytes is part of what {where} holds"
                )


def _object(data: Json, place: str, keys: tuple[str, ...]) -> Object:
    if not isinstance(data, dict):
        raise LintkitError(f"{place}: an object is expected, not {_kind(data)}")
    for key in data:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(keys)}"
            raise LintkitError(f"{place}: unknown key '{key}'; {hint}")
    return data


def _list(data: Object, key: str) -> list[Json]:
    if data.get(key) is None:
        raise LintkitError(f"{key}: missing; a list is expected")
    value = data[key]
    if not isinstance(value, list):
        raise LintkitError(f"{key}: a list is expected, not {_kind(value)}")
    return value


def _count(data: Object, key: str, place: str, default: int | None, least: int = 0) -> int:
    """A whole number of at least ``least``; ``default`` for an absent or null one, None makes it required."""
    value = data.get(key)
    where = _join(place, key)
    if value is None:
        if default is None:
            raise LintkitError(f"{where}: missing; a whole number is expected")
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise LintkitError(f"{where}: a whole number is expected, not {_kind(value)}")
    if value < least:
        raise LintkitError(f"{where}: {value} is below {least}")
    return value


def _optional_count(data: Object, key: str, place: str) -> int | None:
    return None if data.get(key) is None else _count(data, key, place, None)


def _number(data: Object, key: str, place: str, default: float, least: float = 0.0) -> float:
    value = data.get(key)
    where = _join(place, key)
    if value is None:
        return default
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise LintkitError(f"{where}: a number is expected, not {_kind(value)}")
    if not math.isfinite(value):
        raise LintkitError(f"{where}: a finite number is expected")
    if value < least:
        raise LintkitError(f"{where}: {value} is below {least:g}")
    return float(value)


def _text(data: Object, key: str, place: str, default: str) -> str:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise LintkitError(f"{_join(place, key)}: a text is expected, not {_kind(value)}")
    return value


def _flag(data: Object, key: str, place: str) -> bool:
    value = data.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise LintkitError(f"{_join(place, key)}: true or false is expected, not {_kind(value)}")
    return value


def _one_of(data: Object, key: str, place: str, known: tuple[str, ...], default: str) -> str:
    value = _text(data, key, place, default)
    if value not in known:
        raise LintkitError(f"{_join(place, key)}: '{value}' is none of {', '.join(known)}")
    return value


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _kind(value: Json) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), f"the number {value}")
