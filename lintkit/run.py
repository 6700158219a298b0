"""One run: a tree in, a report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from lintkit.config import Config, load_config
from lintkit.errors import LintkitError
from lintkit.facts.osds import osd_entries, with_osds
from lintkit.finding import SEVERITIES, Finding, NotEvaluated, Report, Skipped
from lintkit.policy.compiled import Compiled, compile_policy
from lintkit.policy.evaluate import Setting, Verdicts, evaluate
from lintkit.policy.load import all_policies
from lintkit.policy.model import Policy
from lintkit.shape import INVALID_YAML, invalid_yaml
from lintkit.sources.inventory.config import configured_nodes
from lintkit.sources.inventory.find import load_inventory
from lintkit.sources.world import World, inventories_of, load_world
from lintkit.subjects.deliveries import Missing
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.subjects.project import project
from lintkit.tree.files import Files, glob_regex
from lintkit.tree.work import CONFIG_NAMES, WorkTree, find_root


UNREAD = ("unknown", "remote", "broken", "unsupported", "limit")
"""Kinds of problems after which more may reach a cluster than is known."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. ``paths`` narrow what is reported, never what is known."""

    paths: tuple[Path, ...] = ()
    profile: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    config: Path | None = None
    isolated: bool = False
    stdin: str | None = None
    stdin_name: str = "-"
    force_exclude: bool = False
    show_all: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A repository read: its world, its environments, and the policies that apply."""

    root: Path
    tree: WorkTree
    config: Config
    world: World
    environments: tuple[Environment, ...]
    policies: tuple[Policy, ...]


def load(options: Options) -> Loaded:
    """Read the repository. LintkitError when it, its configuration or its policies cannot be trusted."""
    root = _root(options.paths)
    config = load_configuration(root, options)
    tree = WorkTree(root, config.exclude)
    files = tree.files() if options.stdin is None else _stdin(options)
    world = load_world(files, config)
    environments = tuple(e for name in sorted(world.environments) if (e := _environment(world, name, options)).subjects)
    return Loaded(root, tree, config, world, environments, all_policies(root, config.policy_folders))


def _root(paths: tuple[Path, ...]) -> Path:
    roots = {find_root(path) for path in paths} or {find_root(Path())}
    if len(roots) > 1:
        names = ", ".join(sorted(str(r) for r in roots))
        raise LintkitError(f"the paths belong to several repositories ({names}): name the paths of one")
    return roots.pop()


def load_configuration(root: Path, options: Options) -> Config:
    """The configuration of a repository; an empty one where there is none."""
    if options.isolated:
        return Config()
    if options.config is not None:
        if not options.config.is_file():
            raise LintkitError("no such configuration file", str(options.config))
        return load_config(options.config, str(options.config))
    for name in CONFIG_NAMES:
        if (root / name).is_file():
            return load_config(root / name, name)
    if (root / "pyproject.toml").is_file() and "[tool.lintkit" in (root / "pyproject.toml").read_text("utf-8", "replace"):
        return load_config(root / "pyproject.toml", "pyproject.toml")
    return Config()


def _stdin(options: Options) -> Files:
    text = options.stdin or ""
    return Files([options.stdin_name], lambda _: text)


def _environment(world: World, name: str, options: Options) -> Environment:
    config = world.config.environment(name)
    inventories = inventories_of(world, name)
    if config and config.inventory:
        inventories = []
        for path in config.inventory:
            inventory = load_inventory(world.reader, path, role_groups=config.role_groups or world.config.role_groups or None)
            if inventory is None:
                raise LintkitError(f"environment {name}: inventory {path!r} does not exist or is none", world.config.path)
            inventories.append(inventory)
    extra = configured_nodes(config.nodes) if config and config.nodes is not None else ()
    found = project(
        world.gather(name),
        profile=options.profile or (config.profile if config else "") or world.config.profile,
        inventories=inventories,
        versions=dict(config.versions) if config else {},
        roles=dict((config.roles if config else {}) or world.config.roles),
        extra_nodes=extra,
        missing=[Missing(p.message, p.home) for p in world.problems if p.kind == "missing" and p.environment == name],
        unread=tuple(p.message for p in world.problems if p.kind in UNREAD and p.environment == name),
        own_urls=frozenset(world.own_urls),
    )
    return with_osds(found, osd_entries(config.osds) if config else ())


@dataclass(slots=True)
class _Gathered:
    compiled: list[Compiled] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def check(options: Options) -> tuple[Report, Loaded]:
    """Judge a repository."""
    loaded = load(options)
    kinds = {kind for e in loaded.environments for kind in e.by_kind}
    ready = _compile(_selected(loaded.policies, options), kinds)
    verdicts = Verdicts()
    settings = _settings(loaded.config)
    for environment in loaded.environments:
        evaluate(environment, ready.compiled, settings, verdicts, _by_path(loaded.config, settings))
    findings = [*_shape_findings(loaded.world, options), *_merged(verdicts.findings)]
    wanted = _named(options, loaded)
    findings = [f for f in findings if wanted is None or _concerns(f, wanted)]
    report = Report(
        findings=tuple(sorted(findings, key=_order)),
        not_evaluated=tuple(sorted(_unevaluated(verdicts, ready.compiled, loaded))),
        skipped=tuple(Skipped(reason, count) for reason, count in sorted(_skipped(loaded).items())),
        broken=tuple(ready.broken) + tuple(f"policy {name} is broken: {why}" for name, why in sorted(verdicts.broken.items())),
        files=loaded.world.scan.yaml,
        unknown_values=verdicts.unknown,
        environments=tuple(e.name for e in loaded.environments),
    )
    return report, loaded


def _selected(policies: Iterable[Policy], options: Options) -> list[Policy]:
    def named(policy: Policy, patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(n, p) for p in patterns for n in (policy.id, policy.family, *policy.aliases))

    known = list(policies)
    for pattern in (*options.select, *options.ignore):
        if not any(named(policy, (pattern,)) for policy in known) and pattern not in (INVALID_YAML.id, INVALID_YAML.family):
            raise LintkitError(f"no policy or family is called {pattern!r} (see `lintkit policies`)")
    chosen = [p for p in known if not options.select or named(p, options.select)]
    return [p for p in chosen if not named(p, options.ignore) and not p.on_change]


def _compile(policies: Iterable[Policy], kinds: set[str]) -> _Gathered:
    ready = _Gathered()
    for policy in policies:
        if kinds.isdisjoint(policy.subjects) and policy.builtin:
            continue
        ready.compiled.append(compile_policy(policy))
    return ready


def _settings(config: Config) -> Mapping[str, Setting]:
    return {
        name: Setting(general.severity, general.params)
        for name, entries in config.policies.items()
        if (general := next((e for e in entries if not e.paths), None))
    }


def _by_path(config: Config, settings: Mapping[str, Setting]):  # type: ignore[no-untyped-def]
    def setting_of(compiled: Compiled, subject: Subject) -> Setting:
        path = subject.home.doc.source.path
        for entry in config.policies.get(compiled.policy.id, ()):
            if entry.paths and any(glob_regex(p).fullmatch(path) for p in entry.paths):
                return Setting(entry.severity, entry.params)
        return settings.get(compiled.policy.id, Setting())

    return setting_of


def _shape_findings(world: World, options: Options) -> list[Finding]:
    found: list[Finding] = []
    unwanted = options.select and not any(
        fnmatchcase(n, p) for p in options.select for n in (INVALID_YAML.id, INVALID_YAML.family)
    )
    for path, docs in world.files.parsed():
        if path not in world.reader.reads:
            continue
        for doc in docs:
            if doc.trouble is None:
                continue
            if "{{" in doc.text or "{%" in doc.text:
                world.skipped["template that is no YAML"] += 1
                break
            if not unwanted and (finding := invalid_yaml(doc)):
                found.append(finding)
    return found


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """Equal findings of several environments at one span become one that names them all."""
    found: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.policy, finding.span.path, finding.place.start, finding.place.end, finding.message, finding.severity)
        first = found.get(key)
        if first is None:
            found[key] = finding
        else:
            environments = tuple(dict.fromkeys((*first.environments, *finding.environments)))
            found[key] = replace(first, environments=environments)
    return list(found.values())


def _order(finding: Finding) -> tuple[str, int, int, int, str, str]:
    place = finding.place
    return (finding.span.path, place.start, place.end, SEVERITIES.index(finding.severity), finding.policy, finding.message)


def _named(options: Options, loaded: Loaded) -> list[str] | None:
    """The named paths relative to the root; None when the whole repository was named."""
    if options.stdin is not None or not options.paths:
        return None
    names = [path.resolve().relative_to(loaded.root).as_posix() for path in options.paths]
    return None if "." in names else names


def _concerns(finding: Finding, wanted: list[str]) -> bool:
    paths = {finding.span.path, *(related.place.source.path for related in finding.related)}
    return any(path == name or path.startswith(name + "/") for name in wanted for path in paths)


def _unevaluated(verdicts: Verdicts, compiled: Iterable[Compiled], loaded: Loaded) -> set[NotEvaluated]:
    return verdicts.not_evaluated


def _skipped(loaded: Loaded) -> Counter[str]:
    skipped = Counter(loaded.world.skipped)
    skipped.pop("not text, or too large", None)
    skipped.update(loaded.tree.unread)
    for problem in loaded.world.problems:
        if problem.kind == "missing":
            skipped["file that a delivery names and that does not exist"] += 1
        elif problem.kind in ("unknown", "remote"):
            skipped["source that cannot be read here (another repository, a template)"] += 1
        elif problem.kind in ("broken", "cycle", "no-target", "unsupported", "limit"):
            skipped[f"part of a delivery that could not be built ({problem.kind})"] += 1
    return +skipped


def judge(
    files: Files, policies: Iterable[Policy], config: Config | None = None, profile: str = "production"
) -> tuple[list[Finding], Verdicts]:
    """Judge an in-memory tree by some policies: what the test harness of policies runs."""
    world = load_world(files, config or Config())
    options = Options(profile=profile)
    environments = [_environment(world, name, options) for name in sorted(world.environments)]
    verdicts = Verdicts()
    compiled = [compile_policy(p) for p in policies]
    settings = _settings(world.config)
    for environment in environments:
        evaluate(environment, compiled, settings, verdicts, _by_path(world.config, settings))
    findings = [*_shape_findings(world, options), *_merged(verdicts.findings)]
    return sorted(findings, key=_order), verdicts
