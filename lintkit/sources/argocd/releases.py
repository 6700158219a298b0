"""What the sources of an Application make: Helm releases, and directories that others resolve.

Layers follow the documented precedence (argo-cd.readthedocs.io, user-guide/helm): value files in order,
then ``values``, or ``valuesObject``, with which ``values`` is ignored, then ``parameters``. The
``values.yaml`` of a chart in this tree is left to whoever reads the chart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Final

from lintkit.records import NamedTuple, dataclass, field
from lintkit.sources.argocd.application import Application, AppSource, Helm, Parameter
from lintkit.sources.argocd.rendered import embed_values
from lintkit.sources.argocd.valuefiles import Resolved, Where, inside, is_pattern, resolve, substituted
from lintkit.sources.model import Layer, Release
from lintkit.text.regex import regex
from lintkit.tree.files import Reader
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Mapping, Node, Scalar, Sequence, Unknown, is_null, lookup, text
from lintkit.yamldoc.scalars import plain_value
from lintkit.yamldoc.transform import keys, make_mapping, make_sequence, merge, set_at
from lintkit.yamldoc.unknowns import placeholder, unknown_reason

_INTEGER: Final = regex(r"0|[-+]?[1-9]\d{0,17}")
_MAX_INDEX: Final = 65536
_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")


class AppResult(NamedTuple):
    """What an Application's sources come to.

    ``directories`` are directories of this tree with kustomizations or plain manifests. ``unknown`` is
    what cannot be read here, ``missing`` what Argo CD would not find either. ``references`` are the
    paths of this tree the Application names, existing or not.
    """

    releases: tuple[Release, ...] = ()
    directories: tuple[tuple[str, AppSource], ...] = ()
    unknown: tuple[tuple[str, Node], ...] = ()
    missing: tuple[tuple[str, Node], ...] = ()
    references: tuple[str, ...] = ()


@dataclass(slots=True)
class _Work:
    """What is being gathered for one Application."""

    app: Application
    reader: Reader
    refs: dict[str, Where]
    releases: list[Release] = field(default_factory=list)
    directories: list[tuple[str, AppSource]] = field(default_factory=list)
    unknown: list[tuple[str, Node]] = field(default_factory=list)
    missing: list[tuple[str, Node]] = field(default_factory=list)
    references: dict[str, None] = field(default_factory=dict)


def releases(app: Application, reader: Reader, local: Callable[[str], str | None], base: str = "") -> AppResult:
    """The releases and directories of every source of ``app``.

    ``local`` gives the directory of this tree that holds a repository, by its URL: ``""`` for the
    repository itself (then ``base`` is where its root is), None when it cannot be read here.
    """
    places = [_where(app, source, reader, local, base) for source in app.sources]
    refs = {source.ref: where for source, where in zip(app.sources, places, strict=True) if source.ref}
    work = _Work(app, reader, refs)
    for node in app.odd_sources:
        work.unknown.append((_because(node, "a source that cannot be read here") or "a source that is no mapping", node))
    for source, where in zip(app.sources, places, strict=True):
        _source(work, source, where)
    return AppResult(
        tuple(work.releases), tuple(work.directories), tuple(work.unknown), tuple(work.missing), tuple(work.references)
    )


def _where(app: Application, source: AppSource, reader: Reader, local: Callable[[str], str | None], base: str) -> Where:
    if _is_chart(source):
        return Where(None, "", f"chart {source.chart or source.repo_url.rpartition('/')[2]}")
    root = local(source.repo_url) if source.repo_url else "" if _seems_here(app, source, reader) else None
    if root is None:
        return Where(None, "", source.repo_url or "a repository that is not known")
    return Where(root or base, (source.path or "").strip("/"), source.repo_url)


def _seems_here(app: Application, source: AppSource, reader: Reader) -> bool:
    """Whether a source whose URL is templated is this tree: what it names exists here."""
    if source.path:
        path = inside("", "", source.path)
        return path is not None and reader.is_directory(path)
    wanted = f"${source.ref}/"
    names = [n.text for other in app.sources if other.helm for n in other.helm.value_files if isinstance(n, Scalar)]
    return bool(source.ref) and any(n.startswith(wanted) and reader.exists(n[len(wanted) :]) for n in names)


def _is_chart(source: AppSource) -> bool:
    return "chart" in source.home or source.repo_url.startswith("oci://")


def _source(work: _Work, source: AppSource, where: Where) -> None:
    if _is_chart(source):
        _chart(work, source, where)
    elif source.path is None:
        if not source.ref and "ref" not in source.home:
            work.unknown.append(("a source with neither chart nor path", source.home))
    elif not source.path:
        node = lookup(source.home, "path") or source.home
        work.unknown.append((_because(node, "the path of a source") or "a source whose path is empty", node))
    elif where.root is None:
        _elsewhere(work, source, where)
    else:
        _directory(work, source, where)


def _chart(work: _Work, source: AppSource, where: Where) -> None:
    node = source.home.get("chart") or source.home
    name, repository = source.chart, source.repo_url
    if not name and "chart" not in source.home:
        repository, _, name = repository.rstrip("/").rpartition("/")
    if not name:
        work.unknown.append((_because(node, "the chart of a source") or "a source whose chart has no name", node))
        return
    _release(work, source, where, chart=name, repository=repository)


def _elsewhere(work: _Work, source: AppSource, where: Where) -> None:
    # a chart directory carries its chart's name, so a source with Helm settings still says which chart it is
    if source.helm is not None and source.plugin is None:
        name = (source.path or "").rstrip("/").rpartition("/")[2]
        if name not in ("", ".", ".."):
            _release(work, source, where, chart=name, repository=source.repo_url)
            return
    node = source.home.get("repoURL") or source.home
    work.unknown.append((_because(node, "the repository of a source") or f"repository {where.label} cannot be read here", node))


def _directory(work: _Work, source: AppSource, where: Where) -> None:
    node = source.home.get("path") or source.home
    path = inside(where.root or "", "", source.path or "")
    if path is None:
        work.missing.append((f"path {source.path} is outside its repository", node))
        return
    work.references[path] = None
    if not work.reader.is_directory(path):
        work.missing.append((f"directory {path} does not exist", node))
        return
    prefix = path + "/" if path else ""
    if source.plugin is not None:
        work.unknown.append(("a plugin makes the resources of this source", source.plugin))
    is_chart = work.reader.exists(prefix + "Chart.yaml")
    if _explicit(source.helm.home if source.helm else None) and not is_chart:
        work.missing.append((f"{prefix}Chart.yaml does not exist", node))
    elif is_chart and not _explicit(source.kustomize) and not _explicit(source.home.get("directory")):
        _release(work, source, where, path=path)
    else:
        work.references.update((prefix + name, None) for name in _KUSTOMIZATIONS if work.reader.exists(prefix + name))
        work.directories.append((path, source))


def _because(node: Node | None, what: str) -> str:
    """Why ``what`` is not known, as a phrase; empty when nothing keeps it from being known."""
    reason = unknown_reason(node)
    return f"{what} is not known: {reason}" if reason else ""


def _explicit(node: Node | None) -> bool:
    return node is not None and not is_null(node) and not (isinstance(node, Mapping) and not node.entries)


def _release(
    work: _Work, source: AppSource, where: Where, *, chart: str = "", repository: str = "", path: str | None = None
) -> None:
    app, helm = work.app, source.helm
    layers, hidden = _layers(work, source, helm, where) if helm else ([], [])
    release_name = app.name
    if helm is not None and "releaseName" in helm.home:
        release_name = helm.release_name or ("" if unknown_reason(helm.home.get("releaseName")) else app.name)
    work.releases.append(
        Release(
            name=release_name,
            namespace=(helm.namespace if helm else "") or app.destination.namespace,
            home=source.home,
            delivery=f"Application {app.name}".strip(),
            chart=chart,
            repository=repository,
            version=source.target_revision,
            path=path,
            layers=tuple(layers),
            hidden=", ".join(dict.fromkeys(hidden)),
        )
    )


def _layers(work: _Work, source: AppSource, helm: Helm, where: Where) -> tuple[list[Layer], list[str]]:
    layers: list[Layer] = []
    hidden: list[str] = []
    _files(work, source, helm, where, layers, hidden)
    inline = _inline(work, helm, hidden)
    if inline is not None:
        layers.append(inline)
    given = _parameters(work, source, helm, where, layers, hidden)
    if given is not None:
        layers.append(Layer(f"{work.app.file} parameters", given))
    return layers, hidden


def _files(work: _Work, source: AppSource, helm: Helm, where: Where, layers: list[Layer], hidden: list[str]) -> None:
    texts = [substituted(n.text, work.app, source) if isinstance(n, Scalar) else "" for n in helm.value_files]
    found = [resolve(work.reader, n, t, where, work.refs) for n, t in zip(helm.value_files, texts, strict=True)]
    # a file that is listed by name stands where it is listed, and a glob leaves it out
    named = {r.paths[0] for r, t in zip(found, texts, strict=True) if len(r.paths) == 1 and not is_pattern(t)}
    taken: set[str] = set()
    for node, entry, resolved in zip(helm.value_files, texts, found, strict=True):
        if resolved.asked:
            work.references[resolved.asked] = None
        work.references.update(dict.fromkeys(resolved.paths))
        _report(work, helm, node, resolved, hidden)
        for path in resolved.paths:
            if is_pattern(entry) and (path in named or path in taken):
                continue
            taken.add(path)
            _file(work, path, node, layers, hidden)


def _report(work: _Work, helm: Helm, node: Node, resolved: Resolved, hidden: list[str]) -> None:
    if resolved.hidden:
        hidden.append(resolved.hidden)
        work.unknown.append((resolved.hidden, node))
    if resolved.missing and helm.ignore_missing.value is False:
        work.missing.append((resolved.missing, node))
        # Argo CD renders nothing then: what the file would say is not what the chart says without it
        hidden.append(f"values of {text(node)}, which do not exist")


def _file(work: _Work, path: str, node: Node, layers: list[Layer], hidden: list[str]) -> None:
    docs = work.reader.documents(path)
    if not docs:
        return
    if docs[0].trouble is not None:
        line = docs[0].place(docs[0].trouble.offset, docs[0].trouble.offset).first.line
        hidden.append(f"values of {path}, which cannot be parsed")
        work.unknown.append((f"values file {path} cannot be parsed: {docs[0].trouble.message} (line {line})", node))
    else:
        _add(work, path, f"values file {path}", docs[0].root, node, layers)


def _add(work: _Work, name: str, what: str, root: Node | None, node: Node, layers: list[Layer]) -> None:
    if isinstance(root, Mapping):
        layers.append(Layer(name, root))
    elif root is not None and not is_null(root):
        kind = "a list" if isinstance(root, Sequence) else "no mapping"
        work.missing.append((f"{what} holds {kind} where a mapping is needed", node))


def _inline(work: _Work, helm: Helm, hidden: list[str]) -> Layer | None:
    """The layer of ``valuesObject``, or else of ``values``."""
    file = work.app.file
    layers: list[Layer] = []
    node = helm.values_object if helm.values_object is not None else helm.values
    if node is None:
        return None
    what = "valuesObject" if helm.values_object is not None else "values"
    if isinstance(node, Unknown) or (what == "valuesObject" and unknown_reason(node)):
        hidden.append(f"{what} of {file}")
        work.unknown.append((_because(node, what), node))
    elif what == "values" and isinstance(node, Scalar):
        doc = embed_values(node)
        if doc.trouble is not None:
            hidden.append(f"values of {file}, which cannot be parsed")
            work.unknown.append((f"values cannot be parsed: {doc.trouble.message}", node))
        else:
            _add(work, f"{file} values", "values", doc.root, node, layers)
    else:
        _add(work, f"{file} {what}", what, node, node, layers)
    return layers[0] if layers else None


def _parameters(
    work: _Work, source: AppSource, helm: Helm, where: Where, layers: list[Layer], hidden: list[str]
) -> Mapping | None:
    """The layer of ``parameters`` and ``fileParameters``, as ``--set`` puts them on the layers below."""
    if not helm.parameters and not helm.file_parameters:
        return None
    root = make_mapping(helm.home.get("parameters") or helm.home.get("fileParameters") or helm.home, ())
    lower = reduce(merge, (layer.root for layer in layers), None)
    for home, name, value in _values(work, source, helm, where):
        path = keys(name)
        if not path or isinstance(path[0], int) or any(isinstance(k, int) and k > _MAX_INDEX for k in path):
            hidden.append(f"a parameter of {work.app.file} whose name is not known")
            work.unknown.append((_because(lookup(home, "name"), "the name of a parameter") or "a parameter without a name", home))
            continue
        # --set changes single items of a list that a layer below has, so the list comes along
        first = next((i for i, key in enumerate(path) if isinstance(key, int)), 0)
        if first and lookup(root, *path[:first]) is None:
            below = lookup(lower, *path[:first])
            root = set_at(root, path[:first], below, helm.home.doc) if isinstance(below, Sequence) else root
        root = set_at(root, path, value, helm.home.doc)
    return root


def _values(work: _Work, source: AppSource, helm: Helm, where: Where) -> list[tuple[Node, str, Node]]:
    found: list[tuple[Node, str, Node]] = []
    ordered = sorted(helm.parameters, key=lambda p: p.force_string is True)
    for parameter in ordered:
        found.append((parameter.home, parameter.name, _typed(parameter, work.app, source)))
    for each in helm.file_parameters:
        node = each.path or each.home
        entry = substituted(node.text, work.app, source) if isinstance(node, Scalar) else ""
        resolved = resolve(work.reader, node, entry, where, work.refs)
        if resolved.asked:
            work.references[resolved.asked] = None
        if resolved.missing:
            work.missing.append((resolved.missing.replace("values file", "file"), node))
        text = work.reader.source(resolved.paths[0]) if len(resolved.paths) == 1 else None
        if text is None:
            value: Node = Unknown(node.doc, node.start, node.end, resolved.hidden or "text of a file that cannot be read here")
        else:
            value = Scalar(Document(text, 0), 0, len(text.text), text.text, "|")
        found.append((each.home, each.name, value))
    return found


def _typed(parameter: Parameter, app: Application, source: AppSource) -> Node:
    """The value of a parameter as ``helm --set`` types it: true, false, null, integers, ``{a,b}`` lists, else a string."""
    node = parameter.value
    if not isinstance(node, Scalar) or node.value is None:
        home = node or parameter.home
        return home if isinstance(home, Unknown) else Scalar(home.doc, home.start, home.end, "", "'")
    text = substituted(node.text, app, source)
    if parameter.force_string is None or placeholder(text):
        reason = placeholder(text) or "a parameter whose type is not known"
        return Unknown(node.doc, node.start, node.end, reason)
    if parameter.force_string:
        return _as_string(node, text)
    if text.startswith("{") and text.endswith("}"):
        parts = [part.strip() for part in text[1:-1].split(",")] if text[1:-1].strip() else []
        return make_sequence(node, [_set_value(node, part) for part in parts])
    return _set_value(node, text)


def _set_value(node: Scalar, text: str) -> Scalar:
    if text.lower() not in ("true", "false", "null") and not _INTEGER.fullmatch(text):
        return _as_string(node, text)
    start, end = node.start, node.end
    if node.style in ("'", '"') and node.doc.text[start + 1 : end - 1] == text:
        start, end = start + 1, end - 1  # what stands between the quotes is the value Helm reads
    return Scalar(node.doc, start, end, text.lower() if text[:1].isalpha() else text)


def _as_string(node: Scalar, text: str) -> Scalar:
    style = node.style
    if not style and not isinstance(plain_value(text), str):
        style = "'"
    return Scalar(node.doc, node.start, node.end, text, style)
