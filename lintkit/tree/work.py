"""The files of a work tree: what Git would show, or a plain walk where there is no Git."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lintkit.errors import LintkitError
from lintkit.records import NamedTuple
from lintkit.tree.files import Files, glob_regex

CONFIG_NAMES: Final = (".lintkit.yaml", ".lintkit.yml", "lintkit.yaml")
MAX_BYTES: Final = 8 * 1024 * 1024
_NEVER: Final = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__", ".tox", ".mypy_cache", ".terraform"})
# what a directory entry is; where it is no file, the reason that is reported
_FILE: Final = "file"
_DIRECTORY: Final = "directory"
_ABSENT: Final = "absent"
_SPECIAL: Final = "not a regular file"
_TOO_LARGE: Final = f"file larger than {MAX_BYTES // 1024 // 1024} MiB"
_LINK_OUT: Final = "link that leads out of the tree"
_LINK_TO_NOTHING: Final = "link that leads nowhere"
_LINK_TO_DIRECTORY: Final = "link to a directory, which is not followed"
# nothing of a linted repository may run: no hooks, no fsmonitor, no filters, no prompts, no network
_GIT: Final = (
    "git",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=" + os.devnull,
    "-c",
    "core.untrackedCache=false",
    "-c",
    "protocol.allow=never",
)
_GIT_ENV: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    # beats protocol.NAME.allow of a repository's own configuration; a partial clone would fetch what it lacks
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
}


class Listing(NamedTuple):
    """Paths of the regular files of a tree, and how many YAML files were passed over, by reason."""

    paths: list[str]
    passed: Counter[str]


class WorkTree:
    """A directory of files. ``unread`` counts files that were passed over, by reason; ``opened`` are those looked into.

    Files that match ``exclude`` are left out, except those that ``named`` names (files, or directories above
    them): a path named explicitly beats excludes and ``.gitignore``.
    """

    def __init__(self, root: Path, exclude: Iterable[str] = (), named: Iterable[str] = ()) -> None:
        self.root = root.resolve()
        self.unread: Counter[str] = Counter()
        self.notes: list[str] = []
        self.opened: set[str] = set()
        self._exclude = [glob_regex(pattern) for pattern in exclude]
        self._named = tuple(named)
        self.git = _inside_git(root)

    def files(self) -> Files:
        """Every file that is not ignored or excluded."""
        names = _listed_by_git(self.root) if self.git else None
        if self.git and names is None:
            self.notes.append("git could not list the files of this work tree: .gitignore does not hold")
        listing = _walked(self.root) if names is None else _present(self.root, names)
        self.unread.update(listing.passed)
        kept = {p for p in listing.paths if self.wanted(p)} if self._exclude else set(listing.paths)
        for name in self._named:
            if name not in kept:
                kept.update(_present(self.root, [name]).paths or _walked(self.root, name).paths)
        return Files(kept, self.load, _remotes(self.root) if names is not None else ())

    def wanted(self, path: str) -> bool:
        """Whether no exclude holds for a path, or it was named."""
        if any(path == name or path.startswith(name + "/") for name in self._named):
            return True
        return not any(e.fullmatch(path) for e in self._exclude)

    def load(self, path: str) -> str | None:
        """A file as text; None (and a reason in ``unread``) when it is none, too large or cannot be read."""
        self.opened.add(path)
        content = self._bytes(path)
        if content is None:
            return None
        text, reason = decode(content)
        if text is None:
            self.unread[reason] += 1
        return text

    def _bytes(self, path: str) -> bytes | None:
        name = os.path.join(self.root, path)  # noqa: PTH118 - one string join a file, on the hot path
        try:
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            handle = os.open(name, flags)
        except OSError:
            self.unread["file that cannot be opened"] += 1
            return None
        try:
            info = os.fstat(handle)
            if not stat.S_ISREG(info.st_mode):
                self.unread[_SPECIAL] += 1
                return None
            if info.st_size > MAX_BYTES:
                self.unread[_TOO_LARGE] += 1
                return None
            return _read_all(handle, info.st_size)
        except OSError:
            self.unread["file that cannot be read"] += 1
            return None
        finally:
            os.close(handle)


def _read_all(handle: int, size: int) -> bytes:
    content = os.read(handle, size + 1)
    while len(content) < size and (more := os.read(handle, size)):
        content += more
    return content


def read_regular(file: Path) -> bytes:
    """The content of a file of the repository that is not part of its tree (configuration, baseline, policy).

    OSError when it is no regular file (a device has no end, a pipe no beginning) or larger than ``MAX_BYTES``.
    """
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            number = errno.EISDIR if stat.S_ISDIR(info.st_mode) else errno.EINVAL
            raise OSError(number, os.strerror(number) if number == errno.EISDIR else _SPECIAL, str(file))
        if info.st_size > MAX_BYTES:
            raise OSError(errno.EFBIG, _TOO_LARGE, str(file))
        return _read_all(handle, info.st_size)
    finally:
        os.close(handle)


def decode(content: bytes) -> tuple[str | None, str]:
    """The text of a file (UTF-8, or UTF-16 with a byte order mark); None with the reason when it is none."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode("utf-16"), ""
    if b"\0" in content[:8192]:
        return None, "binary file"
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        return None, "file that is not UTF-8"


def is_file(file: Path) -> bool:
    """Whether there is a regular file; a name that no file can have is that of none."""
    try:
        return file.is_file()
    except OSError:
        return False


def absolute(path: Path) -> Path:
    """``path`` without links on the way to it; a link to a file stays itself, a directory becomes what it is."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def find_root(path: Path) -> Path:
    """The repository root for ``path``: the nearest configuration at or above it, else the work tree's top, else it.

    Raises LintkitError when ``path`` does not exist.
    """
    if not path.exists():
        raise LintkitError(f"{path}: no such file or directory")
    start = absolute(path)
    if not start.is_dir():
        start = start.parent
    for directory in (start, *start.parents):
        if config_file(directory) or (directory / ".git").exists():
            return directory
    return start


def config_file(directory: Path) -> str:
    """The name of the configuration file of a directory; empty when it has none."""
    for name in CONFIG_NAMES:
        if os.path.lexists(directory / name):
            return name
    return "pyproject.toml" if _has_table(directory / "pyproject.toml") else ""


def _has_table(file: Path) -> bool:
    try:
        content = read_regular(file)
    except OSError:
        return False
    if b"lintkit" not in content:
        return False
    import tomllib

    try:
        return "lintkit" in tomllib.loads(content.decode("utf-8-sig")).get("tool", {})
    except (ValueError, RecursionError):
        return b"[tool.lintkit" in content


def _inside_git(root: Path) -> bool:
    return any((d / ".git").exists() for d in (root, *root.parents))


def git(root: Path, *arguments: str, data: bytes | None = None, index: str = "") -> bytes | None:
    """The output of a read-only git command in ``root``, with another ``index`` if given; None when git is absent or says no."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _GIT_ENV
    if index:
        environment["GIT_INDEX_FILE"] = index
    try:
        done = subprocess.run(
            [*_GIT, *arguments], cwd=root, env=environment, input=data, capture_output=True, check=False, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _listed_by_git(root: Path) -> list[str] | None:
    """Names of tracked and untracked files that are not ignored; None when git cannot tell."""
    output = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return None if output is None else [os.fsdecode(name) for name in output.split(b"\0") if name]


def _present(root: Path, names: Iterable[str]) -> Listing:
    """The regular files among ``names``, found by one listing a directory instead of one look a file."""
    known: dict[str, dict[str, str]] = {}
    real: dict[str, bool] = {"": True}
    found = Listing([], Counter())
    for name in names:
        directory, _, base = name.rpartition("/")
        if directory not in known:
            known[directory] = (_entries(root, directory) or {}) if _is_real(root, directory, real) else {}
        kind = known[directory].get(base, _ABSENT)
        if kind == _DIRECTORY or not base:
            found.passed["submodule or nested repository"] += 1
        else:
            _sort(name, kind, found)
    return found


def _is_real(root: Path, directory: str, known: dict[str, bool]) -> bool:
    """Whether no part of ``directory`` is a link: a directory that was replaced by one may lead anywhere."""
    if directory not in known:
        above = _is_real(root, directory.rpartition("/")[0], known)
        known[directory] = above and not (root / directory).is_symlink()
    return known[directory]


def _walked(root: Path, start: str = "") -> Listing:
    """Every file below the directory ``start``; links to directories are not followed (they loop, or leave the tree)."""
    found = Listing([], Counter())
    queue = [start]
    while queue:
        directory = queue.pop()
        entries = _entries(root, directory)
        if entries is None:
            found.passed["directory that cannot be listed"] += 1
        for name, kind in (entries or {}).items():
            path = f"{directory}/{name}" if directory else name
            if kind == _DIRECTORY:
                if name not in _NEVER:
                    queue.append(path)
            else:
                _sort(path, kind, found)
    return found


def _sort(path: str, kind: str, into: Listing) -> None:
    if kind == _FILE:
        into.paths.append(path)
    elif kind == _LINK_TO_DIRECTORY or (kind not in (_ABSENT, _DIRECTORY) and path.endswith((".yaml", ".yml"))):
        into.passed[kind] += 1


def _entries(root: Path, directory: str) -> dict[str, str] | None:
    """Names in a directory, each with what it is; None when the directory cannot be listed."""
    try:
        with os.scandir(root / directory) as entries:
            return {entry.name: _kind(root, entry) for entry in entries}
    except OSError:
        return None


def _kind(root: Path, entry: os.DirEntry[str]) -> str:
    if entry.is_file(follow_symlinks=False):
        return _FILE
    if entry.is_dir(follow_symlinks=False):
        return _DIRECTORY
    if not entry.is_symlink():
        return _SPECIAL
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):
        return _LINK_TO_NOTHING
    if not target.is_relative_to(root):
        return _LINK_OUT
    return _FILE if target.is_file() else _LINK_TO_DIRECTORY if target.is_dir() else _SPECIAL


def below_top(root: Path) -> str:
    """The path of ``root`` below the top of its git work tree; empty when it is the top, or in none."""
    top = next((d for d in (root, *root.parents) if (d / ".git").exists()), root)
    relative = root.relative_to(top).as_posix()
    return "" if relative == "." else relative


def _remotes(root: Path) -> list[str]:
    output = git(root, "config", "--get-regexp", r"^remote\..*\.url$")
    return [line.split(" ", 1)[1] for line in (output or b"").decode("utf-8", "replace").splitlines() if " " in line]
