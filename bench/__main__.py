"""``python -m bench [--size NAME ...] [--runs N] [--json FILE] [--slopes] [--peers BIN] [DIR ...]``: ratios, taken in one run.

CPU seconds of whole processes, children included. Two yardsticks: ``compose-all`` (bench/yardstick.py) and
``pass`` (the interpreter doing nothing). The medians of alternating runs are printed, with the peak memory of one.
``--slopes`` adds repositories of growing size, and how the cost grows with it (1 is linear); ``--peers`` other linters
over the same files, from the ``bin`` directory they are installed in.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.generate import SIZES, SLOPES, generate
from bench.peers import peers

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parent.parent / "shared" / "corpus"
"""Real repositories, measured as well where they are and no others are named."""
LINTKIT = [sys.executable, "-m", "lintkit"]
PASS = [sys.executable, "-c", "pass"]
YARDSTICK = [sys.executable, str(HERE / "yardstick.py"), "."]


def variables(scratch: Path) -> dict[str, str]:
    """The environment of a run: byte code is kept, as it is for an installed package, and the cache is the bench's own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {
        "PYTHONPATH": str(HERE.parent),
        "PYTHONPYCACHEPREFIX": str(scratch / "byte-code"),
        "XDG_CACHE_HOME": str(scratch / "cache"),
    }
    return {**kept, **{name: str(folder) for name, folder in own.items()}}


def cpu(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> float:
    """CPU seconds of one run of ``command``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(
    command: Sequence[str], yardstick: Sequence[str], cwd: Path, runs: int, environment: Mapping[str, str]
) -> tuple[float, float]:
    """Median of command/yardstick over alternating runs, and the command's median seconds."""
    cpu(command, cwd, environment), cpu(yardstick, cwd, environment)
    pairs = [(cpu(command, cwd, environment), max(cpu(yardstick, cwd, environment), 1e-4)) for _ in range(runs)]
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs)


def peak(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> float:
    """The most memory that ``command`` itself held at once, in MiB."""
    started = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, _, usage = os.wait4(started.pid, 0)
    started.returncode = 0
    return usage.ru_maxrss / 1024


def measure(name: str, root: Path, runs: int, environment: Mapping[str, str]) -> dict[str, object]:
    """One row: a check that judges everything against compose-all, one where nothing has changed against ``pass``."""
    check = [*LINTKIT, "check", ".", "--format", "json"]
    cold, seconds = ratio([*check, "--no-cache"], YARDSTICK, root, runs, environment)
    warm, again = ratio(check, PASS, root, runs, environment)
    return {
        "input": name,
        "cold / compose-all": round(cold, 2),
        "cold seconds": round(seconds, 3),
        "warm / pass": round(warm, 2),
        "warm seconds": round(again, 3),
        "peak MiB": round(peak([*check, "--no-cache"], root, environment)),
    }


def slope(name: str, scratch: Path, environment: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """A row for each repository of one growing family, the last one with the exponent of growth over the last doubling."""
    command = [*LINTKIT, "check", ".", "--format", "json", "--no-cache"]
    before = 0.0
    for number, size in enumerate(SLOPES[name]):
        root = scratch / f"{name.replace(' ', '-')}-{number}"
        files, _ = generate(root, size)
        seconds = min(cpu(command, root, environment) for _ in range(2))
        row: dict[str, object] = {"input": name, **size._asdict(), "files": files, "seconds": round(seconds, 2)}
        row["peak MiB"] = round(peak(command, root, environment))
        if before:
            row["growth"] = round(math.log2(seconds / before), 2)
        before = seconds
        yield row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--size", action="append", choices=sorted(SIZES), help="generated sizes (default: small, openstack)")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--slopes", action="store_true", help="repositories of growing size as well")
    parser.add_argument("--peers", type=Path, metavar="BIN", help="where other linters are installed")
    parser.add_argument("directories", nargs="*", type=Path, help="repositories to measure as well")
    given = parser.parse_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as temporary:
        environment = variables(Path(temporary))
        start, seconds = ratio([*LINTKIT, "--version"], PASS, Path(temporary), given.runs, environment)
        rows.append({"input": "--version", "/ pass": round(start, 2), "seconds": round(seconds, 3)})
        for size in given.size or ["small", "openstack"]:
            root = Path(temporary) / size
            files, size_bytes = generate(root, SIZES[size])
            rows.append({**measure(size, root, given.runs, environment), "files": files, "MB": round(size_bytes / 1e6, 2)})
            for peer, command in peers(given.peers) if given.peers else ():
                cost, seconds = ratio(command, YARDSTICK, root, min(given.runs, 3), environment)
                rows.append({"input": size, "peer": peer, "/ compose-all": round(cost, 2), "seconds": round(seconds, 2)})
        for name in SLOPES if given.slopes else ():
            rows += slope(name, Path(temporary), environment)
        named = given.directories or sorted(path for path in CORPUS.glob("*") if path.is_dir())
        rows += [measure(directory.name, directory.resolve(), given.runs, environment) for directory in named]
    for row in rows:
        print("  ".join(f"{key}: {value}" for key, value in row.items()))
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
