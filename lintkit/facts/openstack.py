"""Facts about OpenStack services: who scales them, which pools they use."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Scalar, lookup, string


def hpa_minimum(subject: Subject, environment: Environment) -> Json:
    """``minReplicas`` of the HorizontalPodAutoscaler that targets a Component's workload (absent means 1); null without one."""
    found = _autoscaler(subject, environment)
    return None if found is None else _bound(found, "minReplicas", 1)


def autoscaler(subject: Subject, environment: Environment) -> Json:
    """The HorizontalPodAutoscaler that targets a Component's workload: ``of`` (its id) and ``maximum`` pods; null without one."""
    found = _autoscaler(subject, environment)
    return None if found is None else {"of": found.id, "maximum": _bound(found, "maxReplicas", 0)}


def _autoscaler(subject: Subject, environment: Environment) -> Subject | None:
    name = subject.facts.get("workload_name")
    for other in environment.by_kind.get("HorizontalPodAutoscaler", ()):
        if string(lookup(other.object, "spec", "scaleTargetRef", "name")) == name:
            return other
    return None


def _bound(autoscaler: Subject, key: str, default: int) -> int:
    node = lookup(autoscaler.object, "spec", key)
    value = node.value if isinstance(node, Scalar) else default
    return value if isinstance(value, int) else default


def pool_users(subject: Subject, environment: Environment) -> Json:
    """OpenStack charts of the environment whose values name the pool, sorted."""
    name = subject.facts.get("ceph_name")
    return [*sorted({chart for chart, pool in environment.pool_uses if pool == name})]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Component": {"hpa_minimum": hpa_minimum, "autoscaler": autoscaler},
    "Pool": {"users": pool_users},
}
