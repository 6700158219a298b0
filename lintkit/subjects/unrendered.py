"""Namespaces where something runs that lintkit does not see: charts without data, other repositories."""

from __future__ import annotations

from lintkit.sources.world import Gathered
from lintkit.subjects.deliveries import delivery_label
from lintkit.yamldoc.node import lookup, text


def unrendered_namespaces(gathered: Gathered, rendered: frozenset[str]) -> frozenset[str]:
    """Namespaces that deliveries or charts fill from sources whose pods are not known.

    ``rendered`` are the deliveries ("Application keystone") whose resources or chart components are known.
    """
    found: set[str] = set()
    for delivery in gathered.deliveries:
        if delivery_label(delivery) in rendered:
            continue
        spec = lookup(delivery.body, "spec")
        chosen = text(lookup(spec, "destination", "namespace")) or text(lookup(spec, "targetNamespace"))
        found.add(chosen or (delivery.namespace if delivery.kind == "HelmRelease" else ""))
    return frozenset(found - {""} | gathered.blind)
