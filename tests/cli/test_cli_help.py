"""The help: a whole sentence for every command, and examples whose commands and options exist."""

from __future__ import annotations

import shlex

import pytest
import typer.main

from lintkit.cli import app
from lintkit.manual import PAGES
from tests.cli.conftest import Run, spawn

COMMANDS = typer.main.get_command(app)
EXAMPLES = [line for page in PAGES.values() for line, _ in page.examples if "lintkit " in line and not line.startswith("#")]


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_help_is_understood(line: str) -> None:
    words = shlex.split(line.partition("|")[2] or line)
    assert words.pop(0) == "lintkit"
    command = COMMANDS
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context("lintkit", words, resilient_parsing=False)


def test_the_list_of_commands_cuts_no_sentence_short(run: Run) -> None:
    out = run("--help").out
    assert "..." not in out.partition("Commands:")[2]
    for name, page in PAGES.items():
        if name and name != "add":
            assert f"  {name:8}  {page.short}\n" in out


def test_help_of_check_ends_with_examples_and_exit_codes(run: Run) -> None:
    out = run("check", "--help").out
    assert "  Examples:\n    lintkit check clusters/prod\n        report only what concerns these paths\n" in out
    assert "Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 lintkit, a policy" in out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("lintkit ex", ["explain"]),
        ("lintkit check --sta", ["--staged", "--statistics"]),
        ("lintkit check --format sa", ["sarif"]),
        ("lintkit explain pool-size-t", ["pool-size-two"]),
    ],
)
def test_a_shell_completes_commands_options_and_policies(words: str, offered: list[str]) -> None:
    env = {"_LINTKIT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    assert spawn(env=env).out.split() == offered
