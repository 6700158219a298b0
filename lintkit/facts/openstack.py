"""Facts about OpenStack services: who scales them, which pools they use."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Scalar, lookup, string


def hpa_minimum(subject: Subject, environment: Environment) -> Json:
    """``minReplicas`` of the HorizontalPodAutoscaler that targets a Component's workload (absent means 1); null without one."""
    name = subject.facts.get("workload_name")
    for other in environment.by_kind.get("HorizontalPodAutoscaler", ()):
        target = lookup(other.object, "spec", "scaleTargetRef")
        if string(lookup(target, "name")) == name:
            minimum = lookup(other.object, "spec", "minReplicas")
            value = minimum.value if isinstance(minimum, Scalar) else 1
            return value if isinstance(value, int) else 1
    return None


def pool_users(subject: Subject, environment: Environment) -> Json:
    """OpenStack charts of the environment whose values name the pool, sorted."""
    name = subject.facts.get("ceph_name")
    return [*sorted({chart for chart, pool in environment.pool_uses if pool == name})]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Component": {"hpa_minimum": hpa_minimum},
    "Pool": {"users": pool_users},
}
