"""Work shared among processes, where the platform can split a process in two.

A child starts with everything its parent has read and sends back what it found, in which files are named and not sent.
"""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import BinaryIO, Final, TypeVar

from lintkit.records import NamedTuple
from lintkit.text.source import Source

Part = TypeVar("Part")
Result = TypeVar("Result")

MOST: Final = 8
"""More processes than this wait for memory, not for each other."""


def processes_for(jobs: int, weight: int, enough: int) -> int:
    """How many processes to use for work of ``weight``: ``jobs``, or as many as pay when that is 0.

    Each should have ``enough`` to do. One where a process cannot be split, or the Helm engine (which has threads) runs in it.
    """
    if not hasattr(os, "fork") or "helm_python" in sys.modules:
        return 1
    if jobs:
        return jobs
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MOST, weight // enough))


def shared(
    parts: Sequence[Part], work: Callable[[Sequence[Part]], list[Result]], processes: int, sources: Callable[[str], Source | None]
) -> list[Result]:
    """``work`` on every part, one result each, in the order of the parts.

    ``sources`` gives a file that the parent has read by its path. What a child fails at is done here, where its
    error can be seen.
    """
    count = min(processes, len(parts))
    if count < 2:
        return work(parts)
    groups = [parts[number::count] for number in range(count)]
    children = [_child(group, work) for group in groups[1:]]
    try:
        done = [work(groups[0])]
        for child, group in zip(children, groups[1:], strict=True):
            content = child.stream.read()
            child.stream.close()
            _, status = os.waitpid(child.number, 0)
            done.append(work(group) if status else _Reader(BytesIO(content), sources).load())
    finally:
        for child in children:
            child.end()
    return [done[number % count][number // count] for number in range(len(parts))]


class _Child(NamedTuple):
    """A process that works on a group, and where its results can be read."""

    number: int
    stream: BinaryIO

    def end(self) -> None:
        """Leave nothing behind, whatever happened: without a reader the child ends."""
        if not self.stream.closed:
            self.stream.close()
            os.waitpid(self.number, 0)


def _child(group: Sequence[Part], work: Callable[[Sequence[Part]], list[Result]]) -> _Child:
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # the thread that says how long a run takes writes to a terminal only, and a child never does
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        os.close(writing)
        return _Child(child, os.fdopen(reading, "rb"))
    code = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as stream:
            _Writer(stream, pickle.HIGHEST_PROTOCOL).dump(work(group))
        code = 0
    finally:
        os._exit(code)


class _Writer(pickle.Pickler):
    def persistent_id(self, value: object) -> str | None:
        """The path of a file instead of its text."""
        return value.path if isinstance(value, Source) and not value.builtin else None


class _Reader(pickle.Unpickler):
    def __init__(self, stream: BinaryIO, sources: Callable[[str], Source | None]) -> None:
        super().__init__(stream)
        self._sources = sources

    def persistent_load(self, name: str) -> Source:
        """The file of that path, as the parent has it."""
        source = self._sources(name)
        if source is None:
            raise pickle.UnpicklingError(name)
        return source
