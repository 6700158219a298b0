"""Which chart a HelmRelease installs: from a chart repository, an OCI registry, or a directory of this tree."""

from __future__ import annotations

from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.flux.objects import Local, Missing, Objects, Reference, namespace_of, reference
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.node import Mapping, Node, boolean, items, lookup, text

BOOTSTRAP: Final = "flux-system"
"""The name ``flux bootstrap`` and the Flux operator give the source that is the repository itself."""


class Chart(NamedTuple):
    """A chart as Flux names it, before anything of it is read.

    ``name`` in ``repository`` (a URL, may be empty) at ``version``; or ``path``, its directory here.
    ``values_files`` are those of the chart's own package that replace its values.yaml; ``base`` is
    the directory they are relative to, None when they are in a package that cannot be read. ``pin`` is the node
    that gives the version.
    """

    name: str = ""
    repository: str = ""
    version: str = ""
    path: str | None = None
    values_files: tuple[Node, ...] = ()
    ignore_missing: bool = False
    base: str | None = None
    missing: tuple[Missing, ...] = ()
    pin: Node | None = None


def chart_of(hr: Mapping, objects: Objects, reader: Reader, local: Local) -> Chart:
    """The chart of a HelmRelease: ``spec.chart`` (HelmChart or OCIRepository template) or ``spec.chartRef``."""
    namespace = namespace_of(hr)
    chart_ref = lookup(hr, "spec", "chartRef")
    if chart_ref is not None:
        return _referenced(reference(chart_ref, "OCIRepository", namespace), hr, objects, reader, local)
    template = lookup(hr, "spec", "chart", "spec")
    if template is None:
        home = lookup(hr, "spec", "chart") or hr
        return Chart(missing=(Missing("no chart is named", home),))
    if text(lookup(hr, "spec", "chart", "kind")) == "OCIRepository":
        return _oci(template)
    return _from_template(template, namespace, objects, reader, local)


def _referenced(ref: Reference | None, hr: Mapping, objects: Objects, reader: Reader, local: Local) -> Chart:
    if ref is None:
        return Chart(missing=(Missing("chartRef names nothing", lookup(hr, "spec", "chartRef") or hr),))
    source = objects.find(ref.kind, ref.name, ref.namespace)
    if source is None:
        return Chart(missing=(Missing(f"{ref} is not in this tree", ref.home),))
    spec = lookup(source, "spec")
    if ref.kind == "OCIRepository":
        return _oci(spec)
    if ref.kind == "HelmChart":
        return _from_template(spec, namespace_of(source) or ref.namespace, objects, reader, local)
    return Chart(missing=(Missing(f"{ref} does not say which chart it holds", ref.home),))


def _oci(spec: Node | None) -> Chart:
    url = text(lookup(spec, "url")) or ""
    pin = next((node for key in ("tag", "semver", "digest") if text(node := lookup(spec, "ref", key))), None)
    registry, _, name = url.rstrip("/").rpartition("/")
    return Chart(name, registry, text(pin) or "", pin=pin)


def _from_template(spec: Node | None, namespace: str, objects: Objects, reader: Reader, local: Local) -> Chart:
    written = text(lookup(spec, "chart")) or ""
    pin = lookup(spec, "version")
    version = text(pin) or ""
    files = items(lookup(spec, "valuesFiles"))
    old = lookup(spec, "valuesFile")
    files = files or ((old,) if old is not None else ())
    ignore = boolean(lookup(spec, "ignoreMissingValuesFiles")) is True
    ref = reference(lookup(spec, "sourceRef"), "HelmRepository", namespace)
    source = objects.find(ref.kind, ref.name, ref.namespace) if ref else None
    url = text(lookup(source, "spec", "url")) or ""
    name = written.rstrip("/").rpartition("/")[2]
    if ref is None or ref.kind == "HelmRepository":
        lost = (Missing(f"{ref} is not in this tree", ref.home),) if ref is not None and source is None else ()
        return Chart(name, url, version, None, files, ignore, None, lost, pin)
    root = repository_root(ref, objects, local)
    path = join(root, written) if root is not None else None
    if path is None or not reader.exists(f"{path}/Chart.yaml".lstrip("/")):
        lost = (Missing(f"there is no chart at {written}", lookup(spec, "chart") or ref.home),) if path is not None else ()
        return Chart(name, url, version, None, files, ignore, root, lost, pin)
    return Chart(name, url, version, path, files, ignore, root, pin=pin)


def repository_root(ref: Reference, objects: Objects, local: Local) -> str | None:
    """The directory of this tree that a Flux source holds; None when it is another repository.

    A source outside this tree counts as this repository when it is the bootstrap one.
    """
    source = objects.find(ref.kind, ref.name, ref.namespace)
    if source is not None:
        url = text(lookup(source, "spec", "url")) or ""
        found = local(url) if url else None
        if found is not None:
            return found
    return "" if ref.name == BOOTSTRAP else None
