"""Facts about erasure-coded pools and the storage classes that use them."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.pools import shape
from lintkit.subjects.environment import Environment, Fact, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason


def erasure_storage_classes(_subject: Subject, environment: Environment) -> Json | NotKnown:
    """StorageClasses of the RBD provisioner whose ``pool`` is an erasure-coded pool of the cluster ``clusterID`` names.

    One item a class: ``of``, ``name``, ``pool``, ``data_pool`` (empty unless set), ``replicated`` (names of replicated
    RBD pools of that cluster).
    """
    found: list[Json] = []
    pools = environment.by_kind.get("Pool", ())
    for item in environment.by_kind.get("StorageClass", ()):
        if not (text(lookup(item.object, "provisioner")) or "").endswith(".rbd.csi.ceph.com"):
            continue
        given = {key: lookup(item.object, "parameters", key) for key in ("pool", "clusterID", "dataPool")}
        if any(unknown_reason(node) for node in given.values()):
            continue
        name, cluster = text(given["pool"]), text(given["clusterID"])
        beside = [p for p in pools if p.facts["cluster"] == cluster and p.facts["application"] == "rbd"]
        form = next((shape(p) for p in beside if p.facts["ceph_name"] == name), None)
        if form is None or isinstance(form, NotKnown) or form.size:
            continue
        replicated = [p for p in beside if not isinstance(s := shape(p), NotKnown) and s.size and p.facts["role"] != "builtin"]
        found.append(
            {
                "of": item.id,
                "name": item.resource.name,
                "pool": name or "",
                "data_pool": text(given["dataPool"]) or "",
                "replicated": [str(p.facts["ceph_name"]) for p in replicated],
            }
        )
    return found


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"erasure_storage_classes": erasure_storage_classes}}
