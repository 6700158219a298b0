"""Other linters, as people run them over a repository: what those who use them already pay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

RULE = Path(__file__).resolve().parent / "semgrep.yaml"
COMMANDS = {
    "yamllint": ["yamllint", "--format", "parsable", "."],
    "kubernetes-validate": ["sh", "-c", "find . -name '*.yaml' -print0 | xargs -0 {bin}/kubernetes-validate --quiet"],
    "checkov": ["checkov", "--directory", ".", "--framework", "kubernetes", "--compact", "--quiet", "--skip-download"],
    "semgrep": ["semgrep", "scan", "--config", str(RULE), "--metrics=off", "--disable-version-check", "--quiet", "."],
}
"""``kubernetes-validate``, ``checkov`` and ``semgrep`` judge plain objects one by one: less than lintkit does."""


def peers(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Those that are installed in ``folder`` (a ``bin`` directory), with the command to run in a repository."""
    for name, (program, *arguments) in COMMANDS.items():
        if (folder / name).exists():
            found = folder / program
            yield name, [str(found) if found.exists() else program, *(part.format(bin=folder) for part in arguments)]
