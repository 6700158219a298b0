"""Which files a source's ``valueFiles`` name, as Argo CD resolves them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.argocd.application import Application, AppSource
from lintkit.text.regex import regex
from lintkit.tree.files import Reader, glob_regex
from lintkit.tree.paths import join
from lintkit.yamldoc.node import Node, Scalar
from lintkit.yamldoc.unknowns import placeholder

_VARIABLE: Final = regex(r"\$(?:\{(ARGOCD_\w+)\}|(ARGOCD_\w+))")
_WILD: Final = regex(r"[*?\[{]")


class Where(NamedTuple):
    """A place for paths: ``root`` is the directory of its repository in this tree, ``directory`` where relative paths start.

    ``root`` is None for what cannot be read here; ``label`` then names it.
    """

    root: str | None
    directory: str
    label: str


class Resolved(NamedTuple):
    """One entry of ``valueFiles``: files of this tree, or why there are none.

    ``missing`` says that Argo CD would find nothing, ``hidden`` that lintkit cannot look.
    """

    paths: tuple[str, ...] = ()
    missing: str = ""
    hidden: str = ""
    asked: str = ""


def below(reader: Reader, directory: str) -> tuple[str, ...]:
    """Every file below ``directory``, sorted; the tree's other files cost nothing."""
    if not directory:
        return reader.under("")
    reader.globs.add(directory + "/**")
    paths = reader.files.paths
    return paths[bisect_left(paths, directory + "/") : bisect_left(paths, directory + "0")]


def literal_prefix(pattern: str) -> str:
    """The directories of ``pattern`` before its first wildcard."""
    parts = pattern.split("/")
    fixed = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "/".join(parts[: min(fixed, len(parts) - 1)])


def matcher(pattern: str) -> Callable[[str], object]:
    """Tells whether a path matches ``pattern``; a pattern that is none (``[z-a]``) matches nothing."""
    try:
        return glob_regex(pattern).fullmatch
    except re.error:
        return lambda _: None


def is_pattern(path: str) -> bool:
    """Whether ``path`` has a wildcard of Argo CD's globs."""
    return bool(_WILD.search(path))


def substituted(text: str, app: Application, source: AppSource) -> str:
    """``text`` with Argo CD's build environment filled in (``$ARGOCD_APP_NAME``, user-guide/build-environment)."""
    if "ARGOCD_" not in text:
        return text
    known = {
        "ARGOCD_APP_NAME": app.name,
        "ARGOCD_APP_NAMESPACE": app.destination.namespace,
        "ARGOCD_APP_PROJECT_NAME": app.project,
        "ARGOCD_APP_SOURCE_PATH": source.path or "",
        "ARGOCD_APP_SOURCE_REPO_URL": source.repo_url,
        "ARGOCD_APP_SOURCE_TARGET_REVISION": source.target_revision,
    }
    return _VARIABLE.sub(lambda m: known.get(m[1] or m[2]) or m[0], text)


def resolve(reader: Reader, node: Node, text: str, where: Where, refs: dict[str, Where]) -> Resolved:
    """The files that one entry of ``valueFiles`` names. ``text`` is the entry after ``substituted``."""
    if not isinstance(node, Scalar) or placeholder(text) or not text:
        shows = f" ({node.text})" if isinstance(node, Scalar) and node.text else ""
        return Resolved(hidden=f"a values file whose name is not known{shows}")
    if "://" in text:
        return Resolved(hidden=f"values of {text}")
    path = text
    if text.startswith("$"):
        ref, _, path = text[1:].partition("/")
        found = refs.get(ref)
        if found is None:
            return Resolved(missing=f"no source has ref {ref}, which values file {text} needs")
        where = found._replace(directory="")
    if where.root is None:
        return Resolved(hidden=f"values of {where.label} ({text})")
    full = inside(where.root, "" if path.startswith("/") else where.directory, path)
    if full is None:
        return Resolved(missing=f"values file {text} is outside its repository")
    if is_pattern(path):
        return _matched(reader, full, text)
    if not reader.exists(full):
        return Resolved(missing=f"values file {full} does not exist", asked=full)
    return Resolved((full,), asked=full)


def inside(root: str, directory: str, path: str) -> str | None:
    """``path`` as seen from ``directory`` of the repository at ``root``, in this tree; None when it leaves the repository."""
    within = join(directory, path.lstrip("/"))
    if within is None:
        return None
    return f"{root}/{within}".strip("/")


def _matched(reader: Reader, pattern: str, text: str) -> Resolved:
    match = matcher(pattern)
    paths = sorted((p for p in below(reader, literal_prefix(pattern)) if match(p)), key=_walk_order)
    return Resolved(tuple(paths), missing="" if paths else f"values file glob {text} matched no files")


def _walk_order(path: str) -> tuple[tuple[bool, str], ...]:
    # a directory's own files come before those of its subdirectories
    *directories, name = path.split("/")
    return (*((True, part) for part in directories), (False, name))
