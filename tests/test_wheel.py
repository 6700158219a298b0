"""What users install: the wheel, made from the source distribution, away from the source tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]


class Installed(NamedTuple):
    """A virtual environment with the wheel in it, and the wheel."""

    folder: Path
    wheel: Path

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the installed command outside the source tree."""
        command = [str(self.folder / BIN / "lintkit"), *map(str, arguments)]
        env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


BIN = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("wheel")
    # without --wheel or --sdist the wheel is built from the source distribution: both are tried
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    environment = folder / "env"
    venv.create(environment, with_pip=False, symlinks=os.name != "nt")
    python = environment / BIN / "python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "--disable-pip-version-check",
        "install",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    # the dependencies of this environment are borrowed; what is installed here comes before them on the path
    purelib = next((environment).glob("**/site-packages"))
    lines = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (purelib / "borrowed.pth").write_text("".join(f"{line}\n" for line in lines))
    return Installed(environment, wheel)


def test_the_wheel_holds_every_policy_and_schema(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        held = set(archive.namelist())
    for folder in ("policies", "schemas"):
        files = [p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        missing = {f"lintkit/_data/{p.relative_to(ROOT).as_posix()}" for p in files} - held
        assert missing == set()
    assert not [name for name in held if name.startswith(("tests/", "docs/", "examples/", "bench/", "tools/"))]


def test_the_installed_command_is_the_installed_package(installed: Installed) -> None:
    assert installed.run("--version").stdout.startswith("lintkit ")
    code = (
        "import lintkit, lintkit.data as d; print(lintkit.__file__); print(d.data_dir('policies')); print(d.data_dir('schemas'))"
    )
    python = installed.folder / BIN / "python"
    done = subprocess.run([python, "-I", "-c", code], cwd=installed.folder, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        assert Path(line).resolve().is_relative_to(installed.folder.resolve())


def test_the_installed_command_finds_what_the_source_tree_finds(installed: Installed) -> None:
    def places(text: str) -> list[tuple[str, str, int, str]]:
        return [(f["policy"], f["path"], f["line"], f["message"]) for f in json.loads(text)["findings"]]

    arguments = ["check", str(ROOT / "examples"), "--format", "json"]
    here = subprocess.run(
        [sys.executable, "-m", "lintkit", *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    there = installed.run(*arguments)
    assert there.returncode == here.returncode == 1, there.stderr
    assert places(there.stdout) == places(here.stdout)


def test_the_installed_command_writes_a_page(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("check", ROOT / "examples", "--format", "html", "--output", tmp_path / "report.html")
    assert done.returncode == 1, done.stderr
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "var uPlot=" in text
    assert '<section id="placement-groups">' in text


def test_the_installed_command_lists_every_policy(installed: Installed) -> None:
    listed = {p["id"] for p in json.loads(installed.run("policies", "--format", "json").stdout)}
    assert listed == {p.parent.name for p in (ROOT / "policies").glob("*/*/policy.yaml")}
