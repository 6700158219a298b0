"""A policy of one's own, written into a folder as a user would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from lintkit.policy.load import folder_policies
from lintkit.policy.model import Policy


@pytest.fixture
def own_policy(tmp_path: Path) -> Callable[[str], Policy]:
    """Writes a policy text as ``house/storage/<id>/policy.yaml`` and reads it."""

    def write(text: str, name: str = "own") -> Policy:
        home = tmp_path / "house" / "storage" / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "policy.yaml").write_text(dedent(text).lstrip("\n"), "utf-8")
        return next(p for p in folder_policies(tmp_path, "house") if p.id == name)

    return write
