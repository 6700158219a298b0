"""The command line: options to calls, reports to streams. The only importer of typer."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from lintkit.errors import LintkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lintkit.finding import Report
    from lintkit.policy.model import Policy
    from lintkit.run import Options

app = typer.Typer(
    name="lintkit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Policy as code for GitOps repositories of Rook-Ceph storage and OpenStack-on-Kubernetes clouds.",
)


class Profile(StrEnum):
    """How severe policies are."""

    production = "production"
    lab = "lab"


class Severity(StrEnum):
    """Severities, gravest first."""

    error = "error"
    warning = "warning"
    info = "info"


class Color(StrEnum):
    """When to colour."""

    auto = "auto"
    always = "always"
    never = "never"


class Format(StrEnum):
    """Output formats of a check."""

    human = "human"
    json = "json"
    sarif = "sarif"
    github = "github"
    gitlab = "gitlab"
    junit = "junit"
    rdjson = "rdjson"
    markdown = "markdown"


class TextFormat(StrEnum):
    """Output formats of the other commands."""

    human = "human"
    json = "json"


def _version(value: bool) -> None:
    if value:
        from lintkit import __version__

        typer.echo(f"lintkit {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


Paths = Annotated[
    Optional[list[str]], typer.Argument(help="Files or directories of one repository; - reads manifests from stdin.")
]
ProfileOption = Annotated[Optional[Profile], typer.Option(help="Override the profile of every environment.")]
ConfigOption = Annotated[Optional[Path], typer.Option(help="Use this configuration file.")]
IsolatedOption = Annotated[bool, typer.Option("--isolated", help="Ignore every configuration file.")]


@app.command()
def check(
    paths: Paths = None,
    formats: Annotated[
        Optional[list[Format]], typer.Option("--format", help="Output format; may be given several times.")
    ] = None,
    outputs: Annotated[
        Optional[list[Path]], typer.Option("--output", "-o", help="Write to a file; one for each --format, in order.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Apply safe fixes.")] = False,
    unsafe_fixes: Annotated[bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: unsafe fixes too.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what fixing would change; change nothing.")] = False,
    profile: ProfileOption = None,
    select: Annotated[
        Optional[list[str]], typer.Option(help="Only these policies: ids, families or globs, comma-separated.")
    ] = None,
    ignore: Annotated[Optional[list[str]], typer.Option(help="Not these policies.")] = None,
    fail_on: Annotated[Severity, typer.Option(help="Lowest severity that makes the exit code 1.")] = Severity.error,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever was found.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show existing and ignored findings too.")] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count findings by policy.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Do not use the cache.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes to use; 0 decides.")] = 0,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.auto,
    stdin_filename: Annotated[str, typer.Option(help="What to call the file read from stdin.")] = "stdin.yaml",
    force_exclude: Annotated[bool, typer.Option("--force-exclude", help="Excludes hold for named paths too.")] = False,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Check a repository: load it as its clusters will, judge it, report findings at the line to edit."""
    from lintkit.progress import progress
    from lintkit.repair import diff as diff_of
    from lintkit.repair import repair
    from lintkit.run import check as run_check

    if diff and fix:
        raise LintkitError("--diff changes nothing and --fix does: use one of them")
    targets = _targets(formats or [Format.human], outputs or [])
    options = _options(paths, profile, select, ignore, config, isolated, stdin_filename, force_exclude, show_all)
    if fix and options.stdin is not None:
        raise LintkitError("--fix cannot change what comes from stdin: use --diff, or name files")
    if diff:
        with progress(sys.stderr):
            shown = diff_of(options, unsafe=unsafe_fixes)
        _write(shown.text)
        _say(*shown.refused, *shown.broken)
        raise typer.Exit(2 if shown.broken else int(bool(shown.text) and not exit_zero))
    applied: list[str] = []
    with progress(sys.stderr):
        if fix:
            repaired = repair(options, unsafe=unsafe_fixes)
            report, loaded = repaired.report, repaired.loaded
            applied = [f"{_count(repaired.applied, 'fix', 'fixes')} applied in {_count(len(repaired.files), 'file', 'files')}"]
            applied += repaired.refused
        else:
            report, loaded = run_check(options)
    _report(report, loaded.policies, targets, color, statistics, show_all)
    _say(*applied, *report.broken)
    raise typer.Exit(_exit_code(report, fail_on, exit_zero=exit_zero))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _exit_code(report: Report, fail_on: Severity, *, exit_zero: bool) -> int:
    from lintkit.finding import SEVERITIES

    if report.broken:
        return 2
    limit = SEVERITIES.index(fail_on.value)
    bad = any(SEVERITIES.index(f.severity) <= limit and f.status == "new" for f in report.findings)
    return int(bad and not exit_zero)


def _options(
    paths: list[str] | None,
    profile: Profile | None,
    select: list[str] | None,
    ignore: list[str] | None,
    config: Path | None,
    isolated: bool,
    stdin_name: str = "stdin.yaml",
    force_exclude: bool = False,
    show_all: bool = False,
) -> Options:
    from lintkit.run import Options

    stdin = None
    if paths == ["-"]:
        stdin = _stdin()
        paths = []
    elif "-" in (paths or []):
        raise LintkitError("- reads everything from stdin: it cannot be combined with other paths")
    return Options(
        paths=tuple(Path(p) for p in paths or []),
        profile=profile.value if profile else "",
        select=_words(select),
        ignore=_words(ignore),
        config=config,
        isolated=isolated,
        stdin=stdin,
        stdin_name=stdin_name,
        force_exclude=force_exclude,
        show_all=show_all,
    )


def _words(values: list[str] | None) -> tuple[str, ...]:
    return tuple(word.strip() for value in values or [] for word in value.split(",") if word.strip())


def _stdin() -> str:
    from lintkit.tree.work import decode

    if sys.stdin is None:
        raise LintkitError("standard input is closed: there is nothing to read")
    text, reason = decode(sys.stdin.buffer.read())
    if text is None:
        raise LintkitError(f"standard input cannot be read: it is a {reason}")
    return text


def _targets(formats: Sequence[Format], outputs: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Every format with the file it goes to; the last ones without a file of their own go to stdout (None)."""
    if len(outputs) > len(formats):
        raise LintkitError("there are more --output files than --format options: give one --format for each")
    files = [None if str(output) == "-" else output for output in outputs]
    targets = [*files, *([None] * (len(formats) - len(files)))]
    if targets.count(None) > 1:
        raise LintkitError("several formats would go to standard output: give each --format an --output, one may be -")
    return [(name.value, target) for name, target in zip(formats, targets, strict=True)]


def _report(
    report: Report,
    policies: Sequence[Policy],
    targets: Sequence[tuple[str, Path | None]],
    color: Color,
    statistics: bool,
    show_all: bool,
) -> None:
    import shutil

    from lintkit.explain import policy_info
    from lintkit.report.formats import FORMATS
    from lintkit.report.info import Options as Shown
    from lintkit.report.terminal import use_color, use_links

    tty = sys.stdout is not None and sys.stdout.isatty()
    info = policy_info(policies)
    for name, target in targets:
        to_file = target is not None
        shown = Shown(
            color=not to_file and use_color(color.value, os.environ, tty),
            width=min(shutil.get_terminal_size((100, 24)).columns, 160) if tty and not to_file else 100,
            links=not to_file and use_links(os.environ, tty),
            show_all=show_all,
            statistics=statistics,
        )
        text = FORMATS[name](report, info, shown)
        if target is None:
            _write(text)
        else:
            _write_file(target, text)


def _encoded(text: str) -> bytes:
    # bytes of a file name that are no text are shown as \\udcXX, which JSON can read
    return text.encode("utf-8", "backslashreplace")


def _write(text: str) -> None:
    if sys.stdout is None:
        raise LintkitError("standard output is closed: there is nowhere to write to")
    try:
        sys.stdout.buffer.write(_encoded(text))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # the reader has gone: point stdout at nothing, so that the interpreter's last flush is quiet
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(141) from None


def _write_file(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # written in place: the target may be a pipe or a device
        target.write_bytes(_encoded(text))
    except OSError as error:
        raise LintkitError(f"the report cannot be written ({error.strerror or error})", str(target)) from None


def _say(*messages: str) -> None:
    from lintkit.report.plain import visible

    for message in messages if sys.stderr is not None else ():
        sys.stderr.write(visible(message) + "\n")


@app.command()
def explain(
    policy: Annotated[str, typer.Argument(help="Id of a policy.")],
    path: Annotated[Path, typer.Option("--path", help="Repository whose own policies count too.")] = Path(),
) -> None:
    """Explain a policy: what it finds, why that hurts, what to do, its parameters, an example."""
    from lintkit.explain import explain_policy

    _write(explain_policy(policy, path))


@app.command()
def policies(
    path: Annotated[Path, typer.Argument(help="Repository whose own policies count too.")] = Path(),
    output: Annotated[TextFormat, typer.Option("--format", help="Output format.")] = TextFormat.human,
) -> None:
    """List every policy with its family and its severity by profile."""
    from lintkit.explain import list_policies

    _write(list_policies(path, as_json=output == TextFormat.json))


@app.command()
def env(
    path: Annotated[Path, typer.Argument(help="Repository.")] = Path(),
    why: Annotated[str, typer.Option(help="KIND/NAME:PATH: the layers that decide one value.")] = "",
    nodes: Annotated[bool, typer.Option("--nodes", help="Show a role by node matrix.")] = False,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Show environments, what reaches each, from where, and what is unknown."""
    from lintkit.inspect import show_environments, show_nodes, show_why
    from lintkit.run import load

    loaded = load(_options([str(path)], None, None, None, config, isolated))
    text = show_why(loaded, why) if why else show_nodes(loaded) if nodes else show_environments(loaded)
    _write(text)


@app.command("eval")
def evaluate(
    expression: Annotated[str, typer.Argument(help="A CEL expression.")],
    on: Annotated[str, typer.Option("--on", help="KIND/NAME of the subject to evaluate it on.")],
    path: Annotated[Path, typer.Option("--path", help="Repository.")] = Path(),
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Evaluate an expression on a subject; show its object, facts and the result."""
    from lintkit.inspect import show_eval
    from lintkit.run import load

    _write(show_eval(load(_options([str(path)], None, None, None, config, isolated)), expression, on))


@app.command()
def test(
    folder: Annotated[Optional[Path], typer.Argument(help="Folder of policies; those lintkit ships without it.")] = None,
) -> None:
    """Run the cases of policies: findings and expectations match exactly both ways."""
    from lintkit.harness.cases import run_all

    outcome = run_all(folder)
    _write(outcome.text)
    raise typer.Exit(1 if outcome.failed else 0)


@app.command()
def pgs(
    path: Annotated[Path, typer.Argument(help="Repository.")] = Path(),
    what_if: Annotated[Optional[Path], typer.Option("--what-if", help="A cluster description in JSON.")] = None,
    output: Annotated[TextFormat, typer.Option("--format", help="Output format.")] = TextFormat.human,
) -> None:
    """Predict what Ceph's PG autoscaler chooses for every pool."""
    from lintkit.pgs import what_if_answer

    if what_if is None:
        raise LintkitError("predictions from a repository are not there yet: describe the cluster with --what-if FILE.json")
    _write(what_if_answer(what_if, as_json=output == TextFormat.json))
