"""Applications inside Helm chart templates, read without rendering: what is plain YAML counts, the rest is unknown.

Every ``{{ ... }}`` gives way to blanks or to a placeholder of the same length, so that each character
stays where it is.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from lintkit.sources.argocd.functions import TemplateError
from lintkit.sources.argocd.gotemplate import Action, actions
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.text.source import Source
from lintkit.tree.files import Reader
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Sequence, Unknown, text
from lintkit.yamldoc.transform import with_entries, with_items

_KINDS: Final = frozenset({"Application", "ApplicationSet", "AppProject"})
_CONTROL: Final = regex(r"(?:if|else|end|range|with|define|block|template|break|continue)\b|/\*|\$\w*\s*:?=")
_MARK: Final = regex(r"\$\{X+\}|\$\(x\.X+\)|<XXX>")
_FLOW: Final = regex(r"[\[{](?!\{)")
_CUT: Final = regex(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_REASON: Final = "template expression"


def scrape(reader: Reader, path: str) -> list[Mapping]:
    """Applications, ApplicationSets and AppProjects of the chart template at ``path``, as far as they are plain YAML.

    A value with a template in it is Unknown, and so is one that several branches write. Best effort:
    what cannot be read is left out, nothing raises.
    """
    source = reader.source(path)
    if source is None or "argoproj.io/" not in source.text:
        return []
    try:
        masked, holes = _masked(source.text)
    except TemplateError:
        return []
    found: list[Mapping] = []
    cuts = [0, *(m.start() for m in _CUT.finditer(masked)), len(masked)]
    number = 0
    for start, end in pairwise(cuts):
        if not masked[start:end].strip(" \t\r\n-"):
            continue
        root = _root(source, number, masked[start:end], start, holes)
        number += 1
        if isinstance(root, Mapping) and text(root.get("kind")) in _KINDS:
            found.append(root)
    return found


def _root(source: Source, number: int, piece: str, start: int, holes: frozenset[int]) -> Node | None:
    segments = SegmentMap((Segment(0, start, len(piece)),), "", "a chart template makes this text")
    doc = embedded(Document(source, number, text=piece, segments=segments))
    try:
        return _marked(doc.root, start, holes) if doc.root is not None else None
    except RecursionError:
        return None


def _masked(template: str) -> tuple[str, frozenset[int]]:
    """The template without its expressions, and the offsets after keys whose whole value is an expression's lines."""
    out: list[str] = []
    holes: set[int] = set()
    at = kept = 0
    for action in actions(template):
        between = template[at : action.start]
        out.append(between)
        if between.strip():
            kept = at + len(between.rstrip())
        if not _CONTROL.match(action.body) and not _alone(template, action):
            line = template[template.rfind("\n", 0, action.start) + 1 : action.start]
            out.append(_placeholder(template[action.start : action.end], in_flow=bool(_FLOW.search(_without_actions(line)))))
            kept = action.end
        else:
            if not _CONTROL.match(action.body) and template[kept - 1 : kept] == ":":
                holes.add(kept)
            out.append(_blank(template[action.start : action.end]))
        at = action.end
    out.append(template[at:])
    return "".join(out), frozenset(holes)


def _alone(template: str, action: Action) -> bool:
    """Whether the expression is all there is on its lines: then it makes lines, not a value."""
    before = template[template.rfind("\n", 0, action.start) + 1 : action.start]
    end = template.find("\n", action.end)
    after = template[action.end : end if end >= 0 else len(template)]
    return not before.strip() and not after.strip()


def _without_actions(line: str) -> str:
    return re.sub(r"\{\{.*?\}\}", "", line) if "{{" in line else line


def _placeholder(expression: str, *, in_flow: bool) -> str:
    """What stands for an expression: text that is known for a placeholder, and no brace where braces mean a mapping."""
    line, *rest = expression.split("\n")
    size = len(line)
    first = "${" + "X" * (size - 3) + "}"
    if in_flow:
        first = "$(x." + "X" * (size - 5) + ")" if size > 5 else "<XXX>"
    return "\n".join([first, *(" " * len(each) for each in rest)])


def _blank(expression: str) -> str:
    return "".join("\n" if char == "\n" else " " for char in expression)


def _marked(node: Node, start: int, holes: frozenset[int]) -> Node:
    """``node`` with every value that had a template in it unknown."""
    if isinstance(node, Scalar):
        empty = not node.text and not node.style and start + node.start in holes
        if empty or (node.style != "|" and _MARK.search(node.text)):
            return Unknown(node.doc, node.start, node.end, _REASON)
        return node
    if isinstance(node, Mapping):
        seen: dict[str, int] = {}
        for entry in node.entries:
            seen[entry.key.text] = seen.get(entry.key.text, 0) + 1
        entries = [_entry(e, seen[e.key.text], start, holes) for e in node.entries]
        return with_entries(node, entries)
    return with_items(node, [_marked(n, start, holes) for n in node.items]) if isinstance(node, Sequence) else node


def _entry(entry: Entry, times: int, start: int, holes: frozenset[int]) -> Entry:
    value = entry.value
    if times > 1:
        return Entry(entry.key, Unknown(value.doc, value.start, value.end, _REASON), entry.via)
    return Entry(entry.key, _marked(value, start, holes), entry.via)
