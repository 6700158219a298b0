"""Fixes onto files: which of them go together, the text they make, and writing it so that nothing is ever lost."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from lintkit.errors import LintkitError
from lintkit.finding import Fix
from lintkit.fix.joined import joined
from lintkit.fix.locate import alias_at
from lintkit.records import NamedTuple
from lintkit.text.edits import Edit, apply_edits, overlap
from lintkit.text.source import BOM, Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document, path_of, place_of
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Mapping, Node, Scalar, lookup
from lintkit.yamldoc.node import Sequence as Listing

_YAML: Final = (".yaml", ".yml", ".json")


class Plan(NamedTuple):
    """Fixes to apply, fixes left with the reason, and the edits of each file in order."""

    chosen: tuple[Fix, ...]
    left: tuple[tuple[Fix, str], ...]
    edits: dict[str, tuple[Edit, ...]]


def plan(fixes: Sequence[Fix]) -> Plan:
    """Which fixes go together: of those that overlap the first; an edit that several want is made once.

    Lines that several add at one place are joined where they can stand together. A fix is taken with all its edits
    or not at all. One without edits is left.
    """
    chosen: list[Fix] = []
    left: list[tuple[Fix, str]] = []
    taken: dict[str, list[_Taken]] = {}
    for number, fix in enumerate(fixes):
        rival = next((r for edit in fix.edits if (r := _rival(taken.get(edit.source.path, []), edit))), None)
        if fix.blocked or not fix.edits:
            left.append((fix, fix.blocked or "there is nothing to change"))
        elif rival is not None:
            left.append((fix, f"it overlaps another fix: {rival.title}"))
        else:
            chosen.append(fix)
            for edit in fix.edits:
                _take(taken.setdefault(edit.source.path, []), _Taken(edit.start, edit.end, number, edit, fix))
    return Plan(tuple(chosen), tuple(left), {path: tuple(t.edit for t in have) for path, have in taken.items()})


class _Taken(NamedTuple):
    """An edit that will be made, with its fix (the first, where several are joined)."""

    start: int
    end: int
    number: int
    edit: Edit
    fix: Fix


def _take(have: list[_Taken], new: _Taken) -> None:
    for other in _near(have, new.edit):
        if _identical(new.edit, other.edit):
            return
        if text := _joined(other.edit, new.edit):
            have[have.index(other)] = other._replace(edit=other.edit._replace(text=text))
            return
    insort(have, new, key=lambda t: t[:3])


def _joined(a: Edit, b: Edit) -> str | None:
    """The text of both edits, where they put whole lines at one place and go together."""
    return joined(a.text, b.text) if (a.source.path, a.start, a.end) == (b.source.path, b.start, b.end) else None


def _near(have: list[_Taken], edit: Edit) -> list[_Taken]:
    # what is taken never overlaps, so only the neighbours can: one before, and all that start in the edit
    low = max(bisect_left(have, (edit.start,), key=lambda t: t[:1]) - 2, 0)
    high = bisect_left(have, (edit.end + 1,), key=lambda t: t[:1])
    return have[low : high + 1]


def _rival(have: list[_Taken], edit: Edit) -> Fix | None:
    return next((t.fix for t in _near(have, edit) if _collide(edit, t.edit)), None)


def _collide(a: Edit, b: Edit) -> bool:
    if _identical(a, b) or _joined(a, b) or _follows(a, b) or _follows(b, a):
        return False
    # two removals side by side may together empty a mapping that each alone would not
    both_remove = not a.text and not b.text and a.start <= b.end and b.start <= a.end
    return both_remove or overlap(a, b)


def _follows(value: Edit, lines: Edit) -> bool:
    """Whether ``lines`` are whole lines added right behind a value that stays on its line."""
    behind = value.start < value.end == lines.start == lines.end and value.source.path == lines.source.path
    return behind and bool(value.text) and "\n" not in value.text and lines.text.startswith(("\n", "\r\n"))


def _identical(a: Edit, b: Edit) -> bool:
    return (a.source.path, *a[1:]) == (b.source.path, *b[1:])


def new_text(source: Source, edits: Iterable[Edit]) -> str:
    """The text of a file (without BOM) after ``edits``; LintkitError when it could not be read as before."""
    edits = tuple(sorted(edits, key=lambda edit: (edit.start, edit.end)))
    try:
        text = apply_edits(source.text, edits)
    except ValueError as error:
        raise LintkitError(f"the fixes contradict each other: {error}", source.path) from error
    if not source.path.endswith(_YAML):
        return text
    before, after = documents(source), documents(Source(source.path, text))
    if sum(d.trouble is not None for d in after) > sum(d.trouble is not None for d in before) or len(after) < len(before):
        trouble = next((d.trouble.message for d in after if d.trouble), "a document is lost")
        raise LintkitError(f"not fixed: the file could no longer be read ({trouble})", source.path)
    for old, new in zip(before, after, strict=False):
        _check_embedded(source.path, old, new, edits)
    return text


def _check_embedded(path: str, old: Document, new: Document, edits: tuple[Edit, ...]) -> None:
    """What an edited literal block holds must still be the YAML it was."""
    for scalar in _literals(old, edits):
        inner = embed(scalar)
        if inner.trouble is not None or not isinstance(inner.root, Mapping | Listing):
            continue
        found = lookup(new.root, *path_of(scalar))
        again = embed(found) if isinstance(found, Scalar) and found.style == "|" else None
        if again is None:
            continue
        if again.trouble is not None:
            raise LintkitError(f"not fixed: the text in it could no longer be read ({again.trouble.message})", path)
        _check_embedded(path, inner, again, edits)


def _literals(doc: Document, edits: tuple[Edit, ...]) -> Iterator[Scalar]:
    """The literal blocks of a document that an edit touches."""
    todo: list[Node] = [doc.root] if doc.root is not None else []
    while todo:
        node = todo.pop()
        if alias_at(node) or not _touched(node, edits):
            continue
        if isinstance(node, Scalar) and node.style == "|":
            yield node
        elif isinstance(node, Mapping):
            todo += [entry.value for entry in node.entries if not entry.via]
        elif isinstance(node, Listing):
            todo += node.items


def _touched(node: Node, edits: tuple[Edit, ...]) -> bool:
    place = place_of(node)
    first = bisect_left(edits, place.start, key=lambda edit: edit.end)
    return first < len(edits) and edits[first].start <= place.end


def write_atomic(path: Path, text: str, expected: bytes) -> None:
    """Replace the content of a file by ``text`` (UTF-8, with the BOM it had) in one step; its mode stays.

    ``expected`` is the content the text was made from, empty for a file that does not exist yet.
    Raises LintkitError when the file has changed since, or cannot be written. A link stays: what it
    points to is replaced.
    """
    name = path.as_posix()
    try:
        target = path.resolve()
        exists = target.exists()
        if (target.read_bytes() if exists else b"") != expected:
            raise LintkitError("not fixed: the file has changed since it was read", name)
        mode = stat.S_IMODE(target.stat().st_mode) if exists else None
        if exists and not os.access(target, os.W_OK):
            raise LintkitError("not fixed: the file is read-only", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(target.parent, os.W_OK):
            raise LintkitError("not fixed: its directory is read-only", name)
        bom = BOM if expected.startswith(BOM.encode()) and not text.startswith(BOM) else ""
        _replace(target, (bom + text).encode(), mode, expected)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LintkitError(f"not fixed: the file cannot be written ({reason})", name) from error


def _replace(target: Path, content: bytes, mode: int | None, expected: bytes) -> None:
    made = target.with_name(f".{target.name}.{os.getpid()}-{time.monotonic_ns()}.tmp")
    try:
        with made.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            made.chmod(mode)
        if (target.read_bytes() if target.exists() else b"") != expected:
            raise LintkitError("not fixed: the file has changed since it was read", target.as_posix())
        made.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            made.unlink()
        raise
