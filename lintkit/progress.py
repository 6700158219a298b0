"""A progress line for runs that take a while on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

PATIENCE: Final = 2.0


@contextmanager
def progress(stream: TextIO | None) -> Iterator[None]:
    """After two seconds say on a terminal that work goes on, and for how long; leave no trace at the end."""
    if stream is None or not stream.isatty():
        yield
        return
    done = threading.Event()
    shown = threading.Event()
    start = time.monotonic()

    def tell() -> None:
        if done.wait(PATIENCE):
            return
        while not done.wait(0.5):
            shown.set()
            stream.write(f"\r\x1b[Klintkit: reading the repository ... {time.monotonic() - start:.0f} s")
            stream.flush()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        if shown.is_set():
            stream.write("\r\x1b[K")
            stream.flush()
