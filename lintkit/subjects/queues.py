"""Message queues: RabbitmqCluster resources and the OpenStack-Helm rabbitmq chart under one shape."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.finding import ResourceId
from lintkit.sources.charts import ChartUse
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.node import Mapping, Path, boolean, lookup
from lintkit.yamldoc.transform import make_mapping, make_string

# path in the MessageQueue -> path in the resource, or in the chart's values
_RESOURCE: Final[Dict[str, Path]] = {
    "replicas": ("spec", "replicas"),
    "image": ("spec", "image"),
    "storageClass": ("spec", "persistence", "storageClassName"),
    "storageSize": ("spec", "persistence", "storage"),
    "configuration": ("spec", "rabbitmq", "additionalConfig"),
}
_CHART: Final[Dict[str, Path]] = {
    "storageClass": ("volume", "class_name"),
    "storageSize": ("volume", "size"),
    "storageEnabled": ("volume", "enabled"),
    "partitionHandling": ("conf", "rabbitmq", "cluster_partition_handling"),
}


def queue_of_resource(owner: Subject) -> Subject:
    """The MessageQueue a RabbitmqCluster declares (`replicas` absent means 1)."""
    parts = [(name, lookup(owner.object, *path)) for name, path in _RESOURCE.items()]
    body = make_mapping(owner.object, (("form", make_string(owner.home, "RabbitmqCluster")), *parts))
    bindings = [Binding((name,), *owner.binding(path)) for name, path in _RESOURCE.items()]
    return _queue(owner, body, (*bindings, Binding((), *owner.binding(("spec",)))))


def queue_of_component(component: Subject, use: ChartUse) -> Subject:
    """The MessageQueue of the rabbitmq chart's server component."""
    parts = [(name, lookup(use.values, *path)) for name, path in _CHART.items()]
    if boolean(lookup(use.values, "volume", "enabled")) is False:
        parts = [(name, node) for name, node in parts if name not in ("storageClass", "storageSize")]
    form = make_string(component.home, "rabbitmq chart")
    body = make_mapping(component.object, (("form", form), ("replicas", lookup(component.object, "replicas")), *parts))
    bindings = [Binding((name,), use.root, (*use.prefix, *path)) for name, path in _CHART.items()]
    return _queue(component, body, (*bindings, *component.bindings))


def _queue(owner: Subject, body: Mapping, bindings: tuple[Binding, ...]) -> Subject:
    prefix = ("spec",) if owner.kind == "RabbitmqCluster" else ()
    return Subject(
        kind="MessageQueue",
        id=f"MessageQueue/{owner.resource.namespace}/{owner.resource.name}",
        object=body,
        home=owner.home,
        resource=ResourceId(*owner.resource),
        bindings=bindings,
        prefix=prefix,
        origin=owner.origin,
        facts={"owner": owner.id},
    )
