"""Helm values under Ansible variables are found, with the chart their name suggests."""

from __future__ import annotations

import pytest

from lintkit.sources.ansible_values import find_values
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import lookup
from lintkit.yamldoc.unknowns import unknown_reason


def reader(text: str) -> Reader:
    return Reader(Files(["defaults/main.yml"], {"defaults/main.yml": text}.get))


@pytest.mark.parametrize(
    ("variable", "chart"),
    [
        ("nova_helm_values", "nova"),
        ("_nova_helm_values", "nova"),
        ("openstack_helm_nova_values", "nova"),
        ("rook_ceph_cluster_helm_values", "rook-ceph-cluster"),
        ("cinder_values", "cinder"),
        ("helm_values", ""),
        ("glance_helm_values_overrides", "glance"),
    ],
)
def test_the_name_of_the_variable_suggests_the_chart(variable: str, chart: str) -> None:
    text = f"other: 1\n{variable}:\n  pod: {{replicas: {{api: 3}}}}\n  conf: {{}}\n"
    (found,) = find_values(reader(text), "defaults/main.yml")
    assert found.chart == chart
    assert place_of(found.key).first.line == 2
    replicas = lookup(found.values, "pod", "replicas", "api")
    assert replicas is not None
    place = place_of(replicas)
    assert text[place.start : place.end] == "3"


def test_other_values_need_keys_that_a_known_chart_has() -> None:
    text = "retry_values:\n  pod: 1\nceph_values:\n  cephBlockPools: []\nport_values: [1, 2]\n"
    assert [v.chart for v in find_values(reader(text), "defaults/main.yml")] == ["ceph"]


def test_variables_of_a_play_are_found() -> None:
    text = "- hosts: all\n  vars:\n    nova_helm_values:\n      pod: {}\n"
    (found,) = find_values(reader(text), "defaults/main.yml")
    assert place_of(found.key).first.line == 3


def test_jinja_values_stay_unknown() -> None:
    text = 'nova_helm_values:\n  images: "{{ nova_images }}"\n  pod: {}\n'
    (found,) = find_values(reader(text), "defaults/main.yml")
    assert unknown_reason(found.values.get("images")) == "template expression"


@pytest.mark.parametrize("text", ["", "nova_helm_values: text\n", "nova_helm_values: {{ x }}\n", "a: [\n", "- nova_values\n"])
def test_odd_files_hold_no_values(text: str) -> None:
    assert find_values(reader(text), "defaults/main.yml") == []


def test_an_absent_file_holds_no_values() -> None:
    assert find_values(reader(""), "missing.yml") == []
