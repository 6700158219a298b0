"""Repository paths: relative to the root, ``/`` between parts, no ``.`` or ``..``; the root is ``""``."""

from __future__ import annotations

import posixpath


def join(base: str, relative: str) -> str | None:
    """``relative`` as seen from directory ``base``; None when it leaves the tree.

    A leading ``/`` starts at the root of the repository (as Argo CD reads value files).
    """
    start = "" if relative.startswith("/") else base
    path = posixpath.normpath(posixpath.join(start, relative.lstrip("/")))
    if path == ".":
        return ""
    return None if path == ".." or path.startswith("../") else path


def parent(path: str) -> str:
    """The directory that holds ``path``; the root's parent is the root."""
    return posixpath.dirname(path)
