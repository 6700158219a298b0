"""Applying fixes to a repository: plan, edit, check again, until nothing is left to fix; then write, or show.

Only findings of the first look at the repository are fixed, and by no fix that makes a finding which was not there:
every attempt is judged again in memory, and what does not pass is left, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from lintkit.errors import LintkitError
from lintkit.finding import Finding, Fix, Report
from lintkit.fix.apply import new_text, plan, write_atomic
from lintkit.records import NamedTuple, dataclass, field, replace
from lintkit.run import Loaded, Opened, Options, check, findings_of, load, read, report_of
from lintkit.text.edits import unified_diff
from lintkit.text.hidden import masked
from lintkit.text.source import BOM, Source
from lintkit.tree.files import Files

MAX_ROUNDS: Final = 8
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a fixing run did: the report of what is left, how many fixes were made, and why others were not.

    ``refused`` are files that could not be written, ``left`` fixes that were not made; a sentence each.
    ``recorded`` counts the lines that got an ignore.
    """

    report: Report
    loaded: Loaded
    applied: int
    files: tuple[str, ...]
    refused: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    recorded: int = 0


class Shown(NamedTuple):
    """What a fixing run would do: a unified diff, what it would leave and why, and the policies that are broken."""

    text: str
    refused: tuple[str, ...]
    broken: tuple[str, ...]


class Rehearsed(NamedTuple):
    """A repository as it would be with fixes made: ``made`` are findings that had them, as first reported.

    ``left`` are the other findings that offered one, each with the reason why it was not made; ``open`` offered none.
    """

    loaded: Loaded
    made: tuple[Finding, ...] = ()
    left: tuple[tuple[Finding, str], ...] = ()
    open: tuple[Finding, ...] = ()


class Decision(NamedTuple):
    """What somebody decided about the fixes of a report: those to make, and edits that record an ignore."""

    fixes: tuple[Finding, ...]
    ignores: tuple[Fix, ...] = ()


Chooser = Callable[[Sequence[Finding]], Decision]


class _State(NamedTuple):
    """The repository with the texts of some files replaced. ``seen`` counts findings of every policy by fingerprint."""

    texts: Mapping[str, str]
    report: Report
    loaded: Loaded
    seen: Counter[str]
    whole: tuple[Finding, ...]


class _Wish(NamedTuple):
    """A finding whose fix may be made."""

    finding: Finding
    fix: Fix


@dataclass(slots=True)
class _Work:
    """Fixes made in memory: ``before`` holds the files they touch, ``refused`` reasons by path, ``left`` by fingerprint.

    ``useless`` are the findings whose fix was tried and settled nothing, as they were then.
    """

    options: Options
    first: _State
    state: _State
    offered: frozenset[str] = frozenset()
    made: list[_Wish] = field(default_factory=list)
    before: dict[str, Source] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    left: dict[str, tuple[Finding, str]] = field(default_factory=dict)
    useless: dict[str, Finding] = field(default_factory=dict)
    recorded: int = 0

    @property
    def changed(self) -> list[str]:
        """Paths whose text is another now, sorted."""
        return sorted(path for path, text in self.state.texts.items() if text != _whole(self.before[path]))

    def apart(self) -> tuple[tuple[Finding, str], ...]:
        """The findings whose fix was left and why, in the order of their places."""
        useless = [(finding, "it would not settle the finding") for finding in self.useless.values()]
        return tuple(
            sorted([*self.left.values(), *useless], key=lambda pair: (pair[0].span.path, pair[0].span.start, pair[0].policy))
        )

    def reasons(self) -> tuple[str, ...]:
        """A sentence for every fix that was left."""
        return tuple(f"left: {f.span.path}:{f.span.start.line} {f.policy}: {reason}" for f, reason in self.apart())


def wanted(finding: Finding, *, unsafe: bool) -> Fix | None:
    """The fix of a finding that a run may apply."""
    fix = finding.fix
    return fix if fix is not None and fix.edits and (fix.safe or unsafe) else None


def diff(options: Options, *, unsafe: bool) -> Shown:
    """What fixing would change, secrets hidden; nothing is written."""
    work = _fixed(options, unsafe=unsafe)
    texts = work.state.texts
    parts = [unified_diff(path, masked(work.before[path].text), masked(texts[path].removeprefix(BOM))) for path in work.changed]
    return Shown("".join(parts), (*work.refused.values(), *work.reasons()), work.state.report.broken)


def repair(options: Options, *, unsafe: bool, choose: Chooser | None = None) -> Repaired:
    """Apply fixes until none is left that can be; every file is replaced atomically or not at all.

    ``choose`` decides which of the fixes that may be made are, and which findings are ignored instead.
    """
    work = _fixed(options, unsafe=unsafe, choose=choose)
    files = []
    for path in work.changed:
        try:
            _write(work.state.loaded, work.before[path], work.state.texts[path])
        except LintkitError as error:
            work.refused[path] = str(error)
        else:
            files.append(path)
    whole = len(files) == len(work.changed)
    report, loaded = (work.state.report, work.state.loaded) if whole else check(options)
    applied = sum(1 for wish in work.made if not _refused(wish.fix, work.refused))
    return Repaired(report, loaded, applied, tuple(files), tuple(work.refused.values()), work.reasons(), work.recorded)


def rehearse(loaded: Loaded, options: Options, family: str) -> Rehearsed:
    """What every fix of a family of policies, unsafe ones too, would make of a repository that was read already.

    Nothing is written, and paths that ``options`` name narrow nothing.
    """
    whole = replace(options, select=(), paths=())
    alone = replace(whole, select=(family,))
    found = report_of(loaded, alone, *findings_of(loaded, alone)).findings
    unfixed = tuple(f for f in found if wanted(f, unsafe=True) is None)
    if len(unfixed) == len(found):
        return Rehearsed(loaded, open=unfixed)
    work = _fixed(whole, unsafe=True, choose=lambda seen: Decision(tuple(f for f in seen if f.family == family)), loaded=loaded)
    first = {f.fingerprint: f for f in work.first.report.findings}
    made = dict.fromkeys(wish.finding.fingerprint for wish in work.made)
    return Rehearsed(work.state.loaded, tuple(first[name] for name in made), work.apart(), unfixed)


def _fixed(options: Options, *, unsafe: bool, choose: Chooser | None = None, loaded: Loaded | None = None) -> _Work:
    first = _judged(options, {}, loaded or load(options))
    work = _Work(options, first, first)
    open_to: Sequence[Finding] = first.report.findings  # one may get its fix only when others have theirs
    if choose is not None:
        decision = choose([f for f in first.report.findings if wanted(f, unsafe=unsafe)])
        open_to = decision.fixes
        _record(decision.ignores, work)
    work.offered = frozenset(f.fingerprint for f in open_to)
    for _ in range(MAX_ROUNDS):
        work.left.clear()
        wishes = [_Wish(f, fix) for f in work.state.report.findings if (fix := _open(f, work, unsafe=unsafe))]
        chosen, state = _accepted(wishes, [], work.state, work)
        if not chosen:
            break
        _keep(chosen, state, work)
    return work


def _open(finding: Finding, work: _Work, *, unsafe: bool) -> Fix | None:
    """The fix of a finding, where it was offered at first and nothing speaks against it yet."""
    fix = wanted(finding, unsafe=unsafe) if finding.fingerprint in work.offered else None
    if fix is None or _refused(fix, work.refused):
        return None
    tried = work.useless.get(finding.fingerprint)
    # what settled nothing may say something else once other fixes are made
    return None if tried is not None and _wording(tried) == _wording(finding) else fix


def _wording(finding: Finding) -> tuple[str, ...]:
    return (finding.fix.title, *(edit.text for edit in finding.fix.edits)) if finding.fix else ()


def _record(ignores: Sequence[Fix], work: _Work) -> None:
    """Write decisions to ignore, before anything is fixed."""
    if ignores:
        wishes = [_Wish(work.first.report.findings[0], fix) for fix in ignores]
        chosen, texts = _planned(wishes, work)
        work.state = _judged(work.options, texts, _edited(work, texts))
        _keep(chosen, work.state, work)
        work.made.clear()
        work.recorded = len(chosen)


def _keep(chosen: Sequence[_Wish], state: _State, work: _Work) -> None:
    for edit in (edit for wish in chosen for edit in wish.fix.edits):
        work.before.setdefault(edit.source.path, edit.source)
    for wish in chosen:
        work.useless.pop(wish.finding.fingerprint, None)
    work.made += chosen
    work.state = state


def _edited(work: _Work, texts: Mapping[str, str]) -> Loaded:
    """The repository of the run with ``texts``; what they leave as it was is not parsed again."""
    base = work.first.loaded
    files = base.world.files
    same = frozenset(path for path in files.paths if path not in texts)
    edited = Files({*files.paths, *texts}, texts.get, files.remotes, twin=files, same=same)
    return read(Opened(base.root, base.tree, base.config, base.policies, base.named), edited, work.options)


def _judged(options: Options, texts: Mapping[str, str], loaded: Loaded) -> _State:
    """The repository with ``texts``: what the run reports, and what every policy says of everything."""
    everything = replace(options, select=(), ignore=(), paths=())
    findings, verdicts = findings_of(loaded, options)
    report = report_of(loaded, options, findings, verdicts)
    whole = report
    if options.select or options.ignore:
        findings, verdicts = findings_of(loaded, everything)
    if options.select or options.ignore or options.paths:
        whole = report_of(loaded, everything, findings, verdicts)
    counts = Counter(f.fingerprint for f in findings)
    return _State(texts, report, loaded, counts | Counter(f.fingerprint for f in whole.findings), (*findings, *whole.findings))


def _accepted(wishes: list[_Wish], base: list[_Wish], good: _State, work: _Work) -> tuple[list[_Wish], _State]:
    """``base`` and as many of ``wishes`` as make no new finding, and the repository with them; ``good`` is it with ``base``.

    What may be to blame is told apart by resource first and then by policy, halving: few attempts for few culprits.
    """
    while wishes:
        chosen, texts = _planned([*base, *wishes], work)
        state = _judged(work.options, texts, _edited(work, texts))
        sure = {id(w) for w in base}
        useless = {w.finding.fingerprint for w in chosen if id(w) not in sure and not _settled(w, state, work)}
        if useless:
            work.useless.update((w.finding.fingerprint, w.finding) for w in wishes if w.finding.fingerprint in useless)
            wishes = [w for w in wishes if w.finding.fingerprint not in useless]
            continue
        new = [f for f in state.whole if f.fingerprint not in work.first.seen]
        if not new:
            _leave_overlapping([*base, *wishes], chosen, work)
            return chosen, state
        rest = [w for w in wishes if not any(_concerns(w, f) for f in new)]
        if 0 < len(rest) < len(wishes):
            base, good = _accepted(rest, base, good, work)
            sure = {id(w) for w in rest}
            wishes = [w for w in wishes if id(w) not in sure]
            continue
        groups = [list(group) for _, group in groupby(sorted(wishes, key=_policy), key=_policy)]
        if len(groups) == 1:
            names = ", ".join(sorted({f.policy for f in new}))
            _leave(wishes, f"it would make {names} speak", work)
            return base, good
        half = len(groups) // 2
        base, good = _accepted([w for group in groups[:half] for w in group], base, good, work)
        wishes = [w for group in groups[half:] for w in group]
    return base, good


def _policy(wish: _Wish) -> str:
    return wish.finding.policy


def _settled(wish: _Wish, state: _State, work: _Work) -> bool:
    name = wish.finding.fingerprint
    return state.seen[name] < work.state.seen[name]


def _concerns(wish: _Wish, new: Finding) -> bool:
    """Whether a new finding is about the resource or the lines that a fix changes."""
    paths = {edit.source.path for edit in wish.fix.edits}
    return wish.finding.resource == new.resource or new.span.path in paths


def _leave(wishes: Iterable[_Wish], reason: str, work: _Work) -> None:
    for wish in wishes:
        work.left[wish.finding.fingerprint] = (wish.finding, reason)


def _leave_overlapping(wishes: Sequence[_Wish], chosen: Sequence[_Wish], work: _Work) -> None:
    taken = {id(wish.fix) for wish in chosen}
    apart = [w for w in wishes if id(w.fix) not in taken and not _refused(w.fix, work.refused)]
    _leave(apart, "it overlaps another fix", work)


def _planned(wishes: Sequence[_Wish], work: _Work) -> tuple[list[_Wish], dict[str, str]]:
    """The wishes that go together, and the texts of all files with them.

    A file that would be spoilt is noted, and what touches it is left.
    """
    while True:
        able = [w for w in wishes if not _refused(w.fix, work.refused)]
        chosen = plan([w.fix for w in able])
        texts = dict(work.state.texts)
        spoilt = dict(work.refused)
        for path, edits in sorted(chosen.edits.items()):
            source = edits[0].source
            try:
                texts[path] = _whole(Source(path, new_text(source, edits)), bom=source.bom)
            except LintkitError as error:
                spoilt[path] = str(error)
        if len(spoilt) == len(work.refused):
            taken = {id(fix) for fix in chosen.chosen}
            return [w for w in able if id(w.fix) in taken], texts
        work.refused = spoilt


def _refused(fix: Fix, refused: Mapping[str, str]) -> bool:
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
