"""One run: a tree in, a report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from pathlib import Path

from lintkit.baseline import load_baseline, split
from lintkit.choice import Choice, by_path, general, selected, setting_at, settled
from lintkit.config import Config, load_config
from lintkit.conformity import conformity
from lintkit.errors import LintkitError
from lintkit.facts.osds import osd_entries, with_osds
from lintkit.finding import Finding, IgnoredFinding, NotEvaluated, Report, Skipped
from lintkit.ignores import decide
from lintkit.joined import merged, order, order_ignored
from lintkit.policy.compiled import Compiled, compile_policy
from lintkit.policy.evaluate import Verdicts, evaluate
from lintkit.policy.load import all_policies
from lintkit.policy.model import Policy
from lintkit.policy.prepared import ready_policy
from lintkit.records import dataclass, field, replace
from lintkit.schema.model import MOST_FINDINGS
from lintkit.shape import SHAPE_POLICIES
from lintkit.share import processes_for, shared
from lintkit.sources.inventory.config import configured_nodes
from lintkit.sources.inventory.find import load_inventory
from lintkit.sources.said import problems_by_reason
from lintkit.sources.scan import is_yaml
from lintkit.sources.world import World, inventories_of, load_world
from lintkit.subjects.deliveries import Missing
from lintkit.subjects.environment import Environment
from lintkit.subjects.project import project
from lintkit.traps.broken import invalid_yaml
from lintkit.traps.walk import traps
from lintkit.tree.files import Files
from lintkit.tree.paths import join
from lintkit.tree.work import WorkTree, absolute, config_file, find_root

ENOUGH = 1500
"""How many subjects keep a process of its own busy for longer than it takes to start one (measured with ``bench``)."""
_UNSEEN = ("invisible-character", "look-alike-key")
_DOUBTS = ("unquoted-string", "oversized-integer", "case-variant-key")
"""Traps of YAML that the schema speaks of too: the former say more than it, the latter less."""

_TEMPLATES = ("{{", "{%", "%%%")
UNREAD = ("unknown", "remote", "broken", "unsupported", "limit")
"""Kinds of problems after which more may reach a cluster than is known."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. ``paths`` narrow what is reported, never what is known.

    ``jobs`` are the processes to use, 0 for as many as pay.
    """

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
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Loaded:
    """A repository read: its world, its environments, and the policies that apply.

    ``named`` are the paths that count even in archives, drafts and the like.
    """

    root: Path
    tree: WorkTree
    config: Config
    world: World
    environments: tuple[Environment, ...]
    policies: tuple[Policy, ...]
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository found, with its configuration and policies, before anything of it is read."""

    root: Path
    tree: WorkTree
    config: Config
    policies: tuple[Policy, ...]
    named: tuple[str, ...]


def open_repository(options: Options) -> Opened:
    """Find the repository. LintkitError when its configuration or its policies cannot be trusted."""
    root = _root(options.paths)
    config = load_configuration(root, options)
    policies = all_policies(root, config.policy_folders)
    config = settled(config, policies)
    named = tuple(() if options.force_exclude else named_paths(options, root) or ())
    return Opened(root, WorkTree(root, config.exclude, named), config, policies, named)


def load(options: Options) -> Loaded:
    """Read the repository as it stands in the work tree (or comes from stdin)."""
    opened = open_repository(options)
    if options.stdin is None:
        return read(opened, opened.tree.files(), options)
    files = _stdin(options)
    return read(replace(opened, named=() if options.force_exclude else files.paths), files, options)


def read(opened: Opened, files: Files, options: Options) -> Loaded:
    """Resolve every delivery of one state of the repository's files."""
    world = load_world(files, opened.config, opened.named)
    environments = environments_of(world, options)
    return Loaded(opened.root, opened.tree, opened.config, world, environments, opened.policies, opened.named)


def environments_of(world: World, options: Options) -> tuple[Environment, ...]:
    """The environments that something reaches, by name."""
    return tuple(e for name in sorted(world.environments) if (e := _environment(world, name, options)).subjects)


def _root(paths: tuple[Path, ...]) -> Path:
    roots = {find_root(path) for path in paths} or {find_root(Path())}
    if len(roots) > 1:
        names = ", ".join(sorted(str(r) for r in roots))
        raise LintkitError(f"the paths belong to several repositories ({names}): name the paths of one")
    return roots.pop()


def load_configuration(root: Path, options: Options) -> Config:
    """The configuration of a repository; an empty one where there is none."""
    if options.isolated and options.config is not None:
        raise LintkitError("--isolated ignores every configuration and --config names one: use one of them")
    if options.isolated:
        return Config()
    if options.config is not None:
        return load_config(options.config, str(options.config))
    name = config_file(root)
    return load_config(root / name, name) if name else Config()


def _stdin(options: Options) -> Files:
    if not is_yaml(options.stdin_name):
        raise LintkitError(f"--stdin-filename {options.stdin_name}: the name of a YAML file ends in .yaml or .yml")
    text = options.stdin or ""
    name = join("", Path(options.stdin_name).as_posix())
    if not name:
        raise LintkitError(f"--stdin-filename {options.stdin_name}: the name is outside the repository")
    return Files([name], lambda _: text)


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
    unread = [p for p in world.problems if p.kind in UNREAD and p.environment == name]
    found = project(
        world.gather(name),
        profile=options.profile or (config.profile if config else "") or world.config.profile,
        inventories=inventories,
        versions=dict(config.versions) if config else {},
        roles=dict((config.roles if config else {}) or world.config.roles),
        extra_nodes=extra,
        missing=[Missing(p.message, p.home) for p in world.problems if p.kind == "missing" and p.environment == name],
        leftovers=world.leftovers.get(name, ()),
        unread=tuple(p.message for p in unread),
        unread_into=frozenset(p.namespace for p in unread),
        own_urls=frozenset(world.own_urls),
    )
    return with_osds(replace(found, broken=world.broken), osd_entries(config.osds) if config else ())


@dataclass(slots=True)
class _Gathered:
    compiled: list[Compiled] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def check(options: Options) -> tuple[Report, Loaded]:
    """Judge a repository."""
    loaded = load(options)
    findings, verdicts = findings_of(loaded, options)
    return report_of(loaded, options, findings, verdicts), loaded


def findings_of(loaded: Loaded, options: Options) -> tuple[list[Finding], Verdicts]:
    """Every finding about a repository, before any decision about them, and what else the evaluation said."""
    kinds = {kind for e in loaded.environments for kind in e.by_kind}
    choice = Choice(options.select, options.ignore)
    ready = _compile(selected(loaded.policies, choice), kinds)
    verdicts = Verdicts()
    for reason in ready.broken:
        verdicts.broken[reason] = ""
    for found in _judged(loaded, ready.compiled, options.jobs):
        verdicts.add(found)
    # one finding a place: what a policy says of it in its own words, what nobody can see, the schema, other traps of YAML
    changing = {policy.id for policy in loaded.policies if policy.on_change}  # which tell of the way, not of the state
    spoken = {_spot(f) for f in verdicts.findings if f.policy not in changing}
    traps_found = _shape_findings(loaded.world)
    unseen = {_spot(f) for f in traps_found if f.policy in _UNSEEN}
    silent: set[NotEvaluated] = set()
    departures = conformity(loaded.world, loaded.environments, silent)
    shapes = [f for f in departures if _spot(f) not in spoken and _spot(f) not in unseen]
    verdicts.not_evaluated |= {n for n in silent if choice.takes(n.policy, "schema")}
    spoken.update(_spot(f) for f in shapes if f.family == "schema")
    shapes += (f for f in traps_found if f.policy not in _DOUBTS or spoken.isdisjoint(_spots(f)))
    kept = [at for f in shapes if choice.takes(f.policy, f.family) and (at := _configured(f, loaded.config)) is not None]
    return [*verdicts.findings, *kept], verdicts


def _spot(finding: Finding) -> tuple[str, int, int]:
    return (finding.span.path, finding.place.start, finding.place.end)


def _spots(finding: Finding) -> set[tuple[str, int, int]]:
    return {_spot(finding), *((r.place.source.path, r.place.start, r.place.end) for r in finding.related)}


def _judged(loaded: Loaded, policies: list[Compiled], jobs: int) -> list[Verdicts]:
    """The verdicts of every environment, in their order."""
    settings, special = general(loaded.config), by_path(loaded.config)

    def judged(environments: Sequence[Environment]) -> list[Verdicts]:
        found = []
        for environment in environments:
            found.append(Verdicts())
            evaluate(environment, policies, settings, found[-1], special)
        return found

    weight = sum(len(environment.subjects) for environment in loaded.environments)
    processes = processes_for(jobs, weight, ENOUGH)
    return shared(loaded.environments, judged, processes, loaded.world.files.source)


def report_of(
    loaded: Loaded, options: Options, findings: Iterable[Finding], verdicts: Verdicts, resolved: Iterable[Finding] = ()
) -> Report:
    """The report of a run: decisions applied, equal findings joined, narrowed to the named paths."""
    choice = Choice(options.select, options.ignore)
    kept, accepted, notes = _decided(merged(findings), loaded, choice)
    wanted = named_paths(options, loaded.root)
    mine = [f for f in kept if wanted is None or _concerns(f, wanted)]
    return Report(
        findings=tuple(sorted(mine, key=order)),
        ignored=tuple(sorted((i for i in accepted if wanted is None or _concerns(i.finding, wanted)), key=order_ignored)),
        resolved=tuple(sorted(merged(resolved), key=order)),
        not_evaluated=tuple(sorted(verdicts.not_evaluated)),
        skipped=tuple(Skipped(reason, count) for reason, count in sorted(_skipped(loaded).items())),
        broken=tuple(f"policy {name} is broken: {why}" if why else name for name, why in sorted(verdicts.broken.items())),
        files=loaded.world.scan.yaml,
        unknown_values=verdicts.unknown,
        environments=tuple(e.name for e in loaded.environments),
        notes=(*loaded.tree.notes, *notes),
    )


def _decided(findings: list[Finding], loaded: Loaded, choice: Choice) -> tuple[list[Finding], list[IgnoredFinding], list[str]]:
    """Findings that no ignore and no baseline accepts, those that one does, and what is to be said of the baseline."""
    world = loaded.world
    left = (item.path for items in world.leftovers.values() for item in items)
    read = world.reader.reads | world.owed | set(left)
    sources = [s for path in sorted(read) if (s := world.files.source(path)) is not None]
    known = {name: p.family for p in loaded.policies for name in (p.id, *p.aliases)} | {s.id: s.family for s in SHAPE_POLICIES}
    judged = frozenset(name for name, family in known.items() if choice.takes(name, family))
    decided = decide(findings, sources, loaded.config.ignores, known, judged, date.today())
    about = [f for f in decided.about if choice.takes(f.policy, f.family)]
    kept, accepted, gone = split((*decided.kept, *about), load_baseline(loaded.root))
    entries = "entry is" if gone == 1 else "entries are"
    notes = [f"{gone} baseline {entries} gone: `lintkit baseline --prune` removes what is gone"] if gone else []
    return list(kept), [*decided.ignored, *accepted], notes


def _compile(policies: Iterable[Policy], kinds: set[str]) -> _Gathered:
    ready = _Gathered()
    for policy in policies:
        if kinds.isdisjoint(policy.subjects) and policy.builtin:
            continue
        try:
            ready.compiled.append(ready_policy(policy))
        except LintkitError as error:
            # one broken policy is named and makes the exit code 2; the others still run
            ready.broken.append(str(error))
    return ready


def _shape_findings(world: World) -> list[Finding]:
    found: list[Finding] = []
    layers: dict[int, list[tuple[int, int]]] = {}
    for _, release in world.releases:
        for layer in release.layers:
            layers.setdefault(id(layer.root.doc), []).append((layer.root.start, layer.root.end))
    for path, docs in world.files.parsed():
        reached = path in world.reader.reads
        if not reached and path not in world.owed:
            continue
        for doc in docs:
            if doc.trouble is not None and any(mark in doc.text for mark in _TEMPLATES):
                world.skipped["template that is no YAML"] += 1
                break
            broken = invalid_yaml(doc)
            trapped = [] if broken else list(islice(traps(doc, reached=reached, layers=layers), MOST_FINDINGS + 1))
            if len(trapped) > MOST_FINDINGS:
                world.skipped[f"document of which only the first {MOST_FINDINGS} traps of YAML are reported"] += 1
            found += (broken,) if broken else trapped[:MOST_FINDINGS]
    return found


def _configured(finding: Finding, config: Config) -> Finding | None:
    severity = setting_at(config, finding.policy, finding.span.path).severity
    if severity in ("", finding.severity):
        return finding
    return None if severity == "off" else finding._replace(severity=severity)


def named_paths(options: Options, root: Path) -> list[str] | None:
    """The named paths relative to the root; None when the whole repository was named."""
    if options.stdin is not None or not options.paths:
        return None
    names = [absolute(path).relative_to(root).as_posix() for path in options.paths]
    return None if "." in names else names


def _concerns(finding: Finding, wanted: list[str]) -> bool:
    paths = {finding.span.path, *(related.place.source.path for related in finding.related)}
    return any(path == name or path.startswith(name + "/") for name in wanted for path in paths)


def _skipped(loaded: Loaded) -> Counter[str]:
    skipped = Counter(loaded.world.skipped)
    skipped.pop("not text, or too large", None)
    skipped.update(loaded.tree.unread)
    skipped.update(problems_by_reason(loaded.world.problems))
    return +skipped


def judge(
    files: Files,
    policies: Iterable[Policy],
    config: Config | None = None,
    profile: str = "production",
    base: Files | None = None,
) -> tuple[list[Finding], Verdicts]:
    """Judge an in-memory tree by some policies, as a change of ``base`` if given: what the test harness runs."""
    world = load_world(files, config or Config())
    options = Options(profile=profile)
    environments = [_environment(world, name, options) for name in sorted(world.environments)]
    if base is not None:
        before = load_world(base, config or Config())
        environments = paired(environments, [_environment(before, name, options) for name in sorted(before.environments)])
    verdicts = Verdicts()
    compiled = [compile_policy(p) for p in policies]
    for environment in environments:
        evaluate(environment, compiled, general(world.config), verdicts, by_path(world.config))
    findings = [*_shape_findings(world), *merged(verdicts.findings)]
    return sorted(findings, key=order), verdicts


def paired(environments: Iterable[Environment], base: Iterable[Environment]) -> list[Environment]:
    """Environments that know what they were before, paired by name."""
    before = {e.name: e for e in base}
    new = "this environment is new with this change"
    return [
        replace(e, base=before.get(e.name), evidence={**e.evidence, "base": "" if e.name in before else new})
        for e in environments
    ]
