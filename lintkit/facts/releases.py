"""Facts about OpenStack releases: which release a service runs, and how far it goes with a change.

The table is schemas/tables/openstack_releases.json (openstack/releases, series_status.yaml). An upgrade step that upstream
tests goes to the next release, or from a SLURP to the next SLURP (OpenStack TC resolution 2022-02-10).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from datetime import date
from functools import lru_cache
from typing import Any, Final

from lintkit.charts import components
from lintkit.data import data_dir
from lintkit.facts.changes import pairs
from lintkit.facts.images import reference
from lintkit.facts.reading import words
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, text
from lintkit.yamldoc.unknowns import unknown_reason

_TAG: Final = regex(r"(?<![0-9.])(20\d\d\.[12])(?![0-9])")
_CHART: Final = regex(r"v?(20\d\d\.[12])\.\d+(?:\+[0-9a-zA-Z.]+)?")


class Release(NamedTuple):
    """A row of the table. ``maintained_until`` is an ISO date, empty when there is none."""

    release: str
    name: str
    slurp: bool
    initial: str
    status: str
    maintained_until: str


class Service(NamedTuple):
    """A service of OpenStack, ``of`` the chart's values.

    ``release`` is the one that most of its long-running containers run, ``at`` and ``path`` what says so. By the name of a
    container: ``images`` (its release and image), ``places`` (what says so), ``written`` (images that somebody wrote).
    """

    of: str
    chart: str
    release: str
    at: str
    path: str
    images: Dict[str, tuple[str, str]]
    places: Dict[str, tuple[str, str]]
    written: Dict[str, str]


class Step(NamedTuple):
    """Containers of a service (``names``) that go from one release to another, and what says so first."""

    before: str
    after: str
    of: str
    path: str
    names: tuple[str, ...]


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((data_dir("schemas") / "tables" / "openstack_releases.json").read_text("utf-8"))
    return loaded


@lru_cache(maxsize=1)
def releases() -> tuple[Release, ...]:
    """Every release of the table, oldest first."""
    return tuple(Release(*row) for row in _table()["releases"])


@lru_cache(maxsize=1)
def _names() -> re.Pattern[str]:
    return re.compile(r"(?<![a-z])(" + "|".join(r.name.lower() for r in releases()) + r")(?![a-z])")


@lru_cache(maxsize=4096)
def release_of(tag: str) -> str:
    """The release that a tag names, by number or code name; empty when it names none."""
    if match := _TAG.search(tag):
        return match[1]
    named = _names().search(tag.lower())
    return next((r.release for r in releases() if named and r.name.lower() == named[1]), "")


def allowed(release: str) -> tuple[str, ...]:
    """Releases that an upgrade from ``release`` may go to; empty when it is not in the table."""
    known = releases()
    index = next((i for i, r in enumerate(known) if r.release == release), None)
    if index is None:
        return ()
    reach = 2 if known[index].slurp else 1
    return tuple(r.release for n, r in enumerate(known[index + 1 : index + 1 + reach]) if n == 0 or r.slurp)


def step(before: str, after: str) -> str:
    """What kind of step it is: same, allowed, skip or down; empty when one of the releases is not in the table."""
    order = [r.release for r in releases()]
    if before not in order or after not in order:
        return ""
    if order.index(after) < order.index(before):
        return "down"
    return "same" if before == after else "allowed" if after in allowed(before) else "skip"


def services(environment: Environment) -> dict[str, Service]:
    """OpenStack services whose release is known, by the id of their chart values; switched-off charts are left out."""
    images: dict[str, list[Subject]] = {}
    for container in environment.by_kind.get("Container", ()):
        if text(container.object.get("form")) == "chart" and container.facts.get("long_running") is True:
            images.setdefault(container.id.partition("/")[2].rpartition("/")[0], []).append(container)
    active = {c.id.partition("/")[2].rpartition("/")[0] for c in environment.by_kind.get("Component", ())}
    found: dict[str, Service] = {}
    for values in environment.by_kind.get("ChartValues", ()):
        chart, key = words(values.object.get("chart")), values.id.partition("/")[2]
        group = next((spec.group for spec in components(chart)), "")
        if group == "openstack" and key in active and (service := _service(values, chart, images.get(key, []))):
            found[values.id] = service
    return found


def _service(values: Subject, chart: str, containers: list[Subject]) -> Service | None:
    images: dict[str, tuple[str, str]] = {}
    places: dict[str, tuple[str, str]] = {}
    written: dict[str, str] = {}
    for container in containers:
        image, default = container.object.get("image"), container.facts.get("default") is True
        if unknown_reason(image) or (default and container.facts.get("defaults_exact") is not True):
            continue
        release = release_of(reference(words(image)).tag)
        name = words(container.object.get("name"))
        if not default:
            written[name] = words(image)
        if release:
            images[name] = (release, words(image))
            places[name] = (values.id, "version") if default else (container.id, "image")
    if images:
        usual = Counter(release for release, _ in images.values())
        release = max(usual, key=lambda r: (usual[r], r))
        of = _place(places, [name for name in images if images[name][0] == release])
        return Service(values.id, chart, release, *of, images, places, written)
    version = values.object.get("version")
    match = _CHART.fullmatch(words(version)) if not written and not unknown_reason(version) else None
    return Service(values.id, chart, match[1], values.id, "version", {}, {}, {}) if match else None


def _place(places: Dict[str, tuple[str, str]], names: list[str]) -> tuple[str, str]:
    """The first image that somebody wrote, else where the defaults come from."""
    return next((places[name] for name in names if places[name][1] == "image"), places[names[0]])


def steps(old: Service, new: Service) -> list[Step]:
    """How a service goes from release to release, what most containers do first; empty when none of them does.

    Containers are compared with themselves: which release most of them run may differ because one of them moved on.
    """
    both = [name for name in new.images if name in old.images]
    if not both:
        whole = Step(old.release, new.release, new.at, new.path, tuple({**old.written, **new.written}))
        return [whole] if old.release != new.release else []
    found: dict[tuple[str, str], list[str]] = {}
    for name in both:
        found.setdefault((old.images[name][0], new.images[name][0]), []).append(name)
    told = [Step(*pair, *_place(new.places, names), tuple(names)) for pair, names in found.items() if pair[0] != pair[1]]
    return sorted(told, key=lambda step: (-len(step.names), step.before, step.after))


def service_releases(_subject: Subject, environment: Environment) -> Json:
    """The release that every OpenStack service of the environment runs, where it is known.

    One item a service: ``of`` and ``path`` (the image or chart version that decides), ``values`` (id of the chart's
    values), ``service``, ``release``, ``default`` (nobody wrote an image of it: default images of the chart say so),
    ``name`` (code name), ``near`` (releases an allowed step away, either way), ``status``, ``ends`` (ISO date until which it
    is maintained; empty when unknown), ``today``, ``table_ends``, ``moves`` (release to the tags that would bring the
    service's images there; only tags that somebody wrote, by name).
    """
    found = services(environment)
    wanted = sorted({s.release for s in found.values()})
    rows = {r.release: r for r in releases()}
    today, ends = date.today().isoformat(), str(_table()["valid_until"])
    result: list[Json] = []
    for service in found.values():
        row = rows.get(service.release)
        if row is None:
            continue
        near = [r for r in rows if r in allowed(service.release) or service.release in allowed(r)]
        result.append(
            {
                "of": service.at,
                "path": service.path,
                "values": service.of,
                "service": service.chart,
                "release": service.release,
                "default": bool(service.images) and service.path == "version",
                "name": row.name,
                "near": [*near],
                "status": row.status,
                "ends": row.maintained_until,
                "today": today,
                "table_ends": ends,
                "moves": {to: _moved(service, to) for to in wanted if to != service.release},
            }
        )
    return result


def _moved(service: Service, to: str) -> dict[str, Json]:
    return {
        name: image.replace(service.release, to)
        for name, image in service.written.items()
        if "@" not in image and service.images.get(name, ("", ""))[0] == service.release and service.release in image
    }


def compute_ahead(_subject: Subject, environment: Environment) -> Json:
    """Releases of nova whose compute is newer than its conductor: ``of``, ``path``, ``compute``, ``conductor`` (releases)."""
    found: list[Json] = []
    for service in services(environment).values():
        names = ("nova_compute", "nova_conductor")
        if service.chart != "nova" or any(name not in service.images for name in names):
            continue
        compute, conductor = (service.images[name][0] for name in names)
        if step(conductor, compute) in ("allowed", "skip"):
            of = service.of.replace("ChartValues/", "Container/", 1) + "/nova_compute"
            found.append({"of": of, "path": "image", "compute": compute, "conductor": conductor})
    return found


def release_changes(_subject: Subject, environment: Environment) -> Json:
    """OpenStack services whose release differs from before.

    One item each, several where not all containers go the same way: ``of``, ``path``, ``values``, ``service``, ``before``,
    ``after``, ``step`` (allowed, skip, down), ``next`` (what upgrades may go to from before), ``tags`` (images that were
    written before and are written otherwise now, by name).
    """
    found: list[Json] = []
    for service, old in _both(environment):
        for move in steps(old, service):
            kind = step(move.before, move.after)
            if kind in ("", "same"):
                continue
            tags = {n: i for n, i in old.written.items() if n in move.names and service.written.get(n, i) != i}
            found.append(
                {
                    "of": move.of,
                    "path": move.path,
                    "values": service.of,
                    "service": service.chart,
                    "before": move.before,
                    "after": move.after,
                    "step": kind,
                    "next": [*allowed(move.before)],
                    "tags": dict(tags),
                }
            )
    return found


def _both(environment: Environment) -> Iterator[tuple[Service, Service]]:
    if environment.base is None:
        return
    before = services(environment.base)
    now = services(environment)
    for subject, _ in pairs(environment, "ChartValues"):
        if subject.id in now and subject.id in before:
            yield now[subject.id], before[subject.id]


def keystone_behind(_subject: Subject, environment: Environment) -> Json:
    """Keystones older than a service that the change raises, a list of none or one item.

    ``of``, ``path``, ``release``, ``service`` (the newest of those raised), ``newest`` (its release).
    """
    order = [r.release for r in releases()]
    now = services(environment)
    keystone = next((s for s in now.values() if s.chart == "keystone" and s.release in order), None)
    raised = any(step(m.before, m.after) in ("allowed", "skip") for s, old in _both(environment) for m in steps(old, s))
    if keystone is None or not raised:
        return []
    newest = max((s for s in now.values() if s.release in order), key=lambda s: order.index(s.release))
    if order.index(keystone.release) >= order.index(newest.release):
        return []
    item: dict[str, Json] = {"of": keystone.at, "path": keystone.path, "release": keystone.release}
    return [{**item, "service": newest.chart, "newest": newest.release}]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Environment": {
        "service_releases": service_releases,
        "compute_ahead": compute_ahead,
        "release_changes": release_changes,
        "keystone_behind": keystone_behind,
    },
}
