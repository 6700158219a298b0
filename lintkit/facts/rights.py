"""Facts about what containers may do and how much they ask for: privileges, host access, requests against limits."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.charts import chart_defaults, components
from lintkit.facts.placement import escaped
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_PODS: Final = ("Deployment", "StatefulSet", "DaemonSet")
_CONTAINERS: Final = ("containers", "initContainers")
_OPERATORS: Final[Dict[str, tuple[Path, ...]]] = {
    "RabbitmqCluster": (("spec", "resources"),),
    "PerconaXtraDBCluster": tuple(("spec", part, "resources") for part in ("pxc", "haproxy", "proxysql")),
    "MariaDB": (("spec", "resources"),),
}
_ROOT: Final = (("runAsUser", "0"), ("runAsNonRoot", "false"))
_SPEC: Final[Path] = ("spec", "template", "spec")


def pod_rights(subject: Subject, environment: Environment) -> Json:
    """What pods of plain workloads may do beyond the ordinary, and users' root settings of OpenStack APIs.

    One item each: ``of``, ``path``, ``title``, ``name`` (of the workload), ``kind`` (privileged, escalation, capability,
    host-path, host-network, host-pid or root), ``value`` (the capability, path or setting) and ``api`` (a chart's API component).
    """
    found: list[Json] = []
    for owner in environment.subjects:
        if owner.kind in _PODS:
            found += _plain(owner)
        elif owner.kind == "ChartValues":
            found += _chart(owner)
    return found


def _right(owner: Subject, path: Path, kind: str, value: str, *, api: str = "") -> Json:
    title = f"chart {api}" if api else owner.resource.title
    return {
        "of": owner.id,
        "path": escaped(path),
        "title": title,
        "name": api or owner.resource.shown,
        "kind": kind,
        "value": value,
        "api": bool(api),
    }


def _plain(owner: Subject) -> Iterator[Json]:
    spec = lookup(owner.object, *_SPEC)
    for key, kind in (("hostNetwork", "host-network"), ("hostPID", "host-pid")):
        if boolean(lookup(spec, key)) is True:
            yield _right(owner, (*_SPEC, key), kind, "")
    for i, volume in enumerate(items(lookup(spec, "volumes"))):
        path = lookup(volume, "hostPath", "path")
        if text(path) and not unknown_reason(path):
            yield _right(owner, (*_SPEC, "volumes", i, "hostPath", "path"), "host-path", text(path) or "")
    for key in _CONTAINERS:
        for i, container in enumerate(items(lookup(spec, key))):
            yield from _container(owner, lookup(container, "securityContext"), (*_SPEC, key, i, "securityContext"))


def _container(owner: Subject, context: Node | None, path: Path) -> Iterator[Json]:
    for key, kind in (("privileged", "privileged"), ("allowPrivilegeEscalation", "escalation")):
        if boolean(lookup(context, key)) is True:
            yield _right(owner, (*path, key), kind, "")
    for i, capability in enumerate(items(lookup(context, "capabilities", "add"))):
        yield _right(owner, (*path, "capabilities", "add", i), "capability", text(capability) or "")


def _chart(owner: Subject) -> Iterator[Json]:
    """Root settings that users wrote below ``pod.security_context`` of a chart with an API."""
    chart = text(owner.object.get("chart")) or ""
    root = lookup(owner.object, "values", "pod", "security_context")
    if isinstance(root, Mapping) and any(s.role == "api" and s.group == "openstack" for s in components(chart)):
        for path, node in _root_settings(root, ("values", "pod", "security_context")):
            yield _right(owner, path, "root", f"{path[-1]} {text(node)}", api=chart)


def _root_settings(node: Mapping, path: Path) -> Iterator[tuple[Path, Scalar]]:
    for name, entry in node:
        value = entry.value
        if isinstance(value, Mapping):
            yield from _root_settings(value, (*path, name))
        elif isinstance(value, Scalar) and (name, value.text) in _ROOT and not value.doc.source.builtin:
            yield (*path, name), value


def resource_sizes(subject: Subject, environment: Environment) -> Json:
    """Requests and limits of containers: ``of``, ``path`` (of the one to look at), ``title``, ``resource`` (cpu, memory, ...),
    ``request`` and ``limit`` (as written; empty for none). Charts count with ``pod.resources.enabled`` true."""
    found: list[Json] = []
    for owner in environment.subjects:
        for path, title in _resource_places(owner):
            found += _sizes(owner, lookup(owner.object, *path), path, title)
    return found


def _resource_places(owner: Subject) -> Iterator[tuple[Path, str]]:
    title = owner.resource.title
    if owner.kind in _PODS:
        for key in _CONTAINERS:
            for i, container in enumerate(items(lookup(owner.object, *_SPEC, key))):
                yield (*_SPEC, key, i, "resources"), f"container {text(lookup(container, 'name')) or i} of {title}"
    elif owner.kind in _OPERATORS:
        for path in _OPERATORS[owner.kind]:
            yield path, title if len(path) == 2 else f"{path[1]} of {title}"
    elif owner.kind == "ChartValues" and boolean(lookup(owner.object, "values", "pod", "resources", "enabled")) is True:
        chart = text(owner.object.get("chart")) or ""
        defaults = chart_defaults(chart, text(owner.object.get("version")) or "")
        seen: set[Path] = set()
        for spec in components(chart, defaults.release if defaults else ""):
            for path in spec.resources:
                if path not in seen:
                    seen.add(path)
                    yield ("values", *path), f"{chart} {spec.component}"


def _sizes(owner: Subject, node: Node | None, path: Path, title: str) -> Iterator[Json]:
    requests, limits = lookup(node, "requests"), lookup(node, "limits")
    names = [*dict.fromkeys(name for part in (requests, limits) if isinstance(part, Mapping) for name, _ in part)]
    for name in names:
        request, limit = lookup(requests, name), lookup(limits, name)
        if any(unknown_reason(n) or (n is not None and not isinstance(n, Scalar)) for n in (request, limit)):
            continue
        side = "requests" if request is not None else "limits"
        written = (text(request) or "", text(limit) or "")
        at = escaped((*path, side, name))
        yield {"of": owner.id, "path": at, "title": title, "resource": name, "request": written[0], "limit": written[1]}


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"pod_rights": pod_rights, "resource_sizes": resource_sizes}}
