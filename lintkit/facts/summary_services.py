"""What a change summary tells of services and nodes: versions and releases, replicas, labels and taints."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import components
from lintkit.facts.openstack import hpa_minimum
from lintkit.facts.reading import words
from lintkit.facts.releases import Service, services, steps
from lintkit.facts.summary_pairs import Pair, Sides, others, text_of, things
from lintkit.finding import Changed, Turn
from lintkit.sources.inventory.model import HOSTNAME_LABEL, ClusterNode
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Path, lookup
from lintkit.yamldoc.unknowns import unknown_reason

NODE: Final = "node"
RELEASE: Final = "release"
# values of the cluster chart that other rows tell, as the resources made of them
_PROJECTED: Final = (
    *("cephClusterSpec", "cephImage", "cephBlockPools", "cephECBlockPools", "cephFileSystems", "cephObjectStores"),
    *("cephObjectRealms", "cephObjectZoneGroups", "cephObjectZones", "cephObjectStoreUsers", "configOverride"),
)
_ROOK: Final = {"rook-ceph": "Rook operator", "rook-ceph-cluster": "Rook cluster chart"}


def chart_changes(sides: Sides) -> Iterator[Changed]:
    """Releases of charts that are new, gone, or differ in version, OpenStack release, replicas or other values."""
    releases = tuple(services(side) for side in sides)
    workloads = tuple(_workloads(side) for side in sides)
    for pair in things(sides, "ChartValues", _name):
        chart = words(pair.any.object.get("chart"))
        openstack = next((spec.group for spec in components(chart)), "") == "openstack"
        turns = [Turn("chart version", *(_version(s) for s in pair[:2]))]
        if chart == "rook-ceph":
            turns.insert(0, Turn("Rook", *(_rook(s) for s in pair[:2])))
        if openstack:
            turns.insert(0, _release_turn(*(_service(s, known) for s, known in zip(pair[:2], releases, strict=True))))
        turns += _replicas(pair, workloads)
        kind = _ROOK.get(chart, "service" if openstack else "chart")
        if found := pair.changed(kind, turns, _values(pair, chart, turns)):
            yield found


def _name(values: Subject) -> str:
    release, chart = values.resource.name, words(values.object.get("chart"))
    return release if release == chart or chart in _ROOK else f"{release} ({chart})"


def _version(values: Subject | None) -> str | None:
    node = values.object.get("version") if values is not None else None
    return None if unknown_reason(node) else words(node).removeprefix("v")


def _rook(values: Subject | None) -> str | None:
    """The version of Rook's operator: its image's tag where somebody wrote one, else the chart's."""
    tag = text_of(values, ("values", "image", "tag"))
    node = lookup(values.object, "values", "image", "tag") if values is not None else None
    return _version(values) if node is None or node.doc.source.builtin or tag == "" else tag and tag.removeprefix("v")


def _service(values: Subject | None, known: Dict[str, Service]) -> Service | str | None:
    """A service of OpenStack; None when its release is not known, empty for one that is not there."""
    return known.get(values.id) if values is not None else ""


def _release_turn(before: Service | str | None, after: Service | str | None) -> Turn:
    """The OpenStack release on both sides; what most of the containers that change it do, by name where some do not."""
    if isinstance(before, Service) and isinstance(after, Service):
        if not (moves := steps(before, after)):
            return Turn(RELEASE, after.release, after.release)
        names = moves[0].names
        whole = {name for name in after.images if name in before.images} <= {*names}
        return Turn(RELEASE if whole else f"{RELEASE} of {', '.join(names)}", *moves[0][:2])
    return Turn(RELEASE, *(s.release if isinstance(s, Service) else s for s in (before, after)))


def _workloads(environment: Environment) -> dict[str, dict[str, str | None]]:
    """What runs how often, by the id of the chart values that say so; ``on its nodes`` for what has no count."""
    found: dict[str, dict[str, str | None]] = {}
    for component in environment.by_kind.get("Component", ()):
        values = "ChartValues/" + component.id.partition("/")[2].rpartition("/")[0]
        found.setdefault(values, {})[words(component.object.get("component"))] = _running(component, environment)
    return found


def _running(component: Subject, environment: Environment) -> str | None:
    node = component.object.get("replicas")
    guessed = node is not None and node.doc.source.builtin and component.facts.get("defaults_exact") is not True
    if guessed or unknown_reason(node) or unknown_reason(component.object.get("enabled")):
        return None
    least = hpa_minimum(component, environment)
    if isinstance(least, int):
        return f"at least {least} (autoscaled)"
    return words(node) or {"DaemonSet": "on its nodes"}.get(words(component.object.get("workload")), "1")


def _replicas(pair: Pair, workloads: tuple[dict[str, dict[str, str | None]], ...]) -> list[Turn]:
    before, after = (side.get(s.id, {}) if s is not None else {} for side, s in zip(workloads, pair[:2], strict=True))
    return [Turn(f"{name} replicas", before.get(name, ""), after.get(name, "")) for name in dict.fromkeys((*after, *before))]


def _values(pair: Pair, chart: str, turns: list[Turn]) -> tuple[str, ...]:
    """Values that differ beyond what ``turns`` tell."""
    if pair.before is None or pair.after is None:
        return ()
    covered: list[Path] = [spec.replicas for spec in components(chart) if spec.replicas]
    if chart == "rook-ceph-cluster":
        covered += [(key,) for key in _PROJECTED]
    if chart == "rook-ceph":
        covered.append(("image", "tag"))
    differ = {turn.name for turn in turns if turn.before != turn.after}
    if any(name.startswith(RELEASE) for name in differ):
        covered.append(("images", "tags"))
    return others(pair.before, pair.after, 2, covered, below=("values",), by_hand="chart version" in differ)


def node_changes(sides: Sides) -> Iterator[Changed]:
    """Nodes that joined or left the inventory, and those whose groups, labels or taints differ."""
    if bool(sides.before.nodes) != bool(sides.after.nodes) and sides.before.subjects and sides.after.subjects:
        counts = (str(len(side.nodes)) if side.nodes else None for side in sides)
        yield Changed("inventory", "nodes", "changed", (Turn("count", *counts),))
        return
    before, after = ({node.name: node for node in side.nodes} for side in sides)
    for name in dict.fromkeys((*after, *before)):
        turns = _node_turns(before.get(name), after.get(name))
        if name not in after or name not in before:
            told = tuple(turn for turn in turns if turn.before != "" or turn.after != "")
            yield Changed(NODE, name, "added" if name in after else "removed", told)
        elif differ := tuple(turn for turn in turns if turn.before != turn.after):
            yield Changed(NODE, name, "changed", differ)


def _node_turns(before: ClusterNode | None, after: ClusterNode | None) -> list[Turn]:
    nodes = [node for node in (after, before) if node is not None]
    groups = Turn("groups", *(", ".join(sorted(node.groups)) if node else "" for node in (before, after)))
    labels = dict.fromkeys(key for node in nodes for key in node.labels if key != HOSTNAME_LABEL)
    taints = dict.fromkeys(taint.key for node in nodes for taint in node.taints)
    turns = [Turn(key, _label(before, key), _label(after, key)) for key in labels]
    turns += [Turn(f"taint {key}", _taint(before, key), _taint(after, key)) for key in taints]
    unknown = [Turn("labels", *(_blurred(node) for node in (before, after)))]
    return [groups, *turns, *(unknown if any(node.unknown for node in nodes) else [])]


def _blurred(node: ClusterNode | None) -> str | None:
    return None if node is not None and node.unknown else ""


def _label(node: ClusterNode | None, key: str) -> str | None:
    """The value of a label, ``set`` for an empty one; None when it is not known whether the node has it."""
    if node is None:
        return ""
    if key in node.labels:
        value = node.labels[key]
        return value if value is None else value or "set"
    return None if node.unknown else ""


def _taint(node: ClusterNode | None, key: str) -> str:
    taints = node.taints if node is not None else ()
    return ", ".join(f"{t.value}:{t.effect}" if t.value else t.effect for t in taints if t.key == key)
