"""The command line: options to calls, reports to streams. The only importer of typer."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from lintkit.errors import LintkitError
from lintkit.output import read_stdin, say, show, targets_of, write

if TYPE_CHECKING:
    from lintkit.finding import Report
    from lintkit.run import Loaded, Options

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
    since: Annotated[str, typer.Option(help="Judge the change since the merge base of this revision and HEAD.")] = "",
    staged: Annotated[bool, typer.Option("--staged", help="Judge the staged change: HEAD against the index.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply safe fixes.")] = False,
    unsafe_fixes: Annotated[bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: unsafe fixes too.")] = False,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="With --fix: show every fix, safe or not, and ask about it.")
    ] = False,
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
    from lintkit.tree.work import below_top

    if diff and fix:
        raise LintkitError("--diff changes nothing and --fix does: use one of them")
    if interactive and not fix:
        raise LintkitError("--interactive asks about fixes: it needs --fix")
    if (since or staged) and (fix or diff):
        raise LintkitError("--since and --staged judge a change, --fix and --diff the files as they are: use one or the other")
    if since and staged:
        raise LintkitError("--since and --staged are two different changes: use one of them")
    targets = targets_of([f.value for f in formats or [Format.human]], outputs or [])
    question = None
    if targets == [("json", None)] and not (fix or diff or no_cache):
        from lintkit.results import Answer, answer_of, ask, remember

        wanted = (profile, select, ignore, fail_on, exit_zero, show_all, statistics, force_exclude, isolated)
        question = ask(paths or [], config, wanted, since=since, staged=staged)
        known = answer_of(question) if question else None
        if known is not None:
            write(known.text)
            raise typer.Exit(known.code)
    options = _options(paths, profile, select, ignore, config, isolated, stdin_filename, force_exclude, show_all)
    if fix and options.stdin is not None:
        raise LintkitError("--fix cannot change what comes from stdin: use --diff, or name files")
    if diff:
        from lintkit.repair import diff as diff_of

        with progress(sys.stderr):
            shown = diff_of(options, unsafe=unsafe_fixes)
        write(shown.text)
        say(*shown.refused, *shown.broken)
        raise typer.Exit(2 if shown.broken else int(bool(shown.text) and not exit_zero))
    applied: list[str] = []
    with progress(None if interactive else sys.stderr):
        if fix:
            report, loaded, applied = _repaired(options, unsafe=unsafe_fixes, interactive=interactive)
        elif since or staged:
            from lintkit.change import review

            report, loaded = review(options, since=since, staged=staged)
        else:
            from lintkit.run import check as run_check

            report, loaded = run_check(options)
    prefix = below_top(loaded.root)
    texts = show(report, loaded.policies, targets, color.value, statistics=statistics, show_all=show_all, prefix=prefix)
    say(*applied, *report.broken)
    code = _exit_code(report, fail_on, exit_zero=exit_zero)
    if question and not report.broken:
        remember(question, loaded.tree.opened, Answer(texts[0], code))
    raise typer.Exit(code)


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
        stdin = read_stdin()
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


@app.command()
def explain(
    policy: Annotated[str, typer.Argument(help="Id of a policy.")],
    path: Annotated[Path, typer.Option("--path", help="Repository whose own policies count too.")] = Path(),
) -> None:
    """Explain a policy: what it finds, why that hurts, what to do, its parameters, an example."""
    from lintkit.explain import explain_policy

    write(explain_policy(policy, path))


@app.command()
def policies(
    path: Annotated[Path, typer.Argument(help="Repository whose own policies count too.")] = Path(),
    output: Annotated[TextFormat, typer.Option("--format", help="Output format.")] = TextFormat.human,
) -> None:
    """List every policy with its family and its severity by profile."""
    from lintkit.explain import list_policies

    write(list_policies(path, as_json=output == TextFormat.json))


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
    write(text)


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

    write(show_eval(load(_options([str(path)], None, None, None, config, isolated)), expression, on))


@app.command()
def test(
    folder: Annotated[Optional[Path], typer.Argument(help="Folder of policies; those lintkit ships without it.")] = None,
) -> None:
    """Run the cases of policies: findings and expectations match exactly both ways."""
    from lintkit.harness.cases import run_all

    outcome = run_all(folder)
    write(outcome.text)
    raise typer.Exit(1 if outcome.failed else 0)


@app.command()
def pgs(
    path: Annotated[Path, typer.Argument(help="Repository.")] = Path(),
    what_if: Annotated[Optional[Path], typer.Option("--what-if", help="A cluster description in JSON.")] = None,
    output: Annotated[TextFormat, typer.Option("--format", help="Output format.")] = TextFormat.human,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Predict what Ceph's PG autoscaler chooses for every pool."""
    from lintkit.pgs import repository_answer, what_if_answer

    if what_if is not None:
        write(what_if_answer(what_if, as_json=output == TextFormat.json))
        return
    from lintkit.run import load

    loaded = load(_options([str(path)], None, None, None, config, isolated))
    write(repository_answer(loaded, as_json=output == TextFormat.json))


@app.command()
def baseline(
    path: Annotated[Path, typer.Argument(help="Repository.")] = Path(),
    prune: Annotated[bool, typer.Option("--prune", help="Only remove the entries of findings that are gone.")] = False,
    profile: ProfileOption = None,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Accept every finding of now in .lintkit-baseline.json: later runs report only what is new."""
    from lintkit.decisions import prune_baseline, write_baseline

    options = _options([str(path)], profile, None, None, config, isolated)
    write(prune_baseline(options) if prune else write_baseline(options))


@app.command()
def ignores(
    path: Annotated[Path, typer.Argument(help="Repository.")] = Path(),
    output: Annotated[TextFormat, typer.Option("--format", help="Output format.")] = TextFormat.human,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """List every ignore with its reason, its last day and its age."""
    from lintkit.decisions import list_ignores

    write(list_ignores(_options([str(path)], None, None, None, config, isolated), as_json=output == TextFormat.json))


@app.command()
def init(
    path: Annotated[Optional[Path], typer.Argument(help="Directory to configure; the root of the repository without it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write the configuration anew where there is one.")] = False,
    profile: ProfileOption = None,
) -> None:
    """Write a first .lintkit.yaml from what the repository shows, and say what it does not show."""
    from lintkit.start import init as init_at

    write(init_at(path, force=force, profile=profile.value if profile else ""))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="FAMILY/ID of the policy.")],
    path: Annotated[Path, typer.Option("--path", help="Repository.")] = Path(),
) -> None:
    """Write the folder of a policy of your own: a policy.yaml that works, and cases."""
    from lintkit.scaffold import new_policy

    write(new_policy(name, path))


schemas_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Schemas of custom resources.")
app.add_typer(schemas_app, name="schemas")


@schemas_app.command("add")
def schemas_add(
    file: Annotated[Path, typer.Argument(help="File or folder with CustomResourceDefinitions.")],
) -> None:
    """Name CustomResourceDefinitions in the configuration, so that their resources are checked against them."""
    from lintkit.scaffold import add_schemas

    write(add_schemas(file))
