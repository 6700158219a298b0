"""Real files: the same keys, values and lines that PyYAML sees, and the layer never gives up."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lintkit.text.source import Source
from lintkit.yamldoc.compose import _pieces, documents
from lintkit.yamldoc.document import Document, path_of
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, Unknown, key_name
from tests.yamldoc.test_yamldoc_spans import check_agreement, check_order, nodes_of

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
FOLDERS = sorted(path for path in CORPUS.glob("*") if path.is_dir()) if CORPUS.is_dir() else []

pytestmark = pytest.mark.skipif(not FOLDERS, reason="no corpus beside the repository")


def texts(folder: Path) -> list[str]:
    return [path.read_bytes().decode("utf-8", "replace") for path in sorted(folder.rglob("*.y*ml")) if path.is_file()]


def compare(ours: Node, theirs: yaml.Node, aliases: set[int]) -> None:
    """The same shape, texts and lines; where an alias or a merge key was used PyYAML shows the anchor's place."""
    if isinstance(ours, Unknown):
        return
    if id(ours) not in aliases:
        assert (
            ours.doc.source.position(ours.start).line == theirs.start_mark.line + 1
            or ours.anchor
            or theirs.tag
            or ours.start == ours.end
        )
    if isinstance(ours, Scalar):
        assert isinstance(theirs, yaml.ScalarNode)
        assert (ours.text, ours.style) == (theirs.value, theirs.style or "")
    elif isinstance(ours, Sequence):
        assert isinstance(theirs, yaml.SequenceNode)
        for mine, other in zip(ours.items, theirs.value, strict=True):
            compare(mine, other, aliases)
    elif isinstance(ours, Mapping):
        assert isinstance(theirs, yaml.MappingNode)
        own = [entry for entry in ours.entries if not entry.via]
        written = [(key, value) for key, value in theirs.value if key.value != "<<"]
        for entry, (key, value) in zip(own, written, strict=True):
            compare(entry.key, key, aliases)
            compare(entry.value, value, aliases)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_real_files_are_read_as_the_parser_reads_them(folder: Path) -> None:
    for text in texts(folder):
        found = documents(Source("x.yaml", text))
        theirs = composed(text)
        if isinstance(theirs, str):
            # PyYAML alone refuses an anchor that is defined twice
            assert any(doc.trouble for doc in found) or "duplicate anchor" in theirs
        elif any(doc.trouble for doc in found):
            assert all("mapping key must be a scalar" in doc.trouble.message for doc in found if doc.trouble)
        else:
            for ours, other in zip(found, theirs, strict=True):
                if ours.root is not None and other is not None:
                    compare(ours.root, other, set(ours.aliases))


def composed(text: str) -> list[yaml.Node | None] | str:
    """What PyYAML composes, or what it has against it."""
    try:
        return list(yaml.compose_all(text, yaml.CSafeLoader))
    except yaml.YAMLError as error:
        return str(error)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_both_ways_of_composing_agree_on_real_files(folder: Path) -> None:
    for text in texts(folder):
        source = Source("x.yaml", text)
        for start, end in _pieces(source.text):
            check_agreement(source.text[start:end])
        check_order(text)


def below(node: Node) -> list[Node]:
    if isinstance(node, Mapping):
        return [part for entry in node.entries if not entry.via for part in (entry.key, entry.value)]
    return list(node.items) if isinstance(node, Sequence) else []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_scalars_of_real_files_are_written_at_their_spans(folder: Path) -> None:
    for text in texts(folder)[::5]:
        for doc in documents(Source("x.yaml", text)):
            for node in nodes_of(doc):
                written = doc.text[node.start : node.end]
                inside = below(node) if id(node) not in doc.aliases else []
                assert all(node.start <= part.start and part.end <= node.end for part in inside)
                if isinstance(node, Scalar) and not node.style and "\n" not in written and id(node) not in doc.aliases:
                    assert written == node.text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_paths_lead_back_in_real_files(folder: Path) -> None:
    for text in texts(folder)[::40]:
        for doc in documents(Source("x.yaml", text)):
            if doc.root is not None and len(text) < 20_000:
                check_paths(doc, doc.root, ())


def check_paths(doc: Document, node: Node, path: tuple[str | int, ...]) -> None:
    assert path_of(node) == path
    if id(node) in doc.aliases:
        return
    if isinstance(node, Mapping):
        for entry in node.entries:
            if not entry.via:
                assert path_of(entry.key) == (*path, key_name(entry.key))
                check_paths(doc, entry.value, (*path, key_name(entry.key)))
    elif isinstance(node, Sequence):
        for number, item in enumerate(node.items):
            check_paths(doc, item, (*path, number))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_embedded_values_of_real_files_stand_where_they_are_written(folder: Path) -> None:
    for text in texts(folder)[::3]:
        for doc in documents(Source("x.yaml", text)):
            for node in nodes_of(doc):
                if isinstance(node, Scalar) and node.style == "|" and ": " in node.text and id(node) not in doc.aliases:
                    inner = embed(node)
                    for part in nodes_of(inner):
                        place = inner.place(part.start, part.end)
                        if isinstance(part, Scalar) and "\n" not in inner.text[part.start : part.end]:
                            assert doc.text[place.start : place.end] == inner.text[part.start : part.end]
