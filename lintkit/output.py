"""Reports to streams and files, and text from standard input."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from lintkit.errors import LintkitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lintkit.finding import Report
    from lintkit.report.info import Overview, PolicyInfo
    from lintkit.run import Loaded, Options


_SUMMARISED: Final = frozenset({"markdown", "html"})

MOST_INPUT: Final = 32 << 20
"""How many bytes are read from standard input; a file may have a quarter of that, but this may hold all files at once."""


def read_stdin() -> str:
    """Everything on standard input. LintkitError when it is closed, too much or no text."""
    from lintkit.tree.work import decode

    if sys.stdin is None:
        raise LintkitError("standard input is closed: there is nothing to read")
    content = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(content) > MOST_INPUT:
        raise LintkitError(f"standard input cannot be read: it is larger than {MOST_INPUT >> 20} MiB")
    text, reason = decode(content)
    if text is None:
        raise LintkitError(f"standard input cannot be read: it is a {reason}")
    return text


def targets_of(formats: Sequence[str], outputs: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Every format with the file it goes to; the last ones without a file of their own go to stdout (None)."""
    if len(outputs) > len(formats):
        raise LintkitError("there are more --output files than --format options: give one --format for each")
    files = [None if str(output) == "-" else output for output in outputs]
    targets = [*files, *([None] * (len(formats) - len(files)))]
    if targets.count(None) > 1:
        raise LintkitError("several formats would go to standard output: give each --format an --output, one may be -")
    return list(zip(formats, targets, strict=True))


def summarised(formats: Iterable[str]) -> bool:
    """Whether any of the formats shows the change summary."""
    return not _SUMMARISED.isdisjoint(formats)


def show(
    report: Report,
    loaded: Loaded,
    options: Options,
    targets: Sequence[tuple[str, Path | None]],
    color: str,
    *,
    statistics: bool = False,
    prefix: str = "",
) -> list[str]:
    """Write a report on what was loaded in every format to its target; what was written.

    ``color`` is ``auto``, ``always`` or ``never``; ``prefix`` the root's path below the top of the work tree, which CI
    systems count paths from.
    """
    import shutil

    from lintkit.report.formats import FORMATS
    from lintkit.report.info import Options as Shown
    from lintkit.report.terminal import use_color, use_links

    tty = sys.stdout is not None and sys.stdout.isatty()
    info: Sequence[PolicyInfo] = ()
    if any(name != "json" for name, _ in targets):  # which names policies by their ids alone
        from lintkit.explain import policy_info

        info = policy_info(loaded.policies)
    written: list[str] = []
    for name, target in targets:
        to_file = target is not None
        shown = Shown(
            color=not to_file and use_color(color, os.environ, tty),
            width=min(shutil.get_terminal_size((100, 24)).columns, 160) if tty and not to_file else 100,
            links=not to_file and use_links(os.environ, tty),
            show_all=options.show_all,
            statistics=statistics,
            prefix=prefix,
            overview=_overview(loaded, options) if name == "html" else None,
        )
        text = FORMATS[name](report, info, shown)
        if target is None:
            write(text)
        else:
            _write_file(target, text)
        written.append(text)
    return written


def _overview(loaded: Loaded, options: Options) -> Overview:
    from lintkit.overview import overview_of

    return overview_of(loaded, options)


def _encoded(text: str) -> bytes:
    # bytes of a file name that are no text are shown as \\udcXX, which JSON can read
    return text.encode("utf-8", "backslashreplace")


def tell(text: str, *, as_json: bool = False) -> None:
    """Write prose, or JSON, to standard output; what could steer a terminal or a CI log is shown as an escape."""
    from lintkit.report.plain import json_escaped, visible_lines

    write(json_escaped(text) if as_json else visible_lines(text))


def write(text: str) -> None:
    """Write to standard output, as UTF-8 whatever the locale; ends the run (141) when the reader has gone."""
    if sys.stdout is None:
        raise LintkitError("standard output is closed: there is nowhere to write to")
    try:
        sys.stdout.buffer.write(_encoded(text))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # the reader has gone: point stdout at nothing, so that the interpreter's last flush is quiet
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None


def _write_file(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # written in place: the target may be a pipe or a device
        target.write_bytes(_encoded(text))
    except OSError as error:
        raise LintkitError(f"the report cannot be written ({error.strerror or error})", str(target)) from None


def say(*messages: str) -> None:
    """One line each on standard error; nothing when that is closed."""
    from lintkit.report.plain import visible

    for message in messages if sys.stderr is not None else ():
        sys.stderr.write(visible(message) + "\n")
