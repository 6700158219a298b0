"""Layered values against the real Helm engine: what a template sees is what lintkit reads."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lintkit.finding import Finding
from lintkit.sources.charts import chart_uses
from lintkit.sources.model import Layer, Release
from lintkit.text.source import Source
from lintkit.traps.walk import traps
from lintkit.tree.files import Files, Reader
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Mapping, Node
from lintkit.yamldoc.plain import served
from lintkit.yamldoc.transform import merge, without_nulls

helm = pytest.importorskip("helm_python", reason="the helm extra is not installed")

_KEYS = st.sampled_from(["mon", "count", "pool", "size", "nodes", "enabled"])
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["a", "on", "0777", ""]))
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS, lambda inner: st.one_of(st.dictionaries(_KEYS, inner, max_size=4), st.lists(inner, max_size=3)), max_leaves=12
)
_LAYER = st.dictionaries(_KEYS, _VALUES, max_size=5)


def _root(values: dict[str, Any], name: str = "values.yaml") -> Mapping:
    root = documents(Source(name, json.dumps(values)))[0].root
    assert isinstance(root, Mapping)
    return root


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def _engine(defaults: dict[str, Any], layers: list[dict[str, Any]]) -> Any:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, text in (
            ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            ("c/values.yaml", json.dumps(defaults)),
            ("c/templates/all.yaml", "{{ .Values | toJson }}"),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    with helm.Chart.load_archive(archive.getvalue()) as chart:
        given_values: dict[str, Any] = {}
        for layer in layers:
            given_values = _as_helm_merges_files(given_values, layer)
        return json.loads(next(iter(chart.render(given_values).values())))


def _as_helm_merges_files(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """pkg/cli/values mergeMaps of Helm v4: what several -f files come to before the chart sees them."""
    out = dict(base)
    for key, value in over.items():
        old = out.get(key)
        out[key] = _as_helm_merges_files(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return out


@settings(max_examples=150, deadline=None)
@given(defaults=_LAYER, layers=st.lists(_LAYER, max_size=3))
def test_merged_layers_are_what_a_template_sees(defaults: dict[str, Any], layers: list[dict[str, Any]]) -> None:
    # the files first, then the chart's defaults below them: a null in one file is undone by a map in a later one
    written: Node | None = None
    for layer in layers:
        written = merge(written, _root(layer))
    merged = merge(_root(defaults, "chart/values.yaml"), written)
    assert merged is not None
    assert _without_nulls(served(without_nulls(merged))) == _without_nulls(_engine(defaults, layers))


def test_a_null_deletes_a_default_and_a_list_replaces_it() -> None:
    defaults = {"backends": {"rbd1": {"pool": "a"}, "rbd2": {"pool": "b"}}, "nodes": [1, 2]}
    layer = {"backends": {"rbd1": None}, "nodes": [3]}
    assert _engine(defaults, [layer]) == {"backends": {"rbd2": {"pool": "b"}}, "nodes": [3]}
    merged = merge(_root(defaults), _root(layer))
    assert merged is not None
    assert served(without_nulls(merged)) == {"backends": {"rbd2": {"pool": "b"}}, "nodes": [3]}


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, -(2**53) - 1, 10**16 + 1, 2**60 + 1, 2**63 - 1, 2**63 - 1024])
def test_a_whole_number_of_more_than_53_bits_is_rounded_in_values(number: int) -> None:
    for defaults, layers in (({"id": number}, []), ({"id": 1}, [helm.values_from_yaml(f"id: {number}\n")])):
        arrives = _engine(defaults, layers)["id"]
        message = next((f.message for f in _traps_of_values(f"id: {number}\n")), f"{number} arrives")
        assert message.endswith(f"{arrives} arrives")
        assert (arrives == number) == (message == f"{number} arrives")


def _traps_of_values(text: str) -> list[Finding]:
    doc = documents(Source("values.yaml", text))[0]
    return [*traps(doc, layers={id(doc): [(0, len(text))]})]


def test_values_of_a_wrapper_chart_reach_the_dependency_under_its_alias() -> None:
    files = {
        "storage/Chart.yaml": "name: storage\nversion: 1.0.0\ndependencies:\n- {name: rook-ceph-cluster, alias: ceph, version: v1.19.5}\n",
        "storage/values.yaml": "ceph:\n  cephClusterSpec:\n    mon:\n      count: 5\n",
    }
    layer = documents(Source("prod.yaml", "ceph:\n  cephBlockPools: []\n"))[0].root
    assert isinstance(layer, Mapping)
    release = Release("storage", "rook-ceph", layer, "test", path="storage", layers=(Layer("prod.yaml", layer),))
    (use,) = chart_uses(release, Reader(Files(files, files.__getitem__)))
    values: Any = served(use.values)
    assert use.prefix == ("ceph",)
    assert values["cephClusterSpec"]["mon"] == {"count": 5, "allowMultiplePerNode": False}
    assert values["cephBlockPools"] == []
    assert list(use.origin.layers) == ["storage/values.yaml", "prod.yaml"]
