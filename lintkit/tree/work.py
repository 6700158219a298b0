"""The files of a work tree: what Git would show, or a plain walk where there is no Git."""

from __future__ import annotations

import os
import stat
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lintkit.errors import LintkitError
from lintkit.tree.files import Files, glob_regex

CONFIG_NAMES: Final = (".lintkit.yaml", ".lintkit.yml", "lintkit.yaml")
MAX_BYTES: Final = 8 * 1024 * 1024
_NEVER: Final = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__", ".tox", ".mypy_cache", ".terraform"})
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
_GIT_ENV: Final = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "LC_ALL": "C"}


class WorkTree:
    """A directory of files. ``unread`` counts files that were passed over when asked for, by reason."""

    def __init__(self, root: Path, exclude: Iterable[str] = ()) -> None:
        self.root = root
        self.unread: Counter[str] = Counter()
        self._exclude = [glob_regex(pattern) for pattern in exclude]
        self.git = _inside_git(root)

    def files(self) -> Files:
        """Every file that is not ignored or excluded."""
        listed = _listed_by_git(self.root) if self.git else None
        paths = _walked(self.root) if listed is None else listed
        kept = [p for p in paths if not any(e.fullmatch(p) for e in self._exclude)]
        return Files(kept, self.load, _remotes(self.root) if self.git else ())

    def load(self, path: str) -> str | None:
        """A file as text; None (and a reason in ``unread``) when it is none, too large or cannot be read."""
        content = self._bytes(path)
        if content is None:
            return None
        if b"\0" in content[:8192]:
            self.unread["binary file"] += 1
            return None
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return self._other_encoding(content)

    def _other_encoding(self, content: bytes) -> str | None:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            try:
                return content.decode("utf-16")
            except UnicodeDecodeError:
                pass
        self.unread["file that is not UTF-8"] += 1
        return None

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
                self.unread["not a regular file"] += 1
                return None
            if info.st_size > MAX_BYTES:
                self.unread[f"file larger than {MAX_BYTES // 1024 // 1024} MiB"] += 1
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


def find_root(path: Path) -> Path:
    """The repository root for ``path``: the nearest configuration at or above it, else the work tree's top, else it.

    Raises LintkitError when ``path`` does not exist.
    """
    if not path.exists():
        raise LintkitError(f"{path}: no such file or directory")
    start = path.resolve()
    if not start.is_dir():
        start = start.parent
    for directory in (start, *start.parents):
        if any((directory / name).is_file() for name in CONFIG_NAMES) or _has_table(directory / "pyproject.toml"):
            return directory
        if (directory / ".git").exists():
            return directory
    return start


def _has_table(file: Path) -> bool:
    try:
        return "[tool.lintkit" in file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _inside_git(root: Path) -> bool:
    return any((d / ".git").exists() for d in (root, *root.parents))


def git(root: Path, *arguments: str, data: bytes | None = None) -> bytes | None:
    """The output of a read-only git command in ``root``; None when git is absent or says no."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _GIT_ENV
    try:
        done = subprocess.run(
            [*_GIT, *arguments], cwd=root, env=environment, input=data, capture_output=True, check=False, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _listed_by_git(root: Path) -> list[str] | None:
    """Tracked and untracked files that are not ignored; None when git cannot tell."""
    output = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    if output is None:
        return None
    names = [os.fsdecode(name) for name in output.split(b"\0") if name]
    return [name for name in names if (root / name).is_file()] if len(names) < 200 else _existing(root, names)


def _existing(root: Path, names: list[str]) -> list[str]:
    """``names`` that exist, found by one listing a directory instead of one look a file."""
    present: dict[str, set[str]] = {}
    found = []
    for name in names:
        directory, _, base = name.rpartition("/")
        if directory not in present:
            try:
                with os.scandir(root / directory) as entries:
                    present[directory] = {e.name for e in entries if e.is_file()}
            except OSError:
                present[directory] = set()
        if base in present[directory]:
            found.append(name)
    return found


def _walked(root: Path) -> list[str]:
    """Every file below ``root``; links to directories are not followed (they loop, or leave the tree)."""
    found: list[str] = []
    queue = [""]
    while queue:
        directory = queue.pop()
        try:
            with os.scandir(root / directory) as entries:
                for entry in entries:
                    path = f"{directory}/{entry.name}" if directory else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _NEVER:
                            queue.append(path)
                    elif entry.is_file():
                        found.append(path)
        except OSError:
            continue
    return found


def _remotes(root: Path) -> list[str]:
    output = git(root, "config", "--get-regexp", r"^remote\..*\.url$")
    return [line.split(" ", 1)[1] for line in (output or b"").decode("utf-8", "replace").splitlines() if " " in line]
