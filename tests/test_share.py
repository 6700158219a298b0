"""Environments judged by several processes: the same report, byte for byte, and no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lintkit.share import processes_for, shared
from lintkit.text.source import Place, Source

EXAMPLES = Path(__file__).parent.parent / "examples"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot split a process")


@pytest.mark.parametrize("output", ["json", "sarif"])
def test_a_report_does_not_depend_on_the_number_of_processes(output: str) -> None:
    def report(jobs: int) -> bytes:
        command = [sys.executable, "-m", "lintkit", "check", str(EXAMPLES), "--format", output, "--no-cache", "--jobs", str(jobs)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (1, b"")
        return done.stdout

    assert report(1) == report(2) == report(5)


def test_results_come_in_the_order_of_the_parts_with_the_files_of_the_parent() -> None:
    file = Source("a.yaml", "x: 1\n")

    def places(parts: Sequence[int]) -> list[Place]:
        return [Place(file, part, part + 1) for part in parts]

    found = shared(range(5), places, 3, {"a.yaml": file}.get)
    assert [place.start for place in found] == [0, 1, 2, 3, 4]
    assert all(place.source is file for place in found)


def test_what_a_process_fails_at_is_done_again_where_its_error_is_seen() -> None:
    parent = os.getpid()

    def work(parts: Sequence[int]) -> list[int]:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return [part * 2 for part in parts]

    assert shared([1, 2, 3], work, 2, lambda _: None) == [2, 4, 6]

    def wrong(parts: Sequence[int]) -> list[int]:
        raise ValueError(f"of {parts}")

    with pytest.raises(ValueError, match="of"):
        shared([1, 2, 3], wrong, 3, lambda _: None)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_as_many_processes_as_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "helm_python", raising=False)
    assert processes_for(1, 10**6, 1000) == 1
    assert processes_for(3, 1, 1000) == 3
    assert processes_for(0, 999, 1000) == 1
    if len(os.sched_getaffinity(0)) > 1:
        assert processes_for(0, 10**6, 1000) > 1


def test_no_process_is_split_while_the_helm_engine_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "helm_python", sys)
    assert processes_for(4, 10**6, 1000) == 1
