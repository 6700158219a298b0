"""Reports of earlier runs, in the user's cache: where nothing has changed since, nothing is judged again.

A report is kept under everything it rests on that can be told without reading a file: lintkit's own code, the
installed packages, the question, the names of all files, the commit and index a change is judged by, the day (an
ignore may end). It is used again only when every file that was read then holds the same bytes now.
Only JSON reports are kept: they hold messages and edits, no lines of the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from lintkit import __version__
from lintkit.cache import read_cached, write_cached
from lintkit.data import data_dir
from lintkit.records import NamedTuple
from lintkit.tree.work import MAX_BYTES, WorkTree, absolute, config_file, find_root, read_regular

_NAME: Final = "report"
_KEPT: Final = 32
_LARGEST: Final = 4_000_000
_SETTLED_NS: Final = 50_000_000
# keys of a configuration that bring in files which are not of the tree: such runs are not remembered
_OUTSIDE: Final = (b"extends", b"repositories", b"policy-folders")
_BASELINE: Final = ".lintkit-baseline.json"


class Question(NamedTuple):
    """A run as it is known by: ``key`` names all it rests on but the content of files.

    ``started`` is in nanoseconds since the epoch; ``names`` and ``paths`` are what was named and what the tree holds.
    """

    key: str
    root: Path
    started: int
    names: tuple[str, ...]
    paths: tuple[str, ...]


class Answer(NamedTuple):
    """What a run wrote to standard output, and its exit code."""

    text: str
    code: int


def ask(paths: Sequence[str], config: Path | None, wanted: object, *, since: str = "", staged: bool = False) -> Question | None:
    """The question of a run; None for one that is not remembered (from stdin, of files beside the tree).

    ``wanted`` is whatever else was asked for, as something with a telling ``repr``.
    """
    started = time.time_ns()
    found = [Path(path) for path in paths] or [Path()]
    if "-" in paths or since.startswith("-") or not all(path.exists() for path in found):
        return None
    roots = {find_root(path) for path in found}
    if len(roots) != 1:
        return None
    root = roots.pop()
    settings = _settings(root, config)
    if any(word in settings for word in _OUTSIDE):
        return None
    names = tuple(absolute(path).relative_to(root).as_posix() for path in found)
    tree = WorkTree(root, named=_named(names))
    files = tree.files()
    parts: list[object] = [
        __version__,
        sys.version,
        _code(),
        str(root),
        names,
        wanted,
        str(config),
        settings,
        _content(root / _BASELINE),
        date.today().isoformat(),
        files.paths,
        files.remotes,
        sorted(tree.unread.items()),
        tree.notes,
    ]
    parts += _change(root, since, staged=staged)
    key = hashlib.sha256("\0".join(map(repr, parts)).encode("utf-8", "surrogateescape")).hexdigest()
    return Question(key, root, started, names, files.paths)


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    return () if "." in names else names


def answer_of(question: Question) -> Answer | None:
    """What the same run said before, when every file that it read is still the same."""
    text = read_cached(_NAME, question.key)
    try:
        kept = json.loads(text) if text is not None else None
        if kept is None or _digest(question.root, kept["read"]) != kept["digest"]:
            return None
        return Answer(str(kept["text"]), int(kept["code"]))
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def remember(question: Question, read: Iterable[str], answer: Answer) -> None:
    """Keep an answer, with the paths that were read for it; not where a file changed while the run went on."""
    paths = sorted(read)
    now = WorkTree(question.root, named=_named(question.names)).files().paths
    if len(answer.text) > _LARGEST or now != question.paths or any(_changed(question, path) for path in paths):
        return
    kept = {"read": paths, "digest": _digest(question.root, paths), "text": answer.text, "code": answer.code}
    write_cached(_NAME, question.key, json.dumps(kept), _KEPT)


def _changed(question: Question, path: str) -> bool:
    try:
        info = os.stat(os.path.join(question.root, path))  # noqa: PTH116, PTH118 - one call a file, on the hot path
    except OSError:
        return False
    return max(info.st_mtime_ns, info.st_ctime_ns) > question.started - _SETTLED_NS


def _settings(root: Path, config: Path | None) -> bytes:
    if config is not None:
        return _content(config)
    name = config_file(root)
    return name.encode() + b"\n" + _content(root / name) if name else b""


def _content(file: Path) -> bytes:
    try:
        return read_regular(file)
    except OSError:
        return b""


def _change(root: Path, since: str, *, staged: bool) -> list[object]:
    if not since and not staged:
        return []
    from lintkit.tree.revision import head_commit, index
    from lintkit.tree.work import git

    if staged:
        return [head_commit(root), sorted(index(root).ids.items())]
    return [git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") for name in (since, "HEAD")]


def _digest(root: Path, paths: Iterable[str]) -> str:
    """One digest of the content of files; of one that cannot be read, that it cannot."""
    found = hashlib.sha256()
    for path in paths:
        try:
            handle = os.open(os.path.join(root, path), os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))  # noqa: PTH118
        except OSError:
            found.update(b"-\0")
            continue
        try:
            size = os.fstat(handle).st_size
            while size <= MAX_BYTES and (content := os.read(handle, 1 << 20)):
                found.update(content)
            found.update(b"\0%d\0" % size)
        except OSError:
            found.update(b"-\0")
        finally:
            os.close(handle)
    return found.hexdigest()


def _code() -> list[object]:
    """What stands for the code that runs: installed packages by the times of their folders, a checkout file by file."""
    found: list[object] = [(entry, _time(entry)) for entry in sys.path]
    package = Path(__file__).parent
    if (package / "_data").is_dir():
        return found
    for folder in (package, data_dir("policies"), data_dir("schemas")):
        found += _files(str(folder))
    return found


def _time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    """Names, sizes and times of the files of a checkout that a run depends on, cases of policies left out."""
    with os.scandir(folder) as entries:
        known = sorted(entries, key=lambda entry: entry.name)
    for entry in known:
        if entry.is_dir():
            if entry.name not in ("cases", "__pycache__"):
                yield from _files(entry.path)
        elif not entry.name.endswith(".pyc"):
            info = entry.stat()
            yield entry.path, info.st_size, info.st_mtime_ns
