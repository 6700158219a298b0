"""Fixing with a person at a terminal: every fix is shown with its reason, and asked about."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final

from lintkit.errors import LintkitError
from lintkit.finding import Finding, Fix
from lintkit.ignores import ignore_fixes
from lintkit.repair import Chooser, Decision
from lintkit.report.plain import visible, visible_lines
from lintkit.text.edits import apply_edits, unified_diff

QUESTION: Final = "apply it? [y]es, [n]o, [a]ll of {policy}, [i]gnore with a reason, [q]uit: "


def at_terminal() -> Chooser:
    """Who asks on the terminal about every fix. LintkitError where there is none."""
    if sys.stdin is None or sys.stderr is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise LintkitError("--interactive asks at a terminal, and this is none: use --diff to see the fixes, --fix to apply them")

    def tell(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    return lambda findings: ask(findings, sys.stdin.readline, tell)


def ask(findings: Sequence[Finding], answer: Callable[[], str], tell: Callable[[str], None]) -> Decision:
    """What somebody decides about every fix. ``answer`` gives one line, empty when there are no more; ``tell`` shows text.

    Quitting keeps what was decided before.
    """
    chosen: list[Finding] = []
    ignored: list[tuple[Finding, str]] = []
    whole: set[str] = set()
    for number, finding in enumerate(findings, 1):
        if finding.policy in whole:
            chosen.append(finding)
            continue
        tell(_shown(finding, number, len(findings)))
        word, reason = _decided(finding, answer, tell)
        if word == "q":
            break
        if word == "a":
            whole.add(finding.policy)
        if word in ("y", "a"):
            chosen.append(finding)
        if word == "i":
            ignored.append((finding, reason))
    return Decision(tuple(chosen), ignore_fixes(ignored))


def _decided(finding: Finding, answer: Callable[[], str], tell: Callable[[str], None]) -> tuple[str, str]:
    """One of y, n, a, i, q; with the reason of an ignore."""
    while True:
        tell(QUESTION.format(policy=finding.policy))
        line = answer()
        word = line.strip().lower()[:1] if line else "q"
        if not line:
            tell("\n")
        if word != "i":
            if word and word in "ynaq":
                return word, ""
            continue
        tell(f"why is {finding.policy} accepted here? ")
        reason = " ".join(part for part in answer().split() if part.isprintable())
        if not reason:
            tell("an ignore needs a reason\n")
        elif not ignore_fixes([(finding, reason)]):
            tell("no comment can stand there: write the ignore in .lintkit.yaml\n")
        else:
            return word, reason


def _shown(finding: Finding, number: int, count: int) -> str:
    fix = finding.fix
    assert fix is not None
    kind = "safe fix" if fix.safe else "unsafe fix"
    lines = [
        "",
        f"{number} of {count}: {finding.span.path}:{finding.span.start.line} {finding.severity} {finding.policy}",
        f"  {finding.message}",
        *([f"  why: {finding.why}"] if finding.why else []),
        f"  {kind}: {fix.title}" + (f" ({fix.why})" if fix.why else ""),
    ]
    return "\n".join(visible(line) for line in lines) + "\n" + visible_lines(_diff(fix))


def _diff(fix: Fix) -> str:
    parts = []
    for path in sorted({edit.source.path for edit in fix.edits}):
        edits = [edit for edit in fix.edits if edit.source.path == path]
        text = edits[0].source.text
        parts.append(unified_diff(path, text, apply_edits(text, edits)))
    return "".join(parts)
