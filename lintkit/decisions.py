"""Decisions that a team keeps: writing the baseline, and listing every ignore with its reason and age."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime

from lintkit.baseline import NAME, Entry, entry_of, load_baseline, matched, render
from lintkit.errors import LintkitError
from lintkit.finding import Finding, Report
from lintkit.fix.apply import write_atomic
from lintkit.ignores import comments
from lintkit.records import NamedTuple, dataclass, replace
from lintkit.run import Loaded, Options, findings_of, load, report_of
from lintkit.text.source import Source
from lintkit.tree.blame import committed
from lintkit.tree.work import find_root
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import items, lookup


class Listed(NamedTuple):
    """One decision to ignore: where it stands, what it accepts and why, its last day, and the day it was committed."""

    path: str
    line: int
    ids: tuple[str, ...]
    reason: str
    until: str
    by: str
    since: date | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Every decision of a repository: comments, then configuration, and how many entries the baseline has."""

    listed: tuple[Listed, ...]
    baseline: int


def write_baseline(options: Options) -> str:
    """Accept every finding of now: the baseline is written anew. Gives the sentence that says what was done."""
    loaded, report, entry_for = _current(options)
    before = load_baseline(loaded.root)
    accepted = [*report.findings, *(i.finding for i in report.ignored if i.by == "baseline")]
    entries = [entry_for(f) for f in accepted]
    if not entries and not (loaded.root / NAME).is_file():
        return "no findings: there is nothing to accept, and no baseline is needed\n"
    _write(loaded, entries)
    still, known = matched(before, [(entry.path, entry.fingerprints) for entry in entries])
    came, gone = len(entries) - len(known), len(before) - len(still)
    count = len(accepted)
    what = f"{NAME}: {count} {'finding' if count == 1 else 'findings'} accepted"
    return f"{what} ({came} new, {gone} gone); later runs report what is not among them\n"


def prune_baseline(options: Options) -> str:
    """Remove the entries of findings that are gone; nothing is added. LintkitError when there is no baseline."""
    loaded, report, entry_for = _current(options)
    if not (loaded.root / NAME).is_file():
        raise LintkitError("there is no baseline to prune: `lintkit baseline` writes one", NAME)
    there = [entry_for(f) for f in (*report.findings, *(i.finding for i in report.ignored))]
    before = load_baseline(loaded.root)
    still, _ = matched(before, [(entry.path, entry.fingerprints) for entry in there])
    kept = [entry for number, entry in enumerate(before) if number in still]
    gone = len(before) - len(kept)
    if gone:
        _write(loaded, kept)
    return f"{NAME}: {gone} {'entry' if gone == 1 else 'entries'} removed, {len(kept)} left\n"


def _everywhere(options: Options) -> Options:
    """The same for the whole repository, whatever part of it was named."""
    return replace(options, paths=tuple({find_root(path) for path in options.paths}))


def _current(options: Options) -> tuple[Loaded, Report, Callable[[Finding], Entry]]:
    """The report of now, and what gives a finding's entry: with the fingerprints of other environments it stands for."""
    options = _everywhere(options)
    loaded = load(options)
    findings, verdicts = findings_of(loaded, options)
    report = report_of(loaded, options, findings, verdicts)
    if report.broken:
        raise LintkitError(f"{report.broken[0]}: its findings are not known, so the baseline stays as it is")
    same: dict[tuple[object, ...], set[str]] = {}
    for finding in findings:
        same.setdefault(_place(finding), set()).add(finding.fingerprint)

    def entry_for(finding: Finding) -> Entry:
        others = same.get(_place(finding), set()) - {finding.fingerprint}
        return entry_of(finding)._replace(also=tuple(sorted(others)))

    return loaded, report, entry_for


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.policy, finding.span.path, finding.place.start, finding.place.end, finding.message


def _write(loaded: Loaded, entries: Iterable[Entry]) -> None:
    file = loaded.root / NAME
    try:
        write_atomic(file, render(entries), file.read_bytes() if file.is_file() else b"")
    except LintkitError as error:
        raise LintkitError(str(error.args[0]).replace("not fixed", "not written"), NAME) from None


def ignores_of(options: Options) -> Listing:
    """Every decision of a repository."""
    loaded = load(_everywhere(options))
    files = loaded.world.files
    sources = [s for path in sorted(loaded.world.reader.reads) if (s := files.source(path)) is not None]
    listed = [entry for source in sources for entry in _commented(source, loaded)]
    return Listing((*listed, *_configured(loaded)), len(load_baseline(loaded.root)))


def _commented(source: Source, loaded: Loaded) -> list[Listed]:
    found = comments(source)
    if not found:
        return []
    since = _since(loaded, source.path, {i.line: source.line(i.line) for i in found})
    return [Listed(source.path, i.line, i.ids, i.reason, i.until, "comment", since.get(i.line)) for i in found]


def _configured(loaded: Loaded) -> list[Listed]:
    settings, path = loaded.config.ignores, loaded.config.path
    lines: list[int] = []
    texts: dict[int, str] = {}
    file = loaded.root / path
    if settings and path.endswith((".yaml", ".yml")) and file.is_file():
        source = Source(path, file.read_bytes().decode("utf-8", "replace"))
        nodes = [node for doc in documents(source) if doc.root is not None for node in items(lookup(doc.root, "ignore"))]
        # with `extends` some stand in another file
        lines = [source.position(node.start).line for node in nodes] if len(nodes) == len(settings) else []
        texts = {line: source.line(line) for line in lines}
    since = _since(loaded, path, texts)
    found = []
    for number, setting in enumerate(settings):
        line = lines[number] if lines else 0
        ids = (*setting.policies, *(f"in {p}" for p in setting.paths), *(f"of {r}" for r in setting.resources))
        found.append(Listed(path, line, ids, setting.reason, setting.until, "config", since.get(line)))
    return found


def _since(loaded: Loaded, path: str, lines: Mapping[int, str]) -> dict[int, date]:
    return committed(loaded.root, path, lines) if lines and loaded.tree.git else {}


def list_ignores(options: Options, *, as_json: bool) -> str:
    """Every ignore as text or JSON: id, place, reason, last day, age; and how much the baseline accepts."""
    found = ignores_of(options)
    today = datetime.now(UTC).date()
    if as_json:
        rows = [
            {
                **entry._asdict(),
                "since": entry.since.isoformat() if entry.since else None,
                "days": _days(entry, today),
            }
            for entry in found.listed
        ]
        return json.dumps({"version": 1, "ignores": rows, "baseline": found.baseline}, indent=1, ensure_ascii=False) + "\n"
    from lintkit.report.plain import visible

    lines = [visible(_sentence(entry, today)) for entry in found.listed]
    count = len(found.listed)
    held = f"{found.baseline} {'entry' if found.baseline == 1 else 'entries'} in the baseline"
    return "\n".join([*lines, *([""] if lines else []), f"{count} {'ignore' if count == 1 else 'ignores'}, {held}"]) + "\n"


def _days(entry: Listed, today: date) -> int | None:
    return max((today - entry.since).days, 0) if entry.since else None


def _sentence(entry: Listed, today: date) -> str:
    place = f"{entry.path}:{entry.line}" if entry.line else entry.path
    days = _days(entry, today)
    age = "not committed" if days is None else f"{days} {'day' if days == 1 else 'days'} old"
    until = f"until {entry.until}, " if entry.until else ""
    return f"{place}: {', '.join(entry.ids) or 'no policy'}: {entry.reason or 'no reason'} ({until}{age})"
