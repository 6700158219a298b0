"""Bad input: each kind is one clear sentence or one line of what was passed over, and never a traceback."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLES, ROOT, Done, Run, pool, sentence, spawn, write

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")
KEPT = [("pool.yaml", 7)]  # what the neighbour of every bad file says


def test_a_missing_path_is_named(run: Run, repo: Path) -> None:
    assert sentence(run("check", repo / "absent")) == f"{repo / 'absent'}: no such file or directory"


def test_a_name_that_is_too_long_is_a_sentence(run: Run) -> None:
    assert "File name too long" in sentence(run("check", "x" * 5000))


def test_several_repositories_are_refused(run: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, {".lintkit.yaml": "", "pool.yaml": pool()})
    assert "the paths belong to several repositories" in sentence(run("check", tmp_path / "a", tmp_path / "b"))


def test_stdin_beside_paths_is_refused(run: Run, repo: Path) -> None:
    assert "cannot be combined with other paths" in sentence(run("check", "-", repo))


def _socket(root: Path) -> None:
    here = Path.cwd()
    os.chdir(root)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("x.yaml")
    finally:
        os.chdir(here)


def _big(root: Path) -> None:
    with (root / "x.yaml").open("wb") as file:
        file.write(b"kind: Deployment\n")
        file.truncate(50 * 1024 * 1024)


PASSED_OVER: dict[str, tuple[str, Callable[[Path], object]]] = {
    "binary": ("binary file", lambda r: (r / "x.yaml").write_bytes(b"\0\1\2" * 99)),
    "latin1": ("file that is not UTF-8", lambda r: (r / "x.yaml").write_bytes(b"kind: Deployment # \xe9\n")),
    "50MB": ("file larger than 8 MiB", _big),
    "fifo": ("not a regular file", lambda r: os.mkfifo(r / "x.yaml")),
    "socket": ("not a regular file", _socket),
    "device": ("link that leads out of the tree", lambda r: (r / "x.yaml").symlink_to("/dev/zero")),
    "loop of links": ("link that leads nowhere", lambda r: (r / "x.yaml").symlink_to("x.yaml")),
    "dead link": ("link that leads nowhere", lambda r: (r / "x.yaml").symlink_to("absent")),
    "link out": ("link that leads out of the tree", lambda r: (r / "x.yaml").symlink_to("../outside.yaml")),
    "directory loop": ("link to a directory, which is not followed", lambda r: (r / "x").symlink_to(".")),
    "directory out": ("link that leads out of the tree", lambda r: (r / "x.yaml").symlink_to("..")),
}


@POSIX
@pytest.mark.parametrize("name", PASSED_OVER)
@pytest.mark.parametrize("git", [False, True], ids=["plain", "git"])
def test_a_file_that_cannot_be_judged_is_counted_and_its_neighbour_judged(name: str, git: bool, run: Run, tmp_path: Path) -> None:
    reason, make = PASSED_OVER[name]
    root = tmp_path / "repo"
    write(tmp_path, {"outside.yaml": pool("outside"), "repo/pool.yaml": pool(), "repo/.lintkit.yaml": ""})
    make(root)
    if git:
        if name in ("fifo", "socket"):
            pytest.skip("git lists no such files")
        subprocess.run(["git", "init", "-q", root], check=True)
    done = run("check", root, "--format", "json")
    assert done.places("pool-size-one") == KEPT
    assert done.skipped() == {reason: 1}
    assert done.err == ""


@POSIX
def test_a_tracked_directory_that_became_a_link_out_is_not_followed(run: Run, tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {"pool.yaml": pool(), "sub/pool.yaml": pool("sub")})
    subprocess.run("git init -q && git add -A", shell=True, check=True, cwd=root)
    shutil.rmtree(root / "sub")
    write(tmp_path, {"outside/pool.yaml": pool("outside")})
    (root / "sub").symlink_to("../outside")
    assert run("check", root, "--format", "json").places("pool-size-one") == KEPT


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("kind: Deployment\na: " + "[" * 10_000 + "]" * 10_000 + "\n", 2, "nested more than"),
        ("kind: Deployment\na: " + "{a: " * 10_000 + "1" + "}" * 10_000 + "\n", 2, "nested more than"),
        ("kind: Deployment\n" + "".join(" " * i + "a:\n" for i in range(1500)), 402, "nested more than"),
        ("kind: Deployment\n" + "- " * 10_000 + "x\n", 2, ""),
        (
            "kind: Deployment\na0: &a0 [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)),
            0,
            "alias",
        ),
        ("kind: Deployment\na: [1\nb: 2\n", 3, "cannot be parsed"),
        ("kind: Deployment\na: *nothing\n", 2, "no anchor"),
        ("kind: Deployment\na: \x01\n", 2, "U+0001 is not allowed"),
        ("kind: Deployment\n\ta: b\n", 2, "cannot be parsed"),
    ],
    ids=["lists", "maps", "blocks", "dashes", "alias-bomb", "syntax", "alias", "control", "tab"],
)
def test_broken_yaml_is_a_finding_at_its_line_and_the_next_document_counts(
    text: str, line: int, said: str, run: Run, repo: Path
) -> None:
    write(repo, {"x.yaml": text + "---\n" + pool("after")})
    done = run("check", repo, "--format", "json")
    broken = [f for f in done.report["findings"] if f["policy"] == "invalid-yaml"]
    assert done.code == 1
    assert [f["path"] for f in broken] == ["x.yaml"]
    assert said in broken[0]["message"]
    assert line in (0, broken[0]["line"])
    assert [n - text.count("\n") for _, n in done.places("pool-size-one")] == [8]


def test_an_alias_of_itself_ends(run: Run, repo: Path) -> None:
    write(repo, {"x.yaml": "kind: Deployment\na: &a [*a]\nb: &b {x: *b, <<: *b}\n", "pool.yaml": pool()})
    assert run("check", repo, "--format", "json").places("pool-size-one") == KEPT


def test_a_byte_order_mark_and_utf16_are_read(run: Run, repo: Path) -> None:
    write(repo, {"bom.yaml": "\ufeff" + pool("a"), "wide.yaml": pool("b").encode("utf-16")})
    assert run("check", repo, "--format", "json").places("pool-size-one") == [("bom.yaml", 7), ("wide.yaml", 7)]


@POSIX
def test_names_with_newlines_escapes_and_stray_bytes_reach_no_terminal(run: Run, repo: Path) -> None:
    names = ["a\nb.yaml", "\x1b[31mred.yaml", "\u202egnp.yaml", os.fsdecode(b"bad\xff.yaml"), " ; rm -rf .yaml", "--fix.yaml"]
    for number, name in enumerate(names):
        (repo / name).write_text(pool(f"p{number}"))
    assert sorted(p for p, _ in run("check", repo, "--format", "json").places("pool-size-one")) == sorted(names)
    for name in ("human", "github", "markdown", "gitlab", "sarif", "junit", "checkstyle", "rdjson"):
        done = run("check", repo, "--format", name)
        assert done.code == 1
        assert not {"\x1b", "\u202e", "\x07"} & set(done.out + done.err)
        done.out.encode()
    assert "\x1b" not in sentence(run("check", repo / "\x1b[31m\nabsent"))


@POSIX
def test_values_files_outside_the_tree_are_not_read(run: Run, tmp_path: Path) -> None:
    secret = "cephBlockPools:\n  - {name: stolen, spec: {replicated: {size: 1}}}\n"
    write(tmp_path, {"secret.yaml": secret, "repo/.lintkit.yaml": ""})
    app = f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: rook-ceph-cluster}}
spec:
  project: default
  sources:
    - repoURL: https://charts.rook.io/release
      chart: rook-ceph-cluster
      targetRevision: v1.18.8
      helm: {{valueFiles: [$v/../secret.yaml, $v/a/../../secret.yaml, ../secret.yaml, {tmp_path}/secret.yaml, $v/link.yaml]}}
    - {{repoURL: https://example.com/x.git, ref: v}}
  destination: {{namespace: rook-ceph, name: prod}}
"""
    write(tmp_path / "repo", {"app.yaml": app})
    (tmp_path / "repo" / "link.yaml").symlink_to("../secret.yaml")
    done = run("check", tmp_path / "repo", "--format", "json")
    assert done.code in (0, 1)
    assert "stolen" not in done.out
    assert done.skipped()["link that leads out of the tree"] == 1


def test_an_empty_directory_is_clean(run: Run, repo: Path) -> None:
    done = run("check", repo, "--format", "json")
    assert (done.code, done.report["findings"], done.report["summary"]["files"]) == (0, [], 0)


@pytest.mark.parametrize("content", [b"", b"gitdir: /nonexistent\n", b"garbage"], ids=["empty", "dangling", "garbage"])
def test_a_git_file_that_leads_nowhere_is_said_and_the_files_are_walked(content: bytes, run: Run, tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {".git": content, "pool.yaml": pool()})
    assert run("check", root, "--format", "json").places("pool-size-one") == KEPT
    assert "note: git could not list the files" in run("check", root).out


def test_no_repository_at_all_is_walked(run: Run) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), {"pool.yaml": pool(), ".venv/x.yaml": pool("never")})
        done = run("check", folder, "--format", "json")
    assert done.places("pool-size-one") == KEPT


def test_stdin_is_judged_as_one_environment(run: Run, repo: Path) -> None:
    done = run("check", "-", "--format", "json", cwd=repo, stdin=pool("a") + "---\n" + pool("b", 3))
    assert done.places("pool-size-one") == [("stdin.yaml", 7)]
    assert done.report["summary"]["environments"] == ["default"]
    assert run("check", "-", "--format", "json", cwd=repo, stdin=b"").report["findings"] == []


def test_stdin_that_is_no_text_is_a_sentence(run: Run, repo: Path) -> None:
    assert "file that is not UTF-8" in sentence(run("check", "-", cwd=repo, stdin=b"a: \xe9\n"))
    assert "binary file" in sentence(run("check", "-", cwd=repo, stdin=b"\0\1"))
    assert "larger than 32 MiB" in sentence(run("check", "-", cwd=repo, stdin=b"# " * (17 << 20)))


def test_stdin_filename_names_the_file_in_the_report(run: Run, repo: Path) -> None:
    done = run("check", "-", "--stdin-filename", "./out/all.yaml", "--format", "json", cwd=repo, stdin=pool())
    assert done.places("pool-size-one") == [("out/all.yaml", 7)]
    assert "ends in .yaml or .yml" in sentence(run("check", "-", "--stdin-filename", "all.txt", cwd=repo))
    assert "outside the repository" in sentence(run("check", "-", "--stdin-filename", "../all.yaml", cwd=repo))


def test_a_removed_working_directory_is_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        f"import os; os.rmdir({str(gone)!r}); from lintkit.boot import main; import sys; sys.argv = ['lintkit', 'check']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"], cwd=gone, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "lintkit: No such file or directory\n"


@POSIX
@pytest.mark.parametrize(
    "arguments", [("check", "examples"), ("check", "examples", "--diff"), ("policies",), ("env", "examples")]
)
def test_a_reader_that_goes_ends_the_run_quietly(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "lintkit", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@POSIX
def test_closed_streams_are_a_sentence_or_silence() -> None:
    command = f"{sys.executable} -m lintkit check examples"
    for close, code, said in (
        (">&-", 2, "standard output is closed"),
        (">&- 2>&-", 2, ""),
        ("2>&- >/dev/null", 1, ""),
        ("- <&-", 2, "input"),
    ):
        line = command.replace("examples", "") + close if close.startswith("-") else f"{command} {close}"
        done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, (close, done)
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started can be interrupted, also where the tests run in the background of a shell, which ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@POSIX
def test_an_interrupt_ends_with_130_and_no_traceback(interruptible: None) -> None:
    command = [sys.executable, "-m", "lintkit", "check", "-"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        # it waits for stdin once it has read more than a pipe holds
        process.stdin.write(b"# \n" * 60_000)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_locale_that_is_not_utf8_changes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path, {"caf\u00e9/p\u00f6l.yaml": pool(), ".lintkit.yaml": ""})
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for format_name in ("human", "json"):
        done = spawn("check", root, "--format", format_name, env=env)
        assert (done.code, done.err) == (1, "")
        assert "pool-size-one" in done.out


def test_home_need_not_be_set(run: Run, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    write(repo, {"pool.yaml": pool()})
    assert run("check", repo, "--format", "json").places("pool-size-one") == KEPT


def _mind_permissions() -> None:
    # root reads everything by two capabilities: give them up (PR_CAPBSET_DROP) before the program starts
    libc = ctypes.CDLL(None)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)


def _bound(*arguments: object) -> Done:
    """A run that file permissions hold for, even when the tests run as root."""
    if sys.platform != "linux":
        pytest.skip("needs Linux permissions")
    command = [sys.executable, "-m", "lintkit", *map(str, arguments)]
    before = _mind_permissions if os.geteuid() == 0 else None
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=before)
    assert "Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def test_an_unreadable_file_is_counted(repo: Path) -> None:
    write(repo, {"x.yaml": pool("x"), "pool.yaml": pool()})
    (repo / "x.yaml").chmod(0)
    done = _bound("check", repo, "--format", "json")
    assert done.code == 1
    assert done.skipped() == {"file that cannot be opened": 1}
    assert done.places("pool-size-one") == KEPT


def test_an_unreadable_directory_is_counted(repo: Path) -> None:
    write(repo, {"sub/x.yaml": pool("x")})
    shutil.rmtree(repo / ".git")
    (repo / "sub").chmod(0)
    done = _bound("check", repo, "--format", "json")
    (repo / "sub").chmod(0o755)
    assert done.skipped() == {"directory that cannot be listed": 1}


def test_an_unreadable_configuration_is_a_sentence(repo: Path) -> None:
    write(repo, {".lintkit.yaml": ""})
    (repo / ".lintkit.yaml").chmod(0)
    done = _bound("check", repo)
    assert (done.code, done.err) == (2, "lintkit: .lintkit.yaml: the configuration cannot be read: Permission denied\n")


def test_an_unreachable_path_is_a_sentence(repo: Path) -> None:
    repo.chmod(0)
    done = _bound("check", repo / "pool.yaml")
    repo.chmod(0o755)
    assert (done.code, done.err) == (2, f"lintkit: {repo / 'pool.yaml'}: Permission denied\n")


def test_a_fix_in_a_read_only_directory_is_refused_with_a_sentence(repo: Path) -> None:
    shutil.copytree(EXAMPLES, repo / "cloud")
    for directory in (repo / "cloud").glob("**/"):
        directory.chmod(0o555)
    done = _bound("check", repo / "cloud", "--fix")
    assert done.code == 1
    assert "not fixed" in done.err
    assert "0 fixes applied in 0 files" in done.err


def test_a_report_that_cannot_be_written_is_a_sentence(run: Run, repo: Path) -> None:
    write(repo, {"pool.yaml": pool(), "file": ""})
    done = run("check", repo, "--output", repo / "file" / "report.txt")
    assert "the report cannot be written" in sentence(done)
    assert "the report cannot be written (Is a directory)" in sentence(run("check", repo, "--output", repo))
