"""`.lintkit.yaml` (or `[tool.lintkit]` in pyproject.toml): read, checked, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lintkit import __version__
from lintkit.errors import LintkitError
from lintkit.text.source import Source
from lintkit.tree.files import glob_regex
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Json, Node
from lintkit.yamldoc.node import Mapping as MapNode
from lintkit.yamldoc.plain import settings
from lintkit.yamldoc.validate import validate

PROFILES = ("production", "lab")


@dataclass(frozen=True, slots=True)
class PolicySetting:
    """What a team decided about one policy, everywhere or under ``paths`` (globs)."""

    severity: str = ""
    params: Mapping[str, Json] = field(default_factory=dict)
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """What Git cannot know of one environment, and which paths belong to it."""

    name: str
    paths: tuple[str, ...] = ()
    profile: str = ""
    inventory: tuple[str, ...] = ()
    nodes: Node | None = None
    roles: Mapping[str, Json] = field(default_factory=dict)
    role_groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    osds: Node | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a run. ``path`` is empty when there is no configuration file."""

    path: str = ""
    profile: str = "production"
    environments: tuple[EnvironmentConfig, ...] = ()
    repositories: Mapping[str, str] = field(default_factory=dict)
    charts: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, tuple[PolicySetting, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    policy_folders: tuple[str, ...] = ()
    clusters: tuple[Mapping[str, Json], ...] = ()
    roles: Mapping[str, Json] = field(default_factory=dict)
    role_groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def environment(self, name: str) -> EnvironmentConfig | None:
        """The settings of an environment by name."""
        return next((e for e in self.environments if e.name == name), None)

    def environment_of(self, path: str) -> str:
        """The environment whose ``paths`` hold ``path``; empty when none does."""
        for environment in self.environments:
            if any(glob_regex(pattern).fullmatch(path) for pattern in environment.paths):
                return environment.name
        return ""


def load_config(file: Path, name: str) -> Config:
    """The configuration in ``file``, called ``name`` in messages. LintkitError with line when it is not valid."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LintkitError(f"the configuration cannot be read: {error}", name) from None
    if file.name == "pyproject.toml":
        return _from_toml(text, name)
    docs = documents(Source(name, text))
    if not docs:
        return Config(path=name)
    trouble = docs[0].trouble
    if trouble:
        raise LintkitError(trouble.message, name, docs[0].source.position(trouble.offset).line)
    if len(docs) > 1 or not isinstance(docs[0].root, MapNode):
        raise LintkitError("the configuration is one mapping", name, 1)
    return _extended(docs[0].root, file, name, 0)


def _from_toml(text: str, name: str) -> Config:
    import json
    import tomllib

    try:
        table = tomllib.loads(text).get("tool", {}).get("lintkit", {})
    except tomllib.TOMLDecodeError as error:
        raise LintkitError(str(error), name) from None
    # one reader for both forms: TOML becomes the YAML it stands for (JSON is YAML), without useful lines
    docs = documents(Source(name, json.dumps(table, default=str)))
    root = docs[0].root
    assert isinstance(root, MapNode)
    return _config(root, name)


def _extended(root: MapNode, file: Path, name: str, depth: int) -> Config:
    from lintkit.yamldoc.node import string
    from lintkit.yamldoc.transform import merge

    base = string(root.get("extends"))
    if not base:
        return _config(root, name)
    if depth:
        raise LintkitError("`extends` works one level deep: the extended file may not extend another", name, 1)
    target = _extends_file(base, file, name)
    docs = documents(Source(str(base), target.read_bytes().decode("utf-8-sig")))
    lower = docs[0].root if docs else None
    if not isinstance(lower, MapNode):
        raise LintkitError(f"extends {base!r}, which is no mapping", name, 1)
    if lower.get("extends") is not None:
        raise LintkitError(f"extends {base!r}, which itself extends another: one level only", name, 1)
    merged = merge(lower, root)
    assert isinstance(merged, MapNode)
    return _config(merged, name)


def _extends_file(base: str, file: Path, name: str) -> Path:
    direct = file.parent / base
    if direct.is_file():
        return direct
    if "/" not in base and not base.endswith((".yaml", ".yml")):
        import importlib.util

        spec = importlib.util.find_spec(base)
        for folder in spec.submodule_search_locations or () if spec else ():
            found = Path(folder) / "lintkit.yaml"
            if found.is_file():
                return found
    raise LintkitError(f"extends {base!r}, but there is no such file or package (with a lintkit.yaml)", name, 1)


def _config(root: MapNode, name: str) -> Config:
    validate(root, "config.schema.json", name)
    data: Any = settings(root)
    wanted = str(data.get("required-version", ""))
    if wanted and not _version_fits(wanted):
        raise LintkitError(f"needs lintkit {wanted}, this is {__version__}: install the version the repository asks for", name, 1)
    return Config(
        path=name,
        profile=data.get("profile", "production"),
        environments=_environments(root.get("environments")),
        repositories=data.get("repositories", {}),
        charts=data.get("charts", {}),
        policies={key: _setting(value) for key, value in data.get("policies", {}).items()},
        exclude=tuple(data.get("exclude", ())),
        policy_folders=tuple(data.get("policy-folders", ())),
        clusters=tuple(data.get("clusters", ())),
        roles=data.get("roles", {}),
        role_groups=data.get("role-groups", {}),
    )


def _version_fits(wanted: str) -> bool:
    import re

    have = tuple(int(p) for p in re.findall(r"\d+", __version__)[:3])
    for part in wanted.split(","):
        match = re.fullmatch(r"\s*(>=|<=|==|<|>|)\s*v?(\d+(?:\.\d+)*)\s*", part)
        if not match:
            return False
        want = tuple(int(p) for p in match[2].split("."))
        mine = have[: len(want)] if match[1] in ("", "==") else have
        fits = {">=": mine >= want, "<=": mine <= want, "<": mine < want, ">": mine > want}.get(match[1], mine == want)
        if not fits:
            return False
    return True


def _environments(node: Node | None) -> tuple[EnvironmentConfig, ...]:
    if not isinstance(node, MapNode):
        return ()
    found: list[EnvironmentConfig] = []
    for name, entry in node:
        data: Any = settings(entry.value) or {}
        body = entry.value if isinstance(entry.value, MapNode) else None
        inventory = data.get("inventory", ())
        found.append(
            EnvironmentConfig(
                name=name,
                paths=tuple(data.get("paths", ())),
                profile=data.get("profile", ""),
                inventory=(inventory,) if isinstance(inventory, str) else tuple(inventory),
                nodes=body.get("nodes") if body else None,
                roles=data.get("roles", {}),
                role_groups=data.get("role-groups", {}),
                versions={k: str(v) for k, v in data.get("versions", {}).items()},
                osds=body.get("osds") if body else None,
            )
        )
    return tuple(found)


def _setting(value: Any) -> tuple[PolicySetting, ...]:
    if isinstance(value, str):
        return (PolicySetting(severity=value),)
    general = PolicySetting(str(value.get("severity", "")), value.get("params", {}))
    special = tuple(
        PolicySetting(str(o.get("severity", general.severity)), {**general.params, **o.get("params", {})}, tuple(o["paths"]))
        for o in value.get("overrides", ())
    )
    return (*special, general)
