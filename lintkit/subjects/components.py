"""Components: the workloads of OpenStack-Helm charts, with what the values decide about them."""

from __future__ import annotations

from lintkit.charts import ComponentSpec, chart_defaults, components
from lintkit.finding import ResourceId
from lintkit.sources.charts import ChartUse
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, boolean, items, lookup, string
from lintkit.yamldoc.transform import make_mapping, make_string
from lintkit.yamldoc.unknowns import unknown_reason


def component_subjects(use: ChartUse) -> list[Subject]:
    """Every workload of an OpenStack-Helm release that its manifests switch on."""
    defaults = chart_defaults(use.chart, use.version)
    release = defaults.release if defaults else ""
    return [_component(use, spec) for spec in components(use.chart, release) if _enabled(use.values, spec)]


def _enabled(values: Mapping, spec: ComponentSpec) -> bool:
    """False when every manifest switch is known to be off, or another network backend is chosen."""
    switches = [lookup(values, *path) for path in spec.manifests]
    if switches and all(boolean(s) is False for s in switches if s is not None) and any(s is not None for s in switches):
        return False
    if spec.backend:
        chosen = [string(item) for item in items(lookup(values, "network", "backend"))]
        return not chosen or spec.backend in chosen
    return True


def _component(use: ChartUse, spec: ComponentSpec) -> Subject:
    values, home = use.values, use.home
    anchor = values if not values.doc.source.builtin else home
    parts: list[tuple[str, Node | None]] = [
        ("chart", make_string(anchor, use.chart)),
        ("component", make_string(anchor, spec.component)),
        ("role", make_string(anchor, spec.role)),
        ("group", make_string(anchor, spec.group)),
        ("workload", make_string(anchor, spec.workload)),
        ("enabled", next((n for p in spec.manifests if unknown_reason(n := lookup(values, *p))), None)),
        ("replicas", _at(values, spec.replicas)),
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
            ("enabled", _at(values, spec.budget_manifest)),
        )
        parts.append(("disruptionBudget", make_mapping(anchor, budget)))
        _bind(bindings, use, ("disruptionBudget",), spec.disruption_budget)
        _bind(bindings, use, ("disruptionBudget", "minAvailable"), (*spec.disruption_budget, "min_available"))
        _bind(bindings, use, ("disruptionBudget", "enabled"), spec.budget_manifest)
    name = spec.name or f"{use.chart}-{spec.component}"
    facts: dict[str, Json] = {"workload_name": name, "defaults_exact": use.exact}
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


def _at(values: Mapping, path: Path) -> Node | None:
    return lookup(values, *path) if path else None


def _bind(bindings: list[Binding], use: ChartUse, prefix: Path, path: Path) -> None:
    if path:
        bindings.append(Binding(prefix, use.root, (*use.prefix, *path)))
