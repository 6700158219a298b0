"""Change review: the same judgement of two states of a repository, side by side.

Base is the merge base of a revision and HEAD (``--since``) or HEAD (``--staged``); head is the work tree or the index.
Environments are paired by name, one that is called otherwise by what it has; subjects by id, findings by fingerprint: never by
file or line.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from lintkit.errors import LintkitError
from lintkit.finding import ChangeSummary, Finding, Report
from lintkit.records import dataclass, replace
from lintkit.renamed import called, renamed
from lintkit.report.tally import many
from lintkit.run import Loaded, Opened, Options, findings_of, open_repository, paired, read, report_of
from lintkit.subjects.environment import Environment
from lintkit.tree.files import Files
from lintkit.tree.revision import Tree, base_of, head_commit, index, left_out, object_ids, revision, tree_files
from lintkit.yamldoc.plain import served


@dataclass(frozen=True, slots=True)
class Sides:
    """The two states of the tree: their files, and what base is called."""

    head: Files
    base: Files
    label: str
    left_out: int = 0
    """How many files a sparse checkout leaves out of head; base is judged without them too."""


def review(options: Options, *, since: str = "", staged: bool = False, summary: bool = False) -> tuple[Report, Loaded]:
    """Judge a change; with ``summary`` the report has the change summary too.

    LintkitError when there is no base to compare with (the sentence says what to fetch).
    """
    if options.stdin is not None:
        raise LintkitError("a change is judged in a repository, not on stdin")
    opened = open_repository(options)
    sides = _sides(opened, since, staged=staged)
    old = read(opened, sides.base, options)
    loaded = read(opened, sides.head, options)
    names = renamed(old.environments, loaded.environments)
    now = {before: after for after, before in names.items()}
    old = replace(old, environments=tuple(called(e, now[e.name]) if e.name in now else e for e in old.environments))
    loaded = replace(loaded, environments=(*paired(loaded.environments, old.environments), *_emptied(loaded, old)))
    base_findings, _ = findings_of(old, options)
    findings, verdicts = findings_of(loaded, options)
    findings, resolved = compared(findings, base_findings, frozenset(sides.head.paths))
    report = report_of(loaded, options, findings, verdicts, resolved)
    taken = (f"environment {after} is taken for what was {before}" for after, before in sorted(names.items()))
    out = (f"the sparse checkout leaves out {many(sides.left_out, 'file')}, which were not compared",) if sides.left_out else ()
    report = replace(report, notes=(*report.notes, *taken, *out))
    if summary:
        report = replace(report, changes=_summary(sides, loaded, old, names))
    return _narrowed(report, options), loaded


def _summary(sides: Sides, loaded: Loaded, old: Loaded, names: Mapping[str, str]) -> ChangeSummary:
    from lintkit.facts.summary import environment_changes

    found = tuple(e._replace(was=names.get(e.environment, "")) for e in environment_changes(loaded.environments))
    if any(environment.changed for environment in found):
        return ChangeSummary(found)
    templates = {*loaded.world.scan.templates, *old.world.scan.templates}
    read = {*loaded.world.reader.reads, *old.world.reader.reads}
    differing = sorted({*sides.head.paths, *sides.base.paths} - sides.base.same)
    followed = tuple(path for path in differing if path not in templates and path in read and _differs(sides, path))
    return ChangeSummary(found, tuple(path for path in differing if path in templates), followed)


def _differs(sides: Sides, path: str) -> bool:
    """Whether a file says something else than before, comments and layout aside."""
    before, after = ([served(doc.root) for doc in side.documents(path)] for side in (sides.base, sides.head))
    return before != after


def _narrowed(report: Report, options: Options) -> Report:
    """Only what is new with the change, unless everything was asked for; the rest is counted."""
    existing = sum(1 for f in report.findings if f.status == "existing")
    if options.show_all or not existing:
        return report
    there = "finding was" if existing == 1 else "findings were"
    note = f"{existing} {there} already there before this change (--all shows them)"
    return replace(report, findings=tuple(f for f in report.findings if f.status == "new"), notes=(*report.notes, note))


def _emptied(loaded: Loaded, old: Loaded) -> list[Environment]:
    """Environments that nothing reaches any more: what is gone from them is judged where it was written."""
    left = {e.name for e in loaded.environments}
    found: list[Environment] = []
    for before in old.environments:
        own = before.by_kind.get("Environment", ())
        if before.name not in left and own:
            evidence = {**before.evidence, "base": ""}
            found.append(Environment(before.name, before.profile, own, (), before.nodes, evidence, base=before))
    return found


def _sides(opened: Opened, since: str, *, staged: bool) -> Sides:
    root, work = opened.root, opened.tree.files()
    if staged:
        head_tree = _kept(index(root), opened)
        commit = head_commit(root)
        base_tree = _kept(revision(root, commit), opened) if commit else Tree("nothing", {})
        head = tree_files(root, head_tree, work, object_ids(work, root, work.paths, root_like(head_tree, base_tree)))
        return Sides(head, tree_files(root, base_tree, head, head_tree.ids), commit or "nothing")
    commit = base_of(root, since)
    base_tree = _kept(revision(root, commit), opened)
    out = left_out(root, (path for path in base_tree.ids if path not in work))
    base_tree = base_tree._replace(ids={path: i for path, i in base_tree.ids.items() if path not in out})
    base = tree_files(root, base_tree, work, object_ids(work, root, work.paths, root_like(base_tree)))
    return Sides(work, base, commit, len(out))


def _kept(tree: Tree, opened: Opened) -> Tree:
    """A tree without what the configuration excludes: what is not read in head is not read in base."""
    return tree._replace(ids={path: i for path, i in tree.ids.items() if opened.tree.wanted(path)})


def root_like(*trees: Tree) -> str:
    """Any object id of the trees: its length tells the repository's hash."""
    return next((i for tree in trees for i in tree.ids.values()), "")


def compared(
    findings: Iterable[Finding], base: Iterable[Finding], still: Container[str] = ()
) -> tuple[list[Finding], list[Finding]]:
    """Findings with their status, and those of base that are resolved.

    A finding is existing as often as base has its fingerprint, in the same file first. ``still`` are the files of head:
    what a file itself is found for (broken YAML, a key written twice) moves with a file that is gone, not out of one that stays.
    """
    head, old = list(findings), list(base)
    known: set[int] = set()
    gone = set(range(len(old)))
    for own_file in (True, False):
        waiting: dict[tuple[str, str], list[int]] = {}
        for number in sorted(gone):
            finding = old[number]
            if own_file or finding.environments or finding.span.path not in still:
                waiting.setdefault((finding.fingerprint, finding.span.path if own_file else ""), []).append(number)
        for number, finding in enumerate(head):
            same = waiting.get((finding.fingerprint, finding.span.path if own_file else "")) if number not in known else None
            if same:
                gone.remove(same.pop(0))
                known.add(number)
    return [f._replace(status="existing") if n in known else f for n, f in enumerate(head)], [old[n] for n in sorted(gone)]
