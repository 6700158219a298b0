"""Recorded decisions that a finding is accepted: comments, configuration, baseline.

``# lintkit: ignore[id, ...] reason`` stands on any line of the finding's span, or above it; ``until=2026-12-31``
in the reason ends it after that day. A decision without a reason, for an unknown id, past its day or without
anything to ignore is itself a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from lintkit.config import IgnoreSetting
from lintkit.facts.words import nearest
from lintkit.finding import Finding, Fix, IgnoredFinding
from lintkit.records import NamedTuple
from lintkit.shape import EXPIRED_IGNORE, REASONLESS_IGNORE, UNKNOWN_IGNORE, UNUSED_IGNORE, ShapePolicy, shape_finding
from lintkit.text.edits import Edit, apply_edits
from lintkit.text.regex import regex
from lintkit.text.source import Place, Source
from lintkit.tree.files import glob_regex
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Json
from lintkit.yamldoc.plain import plain

MARK: Final = "lintkit: ignore"
_COMMENT: Final = regex(r"(?:^|(?<=\s))#[ \t]*lintkit:[ \t]*ignore\[([^\]\n]*)\][ \t]*([^\n\r]*)", re.MULTILINE)
_UNTIL: Final = regex(r"\buntil=(\S+)\s*")


class Ignore(NamedTuple):
    """One comment. ``lines`` are those it covers (its own, or the one below a comment of its own line)."""

    place: Place
    ids: tuple[str, ...]
    reason: str
    until: str
    lines: tuple[int, ...]
    alone: bool

    @property
    def line(self) -> int:
        """The line the comment stands on."""
        return self.place.first.line


class Decided(NamedTuple):
    """Findings that stay, findings that a decision accepts, and findings about the decisions themselves."""

    kept: tuple[Finding, ...]
    ignored: tuple[IgnoredFinding, ...]
    about: tuple[Finding, ...]


def comments(source: Source) -> list[Ignore]:
    """Every ignore comment of a file."""
    if MARK not in source.text:
        return []
    found = []
    below = 0
    for match in _COMMENT.finditer(source.text):
        until = _UNTIL.search(match[2])
        number = source.position(match.start()).line
        start, _ = source.line_span(number)
        alone = not source.text[start : match.start()].strip()
        if alone and number >= below:  # comments that stand together have the same line below
            below = _below(source, number)
        lines = (number, below) if alone else (number,)
        ids = tuple(word.strip() for word in match[1].split(",") if word.strip())
        end = match.start() + len(match[0].rstrip())
        reason = _UNTIL.sub("", match[2]).strip()
        found.append(Ignore(Place(source, match.start(), end), ids, reason, until[1] if until else "", lines, alone))
    return found


def ignore_fixes(decisions: Iterable[tuple[Finding, str]]) -> tuple[Fix, ...]:
    """Edits that record decisions to ignore findings, each with its reason; none where no comment can stand.

    The comment stands beside the finding's first line, or above it when that line has a comment or there are several.
    """
    lines: dict[tuple[str, int], list[tuple[Finding, str]]] = {}
    for finding, reason in decisions:
        lines.setdefault((finding.span.path, finding.span.start.line), []).append((finding, reason))
    return tuple(fix for together in lines.values() if (fix := _recorded(together)))


def _recorded(decisions: Sequence[tuple[Finding, str]]) -> Fix | None:
    source, number = decisions[0][0].place.source, decisions[0][0].span.start.line
    words = [f"# {MARK}[{finding.policy}] {reason}" for finding, reason in decisions]
    start, end = source.line_span(number)
    line = source.text[start:end].rstrip("\r\n")
    end = start + len(line)
    margin = line[: len(line) - len(line.lstrip())]
    beside = [Edit(source, end, end, "  " + words[0])] if len(words) == 1 and "#" not in line else []
    above = Edit(source, start, start, "".join(margin + word + source.newline for word in words))
    for edit in (*beside, above):
        after = Source(source.path, apply_edits(source.text, [edit]))
        last = decisions[0][0].span.end.line + (edit is above) * len(words)
        covered = {name for i in comments(after) if any(number <= n <= last for n in i.lines) for name in i.ids}
        if not source.path.endswith(".json") and covered.issuperset(f.policy for f, _ in decisions) and _alike(source, after):
            return Fix("record the ignore", safe=True, edits=(edit,))
    return None


def _alike(before: Source, after: Source) -> bool:
    """Whether two texts say the same, comments apart, also in the texts they hold."""
    old, new = documents(before), documents(after)
    return len(old) == len(new) and all(
        (a.trouble is None) == (b.trouble is None) and _same(plain(a.root), plain(b.root)) for a, b in zip(old, new, strict=True)
    )


def _same(a: Json, b: Json) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, str) and isinstance(b, str) and a != b:
        # text that differs must itself be YAML in which only comments differ
        return ":" in a and MARK in b and _alike(Source("", a), Source("", b))
    return repr(a) == repr(b)


def _below(source: Source, number: int) -> int:
    """The first line below that is neither blank nor a comment: several ignores may stand above one line."""
    below = number + 1
    while below <= source.line_count and source.line(below).lstrip()[:1] in ("", "#"):
        below += 1
    return below


def decide(
    findings: Sequence[Finding],
    sources: Iterable[Source],
    settings: Sequence[IgnoreSetting],
    known: Mapping[str, str],
    judged: frozenset[str],
    today: date,
) -> Decided:
    """Sort findings by what was decided.

    ``known`` maps every policy id and alias to its family; ``judged`` are the ids of this run (an ignore for
    another id cannot be called unused); ``today`` decides what has expired.
    """
    written = [ignore for source in sources for ignore in comments(source)]
    valid = [i for i in written if i.reason and _open(i.until, today)]
    used: set[int] = set()
    kept: list[Finding] = []
    accepted: list[IgnoredFinding] = []
    for finding in findings:
        comment = next((i for i in valid if _covers(i, finding)), None)
        setting = next((s for s in settings if _open(s.until, today) and _fits(s, finding)), None)
        if comment is not None:
            used.add(id(comment))
            accepted.append(IgnoredFinding(finding, comment.reason, "comment"))
        elif setting is not None:
            accepted.append(IgnoredFinding(finding, setting.reason, "config"))
        else:
            kept.append(finding)
    about = [f for ignore in written for f in _about(ignore, known, judged, id(ignore) in used, today)]
    return Decided(tuple(kept), tuple(accepted), tuple(about))


def _open(until: str, today: date) -> bool:
    try:
        return not until or date.fromisoformat(until) >= today
    except ValueError:
        return False


def _covers(ignore: Ignore, finding: Finding) -> bool:
    if ignore.place.source.path != finding.span.path or finding.policy not in ignore.ids:
        return False
    first, last = finding.span.start.line, finding.span.end.line
    return any(first <= line <= last for line in ignore.lines)


def _fits(setting: IgnoreSetting, finding: Finding) -> bool:
    if not any(fnmatchcase(name, pattern) for pattern in setting.policies for name in (finding.policy, finding.family)):
        return False
    if setting.paths and not any(glob_regex(p).fullmatch(finding.span.path) for p in setting.paths):
        return False
    name = f"{finding.resource.kind}/{finding.resource.name}"
    return not setting.resources or any(fnmatchcase(name, pattern) for pattern in setting.resources)


def _about(ignore: Ignore, known: Mapping[str, str], judged: frozenset[str], used: bool, today: date) -> list[Finding]:
    if not ignore.reason:
        return [_finding(REASONLESS_IGNORE, ignore, "this ignore gives no reason")]
    unknown = [name for name in ignore.ids if name not in known]
    if unknown or not ignore.ids:
        close = nearest(unknown[0], known, 4) if unknown else ()
        hint = f", perhaps {close[0]}" if close else ""
        text = f"no policy is called {unknown[0]}{hint}" if unknown else "this ignore names no policy"
        return [_finding(UNKNOWN_IGNORE, ignore, text)]
    if not _open(ignore.until, today):
        return [_dead(EXPIRED_IGNORE, ignore, f"this ignore ended on {ignore.until}")]
    if not used and all(name in judged for name in ignore.ids):
        return [_dead(UNUSED_IGNORE, ignore, f"nothing here breaks {', '.join(ignore.ids)}")]
    return []


def _finding(policy: ShapePolicy, ignore: Ignore, message: str) -> Finding:
    # a comment is known by the file it stands in
    return shape_finding(policy, ignore.place, 0, message, f"{ignore.place.source.path} {ignore.ids}")


def _dead(policy: ShapePolicy, ignore: Ignore, message: str) -> Finding:
    """A finding with the fix that takes the comment away: its line when it stands alone, else with the blanks before it."""
    source, start, end = ignore.place.source, ignore.place.start, ignore.place.end
    if ignore.alone:
        start, _ = source.line_span(ignore.line)
        newline = source.text.find("\n", end)
        end = len(source.text) if newline < 0 else newline + 1
    else:
        start = len(source.text[:start].rstrip(" \t"))
    fix = Fix("remove the ignore", safe=True, edits=(Edit(source, start, end, ""),))
    return _finding(policy, ignore, message)._replace(fix=fix)
