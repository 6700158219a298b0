"""Workloads: everything of an environment that makes pods, under one shape.

What operators add to pods follows their sources: cluster-operator 2.x (RabbitmqCluster), Percona operator
for XtraDB 1.14 to 1.18 (PerconaXtraDBCluster), mariadb-operator 0.30 and later (MariaDB), helm-toolkit of
OpenStack-Helm 2024.2 to 2026.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, once
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Mapping, Node, Path, Scalar, boolean, items, lookup, string, text
from lintkit.yamldoc.unknowns import unknown_reason

HOSTNAME: Final = "kubernetes.io/hostname"
_APPS: Final = ("Deployment", "StatefulSet", "DaemonSet")
_RUNS: Final = ("Job", "CronJob")
_PXC_PARTS: Final = ("pxc", "haproxy", "proxysql")
_PXC_LABELS: Final = {
    "app.kubernetes.io/name": "percona-xtradb-cluster",
    "app.kubernetes.io/managed-by": "percona-xtradb-cluster-operator",
    "app.kubernetes.io/part-of": "percona-xtradb-cluster",
}
_OVERRIDE: Final[Path] = ("spec", "override", "statefulSet", "spec", "template")


class Rule(NamedTuple):
    """Pods to keep apart: ``hard`` when required, by topology ``key``.

    ``own`` tells whether the selector finds the workload's own pods (None: not known), ``labels`` the
    selector as written (None for one that cannot be read); ``key_path`` and ``selector_path`` are where
    these stand, empty when an operator or chart makes them.
    """

    hard: bool
    key: str
    own: bool | None
    labels: Dict[str, str] | None
    key_path: Path = ()
    selector_path: Path = ()
    spread: bool = False


class Workload(NamedTuple):
    """One thing that makes pods.

    ``role`` is database, queue, proxy, cache, quorum (raft members), run (jobs) or empty. ``replicas`` is None when not
    known; ``replicas_path`` where it is written in ``subject``. ``labels`` are those of its pods, None
    when not known. ``pods`` are paths below which node selectors, affinities and tolerations of its
    pods stand, the least specific first. ``rules`` is None when they are not known.
    """

    subject: Subject
    title: str
    name: str
    role: str
    daemon: bool
    replicas: int | None
    replicas_path: Path
    labels: Dict[str, str] | None
    pods: tuple[Path, ...]
    rules: tuple[Rule, ...] | None

    @property
    def namespace(self) -> str:
        """The namespace of its pods."""
        return self.subject.resource.namespace


@once
def workloads(environment: Environment) -> list[Workload]:
    """Every workload whose pods lintkit can tell: chart components, operator resources, plain ones."""
    found: list[Workload] = []
    for subject in environment.subjects:
        if subject.kind == "Component":
            found += _component(subject)
        elif subject.kind in _APPS:
            found.append(_plain(subject))
        elif subject.kind in _RUNS:
            found.append(_run(subject))
        elif subject.kind == "RabbitmqCluster":
            found.append(_rabbit(subject))
        elif subject.kind == "PerconaXtraDBCluster":
            found += _percona(subject)
        elif subject.kind == "MariaDB":
            found.append(_mariadb(subject))
    return found


def whole(node: Node | None, default: int | None) -> int | None:
    """An integer scalar, ``default`` when absent, None when it cannot be told."""
    if node is None:
        return default
    value = node.value if isinstance(node, Scalar) and not unknown_reason(node) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_CHART_ROLES: Final = {
    ("mariadb", "server"): "database",
    ("mariadb-cluster", "server"): "database",
    ("rabbitmq", "server"): "queue",
    ("memcached", "server"): "cache",
    ("ovn", "ovn_ovsdb_nb"): "quorum",
    ("ovn", "ovn_ovsdb_sb"): "quorum",
}


def _component(subject: Subject) -> Iterator[Workload]:
    body = subject.object
    if unknown_reason(body.get("enabled")):
        return
    chart, component = text(body.get("chart")) or "", text(body.get("component")) or ""
    known = _chart_labels(subject)
    daemon = text(body.get("workload")) == "DaemonSet"
    yield Workload(
        subject,
        f"{chart} {component}",
        str(subject.facts.get("workload_name", "")),
        _CHART_ROLES.get((chart, component), ""),
        daemon,
        None if daemon else whole(body.get("replicas"), None),
        ("replicas",),
        known,
        ((),),
        _component_rules(body, known),
    )


def _chart_labels(subject: Subject) -> dict[str, str]:
    """Labels that helm-toolkit gives pods: its own three, and since 2024 their app.kubernetes.io forms."""
    labels = subject.facts.get("pod_labels")
    chart = text(subject.object.get("chart")) or ""
    own = {k: str(v) for k, v in labels.items()} if isinstance(labels, dict) and labels else {"application": chart}
    release = subject.id.split("/")[2]
    forms = {"name": own.get("application", ""), "component": own.get("component", ""), "instance": release}
    return {**own, "release_group": release, **{f"app.kubernetes.io/{k}": v for k, v in forms.items() if v}}


def _component_rules(body: Mapping, labels: Dict[str, str]) -> tuple[Rule, ...] | None:
    """helm-toolkit's anti-affinity selects the release group, application and component of the pod itself."""
    anti = body.get("antiAffinity")
    if anti is None:
        return ()
    kind, key = string(lookup(anti, "type")), string(lookup(anti, "topologyKey"))
    if kind is None or key is None or unknown_reason(lookup(anti, "type")) or unknown_reason(lookup(anti, "topologyKey")):
        return None
    return (Rule(kind.startswith("required"), key, True, labels, ("antiAffinity", "topologyKey")),)


def _title(subject: Subject) -> str:
    return subject.resource.title


def _string_map(node: Node | None) -> dict[str, str] | None:
    """Labels as written; empty when absent, None when one of them cannot be read."""
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        return None
    found: dict[str, str] = {}
    for name, entry in node:
        value = text(entry.value)
        if value is None or unknown_reason(entry.value) or unknown_reason(entry.key):
            return None
        found[name] = value
    return found


def _joined(*parts: Dict[str, str] | None) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for part in parts:
        if part is None:
            return None
        found.update(part)
    return found


def _plain(subject: Subject) -> Workload:
    template: Path = ("spec", "template")
    labels = _string_map(lookup(subject.object, *template, "metadata", "labels"))
    pod: Path = (*template, "spec")
    replicas: Path = ("spec", "replicas")
    daemon = subject.kind == "DaemonSet"
    count = None if daemon else whole(lookup(subject.object, *replicas), 1)
    rules = _rules(subject.object, (pod,), labels)
    return Workload(subject, _title(subject), subject.resource.name, "", daemon, count, replicas, labels, (pod,), rules)


def _run(subject: Subject) -> Workload:
    """A Job or CronJob: pods that come and go, so nothing is known of how many."""
    template: Path = ("spec", "jobTemplate", "spec", "template") if subject.kind == "CronJob" else ("spec", "template")
    labels = _string_map(lookup(subject.object, *template, "metadata", "labels"))
    pod: Path = (*template, "spec")
    return Workload(subject, _title(subject), subject.resource.name, "run", False, None, (), labels, (pod,), ())


def _rabbit(subject: Subject) -> Workload:
    body, name = subject.object, subject.resource.name
    inherited = _string_map(lookup(body, "metadata", "labels"))
    inherited = None if inherited is None else {k: v for k, v in inherited.items() if not k.startswith("app.kubernetes.io")}
    own = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": "rabbitmq",
        "app.kubernetes.io/part-of": "rabbitmq",
    }
    labels = _joined(inherited, own, _string_map(lookup(body, *_OVERRIDE, "metadata", "labels")))
    pods: tuple[Path, ...] = (("spec",), (*_OVERRIDE, "spec"))
    count = whole(lookup(body, "spec", "replicas"), 1)
    rules = _rules(body, pods, labels)
    return Workload(subject, _title(subject), f"{name}-server", "queue", False, count, ("spec", "replicas"), labels, pods, rules)


def _percona(subject: Subject) -> Iterator[Workload]:
    body = subject.object
    for part in _PXC_PARTS:
        section = lookup(body, "spec", part)
        if not isinstance(section, Mapping) or (part != "pxc" and boolean(section.get("enabled")) is not True):
            continue
        path: Path = ("spec", part)
        own = {**_PXC_LABELS, "app.kubernetes.io/instance": subject.resource.name, "app.kubernetes.io/component": part}
        labels = _joined(own, _string_map(section.get("labels")))
        yield Workload(
            subject,
            _title(subject) if part == "pxc" else f"{part} of {_title(subject)}",
            f"{subject.resource.name}-{part}",
            "database" if part == "pxc" else "proxy",
            False,
            whole(section.get("size"), None),
            (*path, "size"),
            labels,
            (path,),
            _percona_rules(section, path, labels),
        )


def _percona_rules(section: Mapping, path: Path, labels: Dict[str, str] | None) -> tuple[Rule, ...] | None:
    """The operator keeps members apart by hostname unless told otherwise; ``none`` switches that off."""
    affinity = section.get("affinity")
    if lookup(affinity, "advanced") is not None:
        advanced: Path = (*path, "affinity", "advanced")
        return _anti_rules(lookup(affinity, "advanced"), advanced, labels)
    key = lookup(affinity, "antiAffinityTopologyKey")
    if unknown_reason(key) or unknown_reason(affinity):
        return None
    word = text(key) or HOSTNAME
    at: Path = (*path, "affinity", "antiAffinityTopologyKey")
    return () if word == "none" else (Rule(True, word, True, labels, at if key is not None else ()),)


def _mariadb(subject: Subject) -> Workload:
    body, name = subject.object, subject.resource.name
    own = {"app.kubernetes.io/name": "mariadb", "app.kubernetes.io/instance": name}
    inherited = [_string_map(lookup(body, "spec", key, "labels")) for key in _MARIADB_META]
    labels = _joined(*inherited, own)
    enabled = lookup(body, "spec", "affinity", "antiAffinityEnabled")
    rules = _rules(body, (("spec",),), labels)
    if unknown_reason(enabled):
        rules = None
    elif boolean(enabled) is True:
        rules = (Rule(True, HOSTNAME, True, labels), *(rules or ()))
    count = whole(lookup(body, "spec", "replicas"), 1)
    return Workload(subject, _title(subject), name, "database", False, count, ("spec", "replicas"), labels, (("spec",),), rules)


_MARIADB_META: Final = ("inheritMetadata", "podMetadata")


def _rules(body: Mapping, pods: tuple[Path, ...], labels: Dict[str, str] | None) -> tuple[Rule, ...] | None:
    found: list[Rule] = []
    for pod in pods:
        for part in (
            _anti_rules(lookup(body, *pod, "affinity"), (*pod, "affinity"), labels),
            _spread_rules(lookup(body, *pod, "topologySpreadConstraints"), (*pod, "topologySpreadConstraints"), labels),
        ):
            if part is None:
                return None
            found += part
    return tuple(found)


def _anti_rules(affinity: Node | None, path: Path, labels: Dict[str, str] | None) -> tuple[Rule, ...] | None:
    anti = lookup(affinity, "podAntiAffinity")
    if affinity is None or (isinstance(affinity, Mapping) and anti is None):
        return ()
    if not isinstance(anti, Mapping):
        return None
    found: list[Rule] = []
    base: Path = (*path, "podAntiAffinity")
    for kind, hard in ((_REQUIRED, True), (_PREFERRED, False)):
        listed = anti.get(kind)
        if unknown_reason(listed):
            return None
        for i, item in enumerate(items(listed)):
            at: Path = (*base, kind, i) if hard else (*base, kind, i, "podAffinityTerm")
            term = item if hard else lookup(item, "podAffinityTerm")
            found.append(_rule(term, at, labels, hard=hard))
    return tuple(found)


_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def _spread_rules(node: Node | None, path: Path, labels: Dict[str, str] | None) -> tuple[Rule, ...] | None:
    if unknown_reason(node):
        return None
    return tuple(
        _rule(item, (*path, i), labels, hard=text(lookup(item, "whenUnsatisfiable")) != "ScheduleAnyway", spread=True)
        for i, item in enumerate(items(node))
    )


def _rule(term: Node | None, at: Path, labels: Dict[str, str] | None, *, hard: bool, spread: bool = False) -> Rule:
    key = lookup(term, "topologyKey")
    selector = lookup(term, "labelSelector")
    own = matches(read_selector(selector), labels)
    if lookup(term, "namespaces") is not None or lookup(term, "namespaceSelector") is not None:
        own = None
    written = _string_map(lookup(selector, "matchLabels"))
    word = "" if unknown_reason(key) else text(key) or ""
    return Rule(hard, word, own, written, (*at, "topologyKey"), (*at, "labelSelector"), spread)


class LabelSelector(NamedTuple):
    """A label selector read once: ``labels`` that must be equal, ``terms`` (key, operator, values) that must all hold."""

    labels: Dict[str, str]
    terms: tuple[tuple[str, str, tuple[str | None, ...]], ...]
    absent: bool = False

    def finds(self, labels: Dict[str, str]) -> bool:
        """Whether it finds pods with ``labels``; an absent one finds none."""
        if self.absent or any(labels.get(k) != v for k, v in self.labels.items()):
            return False
        return all(_holds(labels, *term) for term in self.terms)


def _holds(labels: Dict[str, str], key: str, operator: str, values: tuple[str | None, ...]) -> bool:
    if operator in ("Exists", "DoesNotExist"):
        return (key in labels) == (operator == "Exists")
    return (labels.get(key) in values) == (operator == "In")


def read_selector(selector: Node | None) -> LabelSelector | None:
    """A label selector; None when it cannot be read."""
    if selector is None:
        return LabelSelector({}, (), absent=True)
    if not isinstance(selector, Mapping):
        return None
    wanted = _string_map(selector.get("matchLabels"))
    if wanted is None:
        return None
    terms: list[tuple[str, str, tuple[str | None, ...]]] = []
    for expression in items(selector.get("matchExpressions")):
        key, operator = string(lookup(expression, "key")), string(lookup(expression, "operator"))
        listed = lookup(expression, "values")
        values = [text(item) for item in items(listed)]
        if key is None or unknown_reason(lookup(expression, "key")) or any(map(unknown_reason, (listed, *items(listed)))):
            return None
        if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            return None
        terms.append((key, operator, tuple(values)))
    return LabelSelector(wanted, tuple(terms))


def matches(selector: LabelSelector | None, labels: Dict[str, str] | None) -> bool | None:
    """Whether a selector finds pods with ``labels``; None when either is not known."""
    return None if selector is None or labels is None else selector.finds(labels)


def autoscaler(workload: Workload, environment: Environment) -> Subject | None:
    """The HorizontalPodAutoscaler that owns the replica count of a workload."""
    for other in environment.by_kind.get("HorizontalPodAutoscaler", ()):
        target = lookup(other.object, "spec", "scaleTargetRef")
        if text(lookup(target, "name")) == workload.name and _same_namespace(other, workload):
            return other
    return None


def _same_namespace(other: Subject, workload: Workload) -> bool:
    # a namespace that nothing names is whatever the delivery is pointed at
    return not other.resource.namespace or not workload.namespace or other.resource.namespace == workload.namespace


def bounds(workload: Workload, environment: Environment) -> tuple[int | None, int | None]:
    """Least and most replicas of a workload: those of its autoscaler, else its literal count; None when not known."""
    owner = autoscaler(workload, environment)
    if owner is None:
        return workload.replicas, workload.replicas
    spec = lookup(owner.object, "spec")
    return whole(lookup(spec, "minReplicas"), 1), whole(lookup(spec, "maxReplicas"), None)
