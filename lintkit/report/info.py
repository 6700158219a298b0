"""What formats need beside the report: the policies' own words, and how the reader wants it shown."""

from __future__ import annotations

from lintkit.records import NamedTuple

URL = "https://github.com/lintkit/lintkit"


class PolicyInfo(NamedTuple):
    """A policy as reports describe it.

    ``severity`` is the one of this run's profile (``error``, ``warning``, ``info`` or ``off``); ``url`` is the
    policy's page, empty when it has none; ``references`` are addresses or titles of what the policy rests on.
    """

    id: str
    family: str
    title: str
    why: str = ""
    remedy: str = ""
    severity: str = "error"
    references: tuple[str, ...] = ()
    url: str = ""


class NodeRow(NamedTuple):
    """A node: which of the matrix's roles it has, in their order, and its taints as kubectl writes them."""

    name: str
    has: tuple[bool, ...]
    taints: tuple[str, ...]


class RoleMatrix(NamedTuple):
    """The labels that tell nodes apart by what they are for, sorted, and the nodes of one environment."""

    roles: tuple[str, ...]
    nodes: tuple[NodeRow, ...]


class Delivered(NamedTuple):
    """What one delivery brings: names by kind. ``label`` is empty for files that no delivery names.

    ``parent`` is the label of the delivery that brings this one, empty for none. ``layers`` are those that its
    resources come from, lowest first.
    """

    label: str
    parent: str
    layers: tuple[str, ...]
    resources: tuple[tuple[str, tuple[str, ...]], ...]


class PoolPgs(NamedTuple):
    """PGs that a pool gets, and PG replicas that puts on each OSD of its CRUSH root.

    ``after`` is the number with the suggested fixes. None where there is no such pool, or no fix.
    """

    name: str
    root: str
    size: int
    pgs: int | None
    per_osd: float | None
    why: str
    after: int | None = None


class RootLoad(NamedTuple):
    """PG replicas on each OSD of a CRUSH root: least and most over the orders of creation.

    ``after`` is with the suggested fixes. None where no pool uses the root, or there is no fix.
    """

    name: str
    osds: int
    load: tuple[float, float] | None
    after: tuple[float, float] | None = None


class ClusterPgs(NamedTuple):
    """The PG plan of one CephCluster. ``not_known`` is the reason why there is none; all else is empty then.

    ``target`` is mon_target_pg_per_osd. ``notes`` are what Ceph would warn of. ``changes`` say which suggested fixes the
    ``after`` figures come from, and which could not be made.
    """

    namespace: str
    name: str
    not_known: str = ""
    ceph_version: str = ""
    assumed: bool = False
    osds: int = 0
    target: int = 0
    pools: tuple[PoolPgs, ...] = ()
    roots: tuple[RootLoad, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


class EnvironmentInfo(NamedTuple):
    """An environment as a page shows it. ``no_nodes`` is the reason for an empty matrix, ``unread`` what could not be read."""

    name: str
    profile: str
    versions: tuple[tuple[str, str], ...]
    matrix: RoleMatrix
    no_nodes: str
    delivered: tuple[Delivered, ...]
    clusters: tuple[ClusterPgs, ...]
    unread: tuple[str, ...]


class Overview(NamedTuple):
    """The repository behind a report; ``name`` is that of its directory."""

    name: str
    environments: tuple[EnvironmentInfo, ...]


class Options(NamedTuple):
    """How a report is shown; every format reads only what concerns it.

    ``width`` is in terminal cells. ``show_all`` also lists ignored findings, ``statistics`` adds counts by policy.
    ``prefix`` is the root's path below the top of the work tree, which CI systems count paths from.
    ``category`` tells several SARIF uploads of one commit apart. ``overview`` is given to formats that show it.
    """

    color: bool = False
    width: int = 80
    links: bool = False
    show_all: bool = False
    statistics: bool = False
    prefix: str = ""
    category: str = ""
    overview: Overview | None = None

    def path(self, path: str) -> str:
        """``path`` (relative to the root) counted from the top of the work tree, with ``/``."""
        prefix = self.prefix.strip("/")
        return f"{prefix}/{path}" if prefix else path
