"""What users install comes from pinned parts, can be built again to the same bytes, and says what it is made of."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.sbom import bill, locked, needed

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def test_every_line_of_the_lock_pins_a_version_and_hashes() -> None:
    requirements = [line for line in re.sub(r" \\\n *", " ", LOCK).splitlines() if line and not line.startswith("#")]
    assert len(requirements) > 30
    assert [line for line in requirements if not re.fullmatch(r"\S+==\S+(?: ;[^-]*)?( --hash=sha256:[0-9a-f]{64})+", line)] == []


def test_the_lock_holds_what_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[\[<>=]", need)[0].lower().replace(".", "-").replace("_", "-") for need in project["dependencies"]}
    assert names - set(locked(LOCK)) == set()


def test_the_bill_of_materials_names_every_package_a_user_gets_with_its_hashes() -> None:
    made = bill(LOCK)
    names = {component["name"] for component in made["components"]}
    assert {"pyyaml", "ruamel-yaml", "cel-expr-python", "typer", "rich", "referencing"} <= names
    assert not {"pytest", "mypy", "helm-python-sdk"} & names
    assert names == set(needed("lintkit")) - {"lintkit"}
    (yaml,) = (component for component in made["components"] if component["name"] == "pyyaml")
    digests = {h["content"] for h in yaml["externalReferences"][0]["hashes"]}
    assert digests == set(locked(LOCK)["pyyaml"].hashes)
    refs = {made["metadata"]["component"]["bom-ref"], *(component["bom-ref"] for component in made["components"])}
    assert {edge["ref"] for edge in made["dependencies"]} == refs
    assert {ref for edge in made["dependencies"] for ref in edge["dependsOn"]} <= refs
    assert json.dumps(bill(LOCK)) == json.dumps(made)


def _wheel(source: Path, out: Path, umask: int) -> tuple[str, str]:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    env = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, umask=umask)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    return wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.mark.skipif(os.name != "posix", reason="sets a umask")
def test_a_wheel_built_again_elsewhere_later_and_by_somebody_else_has_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("build")
    parts = ("lintkit", "policies", "schemas", "README.md", "LICENSE", "pyproject.toml", "CHANGELOG.md", ".gitignore")
    here, there = tmp_path / "a", tmp_path / "elsewhere" / "b"
    for folder in (here, there):
        for part in reversed(parts) if folder == there else parts:
            source, target = ROOT / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, target)
    for file in there.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    assert _wheel(here, tmp_path / "dist-a", 0o022) == _wheel(there, tmp_path / "dist-b", 0o077)
