"""Facts about Rook: placement, versions, durations, device filters."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lintkit.config import Config
from lintkit.facts.devices import OSD_KEYS, filters, osd_settings
from lintkit.facts.reading import unknown_below, written
from lintkit.facts.rook_placement import covers
from lintkit.facts.rook_resources import daemon_memory, mon_timeout
from lintkit.facts.rook_versions import numbers, support_of, supports
from lintkit.facts.scheduling import Toleration
from lintkit.policy.fixing import ordered
from lintkit.sources.inventory.model import EFFECTS, Taint
from lintkit.sources.world import load_world
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.subjects.project import project
from lintkit.tree.files import Files
from lintkit.yamldoc.transform import keys

HEAD = "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: heron, namespace: rook-ceph}\nspec:\n"


def cluster(spec: str) -> tuple[Subject, Environment]:
    """A CephCluster and the environment it is alone in."""
    files = {"cluster.yaml": HEAD + "".join(f"  {line}\n" for line in spec.strip("\n").split("\n"))}
    world = load_world(Files(files, files.__getitem__), Config())
    environment = project(
        world.gather(next(iter(world.environments))), profile="production", inventories=(), versions={}, roles={}
    )
    return environment.by_kind["CephCluster"][0], environment


def test_a_version_takes_the_last_row_that_is_not_newer() -> None:
    found = support_of("1.18.8")
    assert found is not None
    assert found.ceph_majors == (18, 19, 20)
    before = support_of("v1.18.7")
    assert before is not None
    assert before.ceph_majors == (18, 19)


def test_a_minor_newer_than_the_table_has_no_row() -> None:
    assert support_of("1.99.0") is None
    assert support_of("") is None


def test_rows_of_the_table_rise() -> None:
    order = [numbers(s.since) for s in supports()]
    assert order == sorted(order)
    assert all(support_of(s.since) == s for s in supports())


def test_a_go_duration_becomes_seconds() -> None:
    assert mon_timeout(*cluster("healthCheck: {daemonHealth: {mon: {timeout: 1h2m3s}}}")) == 3723
    assert mon_timeout(*cluster("healthCheck: {daemonHealth: {mon: {timeout: soon}}}")) is None


def test_a_timeout_that_is_filled_in_later_is_not_known() -> None:
    assert isinstance(mon_timeout(*cluster("healthCheck: {daemonHealth: {mon: {timeout: '${WAIT}'}}}")), NotKnown)


def test_the_limit_counts_before_the_request() -> None:
    found = daemon_memory(
        *cluster("resources: {osd: {limits: {memory: 8Gi}, requests: {memory: 4Gi}}, mon: {requests: {memory: 1}}}")
    )
    assert isinstance(found, list)
    assert [(m["name"], m["what"], m["text"]) for m in found if isinstance(m, dict)] == [
        ("osd", "limit", "8Gi"),
        ("mon", "request", "1"),
    ]


def test_a_key_is_named_with_the_level_it_stands_at() -> None:
    found = osd_settings(*cluster("storage: {nodes: [{name: a, devices: [{name: sdb, config: {osdPerDevice: 2}}]}]}"))
    assert isinstance(found, list)
    assert isinstance(found[0], dict)
    assert found[0]["path"] == "spec.storage.nodes[0].devices[0].config.osdPerDevice"
    assert found[0]["similar"] == ["osdsPerDevice"]
    assert found[0]["type"] == "integer"


def test_go_refuses_what_only_python_reads() -> None:
    found = filters(*cluster("storage: {deviceFilter: '(?=sd)sd.', nodes: [{name: a, devicePathFilter: ^/dev/sd.$}]}"))
    assert isinstance(found, list)
    assert [(f["valid"], f["matches_sda"]) for f in found if isinstance(f, dict)] == [(False, False), (True, True)]


def test_every_key_that_rook_reads_has_no_similar_one() -> None:
    text = ", ".join(f'{key}: "1"' for key in OSD_KEYS)
    found = osd_settings(*cluster(f"storage: {{config: {{{text}}}}}"))
    assert isinstance(found, list)
    assert all(isinstance(s, dict) and s["similar"] == [] for s in found)


def test_a_placeholder_anywhere_below_is_found() -> None:
    subject, _ = cluster("placement: {all: {tolerations: [{key: '${KEY}'}]}}")
    assert unknown_below(subject.object) == "variable that is substituted later"


@given(st.lists(st.one_of(st.text(min_size=1, alphabet="ab.[\\\\-/"), st.integers(0, 9)), min_size=1))
def test_a_written_path_reads_back(path: list[str | int]) -> None:
    if isinstance(path[0], int) or any(isinstance(key, str) and "[" in key for key in path):
        return
    assert keys(written(tuple(path))) == tuple(path)


_tolerations = st.builds(
    Toleration,
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["Exists", "Equal"]),
    st.sampled_from(["", "x"]),
    st.sampled_from(["", *EFFECTS]),
)
_taints = st.builds(Taint, st.sampled_from(["a", "b"]), st.sampled_from(["", "x"]), st.sampled_from(EFFECTS))


@given(_tolerations, _tolerations, _taints)
def test_what_covers_a_toleration_tolerates_whatever_it_does(wide: Toleration, narrow: Toleration, taint: Taint) -> None:
    if covers(wide, narrow) and narrow.covers(taint):
        assert wide.covers(taint)


@given(st.dictionaries(st.sampled_from(["key", "operator", "zone", "value", "a"]), st.integers()))
def test_a_computed_map_has_one_order(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    assert json.dumps(ordered(dict(value))) == json.dumps(ordered(dict(turned)))
    assert ordered(dict(value)) == value
