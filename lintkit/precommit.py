"""What a run under pre-commit is about: the commit being made, a range of commits, or every file.

pre-commit hands deleted files to no hook, and long lists of files to several processes, so the hook asks git itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lintkit.records import NamedTuple
from lintkit.tree.work import find_root, git


class Asked(NamedTuple):
    """The change to judge as ``--since`` and ``--staged`` name it; neither: everything."""

    since: str
    staged: bool


def asked(env: Mapping[str, str], path: Path) -> Asked:
    """What ``--staged`` stands for with this environment, in the repository at ``path``.

    ``pre-commit run --from-ref A`` and a push judge what is new since A (``PRE_COMMIT_FROM_REF``). ``pre-commit run
    --all-files`` names no change: where nothing is staged and git makes no commit (it gives the hooks of one
    ``GIT_INDEX_FILE``), everything is judged. Source: pre-commit 4.6, ``commands/run.py``; githooks(5).
    """
    if not env.get("PRE_COMMIT"):
        return Asked("", staged=True)
    since = env.get("PRE_COMMIT_FROM_REF", "")
    if since:
        return Asked(since, staged=False)
    committing = "GIT_INDEX_FILE" in env
    return Asked("", staged=committing or _staged(find_root(path)))


def _staged(root: Path) -> bool:
    """Whether the index differs from HEAD; true where git cannot tell."""
    return git(root, "diff", "--cached", "--name-only", "--no-ext-diff") != b""
