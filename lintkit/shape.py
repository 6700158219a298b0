"""Findings about shape that no policy file declares: broken YAML and its kin."""

from __future__ import annotations

from typing import Final, NamedTuple

from lintkit.finding import Finding, ResourceId, Span
from lintkit.policy.evaluate import fingerprint
from lintkit.text.source import Place
from lintkit.yamldoc.document import Document


class ShapePolicy(NamedTuple):
    """The description of a finding about shape, as ``explain`` shows it."""

    id: str
    family: str
    title: str
    severity: str
    why: str
    remedy: str


INVALID_YAML: Final = ShapePolicy(
    "invalid-yaml",
    "yaml",
    "YAML that cannot be parsed",
    "error",
    "Neither Helm nor kubectl can read the document, so nothing in it reaches the cluster, or the whole sync fails.",
    "Correct the syntax at the marked place.",
)
SHAPE_POLICIES: Final = (INVALID_YAML,)


def invalid_yaml(doc: Document) -> Finding | None:
    """The finding for a document that cannot be read; None for one that can."""
    if doc.trouble is None:
        return None
    offset = min(doc.trouble.offset, len(doc.text))
    whole = doc.place(offset, offset)
    line_start, line_end = whole.source.line_span(whole.first.line)
    end = min(max(whole.start + 1, whole.start), line_end) if whole.start < line_end else whole.start
    start = whole.start if whole.start < line_end or line_start == line_end else line_start
    place = Place(whole.source, start, max(end, start))
    span = Span(place.source.path, doc.number, place.first, place.last, "")
    policy = INVALID_YAML
    return Finding(
        policy=policy.id,
        family=policy.family,
        severity=policy.severity,
        message=f"cannot be parsed: {doc.trouble.message}",
        place=place,
        span=span,
        resource=ResourceId("", "", ""),
        resource_path="",
        environments=(),
        origin="",
        fingerprint=fingerprint(policy.id, "", place.source.path, str(doc.number)),
        why=policy.why,
        remedy=policy.remedy,
    )
