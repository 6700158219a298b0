"""Every option of `lintkit check`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.cli.conftest import EXAMPLES, ROOT, Run, pool, sentence, spawn, write

SCHEMA = json.loads((ROOT / "schemas" / "report.schema.json").read_text("utf-8"))
FORMATS = ("human", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson", "markdown", "html")


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    """The example cloud, to be changed."""
    root = tmp_path / "cloud"
    shutil.copytree(EXAMPLES, root)
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_be_written(name: str, run: Run, tmp_path: Path) -> None:
    done = run("check", EXAMPLES, "--format", name)
    assert done.code == 1
    assert "pool-size-one" in done.out
    assert done.out.endswith("\n")
    if name in ("json", "sarif", "gitlab", "rdjson"):
        json.loads(done.out)
    if name in ("junit", "checkstyle"):
        ElementTree.fromstring(done.out)
    target = tmp_path / "deep" / "report"
    written = run("check", EXAMPLES, "--format", name, "--output", target)
    assert written.out == ""
    assert target.read_text("utf-8") == done.out


def test_several_formats_go_to_their_files_and_the_last_to_stdout(run: Run, tmp_path: Path) -> None:
    sarif, junit = tmp_path / "a.sarif", tmp_path / "b.xml"
    options = ("--format", "sarif", "--output", sarif, "--format", "junit", "--output", junit, "--format", "json")
    done = run("check", EXAMPLES, *options)
    assert done.report["version"] == 1
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert ElementTree.parse(junit).getroot().tag == "testsuites"


def test_a_dash_as_output_is_stdout(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "b.xml"
    done = run("check", EXAMPLES, "--format", "json", "--output", "-", "--format", "junit", "--output", target)
    assert done.report["version"] == 1
    assert target.exists()


def test_outputs_that_fit_no_format_are_refused(run: Run, tmp_path: Path) -> None:
    assert "more --output files than --format" in sentence(run("check", EXAMPLES, "-o", tmp_path / "a", "-o", tmp_path / "b"))
    assert "several formats would go to standard output" in sentence(
        run("check", EXAMPLES, "--format", "json", "--format", "human")
    )


@pytest.mark.skipif(os.name != "posix", reason="needs /dev")
def test_a_device_as_output_is_written_to_and_stays(run: Run) -> None:
    assert run("check", EXAMPLES, "--output", os.devnull).code == 1
    assert not Path(os.devnull).is_file()
    done = subprocess.run(
        [sys.executable, "-m", "lintkit", "check", "examples", "--format", "json", "--output", "/dev/stdout"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert json.loads(done.stdout)["version"] == 1


@pytest.mark.parametrize("name", ["examples", "broken", "empty", "stdin", "odd"])
def test_the_json_report_conforms_to_its_schema(name: str, run: Run, repo: Path) -> None:
    if name == "broken":
        write(repo, {"x.yaml": "kind: Deployment\na: [\n---\n" + pool(), "y.yaml": b"\0"})
    if name == "odd":
        write(repo, {"p\u00f6\n\x1b.yaml": pool(), "kustomization.yaml": "resources: [absent.yaml, ../..]\n"})
    path = {"examples": EXAMPLES, "stdin": "-"}.get(name, repo)
    done = run("check", path, "--format", "json", "--all", cwd=repo, stdin=pool())
    jsonschema.Draft202012Validator(SCHEMA).validate(done.report)
    assert done.code == (0 if name == "empty" else 1)


def test_a_named_path_narrows_what_is_reported_and_not_what_is_known(run: Run) -> None:
    whole = run("check", EXAMPLES, "--format", "json").report
    one = run("check", EXAMPLES / "services" / "neutron" / "common.yaml", "--format", "json").report
    found = [f for f in whole["findings"] if "services/neutron/common.yaml" in (f["path"], *(r["path"] for r in f["related"]))]
    assert one["findings"] == found
    assert found
    assert one["summary"]["environments"] == whole["summary"]["environments"]


def test_a_finding_concerns_a_path_of_a_related_place(run: Run) -> None:
    done = run("check", EXAMPLES / "services" / "heat" / "common.yaml", "--format", "json")
    assert ("argocd/prod/heat.yaml", "too-few-api-replicas") in {(f["path"], f["policy"]) for f in done.report["findings"]}


def test_a_directory_and_several_paths_may_be_named(run: Run, repo: Path) -> None:
    write(repo, {"a/x.yaml": pool("a"), "ab/x.yaml": pool("ab"), "c.yaml": pool("c")})
    done = run("check", repo / "a", repo / "c.yaml", "--format", "json")
    assert done.places("pool-size-one") == [("a/x.yaml", 7), ("c.yaml", 7)]
    assert run("check", "a", "--format", "json", cwd=repo).places("pool-size-one") == [("a/x.yaml", 7)]


def test_a_named_path_beats_excludes_unless_they_are_forced(run: Run, repo: Path) -> None:
    write(repo, {".lintkit.yaml": "exclude: ['old/**']\n", "old/x.yaml": pool("old"), "new.yaml": pool("new")})
    old = [("old/x.yaml", 7)]
    assert run("check", repo, "--format", "json").places("pool-size-one") == [("new.yaml", 7)]
    assert run("check", repo / "old" / "x.yaml", "--format", "json").places("pool-size-one") == old
    assert run("check", repo / "old", "--format", "json").places("pool-size-one") == old
    assert run("check", repo / "old" / "x.yaml", "--force-exclude", "--format", "json").places("pool-size-one") == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--select", "pool-size-one"), {"pool-size-one"}),
        (("--select", "durability"), {"pool-size-one"}),
        (("--select", "pool-size-*,node-roles"), {"pool-size-one", "selector-matches-no-node", "unknown-storage-node"}),
        (("--select", "pool-size-one", "--select", "even-mon-count"), {"pool-size-one", "even-mon-count"}),
        (("--select", "node-roles", "--ignore", "unknown-*"), {"selector-matches-no-node"}),
        (("--select", "yaml"), set()),
    ],
)
def test_select_and_ignore_take_ids_families_and_globs(options: tuple[str, ...], expected: set[str], run: Run) -> None:
    found = {f["policy"] for f in run("check", EXAMPLES, "--format", "json", *options).report["findings"]}
    assert found == expected


def test_broken_yaml_can_be_selected_and_ignored_like_any_policy(run: Run, repo: Path) -> None:
    write(repo, {"x.yaml": "kind: Deployment\na: [\n", "pool.yaml": pool()})
    assert {f["policy"] for f in run("check", repo, "--select", "yaml", "--format", "json").report["findings"]} == {
        "invalid-yaml"
    }
    assert "invalid-yaml" not in run("check", repo, "--ignore", "invalid-yaml", "--format", "json").out


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_an_unknown_policy_is_refused_with_the_nearest_name(option: str, run: Run) -> None:
    said = sentence(run("check", EXAMPLES, option, "pool-size-on"))
    assert said == "no policy or family is called 'pool-size-on', did you mean pool-size-one?"
    assert "lintkit policies" in sentence(run("check", EXAMPLES, option, "zzz*"))


def test_the_profile_option_overrides_every_environment(run: Run) -> None:
    for profile, severity in (("production", "error"), ("lab", "warning")):
        done = run("check", EXAMPLES, "--profile", profile, "--select", "pool-size-one", "--format", "json")
        assert {f["severity"] for f in done.report["findings"]} == {severity}


def test_fail_on_and_exit_zero_decide_the_exit_code(run: Run, repo: Path) -> None:
    write(repo, {".lintkit.yaml": "policies: {pool-size-one: warning}\n", "pool.yaml": pool()})
    only = ("--select", "pool-size-one")
    assert run("check", repo, *only).code == 0
    assert run("check", repo, *only, "--fail-on", "error").code == 0
    assert run("check", repo, *only, "--fail-on", "warning").code == 1
    assert run("check", repo, *only, "--fail-on", "info").code == 1
    assert run("check", repo, *only, "--fail-on", "info", "--exit-zero").code == 0
    assert run("check", repo / "absent", "--exit-zero").code == 2


def test_statistics_count_by_policy(run: Run) -> None:
    plain, counted = run("check", EXAMPLES).out, run("check", EXAMPLES, "--statistics").out
    assert counted.startswith(plain[:200])
    assert len(counted) > len(plain)


def test_colour_follows_the_flag_then_the_environment(run: Run, repo: Path) -> None:
    write(repo, {"pool.yaml": pool()})
    assert "\x1b[" not in run("check", repo).out
    assert "\x1b[" in run("check", repo, "--color", "always").out
    assert "\x1b[" in run("check", repo, env={"FORCE_COLOR": "1"}).out
    assert "\x1b[" not in run("check", repo, "--color", "never", env={"FORCE_COLOR": "1"}).out
    assert "\x1b[" not in run("check", repo, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
    assert "\x1b[" not in run("check", repo, "--color", "always", "--format", "json").out


def test_cache_and_jobs_change_no_answer(run: Run) -> None:
    plain = run("check", EXAMPLES, "--format", "json").out
    assert run("check", EXAMPLES, "--format", "json", "--no-cache", "--jobs", "3").out == plain
    assert run("check", EXAMPLES, "--jobs", "-1").code == 2


def test_a_wrong_option_is_exit_2(run: Run) -> None:
    for options in (("--format", "yaml"), ("--nonsense",), ("--profile", "staging"), ("--fail-on", "fatal")):
        done = run("check", EXAMPLES, *options)
        assert (done.code, done.out) == (2, "")
        assert "Traceback" not in done.err


@pytest.mark.parametrize("unsafe", [False, True])
def test_diff_shows_what_fix_does_and_changes_nothing(unsafe: bool, run: Run, cloud: Path) -> None:
    more = ("--unsafe-fixes",) if unsafe else ()
    before = contents(cloud)
    shown = run("check", cloud, "--diff", *more)
    assert shown.code == 1
    assert contents(cloud) == before
    patched = cloud.parent / "patched"
    shutil.copytree(cloud, patched)
    subprocess.run(
        ["git", "apply", "-p1", "--unsafe-paths", f"--directory={patched}", "-"], input=shown.out.encode(), check=True, cwd="/"
    )
    fixed = run("check", cloud, "--fix", *more)
    assert "applied in" in fixed.err
    assert contents(patched) == contents(cloud)


def test_diff_without_edits_is_exit_0_and_silent(run: Run, repo: Path) -> None:
    write(repo, {"pool.yaml": pool(size=3)})
    done = run("check", repo, "--diff", "--select", "pool-size-one")
    assert (done.code, done.out) == (0, "")
    write(repo, {"pool.yaml": pool()})
    assert run("check", repo, "--diff", "--unsafe-fixes", "--exit-zero").code == 0


@pytest.mark.parametrize("unsafe", [False, True])
def test_fixing_changes_only_what_its_edits_say_and_a_second_run_changes_nothing(unsafe: bool, run: Run, cloud: Path) -> None:
    more = ("--unsafe-fixes",) if unsafe else ()
    before = contents(cloud)
    shown = run("check", cloud, "--diff", *more).out
    touched = {line.removeprefix("+++ b/") for line in shown.splitlines() if line.startswith("+++ ")}
    first = run("check", cloud, "--fix", "--format", "json", *more)
    after = contents(cloud)
    assert {p for p in after if after[p] != before.get(p)} == touched
    assert set(after) == set(before)
    assert first.report["findings"] == run("check", cloud, "--format", "json").report["findings"]
    assert first.code == int(any(f["severity"] == "error" for f in first.report["findings"]))
    second = run("check", cloud, "--fix", "--format", "json", *more)
    assert contents(cloud) == after
    assert second.out == first.out
    assert "0 fixes applied in 0 files" in second.err


def test_fixing_keeps_the_mode_the_links_and_the_line_ends(run: Run, repo: Path) -> None:
    text = "\ufeff" + pool().replace("\n", "\r\n")
    write(repo, {"real.txt": text})
    (repo / "pool.yaml").symlink_to("real.txt")
    (repo / "real.txt").chmod(0o640)
    done = run("check", repo, "--fix", "--unsafe-fixes", "--select", "pool-size-one")
    assert done.code == 0, done
    assert (repo / "pool.yaml").is_symlink()
    assert (repo / "real.txt").stat().st_mode & 0o777 == 0o640
    fixed = (repo / "real.txt").read_bytes().decode()
    assert fixed != text
    assert fixed.startswith("\ufeff")
    assert "\n" not in fixed.replace("\r\n", "")


def test_fixing_leaves_no_other_file_behind(run: Run, repo: Path) -> None:
    write(repo, {"pool.yaml": pool()})
    run("check", repo, "--fix", "--unsafe-fixes")
    assert sorted(p.name for p in repo.iterdir()) == [".git", "pool.yaml"]


def test_fix_and_diff_exclude_each_other_and_stdin_cannot_be_fixed(run: Run, repo: Path) -> None:
    assert "use one of them" in sentence(run("check", EXAMPLES, "--fix", "--diff"))
    assert "--fix cannot change what comes from stdin" in sentence(run("check", "-", "--fix", cwd=repo, stdin=pool()))
    assert list(repo.glob("*.yaml")) == []
    done = run("check", "-", "--diff", "--unsafe-fixes", "--select", "pool-size-one", cwd=repo, stdin=pool())
    assert done.code == 1
    assert done.out.startswith("--- a/stdin.yaml\n+++ b/stdin.yaml\n")


def test_the_version_is_told_without_importing_anything_of_weight() -> None:
    code = (
        "import sys; sys.argv = ['lintkit', '--version']; from lintkit.boot import main; main();"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('lintkit', 'typer', 'yaml', 'json', 're', 'pathlib')))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.append({str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    version, modules = done.stdout.splitlines()
    assert version.startswith("lintkit ")
    assert "lintkit.boot" in modules
    assert "typer" not in modules
    assert "'yaml'" not in modules
    assert "lintkit.cli" not in modules


def test_a_check_without_findings_to_explain_imports_no_heavy_library() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['lintkit', 'check', 'examples', '--format', 'json'];"
        "from lintkit.boot import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\n' + ' '.join(m for m in ('typer', 'rich', 'jsonschema', 'ruamel', 'importlib.metadata', 'http', 'asyncio',"
        " 'unittest', 'multiprocessing', 'kubernetes_validate', 'helm_python') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_python_m_and_the_entry_point_say_the_same() -> None:
    assert spawn("--version").out == spawn("-V").out
    assert spawn("check", "examples", "--exit-zero").code == 0
