"""`lintkit init`: a first configuration from what a repository shows, and in words what it does not show.

What is certain is written. What is a guess is written with a comment that says so, and said aloud. What is not known
stands as a comment to fill in. Nothing of it is judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from lintkit import __version__
from lintkit.charts import guess_chart
from lintkit.config import Config
from lintkit.errors import LintkitError
from lintkit.records import NamedTuple
from lintkit.report.info import URL
from lintkit.run import Options, environments_of
from lintkit.sources.inventory.model import ClusterNode, Inventory
from lintkit.sources.world import DEFAULT, World, inventories_of, load_world
from lintkit.subjects.environment import Environment
from lintkit.text.regex import regex
from lintkit.tree.work import WorkTree, config_file, find_root
from lintkit.yamldoc.node import Mapping

CONFIG_NAME: Final = ".lintkit.yaml"
LAB_NAMES: Final = frozenset({"lab", "labs", "dev", "devel", "development", "test", "testing", "ci", "sandbox", "demo", "kind"})
"""Environment names that suggest the profile ``lab``; said aloud, because a name is no proof."""
_PLAIN: Final = regex(r"[A-Za-z_][\w./-]*")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_ROLE: Final = "node-role.kubernetes.io/"
_NOT_HOUSE: Final = frozenset({"control-plane", "master", "worker", "node"})
_ON: Final = frozenset({"", "enabled", "true"})
_MOST: Final = 10
_SOME: Final = 6


class Started(NamedTuple):
    """A configuration as text, and what is to be said of it: what was found, what was guessed, what is not known."""

    text: str
    found: tuple[str, ...]
    guessed: tuple[str, ...]
    unknown: tuple[str, ...]


class _Section(NamedTuple):
    lines: list[str]
    guessed: list[str]
    unknown: list[str]


def header(schema: str) -> str:
    """The line that tells an editor with a YAML language server which schema of this version a file follows."""
    raw = URL.replace("github.com", "raw.githubusercontent.com")
    return f"# yaml-language-server: $schema={raw}/v{__version__}/schemas/{schema}"


def versions() -> str:
    """The versions a file written today asks for: this minor version or later."""
    return ">=" + ".".join(__version__.split(".")[:2])


def init(path: Path | None, *, force: bool = False, profile: str = "") -> str:
    """Write ``.lintkit.yaml`` into ``path`` (or the root of the repository one stands in); what to say about it.

    LintkitError when there is a configuration already and ``force`` is not given, or no directory.
    """
    root = find_root(Path()) if path is None else path
    if not root.is_dir():
        raise LintkitError("no such directory", str(root))
    there = config_file(root)
    if there and not force:
        raise LintkitError(f"there is a configuration already ({there}): --force writes {CONFIG_NAME} anew", str(root / there))
    target = root / CONFIG_NAME
    if target.is_symlink():
        raise LintkitError("is a link: remove it first", str(target))
    started = start(root.resolve(), profile)
    target.write_bytes(started.text.encode("utf-8"))
    return said(started, str(target))


def said(started: Started, name: str) -> str:
    """What `init` tells: the file, what is in it, what is a guess to confirm, what could not be known."""
    lines = [f"wrote {name}", *(f"  {line}" for line in started.found)]
    if started.guessed:
        lines += ["guessed, please confirm:", *(f"  {line}" for line in started.guessed)]
    if started.unknown:
        lines += ["not known, fill it in where you can (policies that need it are not evaluated):"]
        lines += [f"  {line}" for line in started.unknown]
    return "\n".join(lines) + "\n"


def start(root: Path, profile: str = "") -> Started:
    """The first configuration of the repository at ``root``; nothing is written."""
    world = load_world(WorkTree(root).files(), Config())
    every = environments_of(world, Options(isolated=True, profile=profile))
    environments = [e for e in every if e.name != DEFAULT or len(every) == 1]
    bound = {e.name: _inventories(world, e.name, [other.name for other in environments]) for e in environments}
    lines = [header("config.schema.json"), f'required-version: "{versions()}"', f"profile: {profile or 'production'}"]
    apart = {p.message for p in world.problems if p.kind == "remote"}
    sections = [_environment(environment, *bound[environment.name], profile, apart) for environment in environments]
    if sections:
        lines += ["", "environments:", *(line for section in sections for line in section.lines)]
    roles = _roles(node for e in environments for node in _nodes(e, bound[e.name][0]))
    if roles:
        lines += ["", "roles:", *(f"  {scalar(name)}: {{label: {scalar(label)}}}" for name, label in roles.items())]
    charts, orphans = _charts(world)
    if charts:
        lines += ["", "charts:", *(f"  {scalar(path)}: {chart}" for path, chart in charts.items())]
    remote = sorted({f"{p.path + ': ' if p.path else ''}{p.message}" for p in world.problems if p.kind == "remote"})
    if remote:
        lines += ["", "# local checkouts of the repositories that deliveries name", "# repositories: {URL: ../checkout}"]
    return Started(
        "\n".join(lines) + "\n",
        (*(_found(e, bound[e.name]) for e in environments), *_charts_found(world), *_roles_found(roles)),
        (*(line for s in sections for line in s.guessed), *(f"{path} are values of chart {c}" for path, c in charts.items())),
        (*_unplaced(every), *(line for s in sections for line in s.unknown), *_most(orphans), *_most(remote)),
    )


def _unplaced(environments: tuple[Environment, ...]) -> Iterator[str]:
    if not environments:
        yield "what reaches a cluster: nothing here that lintkit can tell (environments: {NAME: {paths: [GLOB]}})"
    for environment in environments:
        if environment.name == DEFAULT and len(environments) == 1:
            yield f"the name of the environment: no path gives one, so it is called {DEFAULT}"
        elif environment.name == DEFAULT:
            paths = sorted({s.home.doc.source.path for s in environment.subjects if not s.home.doc.source.builtin})
            yield f"the environment of {_some(paths)} (environments: {{NAME: {{paths: [GLOB]}}}})"


def _found(environment: Environment, bound: tuple[list[Inventory], str]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in sorted(environment.versions.items()))
    size = sum(1 for s in environment.subjects if s.kind not in ("Environment", "Node", "Delivery"))
    inventories, known = bound
    places = f" of {_some([i.path for i in inventories])}" if inventories and known == "path" else ""
    nodes = f"{len(environment.nodes)} nodes{places}" if environment.nodes else "nodes not known"
    return f"environment {environment.name}: {size} subjects, {nodes}" + (f", {told}" if told else "")


def _inventories(world: World, name: str, names: list[str]) -> tuple[list[Inventory], str]:
    """The inventories of an environment and how they are known: ``path``, ``guess``, or ``candidates`` that may be."""
    derived = inventories_of(world, name)
    if derived:
        return derived, "path"
    free = [i for i in world.inventories if i.nodes and not any(i in inventories_of(world, other) for other in names)]
    near = [i for i in free if [n for n in names if _alike(n, i.path)] == [name]]
    return (near, "guess") if len(near) == 1 else (free, "candidates")


def _alike(name: str, path: str) -> bool:
    """Whether a part of a path abbreviates a name, or the other way round (prod, production)."""
    parts = [part.rsplit(".", 1)[0] for part in path.lower().split("/")]
    low = name.lower()
    return any(min(len(p), len(low)) >= 3 and (p.startswith(low) or low.startswith(p)) for p in parts)


def _nodes(environment: Environment, inventories: list[Inventory]) -> Iterable[ClusterNode]:
    return environment.nodes or (inventories[0].nodes if len(inventories) == 1 else ())


def _environment(
    environment: Environment, inventories: list[Inventory], known: str, profile: str, apart: Iterable[str]
) -> _Section:
    """What is written of an environment and said of it; ``apart`` is what is said elsewhere."""
    name = environment.name
    section = _Section([f"  {scalar(name)}:"], [], [])
    if not profile and not LAB_NAMES.isdisjoint(re.split(r"[-_.\d]+", name.lower())):
        section.lines.append("    profile: lab # guessed from its name")
        section.guessed.append(f"{name} is a lab (profile lab), for its name")
    if known == "guess":
        section.lines.append(f"    inventory: {scalar(inventories[0].path)} # guessed from its name")
        section.guessed.append(f"the nodes of {name} are those of {inventories[0].path}, for its name")
    elif known == "candidates":
        which = ", ".join(i.path for i in inventories)
        section.lines.append(f"    # inventory: PATH{' # one of ' + which if which else ''}".replace("\n", " "))
        section.unknown.append(f"{name}: its nodes" + (f" (perhaps one of {which})" if which else " (no inventory in the tree)"))
    elif environment.evidence.get("nodes"):
        section.unknown.append(f"{name}: {environment.evidence['nodes']}")
    _versions(environment, section)
    ceph = "CephCluster" in environment.by_kind
    if ceph and environment.evidence.get("osds"):
        section.lines.append("    # osds: [{class: CLASS, count: NUMBER, hosts: NUMBER, size: SIZE}]")
        section.unknown.append(f"{name}: its OSDs ({environment.evidence['osds']})")
    reasons = [r for r in dict.fromkeys(environment.unread) if not r.startswith("chart ") and r not in apart]
    section.unknown.extend(_most([f"{name}: {reason}" for reason in reasons]))
    charts = sorted({r.split(" ")[1] for r in environment.unread if r.startswith("chart ")})
    if charts:
        section.unknown.append(f"{name}: what these charts make: {_some(charts)}")
    return section


def _versions(environment: Environment, section: _Section) -> None:
    wanted = ["kubernetes"]
    wanted += ["ceph", "rook"] if "CephCluster" in environment.by_kind else []
    wanted += ["openstack"] if "Component" in environment.by_kind else []
    lost = [name for name in sorted(wanted) if name not in environment.versions]
    if lost:
        section.lines.append(f"    # versions: {{{', '.join(f'{name}: VERSION' for name in lost)}}}")
        section.unknown.append(f"{environment.name}: version of {', '.join(lost)}")


def _roles(nodes: Iterable[ClusterNode]) -> dict[str, str]:
    """Roles of the house by the labels that people gave nodes: name to label (``key``, or ``key=value``)."""
    values: dict[str, set[str]] = {}
    for node in nodes:
        for key in node.label_homes:
            value = node.labels.get(key)
            if value is not None:
                values.setdefault(key, set()).add(value)
    found: dict[str, str] = {}
    for key, seen in sorted(values.items()):
        name = key.removeprefix(_ROLE)
        house = key.startswith(_ROLE) and name not in _NOT_HOUSE
        if house or ("kubernetes.io/" not in key and seen & _ON and seen <= {*_ON, "disabled", "false"}):
            on = sorted(seen & _ON - {""}) if not house or len(seen) == 1 else []
            found.setdefault(name, f"{key}={on[0]}" if len(on) == 1 else key)
    return found


def _charts_found(world: World) -> Iterator[str]:
    names = sorted({use.chart for gathered in world.environments.values() for use in gathered.charts})
    if names:
        yield f"charts: {', '.join(names)}"


def _roles_found(roles: dict[str, str]) -> Iterator[str]:
    if roles:
        yield f"roles by node label: {', '.join(roles)}"


def _charts(world: World) -> tuple[dict[str, str], list[str]]:
    """Loose values files with the chart they look like values of, and those that look like none (said, not written)."""
    charts: dict[str, str] = {}
    orphans: list[str] = []
    uses = [use.origin for gathered in world.environments.values() for use in gathered.charts]
    read = {(layer, origin.delivery) for origin in uses for layer in origin.layers}
    for path in world.scan.values if not world.delivered else ():
        docs = world.files.documents(path)
        root = docs[0].root if docs else None
        if not isinstance(root, Mapping) or (root.get("kind") is not None and root.get("apiVersion") is not None):
            continue
        chart = guess_chart(path, frozenset(root.index), root)
        if chart and (path, f"{chart} values") in read:
            charts[path] = chart
        elif not chart and path not in world.reader.reads and "values" in path.rpartition("/")[2]:
            orphans.append(f"{path}: which chart these are values of (charts: {{GLOB: CHART}})")
    return charts, orphans


def _most(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST
    return lines if more <= 0 else [*lines[:_MOST], f"... and {more} more like these"]


def _some(names: list[str]) -> str:
    more = len(names) - _SOME
    return ", ".join(names[:_SOME]) + (f" and {more} more" if more > 0 else "")


def scalar(text: str) -> str:
    """A string as YAML reads it back: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
