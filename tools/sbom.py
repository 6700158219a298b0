"""The bill of materials of a release: CycloneDX 1.6 of the wheel's dependencies, versions and hashes from the lock.

``python tools/sbom.py FILE``. Which packages a user gets is told by the installed ones, from ``lintkit`` on; the extras are
left out. The same lock gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lintkit import __version__

ROOT: Final = Path(__file__).resolve().parents[1]
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


class Pinned(NamedTuple):
    """A package of the lock: its version, and the SHA-256 of every file of it that may be installed."""

    version: str
    hashes: tuple[str, ...]


def locked(text: str) -> dict[str, Pinned]:
    """The packages of a lock by name."""
    return {
        canonicalize_name(name): Pinned(version, tuple(sorted(re.findall(r"sha256:([0-9a-f]{64})", hashes))))
        for name, version, hashes in _PINNED.findall(text)
    }


def needed(name: str) -> dict[str, list[str]]:
    """``name`` and what it needs here, directly or not, each with what it needs itself."""
    found: dict[str, list[str]] = {}
    todo = [canonicalize_name(name)]
    while todo:
        at = todo.pop()
        if at in found:
            continue
        wanted = [Requirement(text) for text in distribution(at).requires or ()]
        below = sorted({canonicalize_name(r.name) for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})})
        found[at] = list(below)
        todo += below
    return found


def bill(lock: str) -> dict[str, Any]:
    """The bill of materials. KeyError for a dependency that the lock does not pin."""
    pins = locked(lock)
    graph = needed("lintkit")
    own = f"pkg:pypi/lintkit@{__version__}"
    purls = {name: own if name == "lintkit" else f"pkg:pypi/{name}@{pins[name].version}" for name in graph}
    components = [
        {
            "type": "library",
            "bom-ref": purls[name],
            "name": name,
            "version": pins[name].version,
            "purl": purls[name],
            "externalReferences": [
                {
                    "type": "distribution",
                    "url": purls[name],
                    "hashes": _hashes(pins[name]),
                }
            ],
        }
        for name in sorted(graph)
        if name != "lintkit"
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "lintkit",
                "version": __version__,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": purls[name], "dependsOn": [purls[n] for n in graph[name]]} for name in sorted(graph)],
    }


def _hashes(pinned: Pinned) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest} for digest in pinned.hashes]


def main() -> None:
    """Write the bill of materials to the file that is named."""
    made = bill((ROOT / "requirements.lock").read_text("utf-8"))
    Path(sys.argv[1]).write_text(json.dumps(made, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
