"""Objects in the templates of a chart of this tree, as far as they can be told without Helm."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.argocd.functions import TemplateError
from lintkit.sources.argocd.gotemplate import Mode, hide_unread, render_text
from lintkit.sources.argocd.params import Opaque, Params, data
from lintkit.sources.kinds import may_make_pods
from lintkit.sources.scan import RESOURCE_WORDS
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.text.source import Source
from lintkit.tree.files import Reader
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, string

_CUT: Final = regex(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_LINES: Final = regex(r"^[ \t]*\{\{-?\s*(?:include|template|tpl)\b[^\n]*\}\}[ \t]*$", re.MULTILINE)
_LOCK: Final = "a template makes this text"
_MAX_OBJECTS: Final = 1000
_DELIVERIES: Final = frozenset({"Application", "ApplicationSet", "AppProject"})


class Templates(NamedTuple):
    """The objects of a chart's templates, the files they were read from, and the files that could not be read.

    ``hidden`` tells that one of these may make pods.
    """

    objects: tuple[Mapping, ...]
    read: tuple[str, ...]
    unread: tuple[str, ...]
    hidden: bool = False


def template_objects(reader: Reader, directory: str, values: Mapping | None, name: str, namespace: str) -> Templates:
    """What the templates of the chart in ``directory`` make with ``values`` (merged, the chart's own included).

    Conditions and loops over values are followed; what else a template computes is Unknown. A file with a condition
    that cannot be decided, or that makes no YAML, is ``unread``. Argo CD's Applications and what belongs to them
    are left out: they are deliveries.
    """
    top = f"{directory}/templates" if directory else "templates"
    params: Params = {"Values": data(values) if values is not None else {}}
    params["Release"] = {"Name": name or Opaque("the release's name"), "Namespace": namespace or Opaque("its namespace")}
    params |= {key: Opaque(f"{key} of the template") for key in ("Chart", "Capabilities", "Files", "Template", "Subcharts")}
    found: list[Mapping] = []
    read: list[str] = []
    unread: list[str] = []
    hidden = False
    for path in reader.under(top):
        if not path.endswith((".yaml", ".yml")):
            continue
        source = reader.source(path)
        made = _objects(source, params) if source is not None and _matters(source.text) else []
        if made is None and source is not None:
            unread.append(path)
            hidden = hidden or may_make_pods(source.text)
        elif made is not None and source is not None:
            read.append(path)
            found += made[: _MAX_OBJECTS - len(found)]
    return Templates(tuple(found), tuple(read), tuple(unread), hidden)


def _matters(text: str) -> bool:
    """Whether a template makes something that policies judge, or that may make pods they have to know of."""
    return "kind:" in text and (any(word in text for word in RESOURCE_WORDS) or may_make_pods(text))


def _objects(source: Source, params: Params) -> list[Mapping] | None:
    try:
        text, where = render_text(_LINES.sub(_blank, source.text), params, Mode(go=True))
    except TemplateError:
        return None
    found: list[Mapping] = []
    cuts = [0, *(m.start() for m in _CUT.finditer(text)), len(text)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        piece = text[start:end]
        if "kind:" not in piece:
            continue
        segments = SegmentMap((Segment(0, start, len(piece)),), "", _LOCK).compose(where)
        doc = hide_unread(embedded(Document(source, number, text=piece, segments=segments)))
        if doc.trouble is not None:
            return None
        if isinstance(doc.root, Mapping) and string(doc.root.get("kind")) not in _DELIVERIES:
            found.append(doc.root)
    return found


def _blank(match: re.Match[str]) -> str:
    """What stands for lines that a template makes: an unknown value after ``key:``, else nothing."""
    before = match.string[: match.start()].rstrip()
    if not before.endswith(":"):
        return " " * len(match[0])
    line = match.string[match.string.rfind("\n", 0, len(before)) + 1 : len(before)]
    indent = len(line) - len(line.lstrip(" -")) + 1
    return (" " * indent + "{{fail}}").ljust(len(match[0])) if indent + 8 <= len(match[0]) else match[0]
