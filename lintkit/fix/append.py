"""A whole new document at the end of a file that holds Kubernetes resources."""

from __future__ import annotations

from lintkit.fix.emit import mapping_lines
from lintkit.fix.intent import Append, Blocked
from lintkit.fix.layout import style_of
from lintkit.fix.locate import trail_to
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Json, Mapping, string


def document_beside(doc: Document, kind: str, value: Json) -> Append:
    """The intent to add ``value`` as a document after ``doc``, written in its style.

    ``doc`` must be a resource of ``kind``, as a person wrote it: a new document in a file of values, in a list or in
    embedded text would be something else. Blocked with the reason where it is not.
    """
    root = doc.root
    if not isinstance(value, dict) or not value:
        raise Blocked("what would be added is no resource")
    if doc.source.builtin:
        raise Blocked("only defaults of the chart stand here: no file to write it in")
    if doc.host is not None:
        raise Blocked("the resource is text inside another document")
    if doc.source.path.endswith(".json"):
        raise Blocked("a JSON file holds one document")
    if not isinstance(root, Mapping) or not string(root.get("apiVersion")) or string(root.get("kind")) != kind:
        raise Blocked("the resource does not stand in a document of its own")
    if root.flow:
        raise Blocked("the resource is written in braces")
    return Append(doc.source, "".join(line + "\n" for line in mapping_lines(value, 0, style_of(trail_to(root)))))
