"""Applying fixes to a repository: plan, edit, check again, until nothing is left to fix; then write, or show."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from lintkit.errors import LintkitError
from lintkit.finding import Finding, Fix, Report
from lintkit.fix.apply import new_text, plan, write_atomic
from lintkit.run import Loaded, Options, check
from lintkit.text.edits import unified_diff
from lintkit.text.source import BOM, Source

MAX_ROUNDS: Final = 8
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a fixing run did: the report of what is left, how many fixes were made, and what could not be written."""

    report: Report
    loaded: Loaded
    applied: int
    files: tuple[str, ...]
    refused: tuple[str, ...] = ()


class Shown(NamedTuple):
    """What a fixing run would do: a unified diff, the files that would be refused, and the policies that are broken."""

    text: str
    refused: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    """Fixes made in memory: ``before`` and ``after`` hold the files they touch, ``refused`` the reasons by path."""

    report: Report
    loaded: Loaded
    fixes: list[Fix] = field(default_factory=list)
    before: dict[str, Source] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> list[str]:
        """Paths whose text is another now, sorted."""
        return sorted(path for path, text in self.after.items() if text != _whole(self.before[path]))


def wanted(finding: Finding, *, unsafe: bool) -> Fix | None:
    """The fix of a finding that a run may apply."""
    fix = finding.fix
    return fix if fix is not None and fix.edits and (fix.safe or unsafe) else None


def diff(options: Options, *, unsafe: bool) -> Shown:
    """What fixing would change; nothing is written."""
    work = _fixed(options, unsafe=unsafe)
    parts = [unified_diff(path, work.before[path].text, work.after[path].removeprefix(BOM)) for path in work.changed]
    return Shown("".join(parts), tuple(work.refused.values()), work.report.broken)


def repair(options: Options, *, unsafe: bool) -> Repaired:
    """Apply fixes until none is left that can be; every file is replaced atomically or not at all."""
    work = _fixed(options, unsafe=unsafe)
    files = []
    for path in work.changed:
        try:
            _write(work.loaded, work.before[path], work.after[path])
        except LintkitError as error:
            work.refused[path] = str(error)
        else:
            files.append(path)
    report, loaded = (work.report, work.loaded) if len(files) == len(work.changed) else check(options)
    applied = sum(1 for fix in work.fixes if not _refused(fix, work.refused))
    return Repaired(report, loaded, applied, tuple(files), tuple(work.refused.values()))


def _fixed(options: Options, *, unsafe: bool) -> _Work:
    report, loaded = check(options)
    work = _Work(report, loaded)
    for _ in range(MAX_ROUNDS):
        fixes = [fix for f in work.report.findings if (fix := wanted(f, unsafe=unsafe)) and not _refused(fix, work.refused)]
        if not fixes:
            break
        _apply(fixes, work)
        work.report, work.loaded = check(replace(options, texts=dict(work.after)))
    return work


def _apply(fixes: list[Fix], work: _Work) -> None:
    """One round of fixes; when a file would be spoilt, only that is noted, and the next round goes without it."""
    chosen = plan(fixes)
    texts: dict[str, str] = {}
    refused: dict[str, str] = {}
    for path, edits in sorted(chosen.edits.items()):
        source = edits[0].source
        try:
            texts[path] = _whole(Source(path, new_text(source, edits)), bom=source.bom)
        except LintkitError as error:
            refused[path] = str(error)
    work.refused.update(refused)
    if refused:
        return
    for path, text in texts.items():
        work.before.setdefault(path, chosen.edits[path][0].source)
        work.after[path] = text
    work.fixes += chosen.chosen


def _refused(fix: Fix, refused: dict[str, str]) -> bool:
    return any(edit.source.path in refused for edit in fix.edits)


def _whole(source: Source, *, bom: bool = False) -> str:
    return BOM + source.text if source.bom or bom else source.text


def _write(loaded: Loaded, source: Source, text: str) -> None:
    path = loaded.root / source.path
    try:
        with path.open("rb") as file:
            wide = file.read(2) in _UTF16
    except OSError:
        wide = False
    if wide:
        raise LintkitError("not fixed: the file is UTF-16, save it as UTF-8", source.path)
    write_atomic(path, text, _whole(source).encode("utf-8"))
