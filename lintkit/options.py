"""The options of ``check``: one table, read by typer for help and completion, and here when nothing is wrong with them.

Importing typer takes longer than answering from the cache does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lintkit.records import NamedTuple
from lintkit.words import PROFILES, SEVERITIES

FORMATS: Final = ("human", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson", "markdown", "html")
COLORS: Final = ("auto", "always", "never")


class Option(NamedTuple):
    """One option: the field of ``Request`` it sets, how it is written, what it takes.

    ``takes`` is ``switch`` (nothing), ``text``, ``file`` or ``number``; ``choices`` are the words a text may be.
    """

    name: str
    flags: tuple[str, ...]
    takes: str
    help: str
    choices: tuple[str, ...] = ()
    many: bool = False


CHECK: Final = (
    Option("formats", ("--format",), "text", "Output format; may be given several times.", FORMATS, many=True),
    Option("outputs", ("--output", "-o"), "file", "Write to a file; one for each --format, in order.", many=True),
    Option("since", ("--since",), "text", "Judge the change since the merge base of this revision and HEAD."),
    Option("staged", ("--staged",), "switch", "Judge the staged change: HEAD against the index."),
    Option("fix", ("--fix",), "switch", "Apply safe fixes."),
    Option("unsafe_fixes", ("--unsafe-fixes",), "switch", "With --fix or --diff: unsafe fixes too."),
    Option("interactive", ("--interactive",), "switch", "With --fix: show every fix, safe or not, and ask about it."),
    Option("diff", ("--diff",), "switch", "Print what fixing would change; change nothing."),
    Option("profile", ("--profile",), "text", "Override the profile of every environment.", PROFILES),
    Option("select", ("--select",), "text", "Only these policies: ids, families or globs, comma-separated.", many=True),
    Option("ignore", ("--ignore",), "text", "Not these policies.", many=True),
    Option("fail_on", ("--fail-on",), "text", "Lowest severity that makes the exit code 1.", SEVERITIES),
    Option("exit_zero", ("--exit-zero",), "switch", "Exit 0 whatever was found."),
    Option("show_all", ("--all",), "switch", "Show existing and ignored findings too."),
    Option("statistics", ("--statistics",), "switch", "Count findings by policy."),
    Option("no_cache", ("--no-cache",), "switch", "Do not use the cache."),
    Option("jobs", ("--jobs",), "number", "Processes to use; 0 decides."),
    Option("color", ("--color",), "text", "When to colour.", COLORS),
    Option("stdin_filename", ("--stdin-filename",), "text", "What to call the file read from stdin."),
    Option("force_exclude", ("--force-exclude",), "switch", "Excludes hold for named paths too."),
    Option("config", ("--config",), "file", "Use this configuration file."),
    Option("isolated", ("--isolated",), "switch", "Ignore every configuration file."),
)


class Request(NamedTuple):
    """What ``check`` was asked for; the defaults are those of its options."""

    paths: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    outputs: tuple[Path, ...] = ()
    since: str = ""
    staged: bool = False
    fix: bool = False
    unsafe_fixes: bool = False
    interactive: bool = False
    diff: bool = False
    profile: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    exit_zero: bool = False
    show_all: bool = False
    statistics: bool = False
    no_cache: bool = False
    jobs: int = 0
    color: str = "auto"
    stdin_filename: str = "stdin.yaml"
    force_exclude: bool = False
    config: Path | None = None
    isolated: bool = False


_BY_FLAG: Final = {flag: option for option in CHECK for flag in option.flags}


def plainly_asked(arguments: Sequence[str]) -> Request | None:
    """What the arguments after ``check`` ask for; None where typer has to look: help, mistakes, unusual spellings."""
    given: dict[str, object] = {}
    many: dict[str, list[object]] = {"paths": []}
    rest = iter(arguments)
    for word in rest:
        if not word.startswith("-") or word == "-":
            many["paths"].append(word)
            continue
        flag, equals, value = word.partition("=")
        option = _BY_FLAG.get(flag)
        if option is None or (equals and (option.takes == "switch" or not flag.startswith("--"))):
            return None
        if option.takes == "switch":
            given[option.name] = True
            continue
        taken = _taken(option, value if equals else next(rest, None))
        if taken is None:
            return None
        if option.many:
            many.setdefault(option.name, []).append(taken)
        else:
            given[option.name] = taken
    return Request(**given, **{name: tuple(values) for name, values in many.items()})  # type: ignore[arg-type]


def _taken(option: Option, value: str | None) -> object:
    if value is None or (value.startswith("-") and value != "-"):
        return None
    if option.choices and value not in option.choices:
        return None
    if option.takes == "number":
        return int(value) if value.isascii() and value.isdigit() else None
    return Path(value) if option.takes == "file" else value
