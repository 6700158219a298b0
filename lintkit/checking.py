"""``lintkit check``: what was asked for, done, shown, and answered with an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lintkit.errors import LintkitError
from lintkit.output import read_stdin, say, show, summarised, targets_of, tell, write

if TYPE_CHECKING:
    from lintkit.finding import Report
    from lintkit.options import Request
    from lintkit.run import Loaded, Options


def check(request: Request) -> int:
    """Check a repository and show what was found; the exit code. LintkitError when that cannot be done."""
    _possible(request)
    if request.staged:
        from lintkit.precommit import asked

        request = request._replace(**asked(os.environ, Path(*request.paths[:1]))._asdict())
    targets = targets_of(request.formats or ["human"], request.outputs)
    question = None
    if targets == [("json", None)] and not (request.fix or request.diff or request.no_cache):
        from lintkit.results import Answer, answer_of, ask, remember

        # paths, configuration and base are told apart by what they stand for
        wanted = request._replace(paths=(), config=None, since="", staged=False, jobs=0, color="")
        question = ask(list(request.paths), request.config, wanted, since=request.since, staged=request.staged)
        known = answer_of(question) if question else None
        if known is not None:
            write(known.text)
            return known.code
    options = options_of(request)
    if request.fix and options.stdin is not None:
        raise LintkitError("--fix cannot change what comes from stdin: use --diff, or name files")
    if request.diff:
        return _show_diff(request, options)
    report, loaded, applied = _judged(request, options)
    from lintkit.tree.work import below_top

    prefix = below_top(loaded.root)
    texts = show(report, loaded, options, targets, request.color, statistics=request.statistics, prefix=prefix)
    say(*applied, *report.broken)
    code = _exit_code(report, request.fail_on, exit_zero=request.exit_zero)
    if question and not report.broken:
        remember(question, loaded.tree.opened, Answer(texts[0], code))
    return code


def _possible(request: Request) -> None:
    """LintkitError when two options contradict each other."""
    changes = request.fix or request.diff
    if request.diff and request.fix:
        raise LintkitError("--diff changes nothing and --fix does: use one of them")
    if request.interactive and not request.fix:
        raise LintkitError("--interactive asks about fixes: it needs --fix")
    if (request.since or request.staged) and changes:
        raise LintkitError("--since and --staged judge a change, --fix and --diff the files as they are: use one or the other")
    if request.since and request.staged:
        raise LintkitError("--since and --staged are two different changes: use one of them")


def _show_diff(request: Request, options: Options) -> int:
    from lintkit.progress import progress
    from lintkit.repair import diff

    with progress(sys.stderr):
        shown = diff(options, unsafe=request.unsafe_fixes)
    # a patch is exact where a program reads it; a terminal gets nothing that could steer it
    at_terminal = sys.stdout is not None and sys.stdout.isatty()
    (tell if at_terminal else write)(shown.text)
    say(*shown.refused, *shown.broken)
    return 2 if shown.broken else int(bool(shown.text) and not request.exit_zero)


def _judged(request: Request, options: Options) -> tuple[Report, Loaded, list[str]]:
    """The report, what it is about, and sentences about what was done."""
    from lintkit.progress import progress

    with progress(None if request.interactive else sys.stderr):
        if request.fix:
            return _repaired(options, unsafe=request.unsafe_fixes, interactive=request.interactive)
        if request.since or request.staged:
            from lintkit.change import review

            summary = summarised(request.formats)
            return (*review(options, since=request.since, staged=request.staged, summary=summary), [])
        from lintkit.run import check as run_check

        return (*run_check(options), [])


def _repaired(options: Options, *, unsafe: bool, interactive: bool) -> tuple[Report, Loaded, list[str]]:
    """Fix, and give the report of what is left with sentences about what was done."""
    from lintkit.repair import repair

    choose = None
    if interactive:
        from lintkit.asking import at_terminal

        choose = at_terminal()
    done = repair(options, unsafe=unsafe or interactive, choose=choose)
    recorded = f", {_count(done.recorded, 'ignore', 'ignores')} written" if done.recorded else ""
    said = f"{_count(done.applied, 'fix', 'fixes')} applied{recorded} in {_count(len(done.files), 'file', 'files')}"
    return done.report, done.loaded, [said, *done.refused, *done.left]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _exit_code(report: Report, fail_on: str, *, exit_zero: bool) -> int:
    from lintkit.words import SEVERITIES

    if report.broken:
        return 2
    limit = SEVERITIES.index(fail_on)
    bad = any(SEVERITIES.index(f.severity) <= limit and f.status == "new" for f in report.findings)
    return int(bad and not exit_zero)


def options_of(request: Request) -> Options:
    """What a run needs of a request; standard input is read where it is asked for."""
    from lintkit.run import Options

    stdin = None
    paths = request.paths
    if paths == ("-",):
        stdin = read_stdin()
        paths = ()
    elif "-" in paths:
        raise LintkitError("- reads everything from stdin: it cannot be combined with other paths")
    return Options(
        paths=tuple(Path(path) for path in paths),
        profile=request.profile,
        select=_words(request.select),
        ignore=_words(request.ignore),
        config=request.config,
        isolated=request.isolated,
        stdin=stdin,
        stdin_name=request.stdin_filename,
        force_exclude=request.force_exclude,
        show_all=request.show_all,
        jobs=request.jobs,
    )


def _words(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())
