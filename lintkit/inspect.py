"""`lintkit env` and `lintkit eval`: what was found, which layers decide a value, what a policy author sees."""

from __future__ import annotations

import json
from collections import Counter
from typing import Final

from lintkit.errors import LintkitError
from lintkit.facts.scheduling import taint_text
from lintkit.facts.table import facts_of
from lintkit.facts.words import nearest
from lintkit.policy.cel import CelError, program
from lintkit.policy.chains import asked
from lintkit.policy.judged import Judged
from lintkit.policy.reads import reads_of
from lintkit.report.info import NodeRow, RoleMatrix
from lintkit.run import Loaded
from lintkit.sources.fluxcd import beside
from lintkit.sources.inventory.model import HOSTNAME_LABEL
from lintkit.sources.model import Origin
from lintkit.subjects.deliveries import delivery_label
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.subjects.secret import HIDDEN, is_secret, without_secrets
from lintkit.text.hidden import masked
from lintkit.text.regex import regex
from lintkit.text.source import Place
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Json, Node, Path, Scalar, items, lookup, text
from lintkit.yamldoc.transform import keys
from lintkit.yamldoc.unknowns import unknown_reason

PROJECTED: Final = frozenset(
    {"ChartValues", "OtherValues", "Container", "Database", "Delivery", "Environment", "MessageQueue", "Node", "Pool"}
)
"""Subjects that stand for a resource that is listed anyway, or for none."""

_VARIABLE: Final = regex(r"\$\{#?([A-Za-z_]\w*)")


def show_environments(loaded: Loaded) -> str:
    """Environments with their nodes, versions, resources by origin, and what could not be read."""
    if not loaded.environments:
        return "no environment: nothing in this repository reaches a cluster that lintkit can tell\n"
    return "\n".join(_environment(loaded, environment) for environment in loaded.environments)


def _environment(loaded: Loaded, environment: Environment) -> str:
    lines = [f"environment {environment.name} (profile {environment.profile})"]
    versions = ", ".join(f"{name} {value}" for name, value in sorted(environment.versions.items()))
    lines.append(f"  versions: {versions or 'not known'}")
    missing = environment.evidence.get("nodes")
    lines.append(f"  nodes: {len(environment.nodes)}" + (f" ({missing})" if missing else ""))
    for origin, kinds in sorted(by_origin(environment).items(), key=lambda item: str(item[0]) or "files"):
        lines.append(f"  {str(origin) or 'files'}")
        lines += (f"    {kind}: {', '.join(members)}" for kind, members in sorted(kinds.items()))
    lines += (f"  not read: {said}" for said in unread(loaded, environment))
    return "\n".join(lines) + "\n"


def by_origin(environment: Environment) -> dict[Origin, dict[str, list[str]]]:
    """Names of the resources of an environment by their origin and kind, in order."""
    found: dict[Origin, dict[str, list[str]]] = {}
    for subject in environment.subjects:
        if subject.kind not in PROJECTED:
            found.setdefault(subject.origin, {}).setdefault(subject.kind, []).append(subject.resource.shown)
    return found


def unread(loaded: Loaded, environment: Environment) -> list[str]:
    """What of an environment could not be read, each with its place and how often."""
    problems = [p for p in loaded.world.problems if p.environment in (environment.name, "")]
    counted = Counter(_problem(p.message, p.home, p.path) for p in problems)
    return [said + (f" ({count} times)" if count > 1 else "") for said, count in counted.items()]


def _problem(message: str, home: Node | None, path: str) -> str:
    return f"{_where(place_of(home))}: {message}" if home is not None else f"{path}: {message}" if path else message


def _where(place: Place) -> str:
    return f"{place.source.path}:{place.first.line}"


def show_nodes(loaded: Loaded) -> str:
    """A role by node matrix for every environment."""
    parts = []
    for environment in loaded.environments:
        roles, nodes = role_matrix(environment)
        parts.append(f"environment {environment.name}")
        if not nodes:
            parts.append("  no node inventory\n")
            continue
        width = max(len(node.name) for node in nodes)
        for number, role in enumerate(roles, 1):
            parts.append(f"  {number}: {role}")
        parts.append("  " + " " * width + " " + " ".join(f"{i:>2}" for i in range(1, len(roles) + 1)))
        for node in nodes:
            marks = " ".join(f"{'x' if has else '.':>2}" for has in node.has)
            parts.append(f"  {node.name:{width}} {marks}".rstrip())
        parts.append("")
    return "\n".join(parts) + ("\n" if parts and parts[-1] else "")


def _labels(labels: object) -> set[str]:
    return {f"{key}={value}" if value else key for key, value in labels.items()} if hasattr(labels, "items") else set()


def role_matrix(environment: Environment) -> RoleMatrix:
    """Which node has which label; names of hosts left out."""
    labels = [_labels(node.labels) for node in environment.nodes]
    roles = sorted({label for own in labels for label in own if not label.startswith(HOSTNAME_LABEL)})
    rows = (
        NodeRow(node.name, tuple(role in own for role in roles), tuple(map(taint_text, node.taints)))
        for node, own in zip(environment.nodes, labels, strict=True)
    )
    return RoleMatrix(tuple(roles), tuple(rows))


def show_why(loaded: Loaded, question: str) -> str:
    """The layers that decide ``KIND/NAME:PATH`` in every environment, the winner first."""
    subject_name, colon, path_text = question.partition(":")
    if not colon or "/" not in subject_name:
        raise LintkitError("--why takes KIND/NAME:PATH, for example CephCluster/rook-ceph:spec.mon.count")
    path = keys(path_text)
    if not path:
        raise LintkitError("--why wants a path after the colon, for example CephCluster/rook-ceph:spec.mon.count")
    parts: list[str] = []
    for environment, subject in _find(loaded, subject_name):
        parts.append(f"{environment.name}: {subject.kind} {subject.resource.name} {path_text}")
        parts += _chain(loaded, environment, subject, path)
    return "\n".join(parts) + "\n"


def _chain(loaded: Loaded, environment: Environment, subject: Subject, path: Path) -> list[str]:
    root, full = subject.binding(path)
    node: Node | None = lookup(root, *full) or lookup(subject.object, *path)
    if node is None:
        return ["  nothing sets it"]
    lines: list[str] = []
    while node is not None:
        reason = unknown_reason(node)
        value = f"unknown ({reason})" if reason else _shown(subject, path, node)
        place = place_of(node)
        where = "chart default" if place.source.builtin else _where(place)
        lines.append(f"  {'=' if not lines else 'overrides'} {value or 'null'}   {where}")
        if "${" in place.source.text:
            lines += _variables(loaded, environment, subject, place)
        node = node.under
    return lines


def _shown(subject: Subject, path: Path, node: Node) -> str:
    if not isinstance(node, Scalar):
        return "a list or mapping"
    return HIDDEN if is_secret(subject.kind, path) and node.text else masked(node.text)


def _variables(loaded: Loaded, environment: Environment, subject: Subject, place: Place) -> list[str]:
    """Where the variables stand that Flux puts in at ``place``: in the Kustomization, or in the ConfigMaps it names."""
    names = _VARIABLE.findall(place.source.text, place.start, place.end)
    gathered = loaded.world.environments.get(environment.name)
    if not names or gathered is None:
        return []
    label = subject.origin.delivery
    delivery = next((d for d in gathered.deliveries if d.kind == "Kustomization" and delivery_label(d) == label), None)
    if delivery is None:
        return []
    build = lookup(delivery.body, "spec", "postBuild")
    referenced = {text(lookup(item, "name")) for item in items(lookup(build, "substituteFrom"))}
    near = (body for body in beside(loaded.world, delivery.body) if text(body.get("kind")) == "ConfigMap")
    maps = [body for body in near if text(lookup(body, "metadata", "name")) in referenced]
    maps += [r.body for r in gathered.resources if r.kind == "ConfigMap" and r.name in referenced]
    holders = [lookup(build, "substitute"), *(lookup(body, "data") for body in reversed(maps))]
    found = []
    for name in dict.fromkeys(names):
        node = next((value for holder in holders if (value := lookup(holder, name)) is not None), None)
        if node is not None:
            shown = unknown_reason(node) or text(node) or "null"
            found.append(f"    variable {name}: {shown}   {_where(place_of(node))}")
    return found


def _find(loaded: Loaded, name: str) -> list[tuple[Environment, Subject]]:
    kind, _, rest = name.partition("/")
    found = [
        (environment, subject)
        for environment in loaded.environments
        for subject in environment.by_kind.get(kind, ())
        if rest in (subject.resource.name, subject.id.partition("/")[2], str(subject.facts.get("ceph_name", "")))
    ]
    if not found:
        known = sorted({f"{s.kind}/{s.resource.name}" for e in loaded.environments for s in e.subjects})
        close = nearest(name, known, max(2, len(name) // 4))
        hint = f", perhaps {' or '.join(close[:3])}" if close else " (see `lintkit env`)"
        raise LintkitError(f"nothing is called {name!r}{hint}")
    return found


def show_eval(loaded: Loaded, expression: str, on: str) -> str:
    """An expression evaluated on a subject of every environment that has it, with the object and the facts it reads."""
    try:
        compiled = program(expression)
    except CelError as error:
        raise LintkitError(f"{expression!r} is no CEL: {error}") from None
    reads = reads_of(compiled.tree)
    parts: list[str] = []
    for environment, subject in _find(loaded, on):
        judged = Judged(without_secrets(subject), environment)
        names = {r.path[0] for r in reads if r.root == "facts" and r.path} or set(facts_of(subject.kind)) | set(subject.facts)
        facts: dict[str, Json] = {}
        for name in sorted(names):
            value = judged.fact(name)
            facts[name] = f"not known: {value.reason}" if isinstance(value, NotKnown) else value
        parts += [
            f"environment {environment.name}, {subject.id}",
            "object: " + json.dumps(judged.object, indent=2, ensure_ascii=False),
            "facts: " + json.dumps(facts, indent=2, ensure_ascii=False),
            "result: " + _result(expression, judged, environment, facts, judged.obstacle(asked(reads))),
        ]
    return "\n".join(parts) + "\n"


def _result(expression: str, judged: Judged, environment: Environment, facts: dict[str, Json], obstacle: str) -> str:
    if obstacle:
        return f"not evaluated ({obstacle})"
    data: dict[str, Json] = {"object": judged.object, "oldObject": None, "params": {}, "variables": {}, "facts": facts}
    try:
        return json.dumps(program(expression).evaluate({**data, "env": environment.view, "item": None}), ensure_ascii=False)
    except CelError as error:
        return f"error: {error}"
