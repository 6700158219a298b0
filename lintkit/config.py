"""`.lintkit.yaml` (or `[tool.lintkit]` in pyproject.toml): read, checked, frozen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lintkit import __version__
from lintkit.data import data_dir
from lintkit.errors import LintkitError
from lintkit.records import NamedTuple, dataclass, field
from lintkit.text.source import BOM, Source
from lintkit.tree.files import glob_regex
from lintkit.tree.paths import join
from lintkit.tree.work import decode, is_file, read_regular
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Json, Node, is_null, items, string
from lintkit.yamldoc.node import Mapping as MapNode
from lintkit.yamldoc.node import Sequence as SeqNode
from lintkit.yamldoc.plain import settings
from lintkit.yamldoc.validate import validate


@dataclass(frozen=True, slots=True)
class PolicySetting:
    """What a team decided about one policy, everywhere or under ``paths`` (globs)."""

    severity: str = ""
    params: Mapping[str, Json] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    line: int = 0


class IgnoreSetting(NamedTuple):
    """Findings accepted in the configuration: by policy, and by path or resource (KIND/NAME), with the reason."""

    policies: tuple[str, ...]
    reason: str
    paths: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    until: str = ""


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
    schemas: tuple[str, ...] = ()
    clusters: tuple[Mapping[str, Json], ...] = ()
    roles: Mapping[str, Json] = field(default_factory=dict)
    role_groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignores: tuple[IgnoreSetting, ...] = ()

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
    root = _from_toml(_text(file, name), name) if file.name == "pyproject.toml" else _mapping(file, name)
    return Config(path=name) if root is None else _extended(root, file, name)


def _text(file: Path, name: str) -> str:
    try:
        text, reason = decode(read_regular(file))
    except OSError as error:
        raise LintkitError(f"the configuration cannot be read: {error.strerror or error}", name) from None
    if text is None:
        raise LintkitError(f"the configuration cannot be read: it is a {reason}", name)
    return text


def _mapping(file: Path, name: str) -> MapNode | None:
    """The mapping that a YAML file holds; None when it holds nothing."""
    docs = documents(Source(name, _text(file, name)))
    for doc in docs:
        if doc.trouble:
            raise LintkitError(doc.trouble.message, name, doc.source.position(doc.trouble.offset).line)
    if not docs or (len(docs) == 1 and (docs[0].root is None or is_null(docs[0].root))):
        return None
    root = docs[0].root
    if len(docs) > 1 or not isinstance(root, MapNode):
        raise LintkitError("the configuration is one mapping of settings (`profile: lab`)", name, 1)
    _unique(root, name)
    return root


def _unique(root: Node, name: str) -> None:
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, SeqNode):
            todo += node.items
        if not isinstance(node, MapNode):
            continue
        todo += [entry.value for entry in node.entries if not entry.via]
        seen = set[str]()
        for entry in node.entries:
            if not entry.via and entry.key.text in seen:
                raise LintkitError(f"the key {entry.key.text!r} is given twice: keep one", name, _line(entry.key))
            seen.add(entry.key.text)


def _line(node: Node) -> int:
    return node.doc.source.position(node.start).line


def _from_toml(text: str, name: str) -> MapNode | None:
    import json
    import tomllib

    try:
        table = tomllib.loads(text.removeprefix(BOM)).get("tool", {}).get("lintkit", {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LintkitError(str(error), name) from None
    # one reader for both forms: TOML becomes the YAML it stands for (JSON is YAML), without useful lines
    docs = documents(Source(name, json.dumps(table, default=str)))
    root = docs[0].root if docs else None
    if not isinstance(root, MapNode):
        raise LintkitError("[tool.lintkit] is a table of settings", name)
    return root


def _extended(root: MapNode, file: Path, name: str) -> Config:
    from lintkit.yamldoc.transform import merge

    base = string(root.get("extends"))
    if not base:
        return _config(root, name)
    line = _line(root.get("extends") or root)
    lower = _mapping(_extends_file(base, file, name, line), base)
    if lower is None:
        return _config(root, name)
    if lower.get("extends") is not None:
        raise LintkitError(f"extends {base!r}, which itself extends another: one level only", name, line)
    _config(lower, base)
    merged = merge(lower, root)
    assert isinstance(merged, MapNode)
    return _config(merged, name)


def _extends_file(base: str, file: Path, name: str, line: int) -> Path:
    direct = file.parent / base
    if is_file(direct):
        return direct
    if base.isidentifier():
        # the top level only: looking for more would import, and so execute, what it finds
        import importlib.util

        spec = importlib.util.find_spec(base)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            found = Path(folder) / "lintkit.yaml"
            if found.is_file():
                return found
    raise LintkitError(f"extends {base!r}, but there is no such file, nor an installed package with a lintkit.yaml", name, line)


def _config(root: MapNode, name: str) -> Config:
    data: Any = settings(root)
    if not _conforms(data):
        validate(root, "config.schema.json", name)
    wanted = str(data.get("required-version", ""))
    if wanted and not _version_fits(wanted, name, _line(root.get("required-version") or root)):
        message = f"needs lintkit {wanted}, this is {__version__}: install the version the repository asks for"
        raise LintkitError(message, name, _line(root.get("required-version") or root))
    return Config(
        path=name,
        profile=data.get("profile", "production"),
        environments=_environments(root.get("environments")),
        repositories=data.get("repositories", {}),
        charts=data.get("charts", {}),
        policies=_settings(root.get("policies")),
        exclude=tuple(data.get("exclude", ())),
        policy_folders=tuple(_inside(item, name, "policy folder") for item in items(root.get("policy-folders"))),
        schemas=tuple(_inside(item, name, "path of schemas") for item in items(root.get("schemas"))),
        clusters=tuple(data.get("clusters", ())),
        roles=data.get("roles", {}),
        role_groups=data.get("role-groups", {}),
        ignores=tuple(_ignore(entry) for entry in data.get("ignore", ())),
    )


def _ignore(entry: Any) -> IgnoreSetting:
    return IgnoreSetting(
        tuple(entry["policies"]),
        entry["reason"],
        tuple(entry.get("paths", ())),
        tuple(entry.get("resources", ())),
        str(entry.get("until", "")),
    )


def _conforms(data: Any) -> bool:
    # says yes or no ten times faster than the library that explains, which is imported for a "no" only
    import json

    import jsonschema_rs

    return bool(jsonschema_rs.is_valid(json.loads((data_dir("schemas") / "config.schema.json").read_text("utf-8")), data))


def _inside(node: Node, name: str, what: str) -> str:
    folder = string(node) or ""
    path = None if Path(folder).is_absolute() else join("", folder)
    if path is None:
        raise LintkitError(f"the {what} {folder!r} is outside the repository", name, _line(node))
    return path


def _version_fits(wanted: str, name: str, line: int) -> bool:
    have = tuple(int(p) for p in re.findall(r"\d+", __version__)[:3])
    for part in wanted.split(","):
        match = re.fullmatch(r"\s*(>=|<=|==|<|>|)\s*v?(\d+(?:\.\d+)*)\s*", part)
        if not match:
            raise LintkitError(f"required-version: {wanted!r} is no range of versions, such as '>=0.1,<0.3'", name, line)
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


def _settings(node: Node | None) -> dict[str, tuple[PolicySetting, ...]]:
    if not isinstance(node, MapNode):
        return {}
    return {entry.key.text: _setting(settings(entry.value), _line(entry.key)) for entry in node.entries}


def _setting(value: Any, line: int) -> tuple[PolicySetting, ...]:
    if isinstance(value, str):
        return (PolicySetting(severity=value, line=line),)
    general = PolicySetting(str(value.get("severity", "")), value.get("params", {}), line=line)
    special = tuple(
        PolicySetting(
            str(o.get("severity", general.severity)), {**general.params, **o.get("params", {})}, tuple(o["paths"]), line
        )
        for o in value.get("overrides", ())
    )
    return (*special, general)
