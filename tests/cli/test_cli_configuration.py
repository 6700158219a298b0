"""Configuration that cannot be trusted: one sentence with file, line and what to do, exit 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, pool, sentence, write

WRONG: dict[str, tuple[str | bytes, str]] = {
    "unknown-key": ("profil: lab\n", ".lintkit.yaml:1: unknown key 'profil', did you mean 'profile'?"),
    "nested-key": ("environments:\n  prod:\n    path: [a]\n", ".lintkit.yaml:3: environments.prod: unknown key 'path'"),
    "list": ("- a\n", ".lintkit.yaml:1: the configuration is one mapping"),
    "two-documents": ("profile: lab\n---\nprofile: lab\n", ".lintkit.yaml:1: the configuration is one mapping"),
    "broken": ("profile: lab\nexclude: *nothing\n", ".lintkit.yaml:2: "),
    "not-utf8": (b"exclude: [\xe9]\n", ".lintkit.yaml: the configuration cannot be read: it is a file that is not UTF-8"),
    "binary": (b"\0\1", ".lintkit.yaml: the configuration cannot be read: it is a binary file"),
    "too-deep": ("exclude: " + "[" * 10_000, ".lintkit.yaml:1: nested more than"),
    "wrong-type": ("profile: lab\nexclude: 3\n", ".lintkit.yaml:2: exclude: 3 is not of type 'array'"),
    "twice": ("profile: lab\nexclude: []\nprofile: lab\n", ".lintkit.yaml:3: the key 'profile' is given twice"),
    "newer": ("required-version: '>=9'\n", ".lintkit.yaml:1: needs lintkit >=9"),
    "no-version": ("required-version: latest\n", ".lintkit.yaml:1: required-version: 'latest' is no range of versions"),
    "extends-nothing": ("profile: lab\nextends: x.yaml\n", ".lintkit.yaml:2: extends 'x.yaml', but there is no such file"),
    "extends-dot": ("extends: .\n", ".lintkit.yaml:1: extends '.', but there is no such file"),
    "extends-submodule": ("extends: no.such.module\n", ".lintkit.yaml:1: extends 'no.such.module'"),
    "no-folder": ("policy-folders: [nope]\n", "the policy folder 'nope' does not exist"),
    "folder-outside": ("policy-folders: [../up]\n", ".lintkit.yaml:1: the policy folder '../up' is outside the repository"),
    "folder-absolute": ("policy-folders: [/etc]\n", ".lintkit.yaml:1: the policy folder '/etc' is outside the repository"),
    "unknown-policy": ("policies: {pool-size-onee: off}\n", "no policy is called 'pool-size-onee', did you mean pool-size-one?"),
    "unknown-parameter": ("policies:\n  pool-size-one: {params: {minn: 2}}\n", ".lintkit.yaml:2: policies.pool-size-one:"),
    "bad-severity": ("policies:\n  pool-size-one: loud\n", ".lintkit.yaml:2: policies.pool-size-one: 'loud' is not"),
    "no-inventory": ("environments: {default: {inventory: nope.yaml}}\n", "inventory 'nope.yaml' does not exist"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration_is_one_sentence_with_file_and_line(name: str, run: Run, repo: Path) -> None:
    text, expected = WRONG[name]
    write(repo, {".lintkit.yaml": text, "pool.yaml": pool()})
    assert expected in sentence(run("check", repo))


def test_a_configuration_that_is_a_directory_or_a_dead_link_is_not_overlooked(run: Run, repo: Path) -> None:
    (repo / ".lintkit.yaml").mkdir()
    assert ".lintkit.yaml: the configuration cannot be read" in sentence(run("check", repo))
    (repo / ".lintkit.yaml").rmdir()
    (repo / ".lintkit.yaml").symlink_to("nothing.yaml")
    assert ".lintkit.yaml: the configuration cannot be read" in sentence(run("check", repo))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[tool.lintkit\n", "pyproject.toml: Expected ']'"),
        ("[tool]\nlintkit = 3\n", "pyproject.toml: [tool.lintkit] is a table"),
        ("[tool.lintkit]\nprofil = 'lab'\n", "unknown key 'profil', did you mean 'profile'?"),
        ("[tool.lintkit]\nextends = 'x.yaml'\n", "extends 'x.yaml', but there is no such file"),
    ],
)
def test_a_wrong_pyproject_is_one_sentence(text: str, expected: str, run: Run, repo: Path) -> None:
    write(repo, {"pyproject.toml": text, "pool.yaml": pool()})
    assert expected in sentence(run("check", repo))


@pytest.mark.parametrize("text", ["[tool.lintkit]\nprofile = 'lab'\n", "[tool]\nlintkit = {profile = 'lab'}\n"])
def test_pyproject_configures_as_lintkit_yaml_does(text: str, run: Run, repo: Path) -> None:
    write(repo, {"pyproject.toml": text, "pool.yaml": pool()})
    done = run("check", repo, "--format", "json")
    assert [f["severity"] for f in done.report["findings"] if f["policy"] == "pool-size-one"] == ["warning"]


def test_a_pyproject_without_the_table_is_not_looked_at(run: Run, repo: Path) -> None:
    write(repo, {"pyproject.toml": "[project]\nname = 'x'\ndependencies = ['lintkit']\n[broken\n", "pool.yaml": pool()})
    assert run("check", repo, "--format", "json").places("pool-size-one") == [("pool.yaml", 7)]


def test_extends_takes_the_house_rules_of_a_file_and_the_repository_overrides_them(run: Run, repo: Path) -> None:
    write(
        repo,
        {
            ".lintkit.yaml": "extends: house.yaml\npolicies: {data-pool-unsized: error}\n",
            "house.yaml": "profile: lab\npolicies: {data-pool-unsized: off, pool-size-one: info}\n",
            "pool.yaml": pool(),
        },
    )
    found = {f["policy"]: f["severity"] for f in run("check", repo, "--format", "json").report["findings"]}
    assert found["pool-size-one"] == "info"
    assert found["data-pool-unsized"] == "error"


def test_extends_works_one_level_deep(run: Run, repo: Path) -> None:
    write(repo, {".lintkit.yaml": "extends: a.yaml\n", "a.yaml": "extends: b.yaml\n", "b.yaml": "profile: lab\n"})
    assert ".lintkit.yaml:1: extends 'a.yaml', which itself extends another" in sentence(run("check", repo))


def test_a_mistake_in_the_extended_file_is_named_there(run: Run, repo: Path) -> None:
    write(repo, {".lintkit.yaml": "extends: a.yaml\n", "a.yaml": "profile: lab\nexclud: []\n"})
    assert "a.yaml:2: unknown key 'exclud', did you mean 'exclude'?" in sentence(run("check", repo))


def test_extends_never_imports_what_it_names(run: Run, repo: Path) -> None:
    write(repo, {".lintkit.yaml": "extends: house\n", "house/__init__.py": "open('canary', 'w')\n", "house/sub/__init__.py": ""})
    sentence(run("check", repo, cwd=repo))
    write(repo, {".lintkit.yaml": "extends: house.sub\n"})
    sentence(run("check", repo, cwd=repo))
    assert not (repo / "canary").exists()


def test_settings_of_a_policy_hold_for_its_paths_and_everywhere_else_the_general_ones(run: Run, repo: Path) -> None:
    config = "policies:\n  pool-size-one:\n    severity: info\n    overrides: [{paths: ['a/**'], severity: warning}]\n"
    write(repo, {".lintkit.yaml": config, "a/pool.yaml": pool("a"), "b/pool.yaml": pool("b")})
    found = run("check", repo, "--format", "json").report["findings"]
    assert {(f["path"], f["severity"]) for f in found if f["policy"] == "pool-size-one"} == {
        ("a/pool.yaml", "warning"),
        ("b/pool.yaml", "info"),
    }


def test_off_switches_a_policy_off_even_the_one_about_broken_yaml(run: Run, repo: Path) -> None:
    write(repo, {"broken.yaml": "kind: Deployment\na: [\n", ".lintkit.yaml": "policies: {invalid-yaml: warning}\n"})
    assert [f["severity"] for f in run("check", repo, "--format", "json").report["findings"]] == ["warning"]
    write(repo, {".lintkit.yaml": "policies: {invalid-yaml: off}\n"})
    assert run("check", repo, "--format", "json").report["findings"] == []


def test_an_empty_configuration_is_one(run: Run, repo: Path) -> None:
    for text in ("", "# nothing yet\n", "---\n", "\ufeff"):
        write(repo, {".lintkit.yaml": text, "pool.yaml": pool()})
        assert run("check", repo, "--format", "json").places("pool-size-one") == [("pool.yaml", 7)]


def test_config_names_a_file_and_isolated_none(run: Run, repo: Path) -> None:
    write(repo, {".lintkit.yaml": "policies: {pool-size-one: off}\n", "other.yml": "profile: lab\n", "pool.yaml": pool()})
    severities = [
        [f["severity"] for f in run("check", repo, "--format", "json", *o).report["findings"] if f["policy"] == "pool-size-one"]
        for o in ((), ("--config", repo / "other.yml"), ("--isolated",))
    ]
    assert severities == [[], ["warning"], ["error"]]
    assert "use one of them" in sentence(run("check", repo, "--isolated", "--config", repo / "other.yml"))
    assert "No such file" in sentence(run("check", repo, "--config", repo / "absent.yml"))


def test_isolated_needs_no_valid_configuration(run: Run, repo: Path) -> None:
    write(repo, {".lintkit.yaml": "[", "pool.yaml": pool()})
    assert run("check", repo, "--isolated", "--format", "json").places("pool-size-one") == [("pool.yaml", 7)]


@pytest.mark.parametrize(
    ("line", "wrong", "expected"),
    [
        ("  - expression: object.size > 1", "  - expresion: object.size > 1", "did you mean 'expression'?"),
        ("subject: Pool", "subject: Pol", "did you mean Pool?"),
        ("object.size", "object.replicatd.size", "did you mean replicated?"),
        ("object.size > 1", "object.replicated.size > > 1", "is no CEL"),
    ],
)
def test_a_misspelt_policy_is_one_sentence_with_file_and_line_and_exit_2(
    line: str, wrong: str, expected: str, run: Run, repo: Path
) -> None:
    policy = (
        "version: 1\nid: mine\ntitle: t\nsubject: Pool\nseverity: {production: error}\nvalidations:\n"
        "  - expression: object.size > 1\n    message: m\nwhy: w\nremedy: r\n"
    )
    text = policy.replace(line, wrong)
    number = next(n for n, (a, b) in enumerate(zip(policy.split("\n"), text.split("\n"), strict=True), 1) if a != b)
    write(repo, {".lintkit.yaml": "policy-folders: [p]\n", "p/x/mine/policy.yaml": text, "pool.yaml": pool()})
    done = run("check", repo)
    assert done.code == 2
    (said,) = done.err.splitlines()
    assert expected in said
    assert f"p/x/mine/policy.yaml:{number}: " in said
