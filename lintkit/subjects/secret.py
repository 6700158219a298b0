"""Which values of a subject are secrets, and the subject without them: what is shown of it."""

from __future__ import annotations

from lintkit.records import replace
from lintkit.subjects.model import Subject
from lintkit.text.hidden import is_secret_name, masked
from lintkit.yamldoc.node import Entry, Mapping, Node, Path, Scalar, Sequence
from lintkit.yamldoc.transform import with_entries, with_items

HIDDEN = "a secret value"


def is_secret(kind: str, path: Path) -> bool:
    """Whether the value at ``path`` of a subject is one: all that a Secret holds, and what a key's name says is one."""
    if kind == "Secret" and path[:1] in (("data",), ("stringData",)):
        return True
    return bool(path) and isinstance(path[-1], str) and is_secret_name(path[-1])


def without_secrets(subject: Subject) -> Subject:
    """``subject`` with words in the place of its secrets."""
    made = _hidden(subject.object, subject.kind, ())
    return replace(subject, object=made) if isinstance(made, Mapping) else subject


def _hidden(node: Node, kind: str, path: Path) -> Node:
    if isinstance(node, Scalar):
        text = HIDDEN if node.text and is_secret(kind, path) else masked(node.text)
        return node if text == node.text else Scalar(node.doc, node.start, node.end, text, "'")
    if isinstance(node, Mapping):
        entries = (Entry(e.key, _hidden(e.value, kind, (*path, name)), e.via) for name, e in node)
        return with_entries(node, entries)
    if isinstance(node, Sequence):
        return with_items(node, (_hidden(item, kind, path) for item in node.items))
    return node
