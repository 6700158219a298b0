"""The whole repository: every delivery resolved, sorted into environments.

With deliveries (Argo CD, Flux, Fleet) only what they reach is live. Without any, kustomizations,
wrapper charts, recognised values files and plain resources are read file by file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Dict
from functools import cached_property
from typing import Final

from lintkit.charts import known_chart
from lintkit.config import Config
from lintkit.records import NamedTuple, dataclass, field
from lintkit.sources.argocd.appschart import applications_of_release
from lintkit.sources.chart_objects import is_delivery, template_objects
from lintkit.sources.charts import MAX_NESTING, ChartUse, chart_file, chart_uses, local_charts
from lintkit.sources.flux.contents import Contents
from lintkit.sources.inventory.model import Inventory
from lintkit.sources.kinds import may_make_pods
from lintkit.sources.kustomize.build import build
from lintkit.sources.kustomize.model import Build
from lintkit.sources.leftovers import Leftover, leftovers
from lintkit.sources.model import Origin, Release, Resource, resource_of
from lintkit.sources.scan import KUSTOMIZATION_NAMES, Scan, is_yaml, scan
from lintkit.sources.secrets import encrypted_values
from lintkit.text.regex import regex
from lintkit.tree.files import Files, Reader, glob_regex
from lintkit.tree.paths import join, parent
from lintkit.yamldoc.node import Mapping, Node, items, lookup, string, text

_MARKERS: Final = regex(
    r"(?:^|/)(?:clusters|environments|environment|envs|env|sites|overlays|stages|regions|inventories|inventory)/([^/]+)/"
)
_SHARED: Final = frozenset(
    {"base", "common", "shared", "all", "apps", "templates", "default", "values", "group_vars", "host_vars"}
)
_NAMESPACE: Final = regex(r"\bnamespace:[ \t]*[\"']?([\w.-]+)")
_USED: Final = ("resources", "bases")
_PARTS: Final = (
    "components",
    "patchesStrategicMerge",
    "transformers",
    "generators",
    "validators",
    "configurations",
    "crds",
)
_PATCHES: Final = ("patches", "patchesJson6902")
DEFAULT: Final = "default"


@dataclass(slots=True)
class Gathered:
    """What reaches one environment.

    The origin of a delivery names the delivery that brings it. ``opaque`` names releases whose charts are not known here,
    ``others`` are uses of such charts. ``same`` is what makes each chart one. ``blind`` are namespaces that charts or
    manifests fill with what is not known.
    """

    name: str
    resources: list[Resource] = field(default_factory=list)
    charts: list[ChartUse] = field(default_factory=list)
    others: list[ChartUse] = field(default_factory=list)
    deliveries: list[Resource] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    same: set[tuple[object, ...]] = field(default_factory=set)
    blind: set[str] = field(default_factory=set)


class Made(NamedTuple):
    """An Application, HelmRelease or the like that a release of ``parent`` makes: from a template, or from values."""

    body: Mapping
    environment: str
    parent: str


class Problem(NamedTuple):
    """Something about delivery that cannot be right or cannot be read: a finding of the run, or a note.

    ``namespace`` is where what cannot be read goes; empty where that is not known.
    """

    kind: str
    message: str
    home: Node | None
    path: str = ""
    environment: str = ""
    namespace: str = ""


class Record(NamedTuple):
    """What a result rests on: texts that were read, globs that were listed, files that were looked for in vain."""

    reads: frozenset[str]
    globs: frozenset[str]
    absences: frozenset[str]

    def lists(self, path: str) -> bool:
        """Whether a file that comes to be or goes away at ``path`` may change the result."""
        return path in self.reads or path in self.absences or any(glob_regex(glob).fullmatch(path) for glob in self.globs)

    def reads_text(self, path: str) -> bool:
        """Whether another text of the file at ``path`` may change the result."""
        return path in self.reads


@dataclass
class World:
    """A repository as its clusters will read it. Filled by ``load_world``, read-only afterwards.

    ``reader`` records what deliveries and resources rest on; ``looked`` what was looked at to find them. ``owed`` are
    files that were named: what is wrong with their YAML is said, whether or not anything reaches them. ``releases`` are
    all Helm releases with their environment. ``made`` are deliveries that charts make and that nobody has followed yet.
    """

    files: Files
    reader: Reader
    looked: Reader
    scan: Scan
    config: Config
    environments: dict[str, Gathered] = field(default_factory=dict)
    inventories: tuple[Inventory, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    builds: dict[str, Build] = field(default_factory=dict)
    flux_contents: dict[str, Contents] = field(default_factory=dict)
    delivered: bool = False
    own_urls: set[str] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)
    releases: list[tuple[str, Release]] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)

    @cached_property
    def leftovers(self) -> Dict[str, list[Leftover]]:
        """Values files that nothing refers to, by environment; asked once everything is read."""
        return leftovers(self)

    @cached_property
    def broken(self) -> frozenset[str]:
        """Files of which a document cannot be parsed; asked once everything is read."""
        return frozenset(path for path, docs in self.files.parsed() if any(doc.trouble is not None for doc in docs))

    def gather(self, name: str) -> Gathered:
        """The environment called ``name``, made when first named."""
        if name not in self.environments:
            self.environments[name] = Gathered(name)
        return self.environments[name]

    def kustomize(self, directory: str) -> Build:
        """The kustomize build of a directory, made once."""
        if directory not in self.builds:
            self.builds[directory] = build(self.reader, directory)
        return self.builds[directory]

    def add_release(self, environment: str, release: Release) -> None:
        """Put the known charts of a release into an environment."""
        gathered = self.gather(environment)
        self.releases.append((environment, release))
        applications = applications_of_release(release, self.reader)
        if applications:
            self.made += [Made(body, environment, release.delivery) for body in applications]
            return
        found = chart_uses(release, self.reader)
        uses = [use for use in found if known_chart(use.chart)]
        new = [use for use in found if _same(use) not in gathered.same]
        gathered.charts += [use for use in new if known_chart(use.chart)]
        gathered.others += [use for use in new if not known_chart(use.chart)]
        gathered.same.update(_same(use) for use in new)
        whole = self._add_templates(environment, release) if release.path is not None else False
        if not uses and not whole:
            gathered.opaque.append(f"chart {release.chart or release.path} of {release.delivery}")
            gathered.blind.add(release.namespace)

    def _add_templates(self, environment: str, release: Release) -> bool:
        """Put what the templates of a chart of this tree make into an environment; whether all of them could be read."""
        if known_chart(text(lookup(chart_file(self.reader, release.path or ""), "name")) or ""):
            return True
        charts, others = local_charts(release, self.reader)
        read = unread = False
        for chart in charts:
            made = template_objects(self.reader, chart, release.name, release.namespace)
            objects = release.adjust(made.objects) if release.adjust is not None and made.objects else made.objects
            deliveries = [body for body in objects if is_delivery(body)]
            self.made += [Made(body, environment, release.delivery) for body in deliveries]
            own = f"{chart.directory}/values.yaml".lstrip("/")
            layers = dict.fromkeys((*([own] if self.reader.exists(own) else []), *(layer.name for layer in release.layers)))
            origin = Origin(release.delivery, tuple(layers), release.hidden)
            self.add_objects(environment, [body for body in objects if not is_delivery(body)], origin, release.namespace)
            # values that are hidden may switch on what known ones switch off
            sure = made.read if not release.hidden or deliveries else (p for p in made.read if not self._mentions_argo(p))
            self.templates.update(sure)
            read, unread = read or bool(made.read), unread or bool(made.unread)
            if made.hidden:
                self.gather(environment).blind.add(release.namespace)
        if others:
            self.gather(environment).blind.add(release.namespace)
        return read and not unread and not others

    def _mentions_argo(self, path: str) -> bool:
        source = self.reader.source(path)
        return source is not None and "argoproj.io/" in source.text

    def add_objects(self, environment: str, objects: Iterable[Mapping], delivery: str | Origin, namespace: str = "") -> None:
        """Put CR-shaped objects into an environment."""
        origin = delivery if isinstance(delivery, Origin) else Origin(delivery)
        gathered = self.gather(environment)
        for body in objects:
            resource = resource_of(encrypted_values(body), origin, namespace)
            if resource is not None:
                gathered.resources.append(resource)

    def pass_over(self, environment: str, paths: Iterable[str], namespace: str = "") -> None:
        """Remember the namespaces into which plain manifests that are not read may put pods."""
        for path in paths:
            source = self.looked.source(path) if path not in self.scan.manifests else None
            if source is not None and may_make_pods(source.text):
                self.gather(environment).blind.update(_NAMESPACE.findall(source.text) or (namespace,))

    def record(self) -> Record:
        """Everything that what is known of this repository rests on."""
        readers = (self.reader, self.looked)
        return Record(
            frozenset().union(*(r.reads for r in readers)),
            frozenset().union(*(r.globs for r in readers)),
            frozenset().union(*(r.absences for r in readers)),
        )

    def kustomization_of(self, directory: str) -> str | None:
        """Path of the kustomization file of a directory; None when there is none."""
        for name in KUSTOMIZATION_NAMES:
            path = f"{directory}/{name}" if directory else name
            if self.looked.exists(path):
                return path
        return None


def _same(use: ChartUse) -> tuple[object, ...]:
    """What makes two uses of a chart one: two Applications that a template makes may name the same release."""
    return (use.chart, use.release, use.namespace, use.prefix, use.version, use.origin.layers)


def environment_from_path(path: str) -> str:
    """The environment a path names (``clusters/prod/...``); empty when it names none."""
    return next((name for name in _MARKERS.findall(path) if name not in _SHARED), "")


def load_world(files: Files, config: Config, named: Sequence[str] = ()) -> World:
    """Resolve every delivery of a tree. Files and directories in ``named`` count even in archives, drafts and the like."""
    from lintkit.sources.argo import follow_argo, resolve_argo
    from lintkit.sources.argocd.settings import add_settings
    from lintkit.sources.fluxcd import follow_flux, resolve_flux
    from lintkit.sources.loose import resolve_fleet, resolve_loose

    reader = Reader(files)
    looked = Reader(files)
    world = World(files, reader, looked, scan(looked, named), config)
    found = [resolve_flux(world), resolve_fleet(world), resolve_argo(world)]
    for _ in range(MAX_NESTING):
        follow_flux(world)
        follow_argo(world)
    if world.made:
        world.problems.append(Problem("limit", "charts that make deliveries of charts without end: the rest is not judged", None))
    world.delivered = any(found)
    if not world.delivered:
        resolve_loose(world)
    add_settings(world)
    _read_named(world, named)
    _bind_inventories(world)
    _missing_checkouts(world)
    _count_skipped(world)
    return world


def _read_named(world: World, named: Sequence[str]) -> None:
    """Every YAML file that was named is read, whatever is in it: broken YAML and its traps are owed there."""
    passed = {*world.scan.templates, *world.scan.dead, *world.scan.unread}
    for name in named:
        for path in (name, *world.files.under(name)) if name else ():
            if path in world.files and is_yaml(path) and path not in passed:
                world.looked.documents(path)
                world.owed.add(path)


def _missing_checkouts(world: World) -> None:
    """Configured checkouts of other repositories that are not in this tree."""
    if not world.delivered:
        return
    for url, path in world.config.repositories.items():
        inside = join("", path)
        if inside is None or not world.reader.is_directory(inside):
            message = f"repositories: the checkout of {url} should be at {path}, which is no directory of this repository"
            world.problems.append(Problem("unknown", message, None, world.config.path))


def plain_objects(world: World, paths: Iterable[str], *, every: bool = False) -> list[Mapping]:
    """Every object of plain manifest files that could matter; ``kind: List`` is opened.

    ``every``: of all of them, because a delivery applies them as they are.
    """
    wanted = world.scan.manifests
    found: list[Mapping] = []
    for path in paths:
        if every or path in wanted:
            for doc in world.reader.documents(path):
                found += opened(doc.root)
    return found


def opened(root: Node | None) -> list[Mapping]:
    """The objects of a document: itself, or the items of a List."""
    if not isinstance(root, Mapping):
        return []
    if (string(root.get("kind")) or "").endswith("List") and root.get("items") is not None:
        return [obj for item in items(root.get("items")) for obj in opened(item)]
    return [root] if root.get("kind") is not None and root.get("apiVersion") is not None else []


def referenced_by_kustomizations(world: World) -> tuple[frozenset[str], frozenset[str]]:
    """Files and directories that kustomizations use (resources), and files that are patches or components."""
    used: set[str] = set()
    partial: set[str] = set()
    for path in world.scan.kustomizations:
        docs = world.looked.documents(path)
        root = docs[0].root if docs else None
        directory = parent(path)
        used.update(_inside(directory, (i for key in _USED for i in items(lookup(root, key)))))
        partial.update(_inside(directory, (i for key in _PARTS for i in items(lookup(root, key)))))
        partial.update(_inside(directory, (lookup(i, "path") for key in _PATCHES for i in items(lookup(root, key)))))
    return frozenset(used), frozenset(partial)


def _inside(directory: str, nodes: Iterable[Node | None]) -> Iterator[str]:
    """The paths of this tree that scalars of a kustomization name."""
    for node in nodes:
        written = text(node) or ""
        path = join(directory, written) if written and "\n" not in written and written[0] not in "/{[" else None
        if path is not None:
            yield path


def _bind_inventories(world: World) -> None:
    from lintkit.sources.inventory.find import find_inventories

    if world.environments:
        world.inventories = tuple(find_inventories(world.reader, role_groups=_role_groups(world.config)))


def _role_groups(config: Config) -> Dict[str, Dict[str, str]] | None:
    return config.role_groups or None


def inventories_of(world: World, environment: str) -> list[Inventory]:
    """The inventories bound to an environment: by its name in their path, or the only one of the only environment."""
    named = [i for i in world.inventories if environment in _names(i.path)]
    if named:
        return named
    unbound = [i for i in world.inventories if not any(e in _names(i.path) for e in world.environments)]
    if len(world.environments) == 1:
        roots = {_inventory_root(i) for i in unbound}
        if len(roots) <= 1:
            return unbound
    return []


def _names(path: str) -> frozenset[str]:
    parts = path.split("/")
    stem = parts[-1].rsplit(".", 1)[0]
    return frozenset((*parts[:-1], stem))


def _inventory_root(inventory: Inventory) -> str:
    # several Talos or Node files of one folder are one inventory, two Ansible files are two
    return parent(inventory.path) if inventory.form in ("talos", "node", "kubernetes", "talhelper", "capi") else inventory.path


def _count_skipped(world: World) -> None:
    read = world.reader.reads
    sets = world.scan
    world.skipped["chart template"] += sum(1 for path in sets.templates if path not in world.templates)
    for kind in sets.operators:
        world.skipped[f"resource of an OpenStack operator, which no policy knows ({kind})"] += 1
    world.skipped["archive, draft, example, CRD or test data"] += sum(1 for path in sets.dead if path not in read)
    world.skipped["not text, or too large"] += len(sets.unread)
    if world.delivered:
        live = {*sets.resources, *sets.values, *sets.jinja}
        world.skipped["not reached by any delivery"] += sum(1 for path in live if path not in read)
    for reason in [reason for reason, count in world.skipped.items() if not count]:
        del world.skipped[reason]
