"""Facts about versions: Rook, its charts, Ceph, Kubernetes, and what is known of how they go together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as Dict
from functools import lru_cache
from typing import Any, Final

from lintkit.data import data_dir
from lintkit.facts.images import image_item
from lintkit.facts.reading import words
from lintkit.facts.storage import external
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.subjects.project import ceph_version
from lintkit.yamldoc.node import Json, Mapping, boolean, items, lookup, string
from lintkit.yamldoc.unknowns import unknown_reason

_IMAGE: Final = ("spec", "cephVersion", "image")
_FLOATING_CHART: Final = ("master", "latest", "*", "")


class Support(NamedTuple):
    """What Rook supports from version ``since`` on. Empty bounds are open."""

    since: str
    ceph_min: str
    ceph_majors: tuple[int, ...]
    kubernetes_min: str
    kubernetes_max: str


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((data_dir("schemas") / "tables" / "rook_versions.json").read_text("utf-8"))
    return loaded


@lru_cache(maxsize=1)
def supports() -> tuple[Support, ...]:
    """What each Rook version supports, oldest first."""
    return tuple(Support(row[0], row[1], tuple(row[2]), row[3], row[4]) for row in _table()["rook"])


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version that starts with one (``v1.19.5`` is 1, 19, 5); empty for anything else."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def support_of(rook: str) -> Support | None:
    """What Rook version ``rook`` supports; None when it is not in the table, as for a newer minor."""
    wanted = numbers(rook)
    same = [s for s in supports() if numbers(s.since)[:2] == wanted[:2] and numbers(s.since) <= (*wanted, 0)[:3]]
    return same[-1] if same and len(wanted) >= 2 else None


def _plain_version(text: str) -> str:
    """``v1.19.5`` as ``1.19.5``; empty for a range, a branch or an unfinished version."""
    return text.removeprefix("v") if re.fullmatch(r"v?\d+\.\d+\.\d+", text) else ""


def _rook_of(cluster: Subject, environment: Environment) -> str:
    """The Rook version that runs a CephCluster: the operator's image, else its chart, else the configured one."""
    operators = [s for s in environment.by_kind.get("ChartValues", ()) if words(s.object.get("chart")) == "rook-ceph"]
    if len(operators) > 1:
        operators = [s for s in operators if s.resource.namespace == cluster.resource.namespace]
    for operator in operators[:1]:
        tag = lookup(operator.object, "values", "image", "tag")
        if not unknown_reason(tag) and tag is not None and not tag.doc.source.builtin:
            return _plain_version(words(tag))
        return _plain_version(words(operator.object.get("version")))
    return environment.versions.get("rook", "")


def ceph_releases(_subject: Subject, environment: Environment) -> Json:
    """The Ceph and Rook version of every CephCluster that is not external.

    One item a cluster: ``of``, ``path`` (of the image), ``ceph`` and ``rook`` (versions; empty when not known),
    ``major`` (of Ceph, 0 unknown), ``majors`` (Ceph majors that this Rook supports; empty when not known),
    ``ceph_min``, ``rook_newer`` (a Rook minor newer than the table), ``unsupported_allowed``,
    ``read_affinity``, ``rook_module`` (the mgr module is on), ``multisite`` (object store multisite in the same
    namespace), ``newest`` (a point release of the newest supported major within an upgrade's reach; empty when not known),
    ``newest_value`` and ``next_value`` (what to write at ``path`` for that one, and for the next point release
    of 20.2.0).
    """
    found: list[Json] = []
    for cluster in environment.by_kind.get("CephCluster", ()):
        if external(cluster, environment):
            continue
        image = lookup(cluster.object, *_IMAGE)
        rook = _rook_of(cluster, environment)
        support = support_of(rook)
        ceph = "" if unknown_reason(image) else ceph_version(words(image))
        majors = support.ceph_majors if support else ()
        newest = _newest(majors, (numbers(ceph) or (0,))[0])
        found.append(
            {
                "of": cluster.id,
                "path": "spec.cephVersion.image",
                "ceph": ceph,
                "rook": rook,
                "major": (numbers(ceph) or (0,))[0],
                "majors": list(majors),
                "ceph_min": support.ceph_min if support else "",
                "rook_newer": bool(rook) and support is None and numbers(rook)[:2] > numbers(supports()[-1].since)[:2],
                "unsupported_allowed": boolean(lookup(cluster.object, "spec", "cephVersion", "allowUnsupported")) is True,
                "read_affinity": boolean(lookup(cluster.object, "spec", "csi", "readAffinity", "enabled")) is True,
                "rook_module": _rook_module(cluster),
                "multisite": _multisite(cluster, environment),
                "newest": newest,
                "newest_value": _image_value(cluster, newest) if newest else "",
                "next_value": _image_value(cluster, "20.2.1"),
            }
        )
    return found


def _newest(majors: tuple[int, ...], current: int) -> str:
    """A point release of the newest of ``majors`` that an upgrade from ``current`` can reach (Ceph skips one release at most)."""
    points: dict[str, str] = _table()["ceph_point_releases"]
    near = [m for m in majors if m <= current + 2] or list(majors)
    return next((points[str(m)] for m in sorted(near, reverse=True) if str(m) in points), "")


def _rook_module(cluster: Subject) -> bool:
    modules = items(lookup(cluster.object, "spec", "mgr", "modules"))
    return any(string(lookup(m, "name")) == "rook" and boolean(lookup(m, "enabled")) is True for m in modules)


def _multisite(cluster: Subject, environment: Environment) -> bool:
    """Whether object stores replicate: two zones of a zone group, or a realm pulled from another cluster."""
    here = [s for s in environment.subjects if s.resource.namespace == cluster.resource.namespace]
    zones = [words(lookup(s.object, "spec", "zoneGroup")) for s in here if s.kind == "CephObjectZone"]
    pulled = any(lookup(s.object, "spec", "pull", "endpoint") is not None for s in here if s.kind == "CephObjectRealm")
    return pulled or any(zones.count(name) > 1 for name in zones)


def _image_value(subject: Subject, version: str) -> str:
    """What to write where a cluster's image is written: a tag alone in chart values, else the whole image."""
    _, path = subject.binding(_IMAGE)
    if path[-1:] == ("tag",):
        return f"v{version}"
    image = words(lookup(subject.object, *_IMAGE)).partition("@")[0]
    name = image.rpartition("/")[2].partition(":")[0]
    folder = image.rpartition("/")[0]
    return f"{folder + '/' if folder else ''}{name or 'ceph'}:v{version}"


def images(subject: Subject, environment: Environment) -> Json:
    """The Ceph image of a CephCluster, or the operator image and version of a rook-ceph release, where they can be read.

    One item each: ``what`` (``Ceph image``, ``operator image``, ``operator chart``), ``path``, ``text``,
    ``tag`` (empty without one), ``digest`` (it has one), ``major`` (leading number of the tag; 0 without),
    ``full`` (what to write for the newest known point release of that major; empty when none is known),
    ``point`` (that release).
    """
    if subject.kind == "CephCluster":
        image = lookup(subject.object, *_IMAGE)
        if not words(image) or unknown_reason(image) or (image is not None and image.doc.source.builtin):
            return []
        item = image_item("Ceph image", "spec.cephVersion.image", words(image))
        point = _table()["ceph_point_releases"].get(str(item["major"]), "")
        return [{**item, "point": point, "full": _image_value(subject, point) if point else ""}]
    if words(subject.object.get("chart")) != "rook-ceph":
        return []
    return [*_operator_image(subject), *_operator_chart(subject)]


def _operator_image(subject: Subject) -> list[Json]:
    image = lookup(subject.object, "values", "image")
    tag, repository = lookup(image, "tag"), words(lookup(image, "repository"))
    if not words(tag) or unknown_reason(tag) or (tag is not None and tag.doc.source.builtin):
        return []
    return [image_item("operator image", "values.image.tag", f"{repository}:{words(tag)}")]


def _operator_chart(subject: Subject) -> list[Json]:
    version = subject.object.get("version")
    stands = any(b.prefix == ("version",) for b in subject.bindings)
    if not stands or unknown_reason(version) or words(version) not in _FLOATING_CHART:
        return []
    return [{**image_item("operator chart", "version", words(version)), "tag": words(version) or "*"}]


def rook_charts(_subject: Subject, environment: Environment) -> Json:
    """Every rook-ceph-cluster release with the one rook-ceph release that serves it.

    One item a pair: ``operator`` and ``cluster`` (ids), ``operator_version``, ``cluster_version`` (full
    versions without ``v``; empty when not pinned to one), ``of`` and ``other`` (the older and the newer of the
    two), ``wanted`` (the newer version as written), ``hidden`` (a layer that cannot be read).
    """
    charts = environment.by_kind.get("ChartValues", ())
    operators = [s for s in charts if words(s.object.get("chart")) == "rook-ceph"]
    found: list[Json] = []
    for cluster in (s for s in charts if words(s.object.get("chart")) == "rook-ceph-cluster"):
        namespace = words(lookup(cluster.object, "values", "operatorNamespace"))
        serving = operators if len(operators) == 1 else [o for o in operators if o.resource.namespace == namespace]
        if len(serving) == 1:
            found.append(_pair(serving[0], cluster))
    return found


def _pair(operator: Subject, cluster: Subject) -> Json:
    ours, theirs = (words(s.object.get("version")) for s in (operator, cluster))
    older, newer = (operator, cluster) if numbers(ours) <= numbers(theirs) else (cluster, operator)
    return {
        "operator": operator.id,
        "cluster": cluster.id,
        "operator_version": _plain_version(ours),
        "cluster_version": _plain_version(theirs),
        "of": older.id,
        "other": newer.id,
        "older_chart": words(older.object.get("chart")),
        "newer_chart": words(newer.object.get("chart")),
        "wanted": words(newer.object.get("version")),
        "hidden": bool(operator.origin.hidden or cluster.origin.hidden),
    }


def csi_drivers_installed(_subject: Subject, environment: Environment) -> Json:
    """Whether a ceph-csi-drivers release reaches the environment; null where a source that cannot be read may hold it."""
    releases = environment.by_kind.get("ChartValues", ())
    if any(words(r.object.get("chart")) == "ceph-csi-drivers" for r in releases):
        return True
    # they live beside the operator; what cannot be read goes there, or to deliveries that may bring anything, or elsewhere
    near = {r.resource.namespace for r in releases if words(r.object.get("chart")) == "rook-ceph"}
    near |= {d.resource.namespace for d in environment.by_kind.get("Delivery", ())} | {""}
    return None if near & environment.unread_into else False


def operators(_subject: Subject, environment: Environment) -> Json:
    """Every rook-ceph release.

    ``of``, ``version`` (full, without ``v``; empty when not pinned), ``hidden`` (a layer that cannot be read).
    """
    return [
        {"of": s.id, "version": _plain_version(words(s.object.get("version"))), "hidden": bool(s.origin.hidden)}
        for s in environment.by_kind.get("ChartValues", ())
        if words(s.object.get("chart")) == "rook-ceph"
    ]


def toolboxes(_subject: Subject, environment: Environment) -> Json:
    """Toolboxes of rook-ceph-cluster releases that name an image.

    ``of``, ``path``, ``image``, ``ceph_image`` (the cluster's).
    """
    found: list[Json] = []
    clusters = environment.by_kind.get("CephCluster", ())
    for chart in environment.by_kind.get("ChartValues", ()):
        toolbox = lookup(chart.object, "values", "toolbox")
        image = lookup(toolbox, "image")
        cluster = next((c for c in clusters if c.resource.namespace == (chart.resource.namespace or "rook-ceph")), None)
        own = lookup(cluster.object, *_IMAGE) if cluster else None
        if boolean(lookup(toolbox, "enabled")) is True and words(image) and words(own) and not unknown_reason(image):
            found.append({"of": chart.id, "path": "values.toolbox.image", "image": words(image), "ceph_image": words(own)})
    return found


def kubernetes_range(_subject: Subject, environment: Environment) -> Json:
    """Kubernetes versions that the Rook of the environment supports.

    ``rook``, ``from``, ``to`` (empty: open); null when not known.
    """
    rook = environment.versions.get("rook", "")
    support = support_of(rook)
    if support is None:
        return None
    return {"rook": rook, "from": support.kubernetes_min, "to": support.kubernetes_max}


def doubled_settings(subject: Subject, environment: Environment) -> Json:
    """Settings that a rook-ceph-cluster release writes under two keys, so that its template writes a YAML key twice.

    One item each: ``name`` (the key under ``spec``), ``path`` (below ``values``), ``other`` (the values key
    that stands beside it).
    """
    values = subject.object.get("values")
    found: list[Json] = []
    for key, other in (("cephVersion", "cephImage"), ("monitoring", "monitoring")):
        own, beside = lookup(values, "cephClusterSpec", key), lookup(values, other)
        full = isinstance(beside, Mapping) and bool(beside.entries)
        # before v1.19 the chart has no cephImage: its default is under cephClusterSpec
        if own is not None and not own.doc.source.builtin and full and (key != "cephVersion" or _reads_ceph_image(subject)):
            found.append({"name": key, "path": f"values.cephClusterSpec.{key}", "other": other})
    return found


def _reads_ceph_image(subject: Subject) -> bool:
    return numbers(words(subject.object.get("version")))[:2] >= (1, 19)


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "CephCluster": {"images": images},
    "ChartValues": {"images": images, "doubled_settings": doubled_settings},
    "Environment": {
        "ceph_releases": ceph_releases,
        "rook_charts": rook_charts,
        "csi_drivers_installed": csi_drivers_installed,
        "operators": operators,
        "toolboxes": toolboxes,
        "kubernetes_range": kubernetes_range,
    },
}
