"""Applying fixes to a repository: plan, edit, write, check again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lintkit.errors import LintkitError
from lintkit.finding import Finding, Fix, Report
from lintkit.fix.apply import new_text, plan, write_atomic
from lintkit.run import Loaded, Options, check
from lintkit.text.edits import Edit, unified_diff
from lintkit.text.source import BOM

MAX_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a fixing run did: the report of what is left, how many fixes were made, and what could not be written."""

    report: Report
    loaded: Loaded
    applied: int
    files: tuple[str, ...]
    refused: tuple[str, ...] = ()


def wanted(finding: Finding, *, unsafe: bool) -> Fix | None:
    """The fix of a finding that a run may apply."""
    fix = finding.fix
    return fix if fix is not None and fix.edits and (fix.safe or unsafe) else None


def diff(report: Report, *, unsafe: bool) -> tuple[str, tuple[str, ...]]:
    """What fixing would change, as one unified diff, and the files that would be refused; nothing is written."""
    chosen = plan([fix for f in report.findings if (fix := wanted(f, unsafe=unsafe))])
    out: list[str] = []
    refused: list[str] = []
    for path in sorted(chosen.edits):
        source = chosen.edits[path][0].source
        try:
            out.append(unified_diff(path, source.text, new_text(source, chosen.edits[path])))
        except LintkitError as error:
            refused.append(str(error))
    return "".join(out), tuple(refused)


def repair(options: Options, *, unsafe: bool) -> Repaired:
    """Apply fixes until none is left that can be; every file is replaced atomically or not at all."""
    applied, files, refused = 0, set[str](), dict[str, str]()
    for _ in range(MAX_ROUNDS):
        report, loaded = check(options)
        fixes = [fix for f in report.findings if (fix := wanted(f, unsafe=unsafe)) and not _refused(fix, refused)]
        if not fixes:
            break
        chosen = plan(fixes)
        for path in sorted(chosen.edits):
            try:
                _write(loaded, path, chosen.edits[path])
            except LintkitError as error:
                refused[path] = str(error)
            else:
                files.add(path)
        applied += sum(1 for fix in chosen.chosen if not _refused(fix, refused))
    else:
        report, loaded = check(options)
    return Repaired(report, loaded, applied, tuple(sorted(files)), tuple(refused.values()))


def _refused(fix: Fix, refused: dict[str, str]) -> bool:
    return any(edit.source.path in refused for edit in fix.edits)


def _write(loaded: Loaded, path: str, edits: tuple[Edit, ...]) -> None:
    source = edits[0].source
    before = (BOM + source.text if source.bom else source.text).encode("utf-8")
    write_atomic(loaded.root / path, new_text(source, edits), before)
