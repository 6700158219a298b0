"""Examples of a policy, from its cases: what it finds, what was there before a change, and what is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lintkit.data import data_dir
from lintkit.policy.model import Policy

MOST_LINES: Final = 40
"""Lines of an example; of a longer one only the documents that matter are shown."""

_DOCUMENT: Final = "\n---\n"


def examples(policy: Policy) -> Iterator[tuple[str, list[str]]]:
    """Headings and lines: the shortest case that is found, and the same after its fix, or else a good case.

    Of a case that is a small tree, the file that is found; of one that is a change, what that file was before too.
    """
    folder = data_dir("policies") / policy.family / policy.id / "cases"
    if not policy.builtin or not folder.is_dir():
        return
    texts = {f.relative_to(folder).as_posix(): f.read_text("utf-8") for f in sorted(folder.rglob("*.y*ml"))}
    ranked = sorted(texts, key=lambda name: ("/" in name, len(texts[name]), name))
    cases = [name for name in ranked if not name.endswith(".lintkit.yaml") and ".fixed" not in name]
    expects = f"# expect: {policy.id}"
    bad = next((name for name in cases if expects in texts[name]), None)
    if bad is None:
        return
    found = texts[bad].split(_DOCUMENT)
    marked = [i for i, text in enumerate(found) if expects in text]
    base = texts.get(bad.replace("/head/", "/base/", 1), "") if "/head/" in bad else ""
    if base:
        yield "Before the change:", _plain([base], [0], mark=False)
    yield "Example that is found:", _plain(found, marked)
    fixed = texts.get(_fixed(bad), "").split(_DOCUMENT)
    found_trees = {name.partition("/")[0] for name in cases if "# expect:" in texts[name]}
    right = (n for n in cases if n.partition("/")[0] not in found_trees and n.partition("/")[2] in ("", bad.partition("/")[2]))
    good = next((texts[name] for name in right if _good(texts[name])), "")
    if fixed != [""] and len(fixed) >= len(found):
        yield "The same after the fix:", _plain(fixed, [*marked, *range(len(found), len(fixed))], mark=False)
    elif good and not base:
        yield "Example that is right:", _plain([good], [0], mark=False)


def _fixed(name: str) -> str:
    """Where a case is after its fix: a file beside it, or the same file of the tree beside its own."""
    if "/" not in name:
        return name.removesuffix(".yaml") + ".fixed.yaml"
    tree, _, rest = name.partition("/")
    return f"{tree}.fixed/{rest.removeprefix('head/')}"


def _good(text: str) -> bool:
    return "# expect:" not in text and "# unevaluated:" not in text and text.count("\n") <= MOST_LINES


def _plain(documents: list[str], chosen: list[int], *, mark: bool = True) -> list[str]:
    """A case without what it says about itself, but for what is found; of a long one the chosen documents."""
    if sum(text.count("\n") + 1 for text in documents) > MOST_LINES:
        documents = [documents[i] for i in chosen]
    lines: list[str] = []
    for line in _DOCUMENT.join(documents).strip("\n").split("\n"):
        bare = re.sub(r"\s*#\s*(expect|ok|unevaluated|file|chart|profile):.*$", "", line)
        said = re.search(r"# expect: \S+(?: (?:error|warning|info))?(?: \"((?:[^\"\\]|\\.)*)\")?", line) if mark else None
        if said:
            bare += f"  # found: {said[1]}" if said[1] else "  # found"
        if bare.strip():
            lines.append(bare)
    return lines
