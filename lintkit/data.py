"""Where the data that ships with lintkit lives: the folders ``policies`` and ``schemas``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lintkit.errors import LintkitError


@lru_cache(maxsize=8)
def data_dir(name: str) -> Path:
    """The folder ``name`` (``policies``, ``schemas``): inside an installed package, else at the top of a checkout.

    The package is looked at first: beside an installed package stand other people's folders.
    LintkitError when there is neither.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise LintkitError(f"this installation of lintkit lacks its {name}: install it again")
