"""Every policy of a run: those lintkit ships and those of the repository's policy folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lintkit.errors import LintkitError
from lintkit.policy.model import Policy
from lintkit.policy.prepared import builtin_policies
from lintkit.policy.read import read_policy

_LONGEST: Final = 255  # as long as a file's name may be

__all__ = ["all_policies", "builtin_policies", "folder_policies"]


def folder_policies(root: Path, folder: str) -> list[Policy]:
    """The policies of one folder of the repository (``<family>/<id>/policy.yaml``). LintkitError when it is wrong."""
    base = root / folder
    if len(folder) > _LONGEST or not base.is_dir():
        raise LintkitError(f"the policy folder {folder!r} does not exist", ".lintkit.yaml")
    found = [read_policy(f, f.relative_to(root).as_posix(), builtin=False) for f in sorted(base.glob("*/*/policy.yaml"))]
    for policy in found:
        if policy.id != Path(policy.origin).parent.name:
            raise LintkitError(f"the id {policy.id!r} is not the name of its folder", policy.origin, 1)
    return found


def all_policies(root: Path, folders: Iterable[str]) -> tuple[Policy, ...]:
    """Built-in and own policies. LintkitError when an id occurs twice."""
    found = {policy.id: policy for policy in builtin_policies()}
    for folder in folders:
        for policy in folder_policies(root, folder):
            if policy.id in found:
                raise LintkitError(f"the id {policy.id!r} is taken by {found[policy.id].origin}", policy.origin, 1)
            found[policy.id] = policy
    return tuple(found[name] for name in sorted(found))
