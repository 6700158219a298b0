"""The schemas that editors and programs read: every key says what it means, and generated files name their schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lintkit import __version__
from lintkit.scaffold import new_policy
from lintkit.start import init

ROOT = Path(__file__).resolve().parents[2]
HEADER = re.compile(r"# yaml-language-server: \$schema=https://raw\.githubusercontent\.com/\S+/v([^/]+)/schemas/(\S+)")


def keys(node: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that a schema names, by its place, with what is said of its value."""
    if isinstance(node, dict):
        for word, value in node.items():
            if word not in ("properties", "patternProperties"):
                yield from keys(value, f"{at}/{word}")
                continue
            for name, below in value.items():
                yield f"{at}/{name}", below
                yield from keys(below, f"{at}/{name}")
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from keys(item, f"{at}/{number}")


def described(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is described, by itself or by the definition it refers to."""
    if not isinstance(value, dict) or "description" in value:
        return isinstance(value, dict)
    return "$ref" in value and described(schema["$defs"][value["$ref"].rpartition("/")[2]], schema)


@pytest.mark.parametrize("name", ["config", "policy", "report"])
def test_every_key_says_what_it_means(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    found = dict(keys(schema))
    assert len(found) > 10
    assert [at for at, value in found.items() if not described(value, schema)] == []


def test_generated_files_name_the_schema_that_editors_check_them_by(tmp_path: Path) -> None:
    (tmp_path / "pool.yaml").write_text("apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: a}\n")
    init(tmp_path)
    new_policy("house-rules/pool-without-owner", tmp_path)
    files = {".lintkit.yaml": "config.schema.json", "policies/house-rules/pool-without-owner/policy.yaml": "policy.schema.json"}
    for file, schema in files.items():
        header = HEADER.fullmatch((tmp_path / file).read_text("utf-8").splitlines()[0])
        assert header is not None
        assert header.groups() == (__version__, schema)
        assert (ROOT / "schemas" / schema).is_file()
