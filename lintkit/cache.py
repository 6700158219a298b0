"""The user's cache directory: small files that may vanish at any time. Never in a repository.

Content is data (JSON below a line with its checksum), never code. Whatever cannot be read or written, or is damaged, is
as if it were not there.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

KEPT: Final = 4
"""How many files of one name are kept: those of the versions of lintkit that run beside each other."""


def cache_dir() -> Path:
    """``$XDG_CACHE_HOME/lintkit``, or the platform's place (``~/.cache``, ``~/Library/Caches``, ``%LOCALAPPDATA%``)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if given and Path(given).is_absolute():
        return Path(given) / "lintkit"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local or Path.home() / "AppData" / "Local") / "lintkit" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lintkit"
    return Path.home() / ".cache" / "lintkit"


def read_cached(name: str, key: str) -> str | None:
    """What was written under ``name`` and ``key``; None when there is nothing that can be read."""
    try:
        sum_, _, content = (cache_dir() / f"{name}-{key}.json").read_bytes().partition(b"\n")
        return content.decode("utf-8") if sum_ == _sum(content) else None
    except (OSError, RuntimeError, ValueError):
        return None


def _sum(content: bytes) -> bytes:
    """What tells a file that a disk or a crash has damaged; JSON may survive damage with another meaning."""
    from binascii import crc32

    return b"%08x" % crc32(content)


def write_cached(name: str, key: str, text: str, keep: int = KEPT) -> None:
    """Keep ``text`` under ``name`` and ``key``: at once or not at all, beside the newest ones of the name (``keep`` in all)."""
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        import tempfile

        folder = cache_dir()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                content = text.encode("utf-8")
                file.write(_sum(content) + b"\n" + content)
            Path(temporary).replace(folder / f"{name}-{key}.json")
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
        _drop_old(folder, name, keep)


def _drop_old(folder: Path, name: str, keep: int) -> None:
    files = sorted(folder.glob(f"{name}-*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in files[keep:]:
        file.unlink(missing_ok=True)
