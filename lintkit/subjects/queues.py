"""Message queues: RabbitmqCluster resources and the OpenStack-Helm rabbitmq chart under one shape."""

from __future__ import annotations

from lintkit.finding import ResourceId
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.node import Mapping, lookup
from lintkit.yamldoc.transform import make_mapping, make_string


def queue_of_resource(owner: Subject) -> Subject:
    """The MessageQueue a RabbitmqCluster declares (`replicas` absent means 1)."""
    spec = lookup(owner.object, "spec")
    root, path = owner.binding(("spec",))
    body = make_mapping(
        owner.object, (("form", make_string(owner.home, "RabbitmqCluster")), ("replicas", lookup(spec, "replicas")))
    )
    return _queue(owner, body, (Binding(("replicas",), root, (*path, "replicas")), Binding((), root, path)))


def queue_of_component(component: Subject) -> Subject:
    """The MessageQueue of the rabbitmq chart's server component."""
    body = make_mapping(
        component.object,
        (("form", make_string(component.home, "rabbitmq chart")), ("replicas", lookup(component.object, "replicas"))),
    )
    return _queue(component, body, component.bindings)


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
