"""The tool that writes the bundled data."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from lintkit.schema.model import Shape
from tests.schema.conftest import SHARED
from tests.schema.test_schema_generated import SHAPES

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "refresh_crds.py"
spec = importlib.util.spec_from_file_location("refresh_crds", TOOL)
assert spec
assert spec.loader
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: example.com
  names: {kind: Thing}
  versions:
    - name: v1
      served: true
      schema:
        openAPIV3Schema:
          description: prose that nobody needs
          type: object
          properties:
            apiVersion: {type: string}
            status: {type: object, properties: {phase: {type: string}}}
            spec:
              type: object
              required: [KEY]
              properties: {KEY: {type: string, description: more prose}, common: {type: integer, minimum: 0}}
"""
EXPECTED = """\
{"group": "example.com", "kind": "Thing", "product": "Rook", "versions": {"v1": {"1.9": 2, "1.10": 4, "any": 6}}, "shapes": [
{"type":"integer","min":0},
{"props":{"common":0,"old":"string"},"need":["old"]},
{"props":{"spec":1}},
{"props":{"common":0,"new":"string"},"need":["new"]},
{"props":{"spec":3}},
{"props":{"common":0,"new":"string","old":"string"}},
{"props":{"spec":5}}
]}
"""


def run(*arguments: object) -> None:
    subprocess.run([sys.executable, str(TOOL), *map(str, arguments)], check=True, capture_output=True)


def test_releases_share_their_shapes_and_get_a_union(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(CRD.replace("KEY", "old"))
    (tmp_path / "new.yaml").write_text(CRD.replace("KEY", "new") + "---\nkind: Other\n")
    releases = ("--release", f"rook=1.10:{tmp_path / 'new.yaml'}", "--release", f"rook=1.9:{tmp_path / 'old.yaml'}")
    run("--out", tmp_path / "out", *releases)
    assert (tmp_path / "out" / "example.com" / "Thing.json").read_text() == EXPECTED


@settings(max_examples=100, deadline=None)
@given(SHAPES, SHAPES)
def test_a_union_is_never_stricter_than_its_parts(a: Shape, b: Shape) -> None:
    a, b = (s._replace(properties={}, extra=None, items=None) for s in (a, b))
    both = refresh.union(a, b)
    for part in (a, b):
        assert not both.types or set(part.types) <= set(both.types)
        assert not both.types or part.types
        assert not both.enum or set(part.enum) <= set(both.enum)
        assert both.minimum is None or (part.minimum is not None and both.minimum <= part.minimum)
        assert both.most is None or (part.most is not None and both.most >= part.most)
        assert set(both.required) <= set(part.required)


@pytest.mark.skipif(not (SHARED / "crds").is_dir(), reason="the upstream definitions are not here")
def test_the_bundled_data_is_what_the_tool_makes_of_the_upstream_definitions(tmp_path: Path) -> None:
    crds = SHARED / "crds"
    plain = [f for f in sorted(crds.glob("*.yaml")) if not f.name.startswith("rook")]
    releases = [arg for f in sorted(crds.glob("rook-*.yaml")) for arg in ("--release", f"rook={f.stem[5:]}:{f}")]
    run("--out", tmp_path, *releases, *plain)
    bundled = ROOT / "schemas" / "crds"
    made = {f.relative_to(tmp_path).as_posix(): f.read_bytes() for f in tmp_path.rglob("*.json")}
    assert made == {f.relative_to(bundled).as_posix(): f.read_bytes() for f in bundled.rglob("*.json")}
