"""The entry point: answers ``--version`` at once, and turns every failure into one sentence and an exit code."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line. Exit 2 with one sentence for a mistake or a bug, 130 on interrupt, never a traceback."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        from lintkit import __version__

        if sys.stdout is not None:
            sys.stdout.write(f"lintkit {__version__}\n")
        return
    import gc

    gc.disable()
    from lintkit.errors import LintkitError

    try:
        _run(arguments)
    except SystemExit as done:
        _leave(done.code)
        raise
    except LintkitError as error:
        _stop(f"lintkit: {error}")
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        if os.environ.get("LINTKIT_DEBUG"):
            raise
        if isinstance(error, MemoryError):
            _stop("lintkit: there is not enough memory")
        if isinstance(error, RecursionError):
            _stop("lintkit: the input is nested too deeply to be read")
        if isinstance(error, OSError) and error.strerror:
            name = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
            _stop(f"lintkit: {name}{error.strerror}")
        frame = _last_frame(error)
        _stop(f"lintkit: internal error ({type(error).__name__}: {error}) at {frame}; LINTKIT_DEBUG=1 shows more")


def _run(arguments: list[str]) -> None:
    if arguments[:1] == ["check"] and not any(name.endswith("_COMPLETE") for name in os.environ):
        from lintkit.options import plainly_asked

        request = plainly_asked(arguments[1:])
        if request is not None:
            from lintkit.checking import check

            raise SystemExit(check(request))
    from lintkit.cli import app

    app(prog_name="lintkit")


def _leave(code: object) -> None:
    """End the process without taking everything apart first, when it is lintkit's own; a caller goes on as it likes."""
    program = sys.modules.get("__main__")
    if getattr(program, "main", None) is not main or not hasattr(program, "__file__") or not isinstance(code, int):
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return  # the interpreter says it in its own way
    os._exit(code)


def _last_frame(error: BaseException) -> str:
    trace = error.__traceback__
    place = "?"
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "?")
        if str(name).startswith("lintkit"):
            place = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _stop(message: str) -> None:
    if sys.stderr is not None:
        from lintkit.report.plain import visible

        sys.stderr.write(visible(message) + "\n")
    raise SystemExit(2)
