"""Fuzz for some minutes: ``python -m tests.fuzz --minutes 60 --keep DIRECTORY [--seed N] [TARGET...]``.

What is made depends on the seed alone. Every input that crashes is written to DIRECTORY, one for each place it crashed at.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS, attempt

SECONDS: Final = 20
"""Longer than this, and a run counts as one without end."""
SLOW: Final = 2.0
"""An input that takes more seconds of processor time is kept too, to be looked at."""


class EndlessError(Exception):
    """An input took too long."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise EndlessError(f"no end within {SECONDS} s")


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/lintkit/" in f.filename] or frames[-1:]
    return f"{type(error).__name__}-{Path(own[-1].filename).stem}-{own[-1].lineno}"


def _made(seed: int, name: str, number: int) -> str:
    rng = random.Random(f"{seed}:{name}:{number}")
    known = TARGETS[name].seeds()
    return mutated(rng, rng.choice(known), known)


def main() -> int:
    """Run, and print how often each target ran and crashed; 1 when one did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="any of: " + ", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("crashes"))
    given = parser.parse_args()
    given.targets = given.targets or list(TARGETS)
    signal.signal(signal.SIGALRM, _stop)
    order = [name for name in given.targets for _ in range(TARGETS[name].weight)]
    ran, crashed, slowest = Counter[str](), Counter[tuple[str, str]](), dict[str, float]()
    end = time.monotonic() + given.minutes * 60
    said = time.monotonic()
    while time.monotonic() < end:
        for name in order:
            text = _made(given.seed, name, ran[name])
            ran[name] += 1
            began = time.process_time()
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            faulthandler.dump_traceback_later(SECONDS * 4, exit=True)
            given.keep.mkdir(parents=True, exist_ok=True)
            (given.keep / "last.txt").write_text(f"{name}\n{text}", "utf-8", "surrogatepass")
            try:
                attempt(TARGETS[name], text)
            except (Exception, RecursionError) as error:
                signal.setitimer(signal.ITIMER_REAL, 0)
                place = _place(error)
                crashed[name, place] += 1
                if crashed[name, place] <= 3:
                    file = given.keep / f"{name}-{place}-{crashed[name, place]}.txt"
                    file.write_text(text, "utf-8", "surrogatepass", newline="")
                    print(f"crash in {name} at {place}: {type(error).__name__}: {str(error)[:200]}", flush=True)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                faulthandler.cancel_dump_traceback_later()
            took = time.process_time() - began
            if took > max(slowest.get(name, 0.0), SLOW):
                (given.keep / f"{name}-slowest.txt").write_text(text, "utf-8", "surrogatepass", newline="")
            slowest[name] = max(slowest.get(name, 0.0), took)
        if time.monotonic() - said > 120:
            said = time.monotonic()
            print(f"{sum(ran.values())} executions, {len(crashed)} places of crashes", flush=True)
    for name in given.targets:
        crashes = sum(n for (target, _), n in crashed.items() if target == name)
        print(f"{name:14} {ran[name]:8} executions {crashes:5} crashes, slowest {slowest.get(name, 0):.2f} s")
    print(f"{sum(ran.values())} executions, {len(crashed)} places of crashes")
    return int(bool(crashed))


if __name__ == "__main__":
    sys.exit(main())
