"""Components: the workloads of OpenStack-Helm charts, with what the values decide about them."""

from __future__ import annotations

from typing import Final

from lintkit.charts import ComponentSpec, chart_defaults, components
from lintkit.finding import ResourceId
from lintkit.sources.charts import ChartUse
from lintkit.subjects.containers import containers_of_chart
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, items, lookup, string, text
from lintkit.yamldoc.transform import make_mapping, make_string
from lintkit.yamldoc.unknowns import unknown_reason

# their disruption budget template uses maxUnavailable 1 where min_available is 0 (OpenStack-Helm 2026.1)
_FALLBACK_BUDGETS: Final = frozenset({"blazar", "freezer", "zaqar"})
_TOLERATIONS: Final = (("enabled", "enabled"), ("list", "tolerations"))
# keys below pod.lifecycle.upgrades.daemonsets that are not the component's own
_DAEMON_KEYS: Final = {"openvswitch": "ovs"}


def component_subjects(use: ChartUse) -> list[Subject]:
    """Every workload of an OpenStack-Helm release that its manifests switch on."""
    defaults = chart_defaults(use.chart, use.version)
    release = defaults.release if defaults else ""
    own = defaults.document.root if defaults else None
    return [_component(use, spec, own) for spec in components(use.chart, release) if _enabled(use.values, spec)]


def chart_containers(use: ChartUse) -> list[Subject]:
    """The images of an OpenStack-Helm release."""
    defaults = chart_defaults(use.chart, use.version)
    every = components(use.chart, defaults.release if defaults else "")
    return containers_of_chart(use, tuple(spec for spec in every if _enabled(use.values, spec)), every)


def _enabled(values: Mapping, spec: ComponentSpec) -> bool:
    """False when every manifest switch is known to be off, or another network backend is chosen."""
    switches = [lookup(values, *path) for path in spec.manifests]
    if switches and all(boolean(s) is False for s in switches if s is not None) and any(s is not None for s in switches):
        return False
    if spec.backend:
        chosen = [string(item) for item in items(lookup(values, "network", "backend"))]
        return not chosen or spec.backend in chosen
    return True


def _component(use: ChartUse, spec: ComponentSpec, defaults: Node | None) -> Subject:
    values, anchor = use.values, use.anchor
    parts: list[tuple[str, Node | None]] = [
        ("chart", make_string(anchor, use.chart)),
        ("component", make_string(anchor, spec.component)),
        ("role", make_string(anchor, spec.role)),
        ("group", make_string(anchor, spec.group)),
        ("workload", make_string(anchor, spec.workload)),
        ("enabled", next((n for p in spec.manifests if unknown_reason(n := lookup(values, *p))), None)),
        ("replicas", _replicas(values, spec.replicas)),
    ]
    bindings = [Binding((), use.root, use.prefix)]
    _bind(bindings, use, ("replicas",), spec.replicas)
    if spec.label:
        label = make_mapping(
            anchor,
            (
                ("key", _at(values, (*spec.label, "node_selector_key"))),
                ("value", _at(values, (*spec.label, "node_selector_value"))),
            ),
        )
        parts.append(("nodeSelector", label))
        _bind(bindings, use, ("nodeSelector",), spec.label)
        _bind(bindings, use, ("nodeSelector", "key"), (*spec.label, "node_selector_key"))
        _bind(bindings, use, ("nodeSelector", "value"), (*spec.label, "node_selector_value"))
    _affinity(use, spec, parts, bindings, anchor)
    if spec.disruption_budget:
        budget = (
            ("minAvailable", _at(values, (*spec.disruption_budget, "min_available"))),
            ("maxUnavailable", _at(values, (*spec.disruption_budget, "max_unavailable"))),
            ("enabled", _at(values, spec.budget_manifest)),
        )
        parts.append(("disruptionBudget", make_mapping(anchor, budget)))
        _bind(bindings, use, ("disruptionBudget",), spec.disruption_budget)
        _bind(bindings, use, ("disruptionBudget", "minAvailable"), (*spec.disruption_budget, "min_available"))
        _bind(bindings, use, ("disruptionBudget", "maxUnavailable"), (*spec.disruption_budget, "max_unavailable"))
        _bind(bindings, use, ("disruptionBudget", "enabled"), spec.budget_manifest)
    _operation(use, spec, parts, bindings, anchor)
    name = spec.name or f"{use.chart}-{spec.component}"
    facts: dict[str, Json] = {
        "workload_name": name,
        "defaults_exact": use.exact,
        "pod_labels": dict(spec.pod_labels),
        "default_selector": {
            "key": text(_at(defaults, (*spec.label, "node_selector_key"))) or "" if spec.label else "",
            "value": text(_at(defaults, (*spec.label, "node_selector_value"))) or "" if spec.label else "",
        },
        "budget_mode": "max-unavailable-fallback" if use.chart in _FALLBACK_BUDGETS else "min-available",
    }
    return Subject(
        kind="Component",
        id=f"Component/{use.namespace}/{use.release or use.chart}/{use.chart}/{spec.component}",
        object=make_mapping(anchor, parts),
        home=anchor,
        resource=ResourceId("Component", use.namespace, f"{use.chart}/{spec.component}"),
        bindings=tuple(bindings),
        origin=use.origin,
        facts=facts,
    )


def _replicas(values: Node, path: Path) -> Node | None:
    """The count that values give a component; of one that a null took away, the count that Kubernetes then falls back to."""
    above = lookup(values, *path[:-1]) if path else None
    gone = (above.nulls or {}).get(str(path[-1])) if isinstance(above, Mapping) else None
    return Scalar(gone.value.doc, gone.value.start, gone.value.end, "1") if gone is not None else _at(values, path)


def _affinity(
    use: ChartUse, spec: ComponentSpec, parts: list[tuple[str, Node | None]], bindings: list[Binding], anchor: Node
) -> None:
    """helm-toolkit looks for the component's own key, then for ``default`` (helm-toolkit/templates/snippets)."""
    if not spec.anti_affinity:
        return
    found: list[tuple[str, Node | None]] = []
    for field, key in (("type", "type"), ("topologyKey", "topologyKey")):
        base: Path = ("pod", "affinity", "anti", key)
        own = lookup(use.values, *base, spec.anti_affinity)
        path = (*base, spec.anti_affinity if own is not None else "default")
        found.append((field, lookup(use.values, *path)))
        _bind(bindings, use, ("antiAffinity", field), path)
    parts.append(("antiAffinity", make_mapping(anchor, found)))
    _bind(bindings, use, ("antiAffinity",), ("pod", "affinity", "anti"))


def _operation(
    use: ChartUse, spec: ComponentSpec, parts: list[tuple[str, Node | None]], bindings: list[Binding], anchor: Node
) -> None:
    """Tolerations, resources switch, rollout strategy, a cache's size, what lets several Cinder workers share their work."""
    upgrades: Path = ("pod", "lifecycle", "upgrades")
    fields: list[tuple[Path, Path]] = [(("resourcesEnabled",), ("pod", "resources", "enabled"))]
    if spec.tolerations:
        fields += [(("tolerations", key), (*spec.tolerations, source)) for key, source in _TOLERATIONS]
    if spec.workload == "Deployment":
        rolling = (*upgrades, "deployments", "rolling_update")
        fields += [
            (("rollout", "strategy"), (*upgrades, "deployments", "pod_replacement_strategy")),
            (("rollout", "maxUnavailable"), (*rolling, "max_unavailable")),
        ]
    if spec.workload == "DaemonSet":
        key = _DAEMON_KEYS.get(spec.name, spec.component)
        fields.append((("rollout", "maxUnavailable"), (*upgrades, "daemonsets", key, "max_unavailable")))
    if use.chart == "cinder":
        fields += [
            (("coordination", "cluster"), ("conf", "cinder", "DEFAULT", "cluster")),
            (("coordination", "backendUrl"), ("conf", "cinder", "coordination", "backend_url")),
        ]
    if use.chart == "memcached":
        # memcached/templates/statefulset.yaml reads the resources of "server", which the chart's values call "memcached"
        fields += [
            (("cache", "memory"), ("conf", "memcached", "memory")),
            (("cache", "limit"), ("pod", "resources", "server", "limits", "memory")),
        ]
    groups: dict[str, list[tuple[str, Node | None]]] = {}
    for target, source in fields:
        node = _at(use.values, source)
        if len(target) == 1:
            parts.append((str(target[0]), node))
        else:
            groups.setdefault(str(target[0]), []).append((str(target[1]), node))
            _bind(bindings, use, target[:1], source[:-1])
        _bind(bindings, use, target, source)
    parts += [(name, make_mapping(anchor, members)) for name, members in groups.items()]


def _at(values: Node | None, path: Path) -> Node | None:
    return lookup(values, *path) if path else None


def _bind(bindings: list[Binding], use: ChartUse, prefix: Path, path: Path) -> None:
    if path:
        bindings.append(Binding(prefix, use.root, (*use.prefix, *path)))
