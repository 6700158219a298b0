"""The files of a git revision or of the index, read through git objects: no checkout, no filter, no hook.

A file that is the same in two trees (same object id) is read and parsed once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from lintkit.errors import LintkitError
from lintkit.records import NamedTuple
from lintkit.tree.files import Files
from lintkit.tree.paths import join, parent
from lintkit.tree.work import MAX_BYTES, decode, git

_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
_MAX_LINKS: Final = 8


class Tree(NamedTuple):
    """Object ids of a tree's files by path relative to the root of the run."""

    name: str
    ids: Mapping[str, str]


def base_of(root: Path, since: str) -> str:
    """The commit that ``--since`` compares with: the merge base of it and HEAD. LintkitError when there is none."""
    if git(root, "rev-parse", "--git-dir") is None:
        raise LintkitError(f"--since needs a git repository, and {root} is in none that git can read")
    if git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        raise LintkitError("the repository has no commit yet: there is nothing to compare with")
    if since.startswith("-") or git(root, "rev-parse", "--verify", "--quiet", f"{since}^{{commit}}") is None:
        raise LintkitError(f"--since {since}: this repository has no such revision{_shallow(root, since)}")
    base = git(root, "merge-base", since, "HEAD")
    if base is None:
        raise LintkitError(f"--since {since}: it has no common ancestor with HEAD here{_shallow(root, since)}")
    return base.decode().strip()


def _shallow(root: Path, since: str) -> str:
    if (git(root, "rev-parse", "--is-shallow-repository") or b"").strip() == b"true":
        # HEAD~1 and the like are nothing that a remote could be asked for
        name = "" if since.startswith(("HEAD", "@")) or any(c in since for c in "~^:@") else f" {since.removeprefix('origin/')}"
        return f"; this clone is shallow, fetch more with `git fetch --unshallow origin{name}`"
    return ""


def revision(root: Path, commit: str) -> Tree:
    """The files of a commit below ``root``."""
    prefix = (git(root, "rev-parse", "--show-prefix") or b"").decode("utf-8", "surrogateescape").strip("\n")
    output = git(root, "ls-tree", "-r", "-z", "--full-tree", commit, *((prefix,) if prefix else ()))
    if output is None:
        raise LintkitError(f"git cannot list the files of {commit}")
    ids: dict[str, str] = {}
    links: dict[str, str] = {}
    for entry in output.split(b"\0"):
        meta, _, name = entry.partition(b"\t")
        parts = meta.decode("ascii", "replace").split()
        path = os.fsdecode(name)
        if len(parts) == 3 and parts[1] == "blob" and path.startswith(prefix):
            (links if parts[0] == _LINK else ids)[path[len(prefix) :]] = parts[2]
    return Tree(commit, _with_links(root, ids, links))


def index(root: Path) -> Tree:
    """The files of the index (what a commit would hold) below ``root``."""
    output = git(root, "ls-files", "-z", "--stage", index=_index_of_commit(root))
    if output is None:
        raise LintkitError(f"--staged needs a git repository, and {root} is in none that git can read")
    ids: dict[str, str] = {}
    links: dict[str, str] = {}
    for entry in output.split(b"\0"):
        meta, _, name = entry.partition(b"\t")
        parts = meta.decode("ascii", "replace").split()
        if len(parts) == 3 and parts[0] != _SUBMODULE and parts[2] in ("0", "2"):
            (links if parts[0] == _LINK else ids)[os.fsdecode(name)] = parts[1]
    return Tree("the index", _with_links(root, ids, links))


def _index_of_commit(root: Path) -> str:
    """The index that a running ``git commit`` made for its hooks (``commit -a``, ``commit FILE``); empty without one.

    One that belongs to another repository, as for a hook that looks at a second one, does not count.
    """
    name = os.environ.get("GIT_INDEX_FILE", "")
    folder = git(root, "rev-parse", "--absolute-git-dir") if name else None
    if folder is None or not Path(name).is_file():
        return ""
    path = Path(name).resolve()
    return str(path) if path.is_relative_to(Path(os.fsdecode(folder.strip(b"\n"))).resolve()) else ""


def _with_links(root: Path, ids: dict[str, str], links: Mapping[str, str]) -> dict[str, str]:
    """``ids`` with symbolic links to files of the tree as what they lead to: what reading the work tree gives."""
    contents = _blobs(root, sorted(set(links.values())))
    aims = {path: os.fsdecode(contents.get(i, b"/")) for path, i in links.items()}
    targets = {path: join(parent(path), aim) or "" for path, aim in aims.items() if not aim.startswith("/")}
    found = dict(ids)
    for path in links:
        target = path
        for _ in range(_MAX_LINKS):
            target = targets.get(target, target)
        if target in ids:
            found[path] = ids[target]
    return found


def left_out(root: Path, missing: Iterable[str]) -> frozenset[str]:
    """Files among those missing in the work tree that a sparse checkout leaves out: nobody deleted them."""
    absent = frozenset(missing)
    output = git(root, "ls-files", "-z", "-t") if absent else None
    entries = (entry.partition(b" ") for entry in (output or b"").split(b"\0"))
    return absent & {os.fsdecode(name) for tag, _, name in entries if tag == b"S"}


def head_commit(root: Path) -> str | None:
    """The commit HEAD names; None before the first commit."""
    output = git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return output.decode().strip() if output else None


def object_ids(files: Files, root: Path, paths: Iterable[str], like: str) -> dict[str, str]:
    """Object ids of work tree files, computed here: asking git would run the filters that a repository configures.

    ``like`` is any object id of the repository: its length tells SHA-1 from SHA-256.
    """
    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    found: dict[str, str] = {}
    for path in paths:
        if path not in files:
            continue
        try:
            content = (root / path).read_bytes()
        except OSError:
            continue
        found[path] = make(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    return found


def tree_files(root: Path, tree: Tree, twin: Files | None = None, twin_ids: Mapping[str, str] | None = None) -> Files:
    """The files of ``tree``; those that ``twin`` holds with the same object id are taken from there.

    LintkitError when some that count are not in this clone.
    """
    same = {p for p, i in tree.ids.items() if twin_ids is not None and twin_ids.get(p) == i}
    wanted = {path: tree.ids[path] for path in tree.ids if path not in same and _matters(path)}
    contents = _blobs(root, sorted(set(wanted.values())))
    if missing := sorted(path for path, i in wanted.items() if i not in contents):
        more = f" and {len(missing) - 1} more files" if len(missing) > 1 else ""
        raise LintkitError(
            f"{missing[0]}{more} of {tree.name[:12]} cannot be read: this clone does not hold them"
            "; where it is partial, fetch them with `git fetch --refetch --no-filter origin`"
        )

    def load(path: str) -> str | None:
        object_id = tree.ids[path]
        if object_id not in contents:
            contents.update(_blobs(root, [object_id]))
        content = contents.get(object_id)
        return decode(content)[0] if content is not None and len(content) <= MAX_BYTES else None

    remotes = twin.remotes if twin is not None else ()
    return Files(tree.ids, load, remotes, twin=twin, same=frozenset(same))


def _matters(path: str) -> bool:
    return path.endswith((".yaml", ".yml", ".ini")) or "." not in path.rpartition("/")[2]


def _blobs(root: Path, ids: list[str]) -> dict[str, bytes]:
    """Contents of objects by id, read in one go."""
    if not ids:
        return {}
    output = git(root, "cat-file", "--batch", data="".join(f"{i}\n" for i in ids).encode()) or b""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        head = output[at:end].split()
        if len(head) != 3:
            at = end + 1
            continue
        size = int(head[2])
        found[head[0].decode()] = output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found
