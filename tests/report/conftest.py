"""Reports built by hand over real sources: CRLF, tabs, wide, astral and control characters, very long lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lintkit.finding import (
    Changed,
    ChangeSummary,
    EnvironmentChange,
    Finding,
    Fix,
    IgnoredFinding,
    NotEvaluated,
    Related,
    Report,
    ResourceId,
    Skipped,
    Span,
    Turn,
)
from lintkit.report.info import PolicyInfo
from lintkit.text.edits import Edit
from lintkit.text.source import Place, Source

POOLS = """\
# house values
cephBlockPools:
  - name: glance.images
    spec:
      failureDomain: host
      replicated:
        size: 1
  - name: cinder.volumes
    spec:
      replicated:
        size: 2
        requireSafeReplicaSize: false
"""
CRLF = "spec:\r\n\tname: \u5bcc\u58eb\u5c71\r\n  mood: '\U0001f600' # ok\r\n  size: 1\r\n"
LONG = "head: 1\nlist: [" + ", ".join(f"item-{n}" for n in range(5000)) + ", TARGET, " + "tail, " * 4000 + "end]\n"
CONTROL = 'bad: "\x1b[31mred\x07 \u202egnp\u200b"\n'


def make(source: Source, needle: str, **changes: object) -> Finding:
    """A finding about the first ``needle`` of ``source``."""
    start = source.text.index(needle)
    place = Place(source, start, start + len(needle))
    values: dict[str, object] = {
        "policy": "pool-size-one",
        "family": "durability",
        "severity": "error",
        "message": f"{needle.strip()[:20]} is wrong",
        "place": place,
        "span": Span(source.path, 0, place.first, place.last, "/spec"),
        "resource": ResourceId("CephBlockPool", "rook-ceph", "glance.images"),
        "resource_path": "spec.replicated.size",
        "environments": ("prod",),
        "origin": "Application rook-ceph-cluster -> values/prod.yaml",
        "fingerprint": f"{source.path}:{start}",
        "why": "",
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


def sample() -> Report:
    """Two files of findings with fixes, related places, an ignored and a resolved one, and much that was not judged."""
    pools, base, odd = (
        Source("clusters/prod/values.yaml", POOLS),
        Source("base.yaml", "a: 1\nsize: 3\n"),
        Source("odd \u5bcc.yaml", CRLF),
    )
    size = POOLS.index("1\n")
    first = make(
        pools,
        "1\n",
        message="replicated.size is 1: one lost disk loses data",
        place=Place(pools, size, size + 1),
        span=Span(pools.path, 0, pools.position(size), pools.position(size + 1), "/cephBlockPools/0/spec/replicated/size"),
        environments=("prod", "stage"),
        related=(
            Related(Place(base, 11, 12), "overridden here"),
            Related(Place(Source("charts/rook.yaml", "size: 3", builtin=True), 0, 4), "chart default"),
        ),
        fix=Fix("keep three copies", False, (Edit(pools, size, size + 1, "3"),), why="Ceph copies the data"),
        why="A pool with one copy loses data with its first lost disk.\n\nCeph does not warn before.",
        remedy="Set the size to 3.",
        fingerprint="f1",
    )
    flag = POOLS.index("        requireSafe")
    second = make(
        pools,
        "  - name: cinder.volumes\n    spec:\n      replicated:\n        size: 2\n        requireSafeReplicaSize: false\n",
        policy="pool-not-safe",
        severity="warning",
        message="the pool may be | written `below` <min_size> by @everyone [x](y) 100%",
        fix=Fix("drop the flag", True, (Edit(pools, flag, len(POOLS), ""),)),
        fingerprint="f2",
        remedy="Remove the flag.",
    )
    third = make(
        odd, "\u5bcc\u58eb\u5c71", severity="info", policy="name-wide", message="a wide name", fingerprint="f3", status="existing"
    )
    blocked = make(
        odd, "1\r", severity="error", message="size is 1", fix=Fix("set size", False, blocked="an alias"), fingerprint="f4"
    )
    return Report(
        findings=(third, second, first, blocked),
        ignored=(IgnoredFinding(make(base, "size", fingerprint="f5", message="accepted"), "old cluster", "comment"),),
        resolved=(make(base, "3", fingerprint="f6"),),
        not_evaluated=(
            NotEvaluated("selector-matches-no-node", "prod", "no node inventory"),
            NotEvaluated("role-without-node", "prod", "no node inventory"),
            NotEvaluated("selector-matches-no-node", "stage", "no node inventory"),
            NotEvaluated("role-without-node", "stage", "no node inventory"),
            NotEvaluated("pool-shrinks", "", "no base revision"),
        ),
        skipped=(Skipped("encrypted", 2), Skipped("chart template", 41)),
        files=212,
        unknown_values=3,
        environments=("prod", "stage"),
    )


def change() -> ChangeSummary:
    """A change that adds, removes and changes, with unknown values and names that are hard to print."""
    pools = (
        Changed(
            "pool", "glance.images", "changed", (Turn("size", "3", "2"), Turn("PGs", "128", "64")), ("quotas", "mirroring")
        )._replace(effects=("Ceph drops 33 % of the copies", "Ceph moves about 38 % of its data")),
        Changed(
            "pool", "fresh|`x`", "added", (Turn("size", "", "4+2"), Turn("device class", "", "n_v_m_e"), Turn("PGs", "", None))
        ),
        Changed("pool", "old", "removed", (Turn("size", "3", ""),)),
        Changed("pool", "perhaps", "removed", (Turn("size", "3", ""),), why="extra.yaml cannot be parsed"),
        Changed("PG replicas per OSD", "default~nvme", "changed", (Turn("", "87.5", "101.0 to 112.3"),)),
    )
    services = (
        Changed("service", "nova", "changed", (Turn("release", "2025.1", None), Turn("api replicas", "", "3"))),
        *(Changed("service", f"s{n}", "changed", (Turn("release", "2025.1", "2026.1"),)) for n in range(12)),
        Changed("node", "beck-04", "removed", (Turn("node-role.kubernetes.io/x", "enabled", ""),)),
        Changed("ConfigMap", "n" * 200, "changed", (), ("data.a@b",)),
    )
    notes = ("PGs after the change are unknown: no device of <beck> is listed", "extra.yaml cannot be parsed")
    return ChangeSummary(
        (
            EnvironmentChange("edge", services[:1], state="new"),
            EnvironmentChange("prod", (*pools, *services), notes),
            EnvironmentChange("stage"),
            EnvironmentChange("twin", services[:1], state="new"),
        )
    )


def infos() -> tuple[PolicyInfo, ...]:
    """What is known of two of the sample's policies, and of one that found nothing."""
    return (
        PolicyInfo(
            "pool-size-one", "durability", "Pool keeps a single copy", "Why it matters.", "Set 3.", url="https://example.org/p1"
        ),
        PolicyInfo("pool-not-safe", "security", "Pool is not safe", severity="warning", references=("https://docs.ceph.com/",)),
        PolicyInfo("unused", "durability", "Unused"),
    )


@pytest.fixture
def report() -> Report:
    return sample()


@pytest.fixture
def summary() -> ChangeSummary:
    return change()


@pytest.fixture
def policies() -> tuple[PolicyInfo, ...]:
    return infos()


@pytest.fixture
def finding() -> Callable[..., Finding]:
    return make


@pytest.fixture
def odd_sources() -> dict[str, Source]:
    """Sources that are hard to print, by what is odd in them."""
    texts = {"crlf": CRLF, "long": LONG, "control": CONTROL, "pools": POOLS}
    return {name: Source(f"{name}.yaml", text) for name, text in texts.items()}
