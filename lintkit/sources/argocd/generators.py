"""Generators of ApplicationSets: from what Git and the configuration say to sets of parameters.

Semantics: argo-cd.readthedocs.io, operator-manual/applicationset. What asks a live system (a forge, a
plugin, a cluster) is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from types import MappingProxyType
from typing import Final

from lintkit.records import dataclass, field
from lintkit.sources.argocd.functions import TemplateError
from lintkit.sources.argocd.gotemplate import Mode, render, render_scalar
from lintkit.sources.argocd.params import Opaque, Params, Value, combine, data, flat, go_text, normalized, path_params, text_of
from lintkit.sources.argocd.selectors import selected, selects_anything
from lintkit.sources.argocd.valuefiles import below, inside, literal_prefix, matcher
from lintkit.tree.files import Reader
from lintkit.yamldoc.embed import detached, embed
from lintkit.yamldoc.node import Mapping, Node, Scalar, Unknown, boolean, is_null, items, lookup, string, text
from lintkit.yamldoc.transform import map_scalars
from lintkit.yamldoc.unknowns import unknown_reason

MAX_SETS: Final = 20_000
_LIVE: Final[Dict[str, str]] = MappingProxyType(
    {
        "scmProvider": "a generator that asks a forge for its repositories",
        "pullRequest": "a generator that asks a forge for its pull requests",
        "plugin": "a generator plugin",
        "clusterDecisionResource": "a generator that asks the cluster for its decision",
    }
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that Argo CD knows, as the configuration says it. ``values`` become ``values.<key>`` parameters."""

    name: str
    server: str = ""
    labels: Dict[str, str] = field(default_factory=dict)
    values: Dict[str, str] = field(default_factory=dict)
    annotations: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What every generator of one ApplicationSet shares; ``unknown`` gathers what cannot be told, once each."""

    reader: Reader
    local: Callable[[str], str | None]
    clusters: Sequence[Cluster]
    mode: Mode
    unknown: dict[tuple[str, int], Node] = field(default_factory=dict)
    done: dict[int, tuple[Node, list[Params]]] = field(default_factory=dict)

    def note(self, reason: str, node: Node) -> None:
        """Remember that ``node`` cannot be told."""
        self.unknown.setdefault((reason, node.start), node)


def kinds(generator: Mapping) -> list[tuple[str, Mapping]]:
    """The generators that one item of ``generators`` holds, by name (one, as a rule)."""
    return [(name, e.value) for name, e in generator if name != "selector" and isinstance(e.value, Mapping)]


def parameters(generator: Node, context: Context, given: Params | None = None) -> list[Params]:
    """The parameter sets of one item of ``generators``. ``given`` are those of an outer matrix generator."""
    if not isinstance(generator, Mapping):
        context.note(unknown_reason(generator) or "a generator that is no mapping", generator)
        return []
    ready = generator if given is None else map_scalars(generator, lambda s: _interpolated(s, given, context.mode))
    if ready is generator and id(generator) in context.done:
        return context.done[id(generator)][1]
    found: list[Params] = []
    if isinstance(ready, Mapping):
        for name, each in ready:
            if name != "selector" and not is_null(each.value):
                found += _generated(name, each.value, context)
    selector = generator.get("selector")
    if selects_anything(selector):
        found = [p for p in found if selected(selector, {k: go_text(v) for k, v in flat(p).items()})]
    if ready is generator:
        context.done[id(generator)] = (generator, found)
    return found


def _interpolated(scalar: Scalar, given: Params, mode: Mode) -> Node:
    if "{{" not in scalar.text:
        return scalar
    made = render_scalar(scalar, given, mode)
    return scalar if isinstance(made, Unknown) else made


def _generated(name: str, node: Node, context: Context) -> list[Params]:
    if name in _LIVE:
        context.note(_LIVE[name], node)
        return []
    make = _MAKERS.get(name)
    if make is None or not isinstance(node, Mapping):
        context.note(unknown_reason(node) or f"generator {name}", node)
        return []
    found = make(node, context)
    if len(found) > MAX_SETS:
        context.note(f"more than {MAX_SETS:,} Applications of one generator", node)
        del found[MAX_SETS:]
    return found


def _list(node: Mapping, context: Context) -> list[Params]:
    found = [_element(item, context) for item in items(node.get("elements")) if isinstance(item, Mapping)]
    for item in items(node.get("elements")):
        if not isinstance(item, Mapping):
            context.note(unknown_reason(item) or "a list element that is no mapping", item)
    written = node.get("elementsYaml")
    if isinstance(written, Scalar) and written.text.strip():
        held = written.doc.text[written.start : written.end]
        if "{{" in written.text:
            context.note("elements that a template makes", written)
            return found
        doc = detached(written, written.text, "a template makes this text") if "{{" in held else embed(written)
        if doc.trouble is not None:
            context.note(f"elementsYaml cannot be parsed: {doc.trouble.message}", written)
        found += [_element(item, context) for item in items(doc.root) if isinstance(item, Mapping)]
    return found


def _element(item: Mapping, context: Context) -> Params:
    value = data(item)
    whole = value if isinstance(value, dict) else {}
    return whole if context.mode.go else flat(whole)


def _git(node: Mapping, context: Context) -> list[Params]:
    url = node.get("repoURL")
    reason = unknown_reason(url)
    root = None if reason or not text(url) else context.local(text(url) or "")
    if root is None:
        context.note(reason or f"repository {text(url) or 'without a URL'} cannot be read here", url or node)
        return []
    prefix = string(node.get("pathParamPrefix")) or ""
    if items(node.get("directories")):
        found = [path_params(p, prefix, go=context.mode.go, file=False) for p in _directories(node, root, context)]
    else:
        found = [params for p in _files(node, root, context) for params in _file(p, root, prefix, node, context)]
    return [_with_values(params, node.get("values"), context.mode) for params in found]


def _asked(nodes: Iterable[Node], context: Context) -> tuple[list[str], list[str]]:
    """Patterns to include and to exclude."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for item in nodes:
        path = lookup(item, "path")
        if unknown_reason(path) or not text(path):
            context.note(unknown_reason(path) or "a path that is empty", path or item)
        elif boolean(lookup(item, "exclude")):
            unwanted.append(text(path) or "")
        else:
            wanted.append(text(path) or "")
    return wanted, unwanted


def _directories(node: Mapping, root: str, context: Context) -> list[str]:
    wanted, unwanted = _asked(items(node.get("directories")), context)
    matches = [matcher(pattern.replace("**", "*")) for pattern in unwanted]
    found = {path for pattern in wanted for path in _descend(pattern.replace("**", "*").split("/"), "", root, context.reader)}
    return sorted((p for p in found if not any(m(p) for m in matches)), key=lambda p: p.split("/"))


def _descend(parts: list[str], at: str, root: str, reader: Reader) -> Iterable[str]:
    """Directories that match ``parts`` below ``at``; like Argo CD it enters no directory whose name starts with a dot."""
    if not parts:
        yield at
        return
    match = matcher(parts[0])
    names = reader.children(inside(root, at, "") or "") if any(c in parts[0] for c in "*?[{\\") else [parts[0]]
    for name in names:
        path = f"{at}/{name}" if at else name
        if not name.startswith(".") and match(name) and reader.is_directory(inside(root, path, "") or ""):
            yield from _descend(parts[1:], path, root, reader)


def _files(node: Mapping, root: str, context: Context) -> list[str]:
    """Files by git's own patterns, in which ``*`` crosses directories (Generators-Git-File-Globbing)."""
    wanted, unwanted = _asked(items(node.get("files")), context)
    cut = len(root) + 1 if root else 0
    included = {p for pattern in wanted for p in _tracked(pattern, root, cut, context.reader)}
    excluded = {p for pattern in unwanted for p in _tracked(pattern, root, cut, context.reader)}
    return sorted(included - excluded)


def _tracked(pattern: str, root: str, cut: int, reader: Reader) -> list[str]:
    pattern = pattern.strip("/")
    match = matcher(pattern.replace("**", "*").replace("*", "**").replace("**/", "**[/]"))
    start = inside(root, "", literal_prefix(pattern)) or ""
    return [path for p in below(reader, start) if match(path := p[cut:]) or path.startswith(pattern + "/")]


def _file(path: str, root: str, prefix: str, node: Mapping, context: Context) -> list[Params]:
    full = f"{root}/{path}" if root else path
    docs = context.reader.documents(full)
    if docs and docs[0].trouble is not None:
        context.note(f"{full} cannot be parsed: {docs[0].trouble.message}", node)
        return []
    value = data(docs[0].root) if docs else None
    sets: list[Value] = [{}] if value is None else value if isinstance(value, list) else [value]
    where = path_params(path, prefix, go=context.mode.go, file=True)
    found: list[Params] = []
    for each in sets:
        if isinstance(each, dict):
            found.append({**(each if context.mode.go else flat(each)), **where})
        else:
            context.note(f"{full} holds something other than parameters", node)
    return found


def _with_values(params: Params, values: Node | None, mode: Mode) -> Params:
    """``params`` with the generator's own ``values``, which may use them."""
    if not isinstance(values, Mapping):
        return params
    made: dict[str, Value] = {name: _value(entry.value, params, mode) for name, entry in values}
    if mode.go:
        return {**params, "values": made} if made else params
    return {**params, **{f"values.{name}": value for name, value in made.items()}}


def _value(node: Node, params: Params, mode: Mode) -> Value:
    if not isinstance(node, Scalar):
        return Opaque(unknown_reason(node) or "a value that is no text")
    try:
        return render(node.text, params, mode) if "{{" in node.text else text_of(node.text, node)
    except TemplateError as error:
        return Opaque(f"template expression: {error}")


def _clusters(node: Mapping, context: Context) -> list[Params]:
    if not context.clusters:
        context.note("a clusters generator, and no cluster is configured", node)
        return []
    found: list[Params] = []
    for cluster in context.clusters:
        labels = {"argocd.argoproj.io/secret-type": "cluster", **cluster.labels}
        if selected(node.get("selector"), labels):
            found.append(_with_values(_cluster(cluster, labels, context.mode), node.get("values"), context.mode))
    if boolean(node.get("flatList")):
        listed: list[Value] = [*found]
        return [{"clusters": listed}]
    return found


def _cluster(cluster: Cluster, labels: Dict[str, str], mode: Mode) -> Params:
    named: Params = {"name": cluster.name, "nameNormalized": normalized(cluster.name), "server": cluster.server}
    metadata: dict[str, Value] = {"labels": {**labels}, "annotations": {**cluster.annotations}}
    nested: Params = {**named, "metadata": metadata, "values": {**cluster.values}}
    return nested if mode.go else {k: v for k, v in flat(nested).items() if v != "map[]"}


def _matrix(node: Mapping, context: Context) -> list[Params]:
    children = items(node.get("generators"))
    if len(children) < 2:
        context.note("a matrix of fewer than two generators", node)
        return []
    found = parameters(children[0], context)
    for child in children[1:]:
        made: list[Params] = []
        for before in found:
            made += [combine(before, params) for params in parameters(child, context, before)]
            if len(made) > MAX_SETS:
                break
        found = made
    return found


def _merge(node: Mapping, context: Context) -> list[Params]:
    children = items(node.get("generators"))
    names = [text(key) or "" for key in items(node.get("mergeKeys"))]
    if len(children) < 2 or not names:
        context.note("a merge without two generators or without mergeKeys", node)
        return []
    found = [*parameters(children[0], context)]
    for child in children[1:]:
        over: dict[str, Params] = {}
        for params in parameters(child, context):
            key = _merge_key(params, names)
            if key in over:
                context.note(f"parameter sets that are not unique by {', '.join(names)}", child)
            over[key] = params
        found = [combine(base, over[key]) if (key := _merge_key(base, names)) in over else base for base in found]
    return found


def _merge_key(params: Params, names: Iterable[str]) -> str:
    return json.dumps([go_text(params.get(name)) for name in names])


_MAKERS: Final[Dict[str, Callable[[Mapping, Context], list[Params]]]] = MappingProxyType(
    {"list": _list, "git": _git, "clusters": _clusters, "matrix": _matrix, "merge": _merge}
)
