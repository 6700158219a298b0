"""Laws that hold for every change of the example cloud: histories are generated, committed with git and reviewed.

``LINTKIT_EXAMPLES`` sets how many histories each law is tried on.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from lintkit.change import review
from lintkit.facts.summary_storage import LOAD, PGS
from lintkit.finding import Changed, Finding, Report
from lintkit.run import Options, load
from tests.repositories import EXAMPLES, commit, git, write

# a history that fails is small as it is, and a review takes too long to try hundreds
FEW = settings(
    max_examples=int(os.environ.get("LINTKIT_EXAMPLES", "3")),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
NUMBER = re.compile(r"^( *(?:- )?\w+: )(\d+)$", re.MULTILINE)
BLOCK = re.compile(r"^( *)(?:- |[\w.\"/-]+:)", re.MULTILINE)
NAMED = re.compile(r"^( *)- name: (\S+)$", re.MULTILINE)


@lru_cache(maxsize=1)
def texts() -> dict[str, str]:
    """The files of the example cloud that lintkit reads."""
    loaded = load(Options(paths=(EXAMPLES,)))
    return {path: (EXAMPLES / path).read_text("utf-8") for path in sorted(loaded.world.reader.reads)}


@lru_cache(maxsize=1)
def states() -> frozenset[str]:
    """Policies that judge a state: those that need no base."""
    loaded = load(Options(paths=(EXAMPLES,)))
    return frozenset(p.id for p in loaded.policies if not p.on_change and "base" not in p.needs)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example cloud, committed as ``base``; every history starts there."""
    root = tmp_path_factory.mktemp("laws") / "cloud"
    shutil.copytree(EXAMPLES, root)
    git(root, "init", "-q", "-b", "main")
    commit(root, {})
    git(root, "tag", "base")
    return root


def start(root: Path, at: str = "base") -> None:
    git(root, "checkout", "-q", "--force", "--detach", at)


@st.composite
def edits(draw: st.DrawFn, most: int = 3) -> dict[str, str | None]:
    """New texts of some files: a number is another or cannot be read here, a block is gone or there twice; or a file is gone."""
    files = texts()
    found: dict[str, str | None] = {}
    for path in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=most, unique=True)):
        text = files[path]
        numbers, blocks, named = (list(pattern.finditer(text)) for pattern in (NUMBER, BLOCK, NAMED))
        kinds = [*(["number", "number", "unknown"] if numbers else []), *(["block", "block"] if blocks else []), "file"]
        kinds += ["again", "again"] if named else []
        kind = draw(st.sampled_from(kinds))
        if kind == "file":
            found[path] = None
        elif kind == "block":
            before, _, after = around(text, draw(st.sampled_from(blocks)))
            found[path] = before + after
        elif kind == "again":
            before, block, after = around(text, match := draw(st.sampled_from(named)))
            found[path] = before + block + block.replace(match[2], "another-one", 1) + after
        else:
            match = draw(st.sampled_from(numbers))
            value = "<path:kv/x#y>" if kind == "unknown" else str(draw(st.integers(0, 6)))
            found[path] = text[: match.start(2)] + value + text[match.end(2) :]
    return found


def around(text: str, match: re.Match[str]) -> tuple[str, str, str]:
    """The text before a line, that line with everything indented below it, and the text after."""
    lines = text.splitlines(keepends=True)
    first = text.count("\n", 0, match.start())
    last = first + 1
    while last < len(lines) and (not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > len(match[1])):
        last += 1
    return "".join(lines[:first]), "".join(lines[first:last]), "".join(lines[last:])


def reviewed(root: Path, since: str = "base") -> Report:
    report, _ = review(Options(paths=(root,), show_all=True), since=since, summary=True)
    assert not report.broken
    return report


def prints(findings: Iterable[Finding], status: str = "") -> Counter[str]:
    """Fingerprints of what policies of states found."""
    shapes = ("schema", "yaml")
    return Counter(f.fingerprint for f in findings if (f.policy in states() or f.family in shapes) and status in ("", f.status))


def told(report: Report, moved: Mapping[str, str] | None = None) -> list[tuple[object, ...]]:
    """Everything that a review says, with the places before files were moved."""
    names = moved or {}
    kept = [(f.policy, names.get(f.span.path, f.span.path), f.span.start.line, f.message, f.status) for f in report.findings]
    gone = [(f.policy, names.get(f.span.path, f.span.path), f.message, "resolved") for f in report.resolved]
    return [*sorted(kept), *sorted(gone), *report.not_evaluated]


@FEW
@given(data=st.data())
def test_what_changes_nothing_makes_nothing_new(cloud: Path, data: st.DataObject) -> None:
    start(cloud)
    files = texts()
    for path in data.draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=4, unique=True)):
        if path.endswith((".yaml", ".yml")):
            write(cloud, {path: "# a comment\n\n" + files[path]})
    commit(cloud, data.draw(edits()))
    git(cloud, "revert", "--no-edit", "HEAD")
    report = reviewed(cloud)
    assert [(f.policy, f.span.path, f.message) for f in report.findings if f.status == "new"] == []
    assert report.resolved == ()
    assert report.changes is not None
    assert [environment.changed for environment in report.changes.environments] == [(), ()]


def without(path: str, block: str) -> dict[str, str | None]:
    text = (EXAMPLES / path).read_text("utf-8")
    assert block in text
    return {path: text.replace(block, "")}


def cut(path: str, line: str) -> dict[str, str | None]:
    """A file without that line and all that follows."""
    return {path: (EXAMPLES / path).read_text("utf-8").partition(line)[0]}


@FEW
@example(after=without("argocd/prod/neutron.yaml", "  destination:\n    name: prod\n    namespace: openstack\n"))
@example(after={"argocd/prod/ceph-extra.yaml": None})
@example(after=cut("ceph/extra/backups.yaml", "spec:\n"))
@given(after=edits())
def test_a_change_and_its_inverse_swap_new_and_resolved(cloud: Path, after: dict[str, str | None]) -> None:
    start(cloud)
    head = commit(cloud, after)
    there = reviewed(cloud)
    commit(cloud, {path: texts()[path] for path in after})
    back = reviewed(cloud, since=head)
    assert prints(there.findings, "new") == prints(back.resolved)
    assert prints(back.findings, "new") == prints(there.resolved)
    for ahead, behind in zip(changes(there), changes(back), strict=True):
        assert ahead == {key: {"added": "removed", "removed": "added"}.get(state, state) for key, state in behind.items()}


def changes(report: Report) -> list[dict[tuple[str, str], str]]:
    assert report.changes is not None
    rows = [[((c.kind, c.name), c.state) for c in environment.changed] for environment in report.changes.environments]
    assert all(len(dict(row)) == len(row) for row in rows), "every thing has a name of its own"
    kept = [[c for c in environment.changed if not predicted(c)] for environment in report.changes.environments]
    return [{(c.kind, c.name): c.state for c in row} for row in kept]


def predicted(changed: Changed) -> bool:
    """Whether a row tells of nothing but PGs: where a pool came from decides what it keeps, since the autoscaler leaves a
    count alone until it is off by a factor of three."""
    only = changed.state == "changed" and not changed.also and {turn.name for turn in changed.turns} == {PGS}
    return changed.kind == LOAD or only


@FEW
@given(after=edits(), detour=edits(), data=st.data())
def test_the_commits_in_between_do_not_matter(
    cloud: Path, after: dict[str, str | None], detour: dict[str, str | None], data: st.DataObject
) -> None:
    start(cloud)
    commit(cloud, after)
    once = told(reviewed(cloud))
    start(cloud)
    commit(cloud, detour)
    commit(cloud, {path: texts()[path] for path in detour})
    for path in data.draw(st.permutations(sorted(after))):
        commit(cloud, {path: after[path]})
    assert told(reviewed(cloud)) == once


@FEW
@given(after=edits(most=2), data=st.data())
def test_a_file_that_moves_with_every_reference_to_it_is_no_change(
    cloud: Path, after: dict[str, str | None], data: st.DataObject
) -> None:
    start(cloud)
    commit(cloud, after)
    alone = told(reviewed(cloud))
    now = {path: text for path in texts() if (text := after.get(path, texts()[path])) is not None}
    named = sorted(path for path in now if any(mentions(text, other, path) for other, text in now.items()))
    path = data.draw(st.sampled_from(named))
    # first or last of its folder, so that files are met in another order
    folder, _, base = path.rpartition("/")
    aim = f"{folder}/{data.draw(st.sampled_from(['a-', 'zz-']))}{base}"
    git(cloud, "mv", path, aim)
    write(cloud, {other: renamed(text, other, path, aim) for other, text in now.items() if mentions(text, other, path)})
    commit(cloud, {})
    assert told(reviewed(cloud), {aim: path}) == alone


def pattern(other: str, path: str) -> re.Pattern[str]:
    """How ``other`` may name ``path``: from the root, or by its name alone beside it."""
    names = [re.escape(path)]
    if other.rpartition("/")[0] == path.rpartition("/")[0] and other.endswith("kustomization.yaml"):
        names.append(re.escape(path.rpartition("/")[2]))
    return re.compile(rf"(?<![\w.-])({'|'.join(names)})(?![\w-])")


def mentions(text: str, other: str, path: str) -> bool:
    return other != path and pattern(other, path).search(text) is not None


def renamed(text: str, other: str, path: str, aim: str) -> str:
    return pattern(other, path).sub(lambda m: aim if m[1] == path else aim.rpartition("/")[2], text)
