"""ApplicationSets expanded offline: every Application that Argo CD would make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.argocd.functions import TemplateError
from lintkit.sources.argocd.generators import MAX_SETS, Cluster, Context, kinds, parameters
from lintkit.sources.argocd.gotemplate import Mode, file_map, render_document, render_scalar
from lintkit.sources.argocd.params import Params
from lintkit.text.segments import SegmentMap
from lintkit.tree.files import Reader
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, boolean, is_null, items, lookup, string, text
from lintkit.yamldoc.node import Sequence as ListNode
from lintkit.yamldoc.transform import (
    make_mapping,
    make_sequence,
    make_string,
    merge,
    with_entries,
    with_entry,
    with_items,
    with_under,
)
from lintkit.yamldoc.unknowns import unknown_reason

__all__ = ["FINALIZER", "Cluster", "Expansion", "expand"]

FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"


class Expansion(NamedTuple):
    """The Applications of an ApplicationSet, CR-shaped, and what could not be told and where."""

    applications: tuple[Mapping, ...] = ()
    unknown: tuple[tuple[str, Node], ...] = ()


class _Form(NamedTuple):
    """What all Applications of one generator share. ``templated`` holds the ids of nodes with templates below."""

    template: Mapping
    templated: frozenset[int]
    mode: Mode
    namespace: Node | None
    finalized: bool
    patch: Scalar | None
    where: SegmentMap | None


def expand(appset: Mapping, reader: Reader, local: Callable[[str], str | None], clusters: Sequence[Cluster] = ()) -> Expansion:
    """Every Application that ``appset`` makes. ``local`` gives the directory that holds a repository, by its URL.

    Values of the template stand where the template is written, those of ``templatePatch`` in the patch. A value that
    is a parameter and nothing else stands where the parameter is: in a list element, or in a file of the git generator.
    At most 20,000 Applications. What cannot be told is in ``unknown``; nothing raises.
    """
    spec = lookup(appset, "spec")
    template, generators = lookup(spec, "template"), lookup(spec, "generators")
    if not isinstance(template, Mapping) or not isinstance(generators, ListNode):
        node = generators if isinstance(template, Mapping) else template
        return Expansion(unknown=((unknown_reason(node) or "an ApplicationSet without template or generators", node or appset),))
    context = Context(reader, local, clusters, _mode(spec))
    made: list[Mapping] = []
    for generator in generators.items:
        try:
            _expand_one(appset, _template(generator, template), generator, context, made)
        except RecursionError:
            context.note("nesting that is too deep to follow", generator)
    return Expansion(tuple(made), tuple((reason, node) for (reason, _), node in context.unknown.items()))


def _expand_one(appset: Mapping, template: Mapping, generator: Node, context: Context, made: list[Mapping]) -> None:
    form = _form(appset, template, context.mode)
    for params in parameters(generator, context):
        if len(made) >= MAX_SETS:
            context.note(f"more than {MAX_SETS:,} Applications", generator)
            return
        try:
            made.append(_application(form, params))
        except TemplateError as error:
            context.note(f"templatePatch: {error}", form.patch or template)


def _mode(spec: Node | None) -> Mode:
    options = [text(item) for item in items(lookup(spec, "goTemplateOptions"))]
    return Mode(boolean(lookup(spec, "goTemplate")) is True, "missingkey=error" in options)


def _template(generator: Node, template: Mapping) -> Mapping:
    """The template with what the generator's own template says on top."""
    for _, each in kinds(generator) if isinstance(generator, Mapping) else ():
        own = each.get("template")
        if isinstance(own, Mapping):
            merged = merge(template, own)
            return merged if isinstance(merged, Mapping) else template
    return template


def _form(appset: Mapping, template: Mapping, mode: Mode) -> _Form:
    spec = lookup(appset, "spec")
    patch = lookup(spec, "templatePatch")
    templated: set[int] = set()
    _find_templates(template, templated)
    written = patch if isinstance(patch, Scalar) and patch.text.strip() else None
    return _Form(
        template=template,
        templated=frozenset(templated),
        mode=mode,
        namespace=lookup(appset, "metadata", "namespace"),
        finalized=boolean(lookup(spec, "syncPolicy", "preserveResourcesOnDeletion")) is not True,
        patch=written,
        where=file_map(written) if written else None,
    )


def _find_templates(node: Node, found: set[int]) -> bool:
    if isinstance(node, Scalar):
        has = "{{" in node.text
    elif isinstance(node, Mapping):
        # a list, not a generator: every child must be looked at
        has = any([_find_templates(e.value, found) or "{{" in e.key.text for e in node.entries])  # noqa: C419
    else:
        has = any([_find_templates(item, found) for item in items(node)])  # noqa: C419
    if has:
        found.add(id(node))
    return has


def _application(form: _Form, params: Params) -> Mapping:
    app = _rendered(form.template, form, params)
    if not isinstance(app, Mapping):
        return form.template
    home = form.template
    for name, value in (("kind", "Application"), ("apiVersion", "argoproj.io/v1alpha1")):
        app = with_entries(app, (Entry(make_string(home, name), make_string(home, value)), *app.entries))
    app = _with_defaults(app, form)
    return _patched(app, form, params) if form.patch is not None else app


def _rendered(node: Node, form: _Form, params: Params) -> Node:
    if id(node) not in form.templated:
        return node
    if isinstance(node, Scalar):
        return render_scalar(node, params, form.mode)
    if isinstance(node, Mapping):
        return with_entries(node, [_entry(e, form, params) for e in node.entries])
    return with_items(node, [_rendered(n, form, params) for n in node.items]) if isinstance(node, ListNode) else node


def _entry(entry: Entry, form: _Form, params: Params) -> Entry:
    key = entry.key
    if "{{" in key.text:
        made = render_scalar(key, params, form.mode)
        key = made if isinstance(made, Scalar) else key
    return Entry(key, _rendered(entry.value, form, params), entry.via)


def _with_defaults(app: Mapping, form: _Form) -> Mapping:
    """The namespace of the ApplicationSet, and the finalizer Argo CD adds where the template has none."""
    metadata = app.get("metadata")
    if not isinstance(metadata, Mapping):
        return app
    home = app.index["metadata"].key
    if "namespace" not in metadata and form.namespace is not None:
        metadata = with_entry(metadata, Entry(make_string(home, "namespace"), form.namespace), "namespace")
    if form.finalized and not items(metadata.get("finalizers")):
        added = make_sequence(home, [make_string(home, FINALIZER)])
        metadata = with_entry(metadata, Entry(make_string(home, "finalizers"), added), "finalizers")
    return with_entry(app, Entry(home, metadata), "metadata")


def _patched(app: Mapping, form: _Form, params: Params) -> Mapping:
    if form.patch is None or form.where is None:
        return app
    doc = render_document(form.patch, form.where, params, form.mode)
    if doc.trouble is not None:
        raise TemplateError(f"what it renders to cannot be parsed: {doc.trouble.message}")
    if doc.root is None or is_null(doc.root):
        return app
    if not isinstance(doc.root, Mapping):
        raise TemplateError("what it renders to is no mapping")
    found = _strategic(app, doc.root, ())
    # Argo CD keeps the project of the template, so that a patch cannot leave it
    project, spec = lookup(app, "spec", "project"), found.get("spec")
    if project is not None and isinstance(spec, Mapping) and lookup(spec, "project") is not project:
        spec = with_entry(spec, Entry(make_string(project, "project"), project), "project")
        found = with_entry(found, Entry(found.index["spec"].key, spec), "spec")
    return with_entries(app, found.entries)


def _strategic(base: Mapping, patch: Mapping, path: tuple[str, ...]) -> Mapping:
    """A strategic merge patch: maps merge, null deletes, lists replace, finalizers are united."""
    directive = string(patch.get("$patch"))
    if directive:
        kept = [e for name, e in patch if name != "$patch"]
        return with_entries(patch, kept if directive == "replace" else [], under=base)
    entries = dict(base)
    for name, entry in patch:
        below = entries.get(name)
        if is_null(entry.value):
            entries.pop(name, None)
        else:
            entries[name] = Entry(entry.key, _over(below.value if below else None, entry.value, (*path, name)), entry.via)
    return with_entries(patch, entries.values(), under=base)


def _over(base: Node | None, value: Node, path: tuple[str, ...]) -> Node:
    if isinstance(value, Mapping):
        low = base if isinstance(base, Mapping) else make_mapping(value, ())
        return _strategic(low, value, path)
    if path == ("metadata", "finalizers") and isinstance(base, ListNode) and isinstance(value, ListNode):
        mine = {text(n) for n in base.items}
        return with_items(base, (*base.items, *(n for n in value.items if text(n) not in mine)))
    return with_under(value, base)
