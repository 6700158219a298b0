"""Repositories made to break a linter: each ends in bounded time and memory, its good file is judged, what was cut is said."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lintkit.config import Config
from lintkit.report.formats import FORMATS
from lintkit.sources.argocd import generators
from lintkit.sources.kustomize import build
from lintkit.sources.world import load_world
from lintkit.tree.files import Files
from tests.cli.conftest import ROOT, Done, Run, pool, write
from tests.cli.test_cli_git import git

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs limits and files of POSIX")
SECONDS = 20
MEBIBYTES = 1500


def _limits() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEBIBYTES << 20, MEBIBYTES << 20))


def bounded(*arguments: object, cwd: Path) -> Done:
    """A run that is killed when it takes more than its share of time or memory."""
    command = [sys.executable, "-m", "lintkit", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, check=False, timeout=300, preexec_fn=_limits)
    assert done.returncode in (0, 1, 2), (done.returncode, done.stderr[-300:])
    assert b"internal error" not in done.stderr
    assert b"Traceback" not in done.stderr
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


CLUSTER = (
    "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: c, namespace: rook-ceph}\nspec:\n  dataDirHostPath: /x\n"
)
BOMB = "  a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"  a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 4))
BASE = {"base/pool.yaml": pool("patched")}


def _patched(operations: object) -> dict[str, str]:
    patch = json.dumps(operations)
    patches = f"patches:\n  - target: {{kind: CephBlockPool}}\n    patch: '{patch}'\n"
    return {**BASE, "base/kustomization.yaml": f"resources: [pool.yaml]\n{patches}"}


def _doubling(kind: str, key: str) -> dict[str, str]:
    """Thirty levels of two kustomizations that each take in both of the level below."""
    head = "kind: Component\n" if kind == "Component" else ""
    files = {
        f"k{i}{side}/kustomization.yaml": f"{head}{key}: [../k{i + 1}, ../k{i + 1}x]\nnamePrefix: {side or 'a'}\n"
        for i in range(30)
        for side in ("", "x")
    }
    last = {f"k30{side}/kustomization.yaml": f"{head}resources: [pool.yaml]\n" for side in ("", "x")}
    return {**files, **last, **{f"k30{side}/pool.yaml": pool() for side in ("", "x")}}


def _set(generators: str, template: str = "'{{a}}-{{b}}'", go: str = "false") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n"
        f"  goTemplate: {go}\n  generators:\n    - {generators}\n  template:\n    metadata: {{name: {template}}}\n    spec:\n"
        "      project: default\n      source: {repoURL: 'https://x.example/x.git', path: p, targetRevision: v1}\n"
        "      destination: {name: prod, namespace: rook-ceph}\n"
    )


def _elements(key: str, count: int) -> str:
    return "{list: {elements: [" + ",".join(f"{{{key}: x{i}}}" for i in range(count)) + "]}}"


def _go(template: str) -> dict[str, str]:
    return {"set.yaml": _set("{list: {elements: [{name: " + "a" * 40 + "}]}}", json.dumps(template), "true")}


def _definition(pattern: str) -> dict[str, str]:
    shape = f"{{type: object, properties: {{spec: {{type: object, properties: {{a: {{type: string, pattern: '{pattern}'}}}}}}}}}}"
    return {
        "crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.example.com}\n"
        "spec:\n  group: example.com\n  names: {kind: X, plural: xs}\n  scope: Namespaced\n"
        f"  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {shape}}}}}]\n",
        "x.yaml": f"apiVersion: example.com/v1\nkind: X\nmetadata: {{name: x}}\nspec: {{a: {'a' * 900}!}}\n",
    }


def _policy(body: str) -> dict[str, str]:
    text = f"version: 1\nid: mine\ntitle: x\nsubject: CephBlockPool\n{body}\nwhy: x\nremedy: x\n"
    return {".lintkit.yaml": "policy-folders: [house]\n", "house/a/mine/policy.yaml": text}


_ALL = "[1,2,3,4,5,6,7,8,9,0].all({}, "
DEEP_LOOP = "".join(_ALL.format(letter) for letter in "abcdefgh") + "true" + ")" * 8
DOUBLED = "variables:\n  - {name: v0, expression: \"'aaaaaaaaaaaaaaaa'\"}\n" + "".join(
    f"  - {{name: v{i + 1}, expression: variables.v{i} + variables.v{i}}}\n" for i in range(40)
)
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ceph, namespace: flux-system}\nspec:\n"
    "  path: ./deploy\n  sourceRef: {kind: GitRepository, name: flux-system}\n  postBuild: {substitute: {"
)

# name: files, what is said of what was cut (part of the output), whether the good file is still judged
HOSTILE: dict[str, tuple[Mapping[str, str], str, bool]] = {
    "one long line": ({"x.yaml": "kind: Deployment\na: " + "x" * (7 << 20) + "\n"}, "", True),
    "a line past the limit": ({"x.yaml": "kind: Deployment\na: " + "x" * (9 << 20) + "\n"}, "larger than 8 MiB (1)", True),
    "a list of millions": ({"x.yaml": "kind: Deployment\na: [" + "x," * (3 << 20) + "]\n"}, "more than 1,000,000", True),
    "documents with bombs": ({"x.yaml": f"---\n{CLUSTER}{BOMB}" * 300}, "aliases expand to more than 200,000 nodes", True),
    "merge bomb": (
        {
            "x.yaml": CLUSTER
            + "  a0: &a0 {a: x, b: x}\n"
            + "".join(f"  a{i}: &a{i} {{<<: *a{i - 1}, z{i}: *a{i - 1}}}\n" for i in range(1, 40))
        },
        "aliases expand to more than 200,000 nodes",
        True,
    ),
    "unknown keys": (
        {"x.yaml": CLUSTER + "".join(f"  k{i}: 1\n" for i in range(50_000))},
        "resource of which only the first 500 departures",
        True,
    ),
    "keys written twice": (
        {"x.yaml": pool("x") + "a: 1\n" * 50_000},
        "document of which only the first 500 traps of YAML are reported",
        True,
    ),
    "ignores": ({"x.yaml": pool("x") + "# lintkit: ignore[pool-size-one] x\n" * 20_000}, "unused-ignore", True),
    "numbers": ({"x.yaml": pool("x").replace("size: 1", "size: " + "9" * 10_000)}, "", True),
    "copies that double": (
        _patched([{"op": "copy", "from": "/spec", "path": f"/spec/a{i}"} for i in range(60)]),
        "copies more than 100,000 values",
        True,
    ),
    "copies into a list": (
        _patched(
            [{"op": "add", "path": "/spec/l", "value": [1]}, *([{"op": "copy", "from": "/spec", "path": "/spec/l/-"}] * 60)]
        ),
        "copies more than 100,000 values",
        True,
    ),
    "operations": (
        _patched([{"op": "add", "path": f"/metadata/k{i}", "value": "1"} for i in range(20_000)]),
        "more than 5,000 operations",
        True,
    ),
    "an index": (
        _patched([{"op": "add", "path": "/spec/l", "value": []}, {"op": "add", "path": "/spec/l/999999999", "value": 1}]),
        "no item 999999999",
        True,
    ),
    "a long path": (_patched([{"op": "add", "path": "/spec" + "/a" * 20_000, "value": 1}]), "cannot be reached", True),
    "a pattern of a patch": (
        {
            "base/pool.yaml": pool("a" * 60 + "b"),
            "base/kustomization.yaml": "resources: [pool.yaml]\npatches: [{target: {name: '(a+)+'}, patch: '[]'}]\n",
        },
        "no object matches the target",
        True,
    ),
    "components that double": (
        {
            **BASE,
            **_doubling("Component", "components"),
            "base/kustomization.yaml": "resources: [pool.yaml]\ncomponents: [../k0]\n",
        },
        "a build of more than ",
        True,
    ),
    "bases without end": (
        {f"k{i}/kustomization.yaml": f"resources: [../k{(i + 1) % 300}]\n" for i in range(300)},
        "leads back to itself",
        True,
    ),
    "a matrix of matrices": (
        {
            "set.yaml": _set(
                "matrix: {generators: ["
                + _elements("a", 300)
                + ", {matrix: {generators: ["
                + _elements("b", 300)
                + ", "
                + _elements("c", 300)
                + "]}}]}"
            )
        },
        "more than 20,000 Applications of one generator",
        False,
    ),
    "a set of itself": (
        {
            "sets/set.yaml": _set("{list: {elements: [{a: x, b: y}]}}")
            .replace("path: p", "path: sets")
            .replace("x.example/x.git", "git.example/cloud.git"),
            "sets/pool.yaml": pool("below"),
        },
        "",
        False,
    ),
    "a template that repeats": (_go('{{ repeat 1000000000 "aaaaaaaaaa" }}'), "", False),
    "a template that loops": (_go("{{ range until 1000000000 }}a{{ end }}"), "", False),
    "loops in loops": (_go("{{ range (until 1000) }}" * 4 + "a" + "{{ end }}" * 4), "", False),
    "a template of brackets": (_go("{{ " + "(" * 5000 + ".name" + ")" * 5000 + " }}"), "", False),
    "a template's pattern": (_go('{{ regexReplaceAll "(a+)+$" (printf "%sb" .name) "x" }}'), "", False),
    "variables of variables": (
        {
            "k.yaml": FLUX + ",".join(f"v{i}: '${{v{i + 1}}}${{v{i + 1}}}'" for i in range(60)) + ", v60: aaaa}}\n",
            "deploy/pool.yaml": pool("'${v0}'"),
        },
        "",
        False,
    ),
    "a variable's pattern": (
        {"k.yaml": FLUX + "a: " + "a" * 3000 + "}}\n", "deploy/pool.yaml": pool("'${a//*a*a*a*a*a*a*a*b/x}${a%%*a*a*a*a*a*b}'")},
        "",
        False,
    ),
    "a chart that needs itself": (
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: mine\nversion: 1.0.0\ndependencies: [{name: mine, version: 1.0.0, repository: 'file://.'}]\n",
            "chart/values.yaml": "mine: {mine: {mine: {}}}\n",
            "chart/templates/pool.yaml": pool("templated"),
            "app.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mine}\nspec:\n  project: default\n"
            "  destination: {name: prod, namespace: rook-ceph}\n  source: {repoURL: x, path: chart, targetRevision: HEAD}\n",
        },
        "",
        False,
    ),
    "an inventory's range": ({"inventory/prod/hosts.ini": "[kube_node]\nnode-[1:1000]-[1:1000]-[1:1000]\n"}, "", True),
    "globs of the configuration": (
        {".lintkit.yaml": f"exclude: ['{'*a' * 30}b', '**/{'**/a*' * 20}', '{'{a,b}' * 12}']\n", "a" * 200 + ".yaml": pool("x")},
        "",
        True,
    ),
    **{
        f"pattern {pattern}": (_definition(pattern), "", True)
        for pattern in ("^(a+)+$", "^(a|a)*$", "^(.*)*=$", "^(a?){50}a{50}$", "((a{1,100}){1,100}){1,100}")
    },
    "a policy's pattern": (
        _policy("validations: [{expression: \"'" + "a" * 40 + "b'.matches('^(a+)+$')\", message: mine}]"),
        "mine",
        True,
    ),
    "a policy's loops": (_policy(f'validations: [{{expression: "{DEEP_LOOP}", message: x}}]'), "policy mine is broken", True),
    "a policy that doubles": (
        _policy(DOUBLED + "validations: [{expression: variables.v40 != 'x', message: x}]"),
        "policy mine is broken",
        True,
    ),
}


@POSIX
@pytest.mark.parametrize("name", HOSTILE)
def test_time_and_memory_stay_bounded_and_what_was_cut_is_said(name: str, tmp_path: Path) -> None:
    files, said, judged = HOSTILE[name]
    root = write(tmp_path / "repo", {".lintkit.yaml": "", "good.yaml": pool("good"), **files})
    done = bounded("check", ".", "--no-cache", cwd=root)
    assert said in done.out + done.err
    if judged:
        assert "good.yaml:7:" in done.out


def test_a_matrix_of_a_thousand_times_a_thousand_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    # with a lower limit: twenty thousand Applications take their time
    monkeypatch.setattr(generators, "MAX_SETS", 300)
    text = _set("matrix: {generators: [" + _elements("a", 1000) + ", " + _elements("b", 1000) + "]}")
    read = load_world(Files(["set.yaml"], lambda _: text), Config())
    assert "ApplicationSet /s: more than 300 Applications of one generator" in [p.message for p in read.problems]


def test_bases_that_double_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MAX_OBJECTS", 2000)
    texts = _doubling("", "resources")
    read = load_world(Files(texts, texts.__getitem__), Config())
    assert any("a build of more than 2,000 objects: the rest is not judged" in p.message for p in read.problems)


SPECIAL: dict[str, Callable[[Path], None]] = {
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": os.mkfifo,
    "a directory": Path.mkdir,
    "nothing": lambda path: path.symlink_to("absent"),
}


@POSIX
@pytest.mark.parametrize("name", [".lintkit.yaml", ".lintkit-baseline.json", "house/a/mine/policy.yaml"])
@pytest.mark.parametrize("what", ["a device", "a pipe", "a directory"])
def test_what_is_no_file_is_no_setting_either(name: str, what: str, tmp_path: Path) -> None:
    folders = "policy-folders: [house]\n" if name.startswith("house") else ""
    root = write(tmp_path / "repo", {"good.yaml": pool(), ".lintkit.yaml": folders, "house/a/mine/x": ""})
    (root / name).unlink(missing_ok=True)
    SPECIAL[what](root / name)
    done = bounded("check", ".", "--no-cache", cwd=root)
    assert done.code == 2
    assert done.err.startswith(f"lintkit: {name}: ")
    assert done.err.count("\n") == 1


@POSIX
@pytest.mark.parametrize("what", SPECIAL)
def test_a_pyproject_that_is_no_file_has_no_table(what: str, tmp_path: Path) -> None:
    root = write(tmp_path / "repo", {"good.yaml": pool(), ".git/HEAD": ""})
    SPECIAL[what](root / "pyproject.toml")
    assert "good.yaml:7:" in bounded("check", ".", "--no-cache", cwd=root).out


@pytest.mark.parametrize(
    "text", ['{"version": ' + "9" * 6000 + "}", '{"findings": ' + "[" * 100_000, "[]", '{"findings": [3]}', "\ud800"]
)
def test_a_baseline_that_is_none_is_a_sentence(text: str, run: Run, repo: Path) -> None:
    write(repo, {".lintkit-baseline.json": text.encode("utf-8", "surrogatepass")})
    done = run("check", repo)
    assert done.code == 2
    assert done.err.startswith("lintkit: .lintkit-baseline.json: ")
    assert "internal error" not in done.err


EVIL = "\x1b[2J\x1b]0;x\x07\u202e\r##[error]\u2028::error::@all <b>|`x`"


def _spoken(text: str) -> str:
    return json.dumps(text)


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_text_of_a_repository_steers_what_shows_it(format_name: str, run: Run, repo: Path) -> None:
    name = _spoken(EVIL)
    resource = f"apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {{name: {name}, namespace: {name}}}\n"
    spec = f"spec: {{failureDomain: {name}, {name}: 1, replicated: {{size: 1}}, parameters: {{compression_mode: {name}}}}}\n"
    app = (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  project: {name}\n"
        f"  destination: {{name: {name}, namespace: {name}}}\n"
        f"  source: {{repoURL: {name}, path: {name}, targetRevision: {name}, helm: {{valueFiles: [{name}]}}}}\n"
    )
    ignored = "# lintkit: ignore[pool-size-one] \x1b[31m::error::x\n"
    for files in ({"x.yaml": resource + spec, "y.yaml": ignored + pool("y")}, {"app.yaml": app}):
        write(repo, files)
        done = run("check", repo, "--all", "--statistics", "--format", format_name)
        assert done.out
        _harmless(done, format_name)


def _harmless(done: Done, format_name: str) -> None:
    assert not {"\x1b", "\x07", "\u202e", "\u2028", "\r"} & set(done.out + done.err)
    lines = done.out.splitlines()
    if format_name == "github":
        assert not [
            line
            for line in lines
            if line.startswith("::")
            and not line.startswith(("::error file=", "::warning file=", "::notice", "::group", "::endgroup"))
        ]
        assert not [line for line in lines if "##[" in line and not line.startswith("::")]
    if format_name in ("markdown", "html"):
        assert "<b>|" not in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("env",),
        ("env", "--nodes"),
        ("env", "--why", "CephBlockPool/x:spec.replicated.size"),
        ("eval", "object", "--on", "CephBlockPool/x"),
        ("pgs",),
        ("pgs", "--format", "json"),
        ("ignores",),
        ("ignores", "--format", "json"),
        ("init", "--force"),
    ],
    ids=" ".join,
)
def test_no_other_command_is_steered_either(arguments: tuple[str, ...], run: Run, repo: Path) -> None:
    name = _spoken(EVIL)
    cluster = CLUSTER.replace("name: c,", f"name: {name},")
    comment = EVIL.partition("\r")[0]
    text = f"{pool('x')}---\n{cluster}---\n# lintkit: ignore[pool-size-one] {comment}\n{pool('z')}"
    inventory = f"all: {{children: {{kube_node: {{hosts: {{{name}: {{node_labels: {{{name}: {name}}}}}}}}}}}}}\n"
    write(repo, {"x.yaml": text.replace("namespace: rook-ceph", f"namespace: {name}"), "inventory/default/hosts.yaml": inventory})
    done = run(*arguments, cwd=repo)
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(done.out + done.err)


@POSIX
def test_a_partial_clone_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    script = write(tmp_path, {"sing.sh": f"#!/bin/sh\necho $0 $* >> {canary}\n"}) / "sing.sh"
    script.chmod(0o755)
    origin = write(tmp_path / "origin", {"pool.yaml": pool(size=3)})
    git(origin, "init", "-q", "-b", "main")
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "one")
    write(origin, {"pool.yaml": pool(size=1)})
    git(origin, "commit", "-qam", "two")
    tree = tmp_path / "tree"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{origin}", tree)
    for key, value in {
        "remote.origin.uploadpack": str(script),
        "remote.origin.url": f"ext::{script} %S",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
        "protocol.allow": "always",
        "core.sshCommand": str(script),
        "submodule.x.update": f"!{script}",
        "core.attributesFile": str(tmp_path / "attributes"),
    }.items():
        git(tree, "config", key, value)
    write(tmp_path, {"attributes": "* filter=sing diff=sing\n"})
    write(tree, {".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::{script}\n\tupdate = !{script}\n'})
    for arguments in (("check",), ("check", "--since", "HEAD~1"), ("check", "--staged"), ("ignores",)):
        bounded(*arguments, cwd=tree)
        assert not canary.exists(), canary.read_text()


@POSIX
def test_objects_borrowed_from_elsewhere_do_not_bring_in_files(tmp_path: Path) -> None:
    other = write(tmp_path / "other", {"stolen.yaml": pool("stolen")})
    git(other, "init", "-q")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "one")
    tree = write(tmp_path / "tree", {"pool.yaml": pool()})
    git(tree, "init", "-q")
    (tree / ".git/objects/info/alternates").write_text(f"{other}/.git/objects\n")
    git(tree, "config", "core.worktree", str(other))
    git(tree, "config", "include.path", str(other / ".git/config"))
    done = bounded("check", ".", "--format", "json", "--no-cache", cwd=tree)
    assert "stolen" not in done.out


def _tree(root: Path) -> Iterator[tuple[str, int, bytes]]:
    for path in sorted(root.rglob("*")):
        info = path.lstat()
        yield str(path), stat.S_IFMT(info.st_mode), path.read_bytes() if path.is_file() and not path.is_symlink() else b""


@POSIX
def test_fixing_follows_no_link_out_of_the_tree(tmp_path: Path) -> None:
    write(tmp_path, {"outside/pool.yaml": pool("outside"), "repo/.lintkit.yaml": "", "repo/pool.yaml": pool()})
    root = tmp_path / "repo"
    (root / "link.yaml").symlink_to("../outside/pool.yaml")
    (root / "sub").symlink_to("../outside")
    before = list(_tree(tmp_path / "outside"))
    done = bounded("check", ".", "--fix", "--unsafe-fixes", cwd=root)
    assert "fixes applied in 1 file" in done.err
    assert list(_tree(tmp_path / "outside")) == before
