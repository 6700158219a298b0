"""Ansible inventories in INI: sections of hosts, ``:children`` and ``:vars``, with a span for every host and value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.inventory.ansible import Hosts
from lintkit.sources.inventory.groups import UNGROUPED, WANTED, Mention, Part, expand_range, host_pattern
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.text.source import Source
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence

_SECTION: Final = regex(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_HEADER: Final = regex(r"^[ \t]*\[[^:\]\s]+(?::\w+)?\][ \t]*(?:#.*)?\r?$", re.MULTILINE)
_SETTING: Final = regex(r"[^\s=\[\]\"']+\s*=")
_TOKEN: Final = regex(r"""(?:[^\s"'\\#]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""", re.DOTALL)
_PIECE: Final = regex(r"""\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^"'\\]+)""", re.DOTALL)
_ESCAPED: Final = regex(r'\\(["\\])')


class _Value(NamedTuple):
    """A value without its quotes; ``exact``: its characters stand side by side from ``start``."""

    text: str
    start: int
    end: int
    exact: bool
    quoted: bool


def looks_ini(text: str) -> bool:
    """Whether a text may be an INI inventory: it has a section line, is no script and no ``key = value`` configuration."""
    if text.startswith("#!") or not _HEADER.search(text):
        return False
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        match = _SECTION.fullmatch(stripped)
        if match:
            section = match[2] or ""
            if section not in ("", "vars", "children", "hosts"):
                return False
        elif section != "vars" and _SETTING.match(stripped):
            return False
    return True


def read_ini(source: Source) -> Hosts:
    """The groups of an INI inventory; lines that Ansible would refuse become notes."""
    doc = Document(source, 0)
    parts: list[Part] = []
    notes: list[str] = []
    group, state = UNGROUPED, "hosts"
    for start, end in _lines(source.text):
        line = source.text[start:end]
        if line[0] in "#;":
            continue
        match = _SECTION.fullmatch(line) if line[0] == "[" else None
        if match:
            group, state = match[1], match[2] or "hosts"
            if state not in ("hosts", "children", "vars"):
                notes.append(f"section [{group}:{state}] is unknown to Ansible")
            else:
                parts.append(Part(group))
        elif state == "hosts":
            parts.append(Part(group, tuple(_mentions(doc, start, end, notes))))
        elif state == "children":
            parts.append(Part(group, children=(line.split()[0],)))
        elif state == "vars":
            parts.append(Part(group, variables=dict(_setting(doc, _Value(line, start, end, True, False)))))
    return Hosts(tuple(parts), tuple(notes))


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the lines that hold something, without the blanks around them."""
    for match in re.finditer(r"\S(?:[^\n]*\S)?", text):
        yield match.span()


def _mentions(doc: Document, start: int, end: int, notes: list[str]) -> Iterator[Mention]:
    tokens = _tokens(doc.text, start, end)
    if not tokens:
        notes.append(f"line {doc.source.position(start).line} cannot be read")
        return
    first = tokens[0]
    pattern = host_pattern(first.text)
    home = Scalar(doc, first.start, first.start + len(pattern) if first.exact else first.end, pattern, "'")
    variables: dict[str, Node] = {}
    for token in tokens[1:]:
        variables.update(_setting(doc, token))
    for name in expand_range(pattern):
        yield Mention(name, home, variables, len(tokens) > 1)


def _tokens(text: str, start: int, end: int) -> list[_Value]:
    """Words as a POSIX shell splits them; an unquoted ``#`` starts a comment, a quote never closed ends the line."""
    found: list[_Value] = []
    while start < end:
        match = _TOKEN.match(text, start, end)
        if match:
            found.append(_word(text, match.start(), match.end()))
            start = match.end()
        elif text[start] in "#\"'\\":
            break
        else:
            start += 1
    return found


def _word(text: str, start: int, end: int) -> _Value:
    raw = text[start:end]
    if not any(mark in raw for mark in "\"'\\"):
        return _Value(raw, start, end, True, False)
    out = "".join(
        m[1] or (_ESCAPED.sub(r"\1", m[2]) if m[2] is not None else "") or m[3] or m[4] or "" for m in _PIECE.finditer(raw)
    )
    return _Value(out, start, end, False, True)


def _setting(doc: Document, word: _Value) -> Iterator[tuple[str, Node]]:
    """The variable that ``key=value`` sets, if it is one that matters."""
    name, equals, raw = word.text.partition("=")
    name = name.strip()
    if not equals or name not in WANTED:
        return
    at = doc.text.index("=", word.start) + 1
    yield name, _node(doc, _unquoted(doc.text, at, word.end, raw.strip() if word.exact else raw))


def _unquoted(text: str, start: int, end: int, value: str) -> _Value:
    """``value`` with the place of its characters, when they stand in the file as they are."""
    while start < end and text[start].isspace():
        start += 1
    written = text[start:end]
    quote = written[:1]
    if quote in ("'", '"') and len(written) > 1 and written[-1] == quote and quote not in written[1:-1]:
        inner = written[1:-1]
        if value in (inner, written):
            return _Value(inner, start + 1, end - 1, True, True)
    return _Value(value, start, end, value == written, bool(quote) and quote in "'\"")


def _node(doc: Document, value: _Value) -> Node:
    scalar = Scalar(doc, value.start, value.end, value.text, "'" if value.quoted else "")
    if value.text[:1] not in ("{", "[") or value.text.startswith("{{") or _literal(value.text) is None:
        return scalar
    length = len(value.text) if value.exact else value.end - value.start
    segments = SegmentMap(
        (Segment(0, value.start, length, exact=value.exact),), "", None if value.exact else "a quoted string holds this text"
    )
    # a Python or JSON literal is a YAML flow collection as well, so its items get their own spans
    inner = embedded(Document(doc.source, doc.number, text=value.text, segments=segments, host=scalar))
    return inner.root if isinstance(inner.root, Mapping | Sequence) else scalar


def _literal(text: str) -> dict[object, object] | list[object] | None:
    import ast

    for read in (json.loads, ast.literal_eval):
        try:
            data = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(data, dict | list):
            return data
    return None
