"""Facts about the values of charts: keys that no template reads, secrets as text, resources, autoscalers."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import KeysRead, chart_defaults, chart_names, components, keys_read, keys_told
from lintkit.facts.placement import escaped
from lintkit.facts.reading import nameless
from lintkit.facts.words import nearest
from lintkit.facts.workloads import Workload, whole, workloads
from lintkit.sources.argocd.application import read_application
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, Sequence, boolean, items, lookup, string, text
from lintkit.yamldoc.unknowns import unknown_reason

_SECRET_ENDS: Final = ("password", "secret", "token", "heartbeat_key")
_SIZES: Final = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))


def _values(environment: Environment) -> Iterator[tuple[Subject, str, Mapping]]:
    for subject in environment.by_kind.get("ChartValues", ()):
        values = subject.object.get("values")
        if isinstance(values, Mapping):
            yield subject, text(subject.object.get("chart")) or "", values


def unread_replica_keys(subject: Subject, environment: Environment) -> Json:
    """Keys that users wrote below ``pod.replicas`` and that no template of the chart reads.

    One item each: ``of``, ``path``, ``chart``, ``key``, ``nearest`` (keys the chart reads close to it), ``elsewhere`` (another
    chart reads it: a values file shared by several). Of chart lines whose templates were not looked at, misspelt keys only.
    """
    found: list[Json] = []
    for owner, chart, values in _values(environment):
        read, release, certain = _read(owner, chart)
        replicas = lookup(values, "pod", "replicas")
        if read is None or not isinstance(replicas, Mapping):
            continue
        written = {name for name, entry in replicas if not entry.value.doc.source.builtin}
        for name, entry in replicas:
            if name in read.replicas or entry.value.doc.source.builtin or unknown_reason(entry.key):
                continue
            near = [*nearest(name, read.replicas - written, max(2, len(name) // 3))]
            if not certain and not near:
                continue
            found.append(
                {
                    "of": owner.id,
                    "path": escaped(("values", "pod", "replicas", name)),
                    "chart": chart,
                    "key": name,
                    "nearest": [*near],
                    "elsewhere": _read_elsewhere(name, chart, release),
                    "number": whole(entry.value, None),
                    "parent": "values.pod.replicas",
                }
            )
    return found


def _read(owner: Subject, chart: str) -> tuple[KeysRead | None, str, bool]:
    """What a release's templates read, its chart line, and whether they were looked at; None for a version without data."""
    defaults = chart_defaults(chart, text(owner.object.get("version")) or "")
    if defaults is None or not defaults.exact:
        return None, "", False
    read = keys_read(chart, defaults.release)
    return read or keys_told(chart), defaults.release, read is not None


def _read_elsewhere(key: str, chart: str, release: str) -> bool:
    others = (keys_read(other, release) or keys_told(other) for other in chart_names() if other != chart)
    return any(key in read.replicas for read in others if read)


def unread_budget_keys(subject: Subject, environment: Environment) -> Json:
    """Keys that users wrote below ``pod.lifecycle.disruption_budget`` and that no template of the chart reads.

    One item each: ``of``, ``path``, ``chart``, ``key`` and ``nearest``. Of chart lines whose templates were not looked at,
    misspelt keys only.
    """
    found: list[Json] = []
    below: Path = ("pod", "lifecycle", "disruption_budget")
    for owner, chart, values in _values(environment):
        read, _, certain = _read(owner, chart)
        budgets = lookup(values, *below)
        if read is None or not isinstance(budgets, Mapping):
            continue
        for name, entry in budgets:
            if name in read.disruption_budget or _of_chart(entry.value) or unknown_reason(entry.key):
                continue
            near = [*nearest(name, read.disruption_budget, max(2, len(name) // 3))]
            if not certain and not near:
                continue
            path = escaped(("values", *below, name))
            found.append({"of": owner.id, "path": path, "chart": chart, "key": name, "nearest": [*near]})
    return found


def _of_chart(node: Node) -> bool:
    """Whether nothing of a value was written by users."""
    if isinstance(node, Mapping) and node.entries:
        return all(_of_chart(entry.value) for _, entry in node)
    return node.doc.source.builtin


def idle_replicas(subject: Subject, environment: Environment) -> Json:
    """Replica counts that users wrote for components whose every manifest switch is off.

    One item each: ``of``, ``path``, ``switch`` (path of the first switch), ``chart``, ``component`` and ``replicas``.
    """
    found: list[Json] = []
    for owner, chart, values in _values(environment):
        defaults = chart_defaults(chart, text(owner.object.get("version")) or "")
        for spec in components(chart, defaults.release if defaults else ""):
            count = lookup(values, *spec.replicas) if spec.replicas else None
            number = whole(count, None)
            switches = [lookup(values, *path) for path in spec.manifests]
            if count is None or count.doc.source.builtin or not number or not switches:
                continue
            if all(boolean(s) is False for s in switches) and not all(s.doc.source.builtin for s in switches if s):
                paths = {"path": escaped(("values", *spec.replicas)), "switch": escaped(("values", *spec.manifests[0]))}
                found.append({"of": owner.id, **paths, "chart": chart, "component": spec.component, "replicas": number})
    return found


def lab_settings(subject: Subject, environment: Environment) -> Json:
    """Settings of mariadb and rabbitmq releases for a single node: ``of``, ``path``, ``chart``, ``kind``
    (local-path or no-volume)."""
    found: list[Json] = []
    for owner, chart, values in _values(environment):
        if chart not in ("mariadb", "mariadb-cluster", "rabbitmq"):
            continue
        key = "use_local_path" if chart == "rabbitmq" else "use_local_path_for_single_pod_cluster"
        for path, wrong, kind in ((("volume", key, "enabled"), True, "local-path"), (("volume", "enabled"), False, "no-volume")):
            node = lookup(values, *path)
            if boolean(node) is wrong and node is not None and not node.doc.source.builtin:
                found.append({"of": owner.id, "path": escaped(("values", *path)), "chart": chart, "kind": kind})
    return found


def secret_texts(subject: Subject, environment: Environment) -> Json:
    """Secrets that stand in chart values as text: keys that end in password, secret, token or heartbeat_key.

    One item each: ``of``, ``path``, ``chart``, ``place`` (chart:path), ``key``, ``value`` (never to be shown), ``default``
    (the chart's own) and ``certain`` (every layer of the values can be read and the chart line is known).
    """
    found: list[Json] = []
    for owner, chart, values in _values(environment):
        certain = not owner.origin.hidden and owner.facts.get("defaults_exact") is True
        for path, key, node in _secrets(values, ()):
            found.append(
                {
                    "of": owner.id,
                    "path": escaped(("values", *path)),
                    "chart": chart,
                    "place": f"{chart}:{escaped(path)}",
                    "key": key,
                    "value": node.text,
                    "default": node.doc.source.builtin,
                    "certain": certain,
                }
            )
    return found


def _secrets(node: Node, path: Path) -> Iterator[tuple[Path, str, Scalar]]:
    if isinstance(node, Mapping):
        for name, entry in node.index.items():
            value = entry.value
            if not isinstance(value, Scalar):
                yield from _secrets(value, (*path, name))
            elif name.lower().endswith(_SECRET_ENDS) and string(value) and not unknown_reason(value):
                yield (*path, name), name, value
    elif isinstance(node, Sequence):
        for i, item in enumerate(node.items):
            if not isinstance(item, Scalar):
                yield from _secrets(item, (*path, i))


def without_resources(subject: Subject, environment: Environment) -> Json:
    """Workloads whose main containers have no full resources.

    One item for each chart release with ``pod.resources.enabled`` false and each operator resource, Deployment or StatefulSet:
    ``of``, ``path``, ``title``, ``chart`` (empty outside charts) and ``missing`` (``cpu request`` and so on; empty for a chart).
    """
    found: list[Json] = []
    seen: set[str] = set()
    for workload in workloads(environment):
        owner = workload.subject
        if owner.kind != "Component":
            found += _unsized(workload) if workload.role != "run" else ()
            continue
        chart = text(owner.object.get("chart")) or ""
        release = owner.id.rpartition("/")[0]
        if release in seen or boolean(owner.object.get("resourcesEnabled")) is not False:
            continue
        seen.add(release)
        found.append({"of": owner.id, "path": "resourcesEnabled", "title": f"chart {chart}", "chart": chart, "missing": []})
    return found


def _unsized(workload: Workload) -> Iterator[Json]:
    body = workload.subject.object
    if workload.subject.kind == "RabbitmqCluster" and lookup(body, "spec", "resources") is None:
        return  # the operator's own defaults are complete
    if workload.subject.kind in ("RabbitmqCluster", "PerconaXtraDBCluster", "MariaDB"):
        places: list[Path] = [(*workload.pods[0], "resources")]
    else:
        base: Path = (*workload.pods[0], "containers")
        places = [(*base, i, "resources") for i in range(len(items(lookup(body, *base))))]
    for path in places:
        resources = lookup(body, *path)
        values = [lookup(resources, *size) for size in _SIZES]
        if unknown_reason(resources) or any(unknown_reason(value) for value in values):
            continue
        missing = [_size_name(size) for size, value in zip(_SIZES, values, strict=True) if value is None]
        if missing:
            yield {"of": workload.subject.id, "path": escaped(path), "title": workload.title, "chart": "", "missing": [*missing]}


def _size_name(size: tuple[str, str]) -> str:
    return f"{size[1]} {size[0].removesuffix('s')}"


def autoscalers(subject: Subject, environment: Environment) -> Json:
    """Every HorizontalPodAutoscaler: ``of``, ``name``, ``target`` (kind and name), ``minimum`` and
    ``maximum`` (null when not known), ``found`` (the environment makes the target; null when not everything in the namespace
    is known), ``workload`` (its id), ``fights`` (the delivery that sets the literal count of the
    target back, empty for none), ``unmeasured`` (resources it measures but that are not requested).
    """
    found: list[Json] = []
    everything = workloads(environment)
    for owner in environment.by_kind.get("HorizontalPodAutoscaler", ()):
        target = lookup(owner.object, "spec", "scaleTargetRef")
        name, kind = lookup(target, "name"), text(lookup(target, "kind")) or ""
        namespace = owner.resource.namespace
        named = [w for w in everything if w.name == text(name)]
        match = next((w for w in named if w.namespace in (namespace, "")), named[0] if named else None)
        sure = (
            not unknown_reason(name)
            and namespace not in environment.unrendered
            and not environment.unread
            and not nameless(environment, kind)
        )
        exists = True if match else False if sure and kind in ("Deployment", "StatefulSet") else None
        found.append(
            {
                "of": owner.id,
                "name": owner.resource.name,
                "target": f"{kind} {text(name) or ''}".strip(),
                "minimum": whole(lookup(owner.object, "spec", "minReplicas"), 1),
                "maximum": whole(lookup(owner.object, "spec", "maxReplicas"), None),
                "found": exists,
                "workload": match.subject.id if match else "",
                "fights": _fights(match, environment) if match else "",
                **_unmeasured(owner, match),
            }
        )
    return found


def _fights(workload: Workload, environment: Environment) -> str:
    """The Application that applies a literal replica count with self-heal and does not ignore it (Argo CD, "Diffing")."""
    written = lookup(workload.subject.object, *workload.replicas_path)
    if written is None or workload.subject.kind not in ("Component", "Deployment", "StatefulSet"):
        return ""
    for delivery in environment.by_kind.get("Delivery", ()):
        if delivery.facts.get("label") != workload.subject.origin.delivery or delivery.facts.get("form") != "Application":
            continue
        app = read_application(delivery.object)
        healing = app.sync.automated.value is True and app.sync.self_heal.value is True
        if healing and not any(_ignores_replicas(node) for node in app.ignore_differences):
            return delivery.id
    return ""


def _ignores_replicas(node: Node) -> bool:
    paths = [*items(lookup(node, "jsonPointers")), *items(lookup(node, "jqPathExpressions"))]
    managers = lookup(node, "managedFieldsManagers")
    return managers is not None or unknown_reason(node) != "" or any(_covers_replicas(text(path) or "") for path in paths)


def _covers_replicas(path: str) -> bool:
    return "replicas" in path or path in ("", "/", "/spec", ".", ".spec")


def _unmeasured(owner: Subject, workload: Workload | None) -> dict[str, Json]:
    """Resources whose utilisation an autoscaler wants and that its workload's pods do not request, and where to say so."""
    wanted = [
        text(lookup(metric, "resource", "name")) or ""
        for metric in items(lookup(owner.object, "spec", "metrics"))
        if text(lookup(metric, "type")) == "Resource" and text(lookup(metric, "resource", "target", "type")) == "Utilization"
    ]
    if lookup(owner.object, "spec", "targetCPUUtilizationPercentage") is not None:
        wanted.append("cpu")
    if workload is None or not wanted:
        return {"unmeasured": [], "unmeasured_of": "", "unmeasured_path": ""}
    body, path = workload.subject.object, "resourcesEnabled"
    missing: list[Json] = []
    if workload.subject.kind == "Component":
        missing = [*wanted] if boolean(body.get("resourcesEnabled")) is False else []
    elif workload.subject.kind in ("Deployment", "StatefulSet"):
        base: Path = (*workload.pods[0], "containers")
        for i, container in enumerate(items(lookup(body, *base))):
            requests, limits = (lookup(container, "resources", part) for part in ("requests", "limits"))
            lacking = [w for w in wanted if lookup(requests, w) is None and lookup(limits, w) is None]
            if lacking and not missing:
                missing, path = [*lacking], escaped((*base, i, "resources"))
    return {"unmeasured": missing, "unmeasured_of": workload.subject.id, "unmeasured_path": path}


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {
        "unread_replica_keys": unread_replica_keys,
        "unread_budget_keys": unread_budget_keys,
        "idle_replicas": idle_replicas,
        "lab_settings": lab_settings,
        "secret_texts": secret_texts,
        "without_resources": without_resources,
        "autoscalers": autoscalers,
    }
}
