"""Ansible's groups: which host is in which, and which variable wins.

Precedence as ansible-core documents it ("Understanding variable precedence"), lowest first: variables
written in the inventory for ``all``, then for groups (parents before children, then by
``ansible_group_priority``, then by name), ``group_vars/all``, ``group_vars/<group>`` in the same order, the
host's own variables, ``host_vars``. Dicts do not merge (``hash_behaviour=replace``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from types import MappingProxyType
from typing import Final, TypeAlias

from lintkit.records import NamedTuple, dataclass, field
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Mapping as YamlMapping
from lintkit.yamldoc.node import Node, Scalar

Variables: TypeAlias = "Mapping[str, Node]"

ALL: Final = "all"
UNGROUPED: Final = "ungrouped"
PRIORITY: Final = "ansible_group_priority"
WANTED: Final = ("node_labels", "node_taints", "kube_override_hostname", "ansible_host", "ip", "access_ip", PRIORITY)
MAX_HOSTS: Final = 10_000
"""A pattern that stands for more hosts than this is not expanded."""

_RANGE: Final = regex(r"\[([^\[\]:]*):([^\[\]:]*)(?::([^\[\]:]*))?\]")
_PORT: Final = regex(r"((?:[^:\[\]]|\[[^\[\]]*\])+):\d+")


class Mention(NamedTuple):
    """One place that lists a host: its expanded name, the pattern as written, its variables there, whether it has a body."""

    name: str
    home: Scalar
    variables: Variables
    body: bool


class Part(NamedTuple):
    """What one place of an inventory says about a group."""

    group: str
    hosts: tuple[Mention, ...] = ()
    children: tuple[str, ...] = ()
    variables: Variables = MappingProxyType({})


class VarsFiles(NamedTuple):
    """Variables from ``group_vars`` and ``host_vars`` of one directory, by group and by host name."""

    groups: Mapping[str, Variables]
    hosts: Mapping[str, Variables]


class Host(NamedTuple):
    """One host with everything that holds for it; ``groups`` outermost first, without ``all``."""

    name: str
    home: Scalar
    groups: tuple[str, ...]
    variables: Variables
    defined: bool


def wanted(mapping: Node | None) -> dict[str, Node]:
    """The variables of a YAML mapping that matter for nodes."""
    if not isinstance(mapping, YamlMapping):
        return {}
    return {name: entry.value for name in WANTED if (entry := mapping.index.get(name))}


def expand_range(pattern: str) -> list[str]:
    """The hosts a pattern stands for: ``n[1:3]``, ``n[01:03]``, ``n[a:c]``, ``n[0:10:5]``; several ranges multiply.

    A pattern without a range, with an invalid one, or for more than ``MAX_HOSTS`` hosts stands for itself.
    """
    literals: list[str] = []
    choices: list[list[str]] = []
    at, total = 0, 1
    for match in _RANGE.finditer(pattern):
        values = _range_values(match[1], match[2], match[3])
        total *= len(values)
        if not values or total > MAX_HOSTS:
            return [pattern]
        literals.append(pattern[at : match.start()])
        choices.append(values)
        at = match.end()
    tail = pattern[at:]
    return ["".join(part for pair in zip(literals, combo, strict=True) for part in pair) + tail for combo in product(*choices)]


def _range_values(first: str, last: str, step: str | None) -> list[str]:
    # ansible-core, plugins/inventory/__init__.py expand_hostname_range: an empty start is 0, leading zeros fix the width
    first = first or "0"
    from string import ascii_letters as letters

    if step is not None and not _small(step):
        return []
    by = int(step or 1)
    if by < 1:
        return []
    if len(first) == len(last) == 1 and first in letters and last in letters:
        return list(letters[letters.index(first) : letters.index(last) + 1 : by])
    if not (_small(first) and _small(last)):
        return []
    padded = len(first) > 1 and first[0] == "0"
    if padded and len(first) != len(last):
        return []
    numbers = range(int(first), int(last) + 1, by)
    if len(numbers) > MAX_HOSTS:
        return []
    return [str(n).zfill(len(first)) if padded else str(n) for n in numbers]


def _small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def host_pattern(text: str) -> str:
    """A host entry without the ``:port`` that may follow it."""
    match = _PORT.fullmatch(text)
    return match[1] if match else text


@dataclass(slots=True)
class _Graph:
    """Work space of one merge; never leaves this module."""

    mentions: dict[str, list[Mention]] = field(default_factory=dict)
    direct: dict[str, dict[str, None]] = field(default_factory=dict)
    parents: dict[str, dict[str, None]] = field(default_factory=dict)
    variables: dict[str, dict[str, Node]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)


def merge_hosts(parts: Iterable[Part], files: Iterable[VarsFiles] = ()) -> tuple[list[Host], tuple[str, ...]]:
    """Every host with its groups and effective variables in order of first mention, and notes on odd groups.

    ``files`` are vars directories, lowest precedence first.
    """
    graph = _collect(parts)
    order, ancestors = _order(graph.parents)
    loops = sorted(g for g in graph.parents if g not in order)
    notes = (f"groups contain each other: {', '.join(loops)}",) if loops else ()
    ranks = {g: (depth, _priority(graph.variables.get(g)), g) for g, depth in order.items()}
    vars_files = tuple(files)
    layers: dict[tuple[str, ...], dict[str, Node]] = {}
    hosts: list[Host] = []
    for name, mentions in graph.mentions.items():
        every = set(graph.direct[name])
        for group in graph.direct[name]:
            every |= ancestors.get(group, frozenset())
        every.discard(ALL)
        groups = tuple(sorted(every, key=lambda g: ranks.get(g, (1, 1, g))))
        if groups not in layers:
            layers[groups] = _group_variables(groups, graph.variables, vars_files)
        variables = dict(layers[groups])
        for mention in mentions:
            variables.update(mention.variables)
        for part in vars_files:
            variables.update(part.hosts.get(name, {}))
        hosts.append(Host(name, _home(mentions), groups, variables, _defined(name, mentions, graph, vars_files)))
    return hosts, notes


def _collect(parts: Iterable[Part]) -> _Graph:
    graph = _Graph()
    for part in parts:
        graph.parents.setdefault(part.group, {})
        graph.variables.setdefault(part.group, {}).update(part.variables)
        for child in part.children:
            if child != part.group:
                graph.parents.setdefault(child, {})[part.group] = None
        for mention in part.hosts:
            graph.mentions.setdefault(mention.name, []).append(mention)
            graph.direct.setdefault(mention.name, {})[part.group] = None
            if part.group in (ALL, UNGROUPED):
                graph.listed.add(mention.name)
    for group, above in graph.parents.items():
        if not above and group != ALL:
            above[ALL] = None
    graph.parents[ALL] = {}
    return graph


def _order(parents: Mapping[str, Mapping[str, None]]) -> tuple[dict[str, int], dict[str, frozenset[str]]]:
    """Depth (longest way from ``all``) and ancestors of every group that is not part of a loop."""
    children: dict[str, list[str]] = {}
    for group, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(group)
    open_parents = {group: len(above) for group, above in parents.items()}
    depth = {ALL: 0}
    ancestors: dict[str, frozenset[str]] = {ALL: frozenset()}
    ready = [ALL]
    while ready:
        group = ready.pop()
        for child in children.get(group, ()):
            open_parents[child] -= 1
            if not open_parents[child]:
                depth[child] = 1 + max(depth[p] for p in parents[child])
                ancestors[child] = frozenset().union(*(ancestors[p] | {p} for p in parents[child]))
                ready.append(child)
    return depth, ancestors


def _priority(variables: Variables | None) -> int:
    node = variables.get(PRIORITY) if variables else None
    return node.value if isinstance(node, Scalar) and isinstance(node.value, int) else 1


def _group_variables(groups: tuple[str, ...], inline: Mapping[str, Variables], files: tuple[VarsFiles, ...]) -> dict[str, Node]:
    merged: dict[str, Node] = {}
    for group in (ALL, *groups):
        merged.update(inline.get(group, {}))
    for part in files:
        merged.update(part.groups.get(ALL, {}))
    for part in files:
        for group in groups:
            merged.update(part.groups.get(group, {}))
    return merged


def _home(mentions: list[Mention]) -> Scalar:
    return next((m.home for m in mentions if m.body), mentions[0].home)


def _defined(name: str, mentions: list[Mention], graph: _Graph, files: tuple[VarsFiles, ...]) -> bool:
    if not graph.listed or name in graph.listed:
        return True
    return any(m.body for m in mentions) or any(name in part.hosts for part in files)
