"""The test harness of policies: cases whose expectations stand on the lines they are about.

A case is a YAML file in ``cases/``, or a directory (a small tree, with its own ``.lintkit.yaml`` where it needs one).

- ``# expect: <id> "part of message"`` at the end of a line wants a finding there (several may stand on one line),
  ``# ok: <id>`` wants none; findings and expectations must match exactly, both ways. ``# expect: <id> warning "part"``
  wants that severity too.
- ``# unevaluated: <id> "part of reason"`` anywhere wants the policy not to be evaluated for that reason. A case that
  expects no finding and whose policy is not evaluated must say so: silence for want of evidence proves nothing.
- ``# file: <path>`` at the start of a line of a single file says where the file lies in the tree,
  ``# chart: <name> <version>`` that it is the chart's values, ``# profile: lab`` which profile holds.
- ``<case>.fixed.yaml`` (``<case>.fixed/`` for a directory: only the files that change) is the case after its fixes. It
  must be there when and only when a fix is offered, equal to the byte, without a finding that has a fix or is new,
  and stable under a second fix.

A single file is judged again in every other form that can deliver it (``lintkit.harness.wrap``), and must give the
same findings at the translated lines.

A directory that holds ``base/`` and ``head/`` is a change: ``head`` is judged with ``base`` before it, and its
expectations are those of ``head``; ``<dir>.fixed/`` is ``head`` after its fixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from lintkit.config import Config, load_config
from lintkit.data import data_dir
from lintkit.errors import LintkitError
from lintkit.finding import Finding
from lintkit.harness.wrap import Form, wrapped
from lintkit.policy.compiled import compile_policy
from lintkit.policy.evaluate import Verdicts
from lintkit.policy.load import builtin_policies, folder_policies
from lintkit.policy.model import Policy
from lintkit.records import NamedTuple, dataclass, field
from lintkit.text.regex import regex
from lintkit.tree.files import Files

_QUOTED: Final = r"(?:\s+\"((?:[^\"\\]|\\.)*)\")?"
_EXPECT: Final = regex(r"#\s*expect:\s*([\w-]+)(?:\s+(error|warning|info))?" + _QUOTED)
_UNEVALUATED: Final = regex(r"#\s*unevaluated:\s*([\w-]+)" + _QUOTED)
_OK: Final = regex(r"#\s*ok:\s*([\w-]+)")
_DIRECTIVE: Final = regex(r"^#\s*(file|chart|profile):\s*(.+?)\s*$", re.MULTILINE)
MAX_FIX_ROUNDS: Final = 4


class Expected(NamedTuple):
    """A finding that a case wants: file, line, policy, a part of the message, and a severity (empty for any)."""

    path: str
    line: int
    policy: str
    part: str
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its files by path in the tree, and what it says of itself."""

    name: str
    policy: Policy
    files: Mapping[str, str]
    profile: str
    chart: str
    fixed: Mapping[str, str]
    config: Config | None = None
    base: Mapping[str, str] | None = None

    def before(self) -> Files | None:
        """The tree before the change that the case is; None for a case that is none."""
        return Files(self.base, self.base.__getitem__) if self.base is not None else None


@dataclass(slots=True)
class Outcome:
    """What running cases gave: a text for people, counts, and the failures."""

    text: str = ""
    passed: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)


def run_all(folder: Path | None) -> Outcome:
    """Run every case of a folder of policies, or of those that ship with lintkit."""
    outcome = Outcome()
    for policy, home in policies_of(folder):
        compile_policy(policy)
        cases = list(cases_of(policy, home))
        if not any(_wants(case) for case in cases):
            _fail(outcome, f"{policy.id}: no case expects a finding")
        if all(_wants(case) for case in cases):
            _fail(outcome, f"{policy.id}: no case is good")
        for case in cases:
            failures = check_case(case)
            outcome.passed += not failures
            for failure in failures:
                _fail(outcome, f"{policy.id} {case.name}: {failure}")
    lines = [*outcome.failures, f"{outcome.passed} passed, {outcome.failed} failed"]
    outcome.text = "\n".join(lines) + "\n"
    return outcome


def _fail(outcome: Outcome, message: str) -> None:
    outcome.failed += 1
    outcome.failures.append(message)


def _wants(case: Case) -> bool:
    return any(expected(case.files))


def policies_of(folder: Path | None) -> list[tuple[Policy, Path]]:
    """Policies and their directories. LintkitError when the folder has none."""
    if folder is None:
        base = data_dir("policies")
        return [(p, base / Path(p.origin).parent.relative_to("policies")) for p in builtin_policies()]
    if not folder.is_dir():
        raise LintkitError("no such folder of policies", str(folder))
    found = [(p, folder.parent / Path(p.origin).parent) for p in folder_policies(folder.resolve().parent, folder.resolve().name)]
    if not found:
        raise LintkitError("holds no <family>/<id>/policy.yaml", str(folder))
    return found


def cases_of(policy: Policy, home: Path) -> Iterator[Case]:
    """The cases beside a policy, sorted by name."""
    folder = home / "cases"
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.is_dir() and not entry.name.endswith(".fixed"):
            yield _tree_case(policy, entry)
        elif entry.suffix == ".yaml" and not entry.stem.endswith(".fixed"):
            yield _file_case(policy, entry)


def _read(file: Path) -> str:
    return file.read_bytes().decode("utf-8")


def _file_case(policy: Policy, file: Path) -> Case:
    text = _read(file)
    said = dict(_DIRECTIVE.findall(text))
    chart, _, version = said.get("chart", "").partition(" ")
    path = said.get("file") or (f"{chart}/values.yaml" if chart else file.name)
    files = {path: text}
    if chart and version:
        files[f"{chart}/Chart.yaml"] = _pin(chart, version)
    fixed_file = file.with_name(file.stem + ".fixed.yaml")
    fixed = {path: _read(fixed_file)} if fixed_file.is_file() else {}
    return Case(file.stem, policy, files, said.get("profile", "production"), chart, fixed)


def _pin(chart: str, version: str) -> str:
    return f"apiVersion: v2\nname: {chart}\nversion: {version}\n"


def _tree_case(policy: Policy, folder: Path) -> Case:
    changed = (folder / "base").is_dir() and (folder / "head").is_dir()
    files = _tree(folder / "head" if changed else folder)
    base = _tree(folder / "base") if changed else None
    fixed = _tree(folder.with_name(folder.name + ".fixed"))
    config = next((load_config(folder / n, n) for n in (".lintkit.yaml",) if (folder / n).is_file()), None)
    said = dict(m for text in files.values() for m in _DIRECTIVE.findall(text) if m[0] == "profile")
    return Case(folder.name, policy, files, said.get("profile", "production"), "", fixed, config, base)


def _tree(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {f.relative_to(folder).as_posix(): _read(f) for f in sorted(folder.rglob("*")) if f.is_file()}


def expected(files: Mapping[str, str]) -> list[Expected]:
    """What the lines of a case want."""
    return [
        Expected(path, number, match[1], _unquoted(match[3]), match[2] or "")
        for path, text in files.items()
        for number, line in enumerate(text.split("\n"), 1)
        for match in _EXPECT.finditer(line)
    ]


def _unquoted(part: str | None) -> str:
    return (part or "").replace('\\"', '"')


def check_case(case: Case) -> list[str]:
    """What is wrong with a case; empty when all holds."""
    from lintkit.run import judge

    files = Files(case.files, case.files.__getitem__)
    findings, verdicts = judge(files, [case.policy], case.config, case.profile, case.before())
    if verdicts.broken:
        return list(verdicts.broken.values())
    failures = [*_compare(findings, expected(case.files), case), *_evaluated(verdicts, case)]
    if not failures:
        failures = [*_fixed(case, findings), *_forms(case, findings)]
    return failures


def _compare(findings: Iterable[Finding], wanted: list[Expected], case: Case) -> list[str]:
    failures: list[str] = []
    left = list(wanted)
    known = {case.policy.id, *case.policy.aliases}
    for path, text in case.files.items():
        for number, line in enumerate(text.split("\n"), 1):
            named = [m[1] for pattern in (_EXPECT, _OK, _UNEVALUATED) for m in pattern.finditer(line)]
            failures += [f"{path}:{number}: {name} is not this policy's id" for name in named if name not in known]
    for finding in findings:
        place = (finding.span.path, finding.span.start.line)
        match = next((e for e in left if (e.path, e.line) == place and _answers(finding, e)), None)
        if match is None:
            failures.append(f"{place[0]}:{place[1]}: unexpected {finding.severity} {finding.policy}: {finding.message}")
        else:
            left.remove(match)
    failures += [f"{e.path}:{e.line}: no {e.severity + ' ' if e.severity else ''}{e.policy} with {e.part!r}" for e in left]
    return failures


def _answers(finding: Finding, wanted: Expected) -> bool:
    same = wanted.policy == finding.policy and wanted.part in finding.message
    return same and wanted.severity in ("", finding.severity)


def _evaluated(verdicts: Verdicts, case: Case) -> list[str]:
    """Whether the policy was kept from speaking where, and only where, the case says so."""
    reasons = sorted({n.reason for n in verdicts.not_evaluated if n.policy == case.policy.id})
    wanted = [_unquoted(match[2]) for text in case.files.values() for match in _UNEVALUATED.finditer(text)]
    failures = [
        f"the policy is not unevaluated for {part!r}; reasons are: {'; '.join(reasons) or 'none'}"
        for part in wanted
        if not any(part in reason for reason in reasons)
    ]
    if not wanted and reasons and not _wants(case):
        failures.append(f"silent only because the policy is not evaluated ({reasons[0]}): say so with # unevaluated")
    return failures


def _fixed(case: Case, findings: list[Finding]) -> list[str]:
    offered = any(f.fix and f.fix.edits for f in findings)
    if not offered:
        return ["there is a fixed file, but no fix is offered"] if case.fixed else []
    if not case.fixed:
        return ["a fix is offered, but there is no fixed file"]
    made = fix_files(case.files, case.policy, case.config, case.profile, case.before())
    failures: list[str] = []
    for path in sorted({*made, *case.fixed}):
        want = case.fixed.get(path, case.files.get(path))
        if made.get(path) != want:
            failures.append(f"{path}: the fixed text differs: {_first_difference(made.get(path) or '', want or '')}")
    stay = {f.fingerprint for f in findings if not (f.fix and f.fix.edits)}
    return failures or _after_fixing(case, made, stay)


def _after_fixing(case: Case, made: Mapping[str, str], stay: set[str]) -> list[str]:
    """What is left to do after fixing; ``stay`` are findings that no fix was offered for."""
    from lintkit.run import judge

    left, _ = judge(Files(made, made.__getitem__), [case.policy], case.config, case.profile, case.before())
    failures = [f"after fixing: {f.span.path}:{f.span.start.line}: {f.message}" for f in left if f.fingerprint not in stay]
    if fix_files(made, case.policy, case.config, case.profile, case.before()) != dict(made):
        failures.append("a second fix changes something")
    return failures


def fix_files(
    files: Mapping[str, str], policy: Policy, config: Config | None, profile: str, base: Files | None = None
) -> dict[str, str]:
    """The files after every fix that the policy offers, unsafe ones included."""
    from lintkit.fix.apply import new_text, plan
    from lintkit.run import judge

    texts = dict(files)
    for _ in range(MAX_FIX_ROUNDS):
        findings, _ = judge(Files(texts, texts.__getitem__), [policy], config, profile, base)
        chosen = plan([f.fix for f in findings if f.fix and f.fix.edits])
        if not chosen.edits:
            break
        for path, edits in chosen.edits.items():
            bom = "\ufeff" if edits[0].source.bom else ""
            texts[path] = bom + new_text(edits[0].source, edits)
    return texts


def _first_difference(a: str, b: str) -> str:
    for number, (x, y) in enumerate(zip(a.split("\n"), b.split("\n"), strict=False), 1):
        if x != y:
            return f"line {number} is {x!r}, wanted {y!r}"
    return f"{len(a.splitlines())} lines, wanted {len(b.splitlines())}"


def forms_of(case: Case, findings: Iterable[Finding]) -> list[Form]:
    """Every other form that delivers the case; those that cannot hold the line of a finding are left out."""
    if len(case.files) != 1 + bool(case.chart and len(case.files) == 2) or case.config is not None:
        return []
    path = next(p for p in case.files if not p.endswith("Chart.yaml"))
    lines = {f.span.start.line for f in findings}
    forms = [form for form in wrapped(case.files[path], case.chart) if lines <= form.lines.keys()]
    return forms if case.base is None else [form for form in forms if _before_in(case, form.name) is not None]


def _before_in(case: Case, name: str) -> Files | None:
    """The tree before the change in another form; None when the case is no change, or its base cannot take the form."""
    if case.base is None or len(case.base) != 1:
        return None
    text = next(iter(case.base.values()))
    form = next((form for form in wrapped(text, case.chart) if form.name == name), None)
    return Files(form.files, form.files.__getitem__) if form is not None else None


def _forms(case: Case, findings: list[Finding]) -> list[str]:
    """The same findings at the translated lines in every other form that the case can be delivered in."""
    return [f"as {form.name}: {failure}" for form in forms_of(case, findings) for failure in _form_failures(case, form, findings)]


def _form_failures(case: Case, form: Form, findings: list[Finding]) -> list[str]:
    from lintkit.run import judge

    want = sorted((form.lines[f.span.start.line], f.policy, f.severity) for f in findings)
    base = _before_in(case, form.name)
    found, verdicts = judge(Files(form.files, form.files.__getitem__), [case.policy], None, case.profile, base)
    have = sorted((f.span.start.line, f.policy, f.severity) for f in found)
    failures = list(verdicts.broken.values())
    if have != want:
        failures.append(f"findings at lines {[h[0] for h in have]}, wanted {[w[0] for w in want]}")
    return failures
