"""Facts about node selection: what a workload asks of nodes, and which nodes of the inventory fit."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import components
from lintkit.facts.words import nearest
from lintkit.records import NamedTuple
from lintkit.sources.inventory.model import ClusterNode
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, is_null, items, lookup, string, text
from lintkit.yamldoc.unknowns import unknown_reason

# set by the kubelet, the cloud provider or node discovery, so seldom in an inventory
# (Kubernetes reference, "Well-known labels, annotations and taints", 1.33)
SYSTEM_LABELS: Final = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
    }
)
# labels that node feature discovery and device plugins set (its documentation, "Feature labels"), and Talos extensions
_DISCOVERED: Final = ("feature.node.kubernetes.io", "profile.node.kubernetes.io", "extensions.talos.dev", "gpu.intel.com")
_VENDORS: Final = ("nvidia.com", "amd.com")
# subjects whose values others stand for, or that make no pods
_UNPLACED: Final = frozenset({"Pool", "MessageQueue", "Database", "Environment", "Delivery", "Reference", "ValuesFile"})
_VALUES: Final = ("ChartValues", "OtherValues")
# charts whose values become custom resources, which are looked at instead, and the part of the values that does not
_PARTS: Final[Dict[str, Path]] = {"rook-ceph-cluster": ("toolbox",)}
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


class Term(NamedTuple):
    """One requirement on a node label, with the place that writes it."""

    key: str
    operator: str
    values: tuple[str, ...]
    path: Path


class Selector(NamedTuple):
    """What pods of a subject ask of a node: any of ``alternatives``, each a list of terms that must all hold.

    ``textual``: all of it is one text at ``path``.
    """

    path: Path
    alternatives: tuple[tuple[Term, ...], ...]
    textual: bool = False


def selectors(subject: Subject) -> list[Selector]:
    """Node selectors and required node affinities of a subject; those with unknown values are left out."""
    if subject.kind == "Component":
        return _of_component(subject)
    if subject.kind in _VALUES:
        return list(_of_values(subject))
    spec = lookup(subject.object, "spec")
    return list(_search(spec, ("spec",))) if isinstance(spec, Mapping) else []


def selectors_below(affinity: Node) -> Selector | None:
    """The required terms of a ``nodeAffinity`` mapping; None when it has none that can be read."""
    return next(_affinity(affinity, ()), None)


def pod_selectors_below(subject: Subject, pod: Path) -> list[Selector] | None:
    """The selectors of the pods that ``pod`` of a subject describes; None when one of them cannot be read."""
    if subject.kind == "Component":
        found = _of_component(subject)
        return None if not found and lookup(subject.object, "nodeSelector") is not None else found
    body = lookup(subject.object, *pod)
    found = []
    for path in (("nodeSelector",), ("nodeAffinity",), ("affinity", "nodeAffinity"), ("affinity", "advanced", "nodeAffinity")):
        node = lookup(body, *path)
        if node is None:
            continue
        here: Path = (*pod, *path)
        made = list(
            _map_selector(node, here) if path[0] == "nodeSelector" and isinstance(node, Mapping) else _affinity(node, here)
        )
        if not made and _demands(node, map_form=path[0] == "nodeSelector"):
            return None
        found += made
    return found


def _demands(node: Node, *, map_form: bool) -> bool:
    """Whether a selector asks for anything (or cannot be read at all)."""
    if not isinstance(node, Mapping):
        return not is_null(node)
    if map_form:
        return bool(node.entries)
    return lookup(node, _REQUIRED) is not None


def _of_component(subject: Subject) -> list[Selector]:
    label = lookup(subject.object, "nodeSelector")
    key, value = lookup(label, "key"), lookup(label, "value")
    if not isinstance(key, Scalar) or not text(key) or unknown_reason(key) or unknown_reason(value):
        return []
    wanted = _label_text(value)
    if wanted is None:
        return []
    path: Path = ("nodeSelector", "key")
    return [Selector(path, ((Term(key.text, "In", (wanted,), path),),))]


def _label_text(node: Node | None) -> str | None:
    """A label value as a chart renders it: booleans in lower case; None for no scalar."""
    if not isinstance(node, Scalar):
        return None
    value = node.value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else node.text if not isinstance(value, str) else value


def _of_values(subject: Subject) -> Iterator[Selector]:
    """What users wrote as ``nodeSelector`` and ``nodeAffinity`` into a chart's values, switched-off parts left out.

    Charts of OpenStack-Helm have labels instead, which their Components have.
    """
    chart = text(subject.object.get("chart")) or ""
    if not components(chart):
        path: Path = ("values", *_PARTS.get(chart, ()))
        found = lookup(subject.object, *path)
        yield from _search_values(found, path) if found is not None else ()


def _search_values(node: Node, path: Path) -> Iterator[Selector]:
    if boolean(lookup(node, "enabled")) is False:
        return
    for name, value in [(n, e.value) for n, e in node] if isinstance(node, Mapping) else enumerate(items(node)):
        below: Path = (*path, name)
        if value.doc.source.builtin and not isinstance(value, Mapping):
            continue
        if str(name).endswith("odeAffinity"):
            yield from text_selector(value, below) if isinstance(value, Scalar) else _affinity(value, below)
        elif name == "nodeSelector" and isinstance(value, Mapping):
            yield from _map_selector(value, below)
        elif not isinstance(value, Scalar):
            yield from _search_values(value, below)


def text_selector(node: Scalar, path: Path) -> Iterator[Selector]:
    """A selector as Rook's operator reads it from a text: ``role=storage,ceph; ssd`` (rook pkg/operator/k8sutil/node.go)."""
    if unknown_reason(node) or node.doc.source.builtin or not isinstance(node.value, str):
        return
    terms: list[Term] = []
    for part in node.text.split(";"):
        key, equals, values = part.strip().partition("=")
        if key:
            listed = tuple(value.strip() for value in values.split(",")) if equals else ()
            terms.append(Term(key, "In" if equals else "Exists", listed, path))
    if terms:
        yield Selector(path, (tuple(terms),), textual=True)


def _search(node: Node, path: Path) -> Iterator[Selector]:
    if isinstance(node, Mapping):
        for name, entry in node:
            below = (*path, name)
            if name == "nodeAffinity":
                yield from _affinity(entry.value, below)
            elif name == "nodeSelector" and isinstance(entry.value, Mapping):
                yield from _map_selector(entry.value, below)
            elif name not in ("parameters", "data", "metadata"):
                yield from _search(entry.value, below)
    else:
        for i, item in enumerate(items(node)):
            yield from _search(item, (*path, i))


def _map_selector(node: Mapping, path: Path) -> Iterator[Selector]:
    terms = []
    for name, entry in node:
        value = _label_text(entry.value)
        if value is None or unknown_reason(entry.value) or unknown_reason(entry.key):
            return
        terms.append(Term(name, "In", (value,), (*path, name)))
    if terms:
        yield Selector((*path, terms[0].key), (tuple(terms),))


def _affinity(node: Node, path: Path) -> Iterator[Selector]:
    base: Path = (*path, _REQUIRED, "nodeSelectorTerms")
    alternatives: list[tuple[Term, ...]] = []
    for i, alternative in enumerate(items(lookup(node, _REQUIRED, "nodeSelectorTerms"))):
        if lookup(alternative, "matchFields") is not None:
            return
        terms = []
        for j, expression in enumerate(items(lookup(alternative, "matchExpressions"))):
            term = _expression(expression, (*base, i, "matchExpressions", j))
            if term is None:
                return
            terms.append(term)
        if terms:
            alternatives.append(tuple(terms))
    if alternatives:
        yield Selector((*alternatives[0][0].path, "key"), tuple(alternatives))


def _expression(node: Node, path: Path) -> Term | None:
    key, operator = string(lookup(node, "key")), string(lookup(node, "operator"))
    listed = lookup(node, "values")
    values = [_label_text(item) for item in items(listed)]
    if not key or not operator or unknown_reason(lookup(node, "key")) or unknown_reason(listed):
        return None
    if any(value is None for value in values) or any(unknown_reason(item) for item in items(listed)):
        return None
    return Term(key, operator, tuple(v for v in values if v is not None), path)


def _set_elsewhere(key: str) -> bool:
    """Whether something that runs in the cluster sets a label, so that an inventory does not have it."""
    domain = key.partition("/")[0]
    return key in SYSTEM_LABELS or domain in _VENDORS or any(domain == d or domain.endswith("." + d) for d in _DISCOVERED)


def fits(node: ClusterNode, term: Term) -> bool:
    """Whether a node satisfies a term (Kubernetes node affinity operators); system labels it lacks count as present."""
    has = term.key in node.labels
    value = node.labels.get(term.key)
    if (not has and _set_elsewhere(term.key)) or (has and value is None):
        return True
    if term.operator == "In":
        return has and value in term.values
    if term.operator == "NotIn":
        return not has or value not in term.values
    if term.operator == "Exists":
        return has
    if term.operator == "DoesNotExist":
        return not has
    if term.operator in ("Gt", "Lt") and has and value and term.values:
        try:
            return int(value) > int(term.values[0]) if term.operator == "Gt" else int(value) < int(term.values[0])
        except ValueError:
            return False
    return False


def matching(nodes: tuple[ClusterNode, ...], selector: Selector) -> list[str]:
    """Names of the nodes that satisfy a selector."""
    return [n.name for n in nodes if any(all(fits(n, t) for t in terms) for terms in selector.alternatives)]


def all_selectors(subject: Subject, environment: Environment) -> Json:
    """Every selector of every workload of the environment, and the nodes it finds.

    One item a selector: ``of`` and ``path`` (where it is written), ``workload``, ``text`` (the terms as
    people write them), ``keys``, ``absent_keys`` (keys no node carries), ``nodes`` (matching names),
    ``mismatched`` (terms whose key some node carries, but none has the value: ``key``, ``value``, ``carried`` (values
    that nodes have), ``path`` of the value, ``alone`` (nothing else stands there)), ``nearest`` (a label key of the
    inventory close to the first absent one).
    """
    carried = {key for node in environment.nodes for key in node.labels}
    found: list[Json] = []
    for candidate in environment.subjects:
        if candidate.kind in _UNPLACED:
            continue
        for selector in selectors(candidate):
            found.append(_selector_item(candidate, selector, environment, carried))
    return found


def _selector_item(subject: Subject, selector: Selector, environment: Environment, carried: set[str]) -> Json:
    terms = [term for alternative in selector.alternatives for term in alternative]
    keys = list(dict.fromkeys(t.key for t in terms))
    positive = [t.key for t in terms if t.operator not in ("DoesNotExist", "NotIn")]
    absent = [k for k in dict.fromkeys(positive) if k not in carried and not _set_elsewhere(k)]
    at = next((t for t in terms if t.key in absent), None)
    whole = subject.kind == "Component" or selector.textual
    path = selector.path if at is None else at.path if whole or at.path[-1] == at.key else (*at.path, "key")
    values_path = path if whole or path[-1] != "key" else (*path[:-1], "values")
    return {
        "of": subject.id,
        "path": escaped(path if absent else ("nodeSelector", "value") if subject.kind == "Component" else values_path),
        "key_path": escaped(path),
        "key_is_value": path[-1] == "key",
        "workload": _workload(subject, selector),
        "text": selector_text(selector),
        "keys": list(keys),
        "absent_keys": list(absent),
        "nodes": list(matching(environment.nodes, selector)),
        "mismatched": [] if absent else _mismatched(subject, selector, environment.nodes),
        "nearest": list(nearest(absent[0], carried - SYSTEM_LABELS, max(2, len(absent[0].rpartition("/")[2]) // 4)))
        if absent
        else [],
    }


def _workload(subject: Subject, selector: Selector) -> str:
    if subject.kind in _VALUES:
        place = ".".join(str(key) for key in selector.path[1:] if key not in (_REQUIRED, "nodeSelectorTerms"))
        head = place.partition(".nodeSelector")[0].partition(".affinity")[0]
        chart = f"chart {text(subject.object.get('chart'))}"
        return chart if head.startswith(("nodeSelector", "affinity")) else f"{head} of {chart}"
    return subject.resource.title if subject.kind != "Component" else subject.resource.name


def _mismatched(subject: Subject, selector: Selector, nodes: tuple[ClusterNode, ...]) -> list[Json]:
    found: list[Json] = []
    for term in (t for alternative in selector.alternatives for t in alternative):
        carrying = [node for node in nodes if term.key in node.labels]
        if term.operator != "In" or not carrying or any(fits(node, term) for node in nodes):
            continue
        carried = sorted({value for node in carrying if (value := node.labels[term.key]) is not None})
        path = term.path if selector.textual else _value_path(subject, term)
        item: dict[str, Json] = {"key": term.key, "value": "|".join(term.values), "carried": [*carried], "path": escaped(path)}
        found.append({**item, "alone": not selector.textual and len(term.values) == 1})
    return found


def _value_path(subject: Subject, term: Term) -> Path:
    if subject.kind == "Component":
        return ("nodeSelector", "value")
    if term.path[-1:] == (term.key,):
        return term.path
    return (*term.path, "values", 0) if len(term.values) == 1 else (*term.path, "values")


def selector_text(selector: Selector) -> str:
    """A selector as people write it: ``key=value, key2 or key3=value``."""
    return " or ".join(", ".join(_term_text(t) for t in alternative) for alternative in selector.alternatives)


def _term_text(term: Term) -> str:
    if term.operator == "In":
        return f"{term.key}={'|'.join(term.values)}"
    if term.operator == "Exists":
        return term.key
    return f"{term.key} {term.operator} {', '.join(term.values)}".rstrip()


def escaped(path: Path) -> str:
    """A path as policies write it, with dots in keys escaped."""
    parts: list[str] = []
    for key in path:
        parts.append(f"[{key}]" if isinstance(key, int) else "." + str(key).replace("\\", "\\\\").replace(".", "\\."))
    return "".join(parts).removeprefix(".")


def matching_nodes(subject: Subject, environment: Environment) -> Json:
    """Names of the nodes a Component's selector finds; null without node labels or a readable selector."""
    if environment.evidence.get("nodes"):
        return None
    found = selectors(subject)
    return list(matching(environment.nodes, found[0])) if found else None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {"selectors": all_selectors},
    "Component": {"matching_nodes": matching_nodes},
}
