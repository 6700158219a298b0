"""The command line: options to calls, reports to streams. The only importer of typer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from lintkit.manual import PAGES, epilog
from lintkit.options import CHECK, Option, Request
from lintkit.output import tell

if TYPE_CHECKING:
    from lintkit.run import Options

app = typer.Typer(
    name="lintkit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Policy as code for GitOps repositories of Rook-Ceph storage and OpenStack-on-Kubernetes clouds.",
    epilog=epilog(""),
)


class Profile(StrEnum):
    """How severe policies are."""

    production = "production"
    lab = "lab"


class TextFormat(StrEnum):
    """Output formats of the other commands."""

    human = "human"
    json = "json"


def _command(name: str, group: typer.Typer = app) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declares a command with its page of the manual."""
    return group.command(name, short_help=PAGES[name].short, epilog=epilog(name))


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


def check(paths: Paths = None, **given: Any) -> None:
    """Check a repository: load it as its clusters will, judge it, report findings at the line to edit."""
    from lintkit.checking import check as check_asked

    words = {name: _plain(value) for name, value in given.items() if value is not None}
    raise typer.Exit(check_asked(Request(tuple(paths or ()), **words)))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_plain, value))
    return value.value if isinstance(value, StrEnum) else value


def _parameter(option: Option) -> inspect.Parameter:
    """An option of the table as typer wants it."""
    kinds: dict[str, Any] = {"switch": bool, "text": str, "file": Path, "number": int}
    words = {word: word for word in option.choices}
    kind: Any = StrEnum(option.name, words) if words else kinds[option.takes]
    default = Request._field_defaults[option.name]
    if option.many:
        kind, default = Optional[list[kind]], None
    elif default is None or (option.choices and not default):
        kind, default = Optional[kind], None
    elif option.choices:
        default = kind(default)
    info = typer.Option(*option.flags, help=option.help, min=0 if option.takes == "number" else None)
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])


def _declare_check() -> None:
    parameters = {option.name: _parameter(option) for option in CHECK}
    first = inspect.Parameter("paths", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=Paths)
    check.__signature__ = inspect.Signature([first, *parameters.values()])  # type: ignore[attr-defined]
    check.__annotations__ = {"paths": Paths, **{name: p.annotation for name, p in parameters.items()}}
    _command("check")(check)


_declare_check()


def _options(path: Path, config: Path | None, isolated: bool, profile: Profile | None = None) -> Options:
    from lintkit.checking import options_of

    return options_of(Request((str(path),), profile=profile.value if profile else "", config=config, isolated=isolated))


def _policy_ids(incomplete: str) -> list[str]:
    """Ids that a shell offers; those of the repository one stands in are not looked for."""
    from lintkit.explain import known_ids

    return sorted(name for name in known_ids() if name.startswith(incomplete))


@_command("explain")
def explain(
    policy: Annotated[str, typer.Argument(help="Id of a policy.", autocompletion=_policy_ids)],
    path: Annotated[Path, typer.Option("--path", help="Repository whose own policies count too.")] = Path(),
) -> None:
    """Explain a policy: what it finds, why that hurts, what to do, its parameters, an example."""
    from lintkit.explain import explain_policy

    tell(explain_policy(policy, path))


@_command("policies")
def policies(
    path: Annotated[Path, typer.Argument(help="Repository whose own policies count too.")] = Path(),
    output: Annotated[TextFormat, typer.Option("--format", help="Output format.")] = TextFormat.human,
) -> None:
    """List every policy with its family and its severity by profile."""
    from lintkit.explain import list_policies

    tell(list_policies(path, as_json=output == TextFormat.json), as_json=output == TextFormat.json)


@_command("env")
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

    loaded = load(_options(path, config, isolated))
    text = show_why(loaded, why) if why else show_nodes(loaded) if nodes else show_environments(loaded)
    tell(text)


@_command("eval")
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

    tell(show_eval(load(_options(path, config, isolated)), expression, on))


@_command("test")
def test(
    folder: Annotated[Optional[Path], typer.Argument(help="Folder of policies; those lintkit ships without it.")] = None,
) -> None:
    """Run the cases of policies: findings and expectations match exactly both ways."""
    from lintkit.harness.cases import run_all

    outcome = run_all(folder)
    tell(outcome.text)
    raise typer.Exit(1 if outcome.failed else 0)


@_command("pgs")
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
        tell(what_if_answer(what_if, as_json=output == TextFormat.json), as_json=output == TextFormat.json)
        return
    from lintkit.run import load

    options = _options(path, config, isolated)
    tell(repository_answer(load(options), options, as_json=output == TextFormat.json), as_json=output == TextFormat.json)


@_command("baseline")
def baseline(
    path: Annotated[Path, typer.Argument(help="Repository.")] = Path(),
    prune: Annotated[bool, typer.Option("--prune", help="Only remove the entries of findings that are gone.")] = False,
    profile: ProfileOption = None,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Accept every finding of now in .lintkit-baseline.json: later runs report only what is new."""
    from lintkit.decisions import prune_baseline, write_baseline

    options = _options(path, config, isolated, profile)
    tell(prune_baseline(options) if prune else write_baseline(options))


@_command("ignores")
def ignores(
    path: Annotated[Path, typer.Argument(help="Repository.")] = Path(),
    output: Annotated[TextFormat, typer.Option("--format", help="Output format.")] = TextFormat.human,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """List every ignore with its reason, its last day and its age."""
    from lintkit.decisions import list_ignores

    tell(list_ignores(_options(path, config, isolated), as_json=output == TextFormat.json), as_json=output == TextFormat.json)


@_command("init")
def init(
    path: Annotated[Optional[Path], typer.Argument(help="Directory to configure; the root of the repository without it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write the configuration anew where there is one.")] = False,
    profile: ProfileOption = None,
) -> None:
    """Write a first .lintkit.yaml from what the repository shows, and say what it does not show."""
    from lintkit.start import init as init_at

    tell(init_at(path, force=force, profile=profile.value if profile else ""))


@_command("new")
def new(
    name: Annotated[str, typer.Argument(help="FAMILY/ID of the policy.")],
    path: Annotated[Path, typer.Option("--path", help="Repository.")] = Path(),
) -> None:
    """Write the folder of a policy of your own: a policy.yaml that works, and cases."""
    from lintkit.scaffold import new_policy

    tell(new_policy(name, path))


schemas_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Schemas of custom resources.")
app.add_typer(schemas_app, name="schemas")


@_command("add", schemas_app)
def schemas_add(
    file: Annotated[Path, typer.Argument(help="File or folder with CustomResourceDefinitions.")],
) -> None:
    """Name CustomResourceDefinitions in the configuration, so that their resources are checked against them."""
    from lintkit.scaffold import add_schemas

    tell(add_schemas(file))
