"""Facts about disruption: how the pods of a workload are kept apart, and what their disruption budgets allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.placement import escaped, selector_text
from lintkit.facts.scheduling import pod_selectors, reach
from lintkit.facts.workloads import HOSTNAME, Workload, autoscaler, bounds, matches, read_selector, workloads
from lintkit.records import NamedTuple
from lintkit.sources.inventory.model import ClusterNode
from lintkit.sources.kinds import PODLESS
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

# subjects of ours that stand for something else or make no pods
_OURS: Final = frozenset(
    {
        "Component",
        "Container",
        "Pool",
        "MessageQueue",
        "Environment",
        "ChartValues",
        "OtherValues",
        "Delivery",
        "Reference",
        "ValuesFile",
    }
)


class _Budget(NamedTuple):
    """A disruption budget: ``least`` (minAvailable) or ``most`` (maxUnavailable) at ``path`` of ``subject``."""

    workload: Workload
    subject: Subject
    path: Path
    kind: str
    value: int | str


def workload_facts(subject: Subject, environment: Environment) -> Json:
    """Every workload of the environment with what decides where its pods can be.

    One item each: ``of``, ``title``, ``role`` (database, queue, proxy, cache, quorum or empty), ``daemon``, ``least`` and
    ``most`` replicas (of its autoscaler where it has one; null when not known), ``autoscaler`` (its id, or empty),
    ``replicas_path``, ``apart`` (pods are kept on different hosts by force; null when not known), ``hard`` (required
    anti-affinity on hostnames), ``apart_path`` (where that is written, or would be),
    ``nodes`` (``of`` and ``name`` of those that may take its pods; null when not known) and ``wants`` (its node selectors).
    """
    return [_item(workload, environment) for workload in workloads(environment)]


def _item(workload: Workload, environment: Environment) -> Json:
    least, most = bounds(workload, environment)
    reached = reach(workload, environment)
    owner = autoscaler(workload, environment)
    wanted = pod_selectors(workload) or []
    rules = workload.rules
    own = [r for r in rules or () if r.hard and r.own and r.key == HOSTNAME]
    unsure = rules is None or any(r.own is None for r in rules)
    return {
        "of": workload.subject.id,
        "title": workload.title,
        "role": workload.role,
        "daemon": workload.daemon,
        "least": least,
        "most": most,
        "autoscaler": owner.id if owner else "",
        "replicas_path": escaped(workload.replicas_path),
        "apart": True if own else None if unsure else False,
        "hard": any(not r.spread for r in own),
        "apart_path": escaped(_apart_path(workload)),
        "nodes": None if reached is None else [*map(_node, reached.free)],
        "wants": " and ".join(selector_text(s) for s in wanted),
    }


def _apart_path(workload: Workload) -> Path:
    if workload.subject.kind == "Component":
        return ("antiAffinity", "type")
    if workload.rules:
        written = next((r.key_path for r in workload.rules if r.key_path), None)
        if written is not None:
            return written
    return (*workload.pods[0], "affinity")


def _node(node: ClusterNode) -> Json:
    return {"of": f"Node/{node.name}", "name": node.name}


def missed_rules(subject: Subject, environment: Environment) -> Json:
    """Anti-affinities and spreads whose selector finds none of the pods of the workload that has them.

    One item each: ``of``, ``path`` (of the selector), ``title``, ``spread``, ``labels`` (as written), ``wanted`` (labels of the
    workload for the same keys, for the fix; null when there is no single one), ``foreign`` (another workload has such pods)
    and ``key`` (the differing label's path).
    """
    found: list[Json] = []
    everything = workloads(environment)
    for workload in everything:
        for rule in workload.rules or ():
            if rule.own is False and rule.selector_path:
                selector = read_selector(lookup(workload.subject.object, *rule.selector_path))
                others = [w for w in everything if w is not workload and same_namespace(workload.subject, w)]
                verdicts = [matches(selector, w.labels) for w in others]
                found.append(
                    _missed(workload, rule.selector_path, rule.labels, rule.spread, any(v is not False for v in verdicts))
                )
    return found


def _missed(workload: Workload, path: Path, labels: Dict[str, str] | None, spread: bool, foreign: bool) -> Json:
    carried = workload.labels or {}
    wrong = [k for k, v in (labels or {}).items() if k in carried and carried[k] != v]
    key = wrong[0] if len(wrong) == 1 and labels is not None and all(k in carried for k in labels) else ""
    return {
        "of": workload.subject.id,
        "path": escaped((*path, "matchLabels", wrong[0]) if wrong else path),
        "title": workload.title,
        "spread": spread,
        "labels": ", ".join(f"{k}={v}" for k, v in (labels or {}).items()),
        "foreign": foreign,
        "wanted": carried[key] if key else None,
        "carried": ", ".join(f"{k}={v}" for k, v in carried.items() if not labels or k in labels) or "none of these",
    }


def budget_facts(subject: Subject, environment: Environment) -> Json:
    """Every disruption budget with the workload whose pods it finds.

    One item each: ``of`` and ``path`` (of the deciding number), ``title``, ``workload`` (id), ``replicas_path``, ``replicas``
    (the fewest there may be), ``kind`` (minAvailable or maxUnavailable), ``text`` (as written), ``evictions`` (pods that
    may be down at once) and ``wanted`` (the number that leaves one eviction).
    """
    found: list[Json] = []
    for budget in _budgets(environment):
        least = bounds(budget.workload, environment)[0]
        if least is None or least < 1:
            continue
        share = _share(budget.value, least)
        if share is None:
            continue
        evictions = least - share if budget.kind == "minAvailable" else share
        found.append(
            {
                "of": budget.subject.id,
                "path": escaped(budget.path),
                "title": budget.workload.title,
                "workload": budget.workload.subject.id,
                "replicas_path": escaped(budget.workload.replicas_path),
                "replicas": least,
                "kind": budget.kind,
                "text": str(budget.value),
                "evictions": max(evictions, 0),
                "wanted": least - 1 if budget.kind == "minAvailable" else 1,
            }
        )
    return found


def _share(value: int | str, replicas: int) -> int | None:
    """A number of pods, a percentage rounded up (k8s.io/apimachinery intstr); None for anything else."""
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"(\d+)%", value.strip())
    return -(-int(match[1]) * replicas // 100) if match else None


def _budgets(environment: Environment) -> Iterator[_Budget]:
    everything = workloads(environment)
    for workload in everything:
        if workload.subject.kind == "Component":
            yield from _component_budget(workload)
        elif workload.subject.kind in ("PerconaXtraDBCluster", "MariaDB"):
            base = workload.replicas_path[:-1] if workload.subject.kind != "MariaDB" else ("spec",)
            yield from _numbers(workload, workload.subject, (*base, "podDisruptionBudget"))
    for budget in environment.by_kind.get("PodDisruptionBudget", ()):
        selector = read_selector(lookup(budget.object, "spec", "selector"))
        near = [w for w in everything if same_namespace(budget, w)]
        verdicts = [(w, matches(selector, w.labels)) for w in near]
        held = [w for w, verdict in verdicts if verdict]
        if len(held) == 1 and all(verdict is not None for _, verdict in verdicts):
            yield from _numbers(held[0], budget, ("spec",))


def budgeted(environment: Environment) -> dict[str, bool | None]:
    """Whether each workload (by title) has a disruption budget of more than 0; None when labels leave it open."""
    everything = workloads(environment)
    found: dict[str, bool | None] = {w.title: False for w in everything}
    for budget in environment.by_kind.get("PodDisruptionBudget", ()):
        selector = read_selector(lookup(budget.object, "spec", "selector"))
        for workload in everything:
            verdict = matches(selector, workload.labels)
            if verdict is not False and same_namespace(budget, workload) and found[workload.title] is False:
                found[workload.title] = verdict
    for own in _budgets(environment):
        if own.value not in (0, "0%") or own.kind != "minAvailable":
            found[own.workload.title] = True
    return found


def same_namespace(subject: Subject, workload: Workload) -> bool:
    """Whether both may be in one namespace; one that nothing names is wherever the delivery is pointed at."""
    return not subject.resource.namespace or not workload.namespace or subject.resource.namespace == workload.namespace


def _component_budget(workload: Workload) -> Iterator[_Budget]:
    body = workload.subject.object
    budget = body.get("disruptionBudget")
    if boolean(lookup(budget, "enabled")) is not True:
        return
    node = lookup(budget, "minAvailable")
    value = _number(node)
    if value is None or (workload.subject.facts.get("budget_mode") == "max-unavailable-fallback" and value in (0, "0%")):
        return
    yield _Budget(workload, workload.subject, ("disruptionBudget", "minAvailable"), "minAvailable", value)


def _number(node: Node | None) -> int | str | None:
    if not isinstance(node, Scalar) or unknown_reason(node):
        return None
    value = node.value
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _numbers(workload: Workload, subject: Subject, path: Path) -> Iterator[_Budget]:
    for kind in ("minAvailable", "maxUnavailable"):
        value = _number(lookup(subject.object, *path, kind))
        if value is not None:
            yield _Budget(workload, subject, (*path, kind), kind, value)


def orphan_budgets(subject: Subject, environment: Environment) -> Json:
    """PodDisruptionBudgets whose selector finds no workload, where some workload of the namespace is known, or all are.

    One item each: ``of``, ``path`` (of the selector), ``labels`` (as written), ``unrendered`` (pods that lintkit cannot tell run
    in the namespace), ``near`` (``of``, ``title`` and ``label`` of its workloads) and ``labels_wanted`` (what would
    select the only workload there; null otherwise).
    """
    found: list[Json] = []
    everything = workloads(environment)
    known = {w.subject.id for w in everything}
    for budget in environment.by_kind.get("PodDisruptionBudget", ()):
        namespace = budget.resource.namespace
        near = [w for w in everything if same_namespace(budget, w)]
        selector = lookup(budget.object, "spec", "selector")
        read = read_selector(selector)
        verdicts = [matches(read, w.labels) for w in near]
        if any(v is not False for v in verdicts) or read is None:
            continue
        strangers = _strangers(namespace, environment, known)
        if "ceph.rook.io" in strangers:
            continue
        if strangers and not _nearly(near, selector):
            continue
        unrendered = bool(strangers) or namespace in environment.unrendered
        if unrendered and not near:
            continue
        found.append(_orphan(budget, [w for w in near if w.role != "run" and w.namespace == namespace], selector, unrendered))
    return found


def _strangers(namespace: str, environment: Environment, known: set[str]) -> frozenset[str]:
    """API groups of what may make pods with labels that are not known in a namespace; ``known`` are subjects with known ones."""
    return frozenset(
        (text(s.object.get("apiVersion")) or "").partition("/")[0]
        for s in environment.subjects
        if s.resource.namespace == namespace and s.kind not in PODLESS | _OURS and s.id not in known
    )


def _nearly(near: list[Workload], selector: Node | None) -> bool:
    """Whether a known workload carries every label key that a selector asks for, with other values."""
    written = lookup(selector, "matchLabels")
    wanted = [name for name, _ in written] if isinstance(written, Mapping) else []
    return bool(wanted) and any(w.labels is not None and all(k in w.labels for k in wanted) for w in near)


def _orphan(budget: Subject, near: list[Workload], selector: Node | None, unrendered: bool) -> Json:
    written = lookup(selector, "matchLabels")
    labels = {k: text(e.value) or "" for k, e in written} if isinstance(written, Mapping) else {}
    only = near[0] if len(near) == 1 else None
    wanted = _telling(only) if only and labels and not unrendered and not items(lookup(selector, "matchExpressions")) else None
    return {
        "of": budget.id,
        "path": escaped(("spec", "selector", "matchLabels") if written is not None else ("spec", "selector")),
        "labels": ", ".join(f"{k}={v}" for k, v in labels.items()),
        "unrendered": unrendered,
        "near": [
            {"of": w.subject.id, "title": w.title, "label": ", ".join(f"{k}={v}" for k, v in (_telling(w) or {}).items())}
            for w in near
        ],
        "labels_wanted": dict(wanted) if wanted else None,
    }


def _telling(workload: Workload) -> dict[str, str] | None:
    """The labels that people select such a workload by."""
    carried = workload.labels or {}
    for keys in (("app.kubernetes.io/instance", "app.kubernetes.io/component"), ("application", "component"), ("app",)):
        if all(key in carried for key in keys):
            return {key: carried[key] for key in keys}
    name = carried.get("app.kubernetes.io/name")
    return {"app.kubernetes.io/name": name} if name else dict(list(carried.items())[:1]) or None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {
        "workloads": workload_facts,
        "missed_rules": missed_rules,
        "budgets": budget_facts,
        "orphan_budgets": orphan_budgets,
    },
}
