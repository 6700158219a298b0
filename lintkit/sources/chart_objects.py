"""Objects in the templates of a chart of this tree, as far as they can be told without Helm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.argocd.functions import TemplateError
from lintkit.sources.argocd.gotemplate import Mode, Piece, file_map, hide_unread, laid_out, render_text
from lintkit.sources.argocd.params import Opaque, Params, Value, data
from lintkit.sources.argocd.traced import traced
from lintkit.sources.charts import LocalChart, chart_file
from lintkit.sources.kinds import may_make_pods
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.text.source import Source
from lintkit.tree.files import Reader
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Scalar, string

_CUT: Final = regex(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_LINES: Final = regex(r"^[ \t]*\{\{-?\s*(?:include|template|tpl)\b[^\n]*\}\}[ \t]*$", re.MULTILINE)
_BORROWS: Final = regex(r"\{\{-?\s*(?:include|template|tpl)\b")
_LOCK: Final = "a template makes this text"
_MAX_OBJECTS: Final = 1000
_NOTES: Final = "NOTES.txt"
_DELIVERIES: Final = frozenset(
    {
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("kustomize.toolkit.fluxcd.io", "Kustomization"),
        ("fluxcd.controlplane.io", "ResourceSet"),
    }
)


class Templates(NamedTuple):
    """The objects of a chart's templates, the files they were read from, and the files that could not be read.

    ``hidden`` tells that one of these may make pods.
    """

    objects: tuple[Mapping, ...]
    read: tuple[str, ...]
    unread: tuple[str, ...]
    hidden: bool = False


def is_delivery(body: Mapping) -> bool:
    """Whether an object brings further objects: an Application, ApplicationSet, HelmRelease, Kustomization or ResourceSet."""
    group = (string(body.get("apiVersion")) or "").rpartition("/")[0]
    return (group, string(body.get("kind")) or "") in _DELIVERIES


def template_objects(reader: Reader, chart: LocalChart, name: str, namespace: str) -> Templates:
    """What the templates of ``chart`` make in the release ``name``.

    Conditions and loops over values are followed; what else a template computes is Unknown. A value that is put in as
    it is stands where values give it. A file with a condition that cannot be decided, or that makes no YAML, is ``unread``.
    """
    values = chart.values
    top = f"{chart.directory}/templates" if chart.directory else "templates"
    params: Params = {"Values": data(values) if values is not None else {}}
    params["Release"] = {"Name": name or Opaque("the release's name"), "Namespace": namespace or Opaque("its namespace")}
    params |= {key: Opaque(f"{key} of the template") for key in ("Capabilities", "Files", "Template", "Subcharts")}
    params["Chart"] = {**_about(reader, chart.directory), **({"Name": chart.name} if chart.name else {})}
    found: list[Mapping] = []
    read: list[str] = []
    unread: list[str] = []
    hidden = False
    for path in reader.under(top):
        source = reader.source(path) if _is_template(path) else None
        if source is None:
            continue
        # a file that names no kind holds nothing of its own, but a helper may make anything
        borrowed = "kind:" not in source.text and _BORROWS.search(source.text) is not None
        made = None if borrowed else _objects(source, params, values)
        if made is None:
            unread.append(path)
            hidden = hidden or borrowed or may_make_pods(source.text)
        else:
            read.append(path)
            found += made[: _MAX_OBJECTS - len(found)]
    return Templates(tuple(found), tuple(read), tuple(unread), hidden)


def _is_template(path: str) -> bool:
    """Whether Helm takes what a file of ``templates/`` makes for objects: not of helpers (``_x.tpl``) and notes."""
    name = path.rpartition("/")[2]
    return name.endswith((".yaml", ".yml", ".tpl", ".json")) and not name.startswith("_") and name != _NOTES


def _about(reader: Reader, directory: str) -> dict[str, Value]:
    """``.Chart`` of a template: Chart.yaml with its fields' names as Go spells them."""
    about = data(chart_file(reader, directory))
    return {key[:1].upper() + key[1:]: value for key, value in about.items()} if isinstance(about, dict) else {}


def _objects(source: Source, params: Params, values: Mapping | None) -> list[Mapping] | None:
    try:
        pieces = render_text(_LINES.sub(_blank, source.text), params, Mode(go=True))
    except TemplateError:
        return None
    return documents_of(pieces, source, values)


def documents_of(
    pieces: Sequence[Piece], source: Source, values: Mapping | None, name: str = "Values", host: Scalar | None = None
) -> list[Mapping] | None:
    """The objects of a rendered template of several documents; None when one of them is no YAML.

    ``values`` is the parameter ``name`` of the template. ``host`` is the scalar that holds the template, None for a file.
    """
    text, where = laid_out(pieces)
    if host is not None:
        where = where.compose(file_map(host))
    found: list[Mapping] = []
    cuts = [0, *(m.start() for m in _CUT.finditer(text)), len(text)]
    for at, (start, end) in enumerate(pairwise(cuts)):
        piece = text[start:end]
        if "kind:" not in piece:
            continue
        segments = SegmentMap((Segment(0, start, len(piece)),), "", _LOCK).compose(where)
        number = at if host is None else host.doc.number
        doc = hide_unread(embedded(Document(source, number, text=piece, segments=segments, host=host)))
        if doc.trouble is not None:
            return None
        root = traced(doc.root, start, pieces, values, name) if doc.root is not None and values is not None else doc.root
        if isinstance(root, Mapping):
            found.append(root)
    return found


def _blank(match: re.Match[str]) -> str:
    """What stands for lines that a template makes: an unknown value after ``key:``, else nothing."""
    before = match.string[: match.start()].rstrip()
    if not before.endswith(":"):
        return " " * len(match[0])
    line = match.string[match.string.rfind("\n", 0, len(before)) + 1 : len(before)]
    indent = len(line) - len(line.lstrip(" -")) + 1
    return (" " * indent + "{{fail}}").ljust(len(match[0])) if indent + 8 <= len(match[0]) else match[0]
