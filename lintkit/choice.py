"""Which policies a run uses: what was asked for by name, and what the configuration decides of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from lintkit.config import Config, PolicySetting
from lintkit.errors import LintkitError
from lintkit.facts.words import nearest
from lintkit.policy.evaluate import Setting
from lintkit.policy.model import Policy
from lintkit.records import NamedTuple, replace
from lintkit.shape import SHAPE_POLICIES
from lintkit.tree.files import glob_regex


class Choice(NamedTuple):
    """Ids, families and globs of the policies to use (all, when empty), and of those not to use."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def takes(self, *names: str) -> bool:
        """Whether a policy that goes by ``names`` (id, family, aliases) is used."""
        return (not self.select or _called(self.select, names)) and not _called(self.ignore, names)


def _called(patterns: Iterable[str], names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def selected(policies: Iterable[Policy], choice: Choice) -> list[Policy]:
    """The policies to use. LintkitError when a name of ``choice`` is that of no policy."""
    known = list(policies)
    names = sorted({*_names(known)})
    for pattern in (*choice.select, *choice.ignore):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise LintkitError(f"no policy or family is called {pattern!r}{_hint(pattern, names)}")
    return [p for p in known if choice.takes(p.id, p.family, *p.aliases)]


def _names(policies: Iterable[Policy]) -> Iterator[str]:
    for policy in policies:
        yield from (policy.id, policy.family, *policy.aliases)
    for shape in SHAPE_POLICIES:
        yield from (shape.id, shape.family)


def _hint(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known, 3)
    return f", did you mean {' or '.join(close)}?" if close else " (see `lintkit policies`)"


def settled(config: Config, policies: Iterable[Policy]) -> Config:
    """The configuration with aliases replaced by ids. LintkitError for a policy or parameter that does not exist."""
    if not config.policies:
        return config
    known = list(policies)
    by_name: dict[str, Policy] = {name: p for p in known for name in (p.id, *p.aliases)}
    shapes = {shape.id for shape in SHAPE_POLICIES}
    found: dict[str, tuple[PolicySetting, ...]] = {}
    for name, entries in config.policies.items():
        line = entries[0].line
        policy = by_name.get(name)
        if policy is None and name not in shapes:
            hint = _hint(name, (*by_name, *shapes))
            raise LintkitError(f"policies: no policy is called {name!r}{hint}", config.path, line)
        for entry in entries:
            _check_params(name, policy, entry.params, config.path, line)
        found[policy.id if policy else name] = entries
    return replace(config, policies=found)


def _check_params(name: str, policy: Policy | None, given: Mapping[str, object], path: str, line: int) -> None:
    known = policy.params if policy else {}
    for key, value in given.items():
        if key not in known:
            hint = _hint(key, known).replace("policies`", f"explain {name}`")
            raise LintkitError(f"policies.{name}: there is no parameter {key!r}{hint}", path, line)
        trouble = _trouble(dict(known[key].schema), value)
        if trouble:
            raise LintkitError(f"policies.{name}.params.{key}: {trouble}", path, line)


def _trouble(schema: dict[str, object], value: object) -> str:
    """What is wrong with a parameter; the library that explains is imported when something is."""
    import jsonschema_rs

    if jsonschema_rs.is_valid(schema, value):
        return ""
    import jsonschema

    return next((error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)), "")


def general(config: Config) -> dict[str, Setting]:
    """What the configuration decides of each policy wherever it has no special word for a path."""
    return {
        name: Setting(entry.severity, entry.params)
        for name, entries in config.policies.items()
        if (entry := next((e for e in entries if not e.paths), None))
    }


def by_path(config: Config) -> dict[str, Callable[[str], Setting]]:
    """Path to setting, of every policy about which the configuration has a special word for some paths."""
    return {name: partial(setting_at, config, name) for name, entries in config.policies.items() if any(e.paths for e in entries)}


def setting_at(config: Config, policy: str, path: str) -> Setting:
    """What the configuration decides of a policy for a finding in ``path``."""
    for entry in config.policies.get(policy, ()):
        if not entry.paths or any(glob_regex(p).fullmatch(path) for p in entry.paths):
            return Setting(entry.severity, entry.params)
    return Setting()
