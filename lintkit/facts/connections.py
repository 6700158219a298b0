"""Facts about database connections: how many the services of an environment may open, and how many their servers take.

Pools: oslo.db, "Configuration Options" (max_pool_size 5, max_overflow 50 where a service sets none). Servers: MariaDB system
variable max_connections (151 where nothing sets it), 00_base of the OpenStack-Helm charts mariadb and mariadb-cluster, 2025.1 to
2026.1 (8192). The Percona operator derives its own from the memory of the pod, so a Percona database counts when its
configuration sets one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.compute import values_of
from lintkit.facts.databases import service_names
from lintkit.facts.placement import escaped
from lintkit.facts.workloads import Workload, bounds, whole, workloads
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Scalar, lookup, text
from lintkit.yamldoc.transform import keys
from lintkit.yamldoc.unknowns import unknown_reason

_POOL: Final = 5
_OVERFLOW: Final = 50
_SERVER: Final = 151
_CHART: Final = 8192
_SETTING: Final = regex(r"^[ \t]*(?:loose[-_])?max[-_]connections[ \t]*=[ \t]*[\"']?([^\s\"'#]*)", re.MULTILINE)
# values that say how many processes serve an API, the first that is set counts (configmap-etc.yaml of each chart; uWSGI's own
# processes win over the service's option, from which the templates fill them)
_WORKERS: Final[Dict[tuple[str, str], tuple[str, ...]]] = {
    ("barbican", "api"): ("conf.barbican_api_uwsgi.uwsgi.processes",),
    ("cinder", "api"): ("conf.cinder_api_uwsgi.uwsgi.processes", "conf.cinder.DEFAULT.osapi_volume_workers"),
    ("cloudkitty", "cloudkitty_api"): ("conf.cloudkitty_api_uwsgi.uwsgi.processes",),
    ("designate", "api"): ("conf.designate_api_uwsgi.uwsgi.processes", "conf.designate.service:api.workers"),
    ("glance", "api"): ("conf.glance_api_uwsgi.uwsgi.processes", "conf.glance.DEFAULT.workers"),
    ("heat", "api"): ("conf.heat_api_uwsgi.uwsgi.processes", "conf.heat.heat_api.workers"),
    ("heat", "cfn"): ("conf.heat_api_cfn_uwsgi.uwsgi.processes", "conf.heat.heat_api_cfn.workers"),
    ("ironic", "api"): ("conf.ironic_api_uwsgi.uwsgi.processes", "conf.ironic.api.api_workers"),
    ("magnum", "api"): ("conf.magnum_api_uwsgi.uwsgi.processes", "conf.magnum.api.workers"),
    ("manila", "api"): ("conf.manila_api_uwsgi.uwsgi.processes", "conf.manila.DEFAULT.osapi_share_workers"),
    ("masakari", "masakari_api"): ("conf.masakari.DEFAULT.masakari_api_workers",),
    ("mistral", "api"): ("conf.mistral.api.api_workers",),
    ("neutron", "server"): ("conf.neutron_api_uwsgi.uwsgi.processes", "conf.neutron.DEFAULT.api_workers"),
    ("nova", "api_metadata"): ("conf.nova_metadata_uwsgi.uwsgi.processes", "conf.nova.DEFAULT.metadata_workers"),
    ("nova", "osapi"): ("conf.nova_api_uwsgi.uwsgi.processes", "conf.nova.DEFAULT.osapi_compute_workers"),
    ("octavia", "api"): ("conf.octavia_api_uwsgi.uwsgi.processes",),
    ("placement", "api"): ("conf.placement_api_uwsgi.uwsgi.processes",),
    ("trove", "api"): ("conf.trove.DEFAULT.trove_api_workers",),
}


class _Service(NamedTuple):
    """An API: ``pods`` at most, ``workers`` in each (0: not written), ``pool`` connections of one worker at most."""

    workload: Workload
    pods: int
    workers: int
    pool: int


def database_connections(_subject: Subject, environment: Environment) -> Json:
    """Connections that the APIs of OpenStack-Helm charts may open, for each database whose limit is known.

    One item each: ``of`` and ``path`` (the database, and where its limit is written, empty for a default), ``name``, ``limit``,
    ``wanted`` (of services whose workers are known), ``unsized`` (of the others, with one worker), ``services`` (count)
    and ``top`` (the three that may open most: ``of``, ``path``, ``title``, ``pods``, ``workers``, 0 when not written, ``pool``).

    An autoscaler counts with its maximum. Services are left out whose database, count or pool cannot be told, or is unlimited.
    """
    databases = [d for d in environment.by_kind.get("Database", ()) if "#" not in d.id]
    users: dict[str, list[_Service]] = {}
    for service, database in _services(environment, databases):
        users.setdefault(database.id, []).append(service)
    found: list[Json] = []
    for database in databases:
        limit = _limit(database, environment)
        if limit is None or database.id not in users:
            continue
        services = sorted(users[database.id], key=lambda s: (-s.pods * s.pool * max(1, s.workers), s.workload.subject.id))
        found.append(
            {
                "of": database.id,
                "path": limit[1],
                "name": database.resource.shown,
                "limit": limit[0],
                "wanted": sum(s.pods * s.workers * s.pool for s in services),
                "unsized": sum(s.pods * s.pool for s in services if not s.workers),
                "services": len(services),
                "top": [_shown(s) for s in services[:3]],
            }
        )
    return found


def _shown(service: _Service) -> Json:
    workload = service.workload
    return {
        "of": workload.subject.id,
        "path": escaped(workload.replicas_path),
        "title": workload.title,
        "pods": service.pods,
        "workers": service.workers,
        "pool": service.pool,
    }


def _services(environment: Environment, databases: list[Subject]) -> Iterator[tuple[_Service, Subject]]:
    for workload in workloads(environment):
        component = workload.subject
        if component.kind != "Component" or "#" in component.id or text(component.object.get("role")) != "api":
            continue
        _, namespace, release, chart, _ = component.id.split("/", 4)
        values = environment.by_id.get(f"ChartValues/{namespace}/{release}/{chart}")
        database = _database(values, namespace, databases) if values is not None else None
        pods = bounds(workload, environment)[1]
        if values is None or database is None or not pods:
            continue
        workers, pool = _workers(values, chart, text(component.object.get("component")) or ""), _pool(values, chart)
        if workers is not None and pool is not None:
            yield _Service(workload, pods, workers, pool), database


def _database(values: Subject, namespace: str, databases: list[Subject]) -> Subject | None:
    """The database that a chart's endpoint names; None when that is none of them, or several."""
    endpoint = values_of(values, "endpoints", "oslo_db")
    override = lookup(endpoint, "host_fqdn_override", "default")
    host = override if isinstance(override, Scalar) and text(override) else lookup(endpoint, "hosts", "default")
    if unknown_reason(host) or unknown_reason(override) or not text(host):
        return None
    name, _, rest = (text(host) or "").partition(".")
    where = rest.partition(".")[0] or text(lookup(endpoint, "namespace")) or namespace
    found = [d for d in databases if name in service_names(d) and (not where or d.resource.namespace in (where, ""))]
    return found[0] if len(found) == 1 else None


def _pool(values: Subject, chart: str) -> int | None:
    """Connections that one process may open; None when that cannot be read, or has no end."""
    section = values_of(values, "conf", chart, "database")
    pool, overflow = whole(lookup(section, "max_pool_size"), _POOL), whole(lookup(section, "max_overflow"), _OVERFLOW)
    return pool + overflow if pool and overflow is not None and overflow >= 0 else None


def _workers(values: Subject, chart: str, component: str) -> int | None:
    """Processes of an API; 0 when nothing says how many, None when that cannot be read."""
    for path in _WORKERS.get((chart, component), ()):
        node = lookup(values.object, "values", *keys(path))
        if node is not None:
            return whole(node, None)
    return 0


def _limit(database: Subject, environment: Environment) -> tuple[int, str] | None:
    """``max_connections`` of a database and where it is written; None when it cannot be told."""
    node = database.object.get("configuration")
    if unknown_reason(node):
        return None
    written = _last(node)
    if written:
        return (int(written), "configuration") if written.isdigit() else None
    if str(database.facts["chart"]) in ("mariadb", "mariadb-cluster"):
        own = _of_chart(database, environment)
        return (_CHART, "") if own is None else (int(own), "") if own.isdigit() else None
    owner = environment.by_id.get(str(database.facts["owner"]))
    if owner is None or owner.kind != "MariaDB" or lookup(owner.object, "spec", "myCnfConfigMapKeyRef") is not None:
        return None
    return _SERVER, ""


def _last(node: Node | None) -> str:
    """The last ``max_connections`` that a server's configuration sets; empty for none."""
    found = _SETTING.findall(node.text) if isinstance(node, Scalar) else []
    return str(found[-1]) if found else ""


def _of_chart(database: Subject, environment: Environment) -> str | None:
    """What users' own files below ``conf.database`` set; None when they wrote none, empty when these set nothing."""
    _, chart, namespace, release = database.id.split("/", 3)
    values = environment.by_id.get(f"ChartValues/{namespace}/{release}/{chart}")
    files = values_of(values, "conf", "database") if values is not None else None
    every = [entry.value for _, entry in files] if isinstance(files, Mapping) else []
    texts = [node for node in every if isinstance(node, Scalar) and "\n" in node.text and not node.doc.source.builtin]
    return next((value for node in reversed(texts) if (value := _last(node))), "") if texts else None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"database_connections": database_connections}}
