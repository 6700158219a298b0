"""A whole resource as a new document beside another."""

from __future__ import annotations

import pytest

from lintkit.fix.append import document_beside
from lintkit.fix.build import edits_for
from lintkit.fix.intent import Blocked
from lintkit.text.edits import apply_edits
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Json, Scalar, lookup

NEW: dict[str, Json] = {"apiVersion": "v1", "kind": "Pool", "metadata": {"name": "new"}, "spec": {"tiers": ["a", "b"]}}
POOL = "apiVersion: v1\nkind: Pool\nmetadata:\n  name: old\n"
ADDED = "apiVersion: v1\nkind: Pool\nmetadata:\n  name: new\nspec:\n  tiers:\n    - a\n    - b\n"


def added(text: str, path: str = "a.yaml", number: int = 0) -> str:
    doc = documents(Source(path, text))[number]
    return apply_edits(text, edits_for([document_beside(doc, "Pool", NEW)]))


def test_it_stands_at_the_end_of_the_file_after_a_mark() -> None:
    assert added(POOL) == POOL + "---\n" + ADDED
    assert added(POOL + "---\nkind: Other\n") == POOL + "---\nkind: Other\n---\n" + ADDED


def test_a_missing_last_line_end_is_added() -> None:
    assert added(POOL.rstrip("\n")) == POOL + "---\n" + ADDED


def test_it_has_the_line_ends_and_the_indentation_of_the_file() -> None:
    text = "apiVersion: v1\nkind: Pool\nmetadata:\n    name: old\n    tags:\n    - x\n".replace("\n", "\r\n")
    wanted = "---\napiVersion: v1\nkind: Pool\nmetadata:\n    name: new\nspec:\n    tiers:\n    - a\n    - b\n"
    assert added(text) == text + wanted.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("pools:\n- name: old\n", "values.yaml", "does not stand in a document of its own"),
        ("apiVersion: v1\nkind: List\nitems: []\n", "a.yaml", "does not stand in a document of its own"),
        ('{"apiVersion": "v1", "kind": "Pool"}\n', "a.json", "a JSON file holds one document"),
        ('{"apiVersion": "v1", "kind": "Pool"}\n', "a.yaml", "written in braces"),
    ],
)
def test_where_a_document_would_be_something_else_it_is_blocked(text: str, path: str, reason: str) -> None:
    with pytest.raises(Blocked, match=reason):
        added(text, path)


def test_in_embedded_text_it_is_blocked() -> None:
    host = documents(Source("a.yaml", "data: |\n" + "".join(f"  {line}\n" for line in POOL.splitlines())))[0]
    scalar = lookup(host.root, "data")
    assert isinstance(scalar, Scalar)
    with pytest.raises(Blocked, match="text inside another document"):
        document_beside(embed(scalar), "Pool", NEW)


def test_what_is_no_resource_is_blocked() -> None:
    with pytest.raises(Blocked, match="no resource"):
        document_beside(documents(Source("a.yaml", POOL))[0], "Pool", "text")
