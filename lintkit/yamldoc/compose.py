"""Text to documents.

A file is cut at ``---`` and ``...`` in column 0 first (always the border of a document in YAML), so a
broken document spoils nothing but itself.
"""

from __future__ import annotations

from typing import Any, Final, cast

import yaml

from lintkit.text.regex import regex
from lintkit.text.source import BOM, Source
from lintkit.yamldoc import bare, events
from lintkit.yamldoc.document import Document, Trouble
from lintkit.yamldoc.layout import BREAKS, has_content

MAX_VALUES: Final = 1_000_000
"""How many keys and values are taken from one file: each takes half a KiB."""
_TOO_MANY: Final = f"the file holds more than {MAX_VALUES:,} keys and values up to here"
_MARK: Final = rf"(?:---|\.\.\.)(?=[ \t\0{BREAKS}]|\Z)"
_FIRST: Final = regex(_MARK)
_BORDER: Final = regex("\n" + _MARK)
_RARE_BREAKS: Final = BREAKS[2:]
_ANY_BORDER: Final = regex(f"[{BREAKS}]" + _MARK)


def documents(source: Source) -> list[Document]:
    """Every document of a file, in order; one that is broken has ``trouble`` instead of a root."""
    text = source.text
    found: list[Document] = []
    room = MAX_VALUES
    source.expanded = 0
    for start, end in _pieces(text):
        doc = Document(source, len(found))
        piece = text[start:end]
        if len(text) > MAX_VALUES:
            room -= _parts(piece)
        if room < 0:
            doc.trouble = Trouble(_TOO_MANY, start)
        else:
            _compose_into(doc, piece, start)
        found.append(doc)
    return found


def embedded(doc: Document) -> Document:
    """Compose the single document of an embedded text into ``doc`` and return it."""
    if len(doc.text) > MAX_VALUES < _parts(doc.text):
        doc.trouble = Trouble(_TOO_MANY, 0)
    else:
        _compose_into(doc, doc.text, 0)
    return doc


def _parts(text: str) -> int:
    """About how many keys and values a text holds: never fewer than it does."""
    return sum(map(text.count, "\n,:[{-?"))


def _pieces(text: str) -> list[tuple[int, int]]:
    """Spans of the documents' texts: from a ``---`` (included) to the next border; empty leading ones dropped."""
    spans: list[tuple[int, int]] = []
    at, opened = 0, False
    for border in _borders(text):
        begins = text[border] == "-"
        start = _directives(text, at, border) if begins else border
        if opened or has_content(text, at, start):
            spans.append((at, start))
        at, opened = (start, True) if begins else (border + 3, False)
    if opened or has_content(text, at, len(text)):
        spans.append((at, len(text)))
    return spans


def _borders(text: str) -> list[int]:
    pattern = _BORDER
    if "\r" in text or (not text.isascii() and any(char in text for char in _RARE_BREAKS)):
        pattern = _ANY_BORDER
    found = [match.start() + 1 for match in pattern.finditer(text)]
    return [0, *found] if _FIRST.match(text) else found


def _directives(text: str, low: int, border: int) -> int:
    """Where the ``%YAML`` and ``%TAG`` lines of the document at ``border`` begin; ``border`` when it has none."""
    first = at = border
    if text.find("%", low, border) < 0:
        return first
    while at > low:
        begin = max(text.rfind("\n", low, at - 1) + 1, low)
        line = text[begin:at].lstrip("\ufeff")
        if line.startswith("%"):
            first = begin
        elif has_content(line, 0, len(line)):
            break
        at = begin
    return first


def _compose_into(doc: Document, text: str, base: int) -> None:
    if text.startswith(BOM):  # of an embedded text; libyaml would not count it
        text, base = text[1:], base + 1
    if bare.takes(text):
        try:
            doc.root = bare.compose(doc, text, base)
        except (yaml.YAMLError, bare.NotBareError, UnicodeEncodeError):
            pass  # events takes it, or says what is wrong
        else:
            return
    try:
        doc.root = events.compose(doc, text, base)
    except (yaml.YAMLError, events.BrokenError, UnicodeEncodeError) as error:
        doc.trouble = _trouble(error, text, base)


def _trouble(error: Exception, text: str, base: int) -> Trouble:
    if isinstance(error, events.BrokenError):
        return error.trouble
    end = base + len(text)
    if isinstance(error, UnicodeEncodeError):
        return Trouble(f"character U+{ord(text[error.start]):04X} is not allowed in YAML", base + error.start)
    if isinstance(error, yaml.reader.ReaderError):
        # libyaml counts bytes here
        at = len(text.encode()[: max(error.position, 0)].decode(errors="ignore"))
        return Trouble(f"character U+{_code(error.character):04X} is not allowed in YAML", min(base + at, end))
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        context = f" {error.context}" if error.context else ""
        return Trouble(f"{error.problem}{context}", min(base + _offset(error, text), end))
    return Trouble(str(error).partition("\n")[0], base)


def _offset(error: yaml.MarkedYAMLError, text: str) -> int:
    """Where to look: what is never closed is missed only at the end, so then at its beginning."""
    problem, context = cast(Any, error.problem_mark).index, cast(Any, error.context_mark)
    content = len(text.rstrip())
    at: int = context.index if context is not None and problem >= content else problem
    return min(at, content)


def _code(character: object) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")
