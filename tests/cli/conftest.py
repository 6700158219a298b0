"""The command line as a user meets it: the real entry point in this process, or a process of its own."""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lintkit.boot import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

# `pool-size-one` (error, line 7) and `unsized` policies speak about it; size 3 is fine
POOL = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: NAME, namespace: rook-ceph}
spec:
  failureDomain: host
  replicated:
    size: 1
    requireSafeReplicaSize: false
"""


class Done(NamedTuple):
    """How a run ended: exit code, standard output and error."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The report, of a run with ``--format json``."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def places(self, policy: str) -> list[tuple[str, int]]:
        """Path and line of every finding of a policy."""
        return [(f["path"], f["line"]) for f in self.report["findings"] if f["policy"] == policy]

    def skipped(self) -> dict[str, int]:
        """What was passed over, by reason."""
        return {s["reason"]: s["count"] for s in self.report["skipped"]}


Run = Callable[..., Done]


def pool(name: str = "data", size: int = 1) -> str:
    """A pool as a manifest."""
    return POOL.replace("NAME", name).replace("size: 1", f"size: {size}")


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below ``root``; bytes as they are."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def sentence(done: Done) -> str:
    """The one line a refused run says; everything else about it is asserted here."""
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("lintkit: ")
    assert "Traceback" not in done.err
    assert "internal error" not in done.err
    return done.err.strip().removeprefix("lintkit: ")


class _Stdin(io.TextIOWrapper):
    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """An empty directory that is a repository of its own: nothing above it is looked at."""
    root = tmp_path / "repo"
    root.mkdir()
    (root / ".git").mkdir()
    return root


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """``run(*arguments, cwd=..., stdin=...)``: the entry point, in this process."""

    def call(*arguments: object, cwd: Path | None = None, stdin: bytes | str = b"", env: Mapping[str, str] | None = None) -> Done:
        with monkeypatch.context() as patch:
            if cwd is not None:
                patch.chdir(cwd)
            for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS"):
                patch.delenv(name, raising=False)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["lintkit", *map(str, arguments)])
            patch.setattr(sys, "stdin", _Stdin(stdin.encode() if isinstance(stdin, str) else stdin))
            capfdbinary.readouterr()
            code = 0
            try:
                main()
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
            finally:
                gc.enable()
            sys.stdout.flush()
            out, err = capfdbinary.readouterr()
        return Done(code, out.decode(), err.decode(errors="surrogateescape"))

    return call


def spawn(*arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Done:
    """A process of its own: ``python -m lintkit``."""
    command: Sequence[str] = [sys.executable, "-m", "lintkit", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    done = subprocess.run(command, cwd=cwd or ROOT, env=variables, input=stdin, capture_output=True, check=False, timeout=60)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))
