"""Facts about the revisions that deliveries follow (Argo CD tracking strategies; Flux sources)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.facts.deliveries import brought
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Node, is_null, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_VERSION: Final = regex(r"v?\d+(\.\d+)*([-+.][0-9A-Za-z.+-]*)?")
_RANGE: Final = regex(r"[*^~<>|=,]|\.x\b|\bx\b| - ", re.IGNORECASE)
_BRANCH: Final = regex(r"(?:refs/heads/)?[A-Za-z][A-Za-z_/-]*")


def sources(subject: Subject, environment: Environment) -> Json:
    """Sources of a delivery that no commit of this repository pins.

    One item a source: ``of`` and ``path``, ``form`` (chart, git), ``what`` (missing, range, latest, head, branch), ``revision``,
    ``name`` (chart or repository), ``own`` (this repository), ``kinds`` (of what the delivery brings). Revisions that cannot
    be told for a branch or a tag, and those that cannot be read, are left out.
    """
    kinds: list[Json] = [*dict.fromkeys(r.resource.kind for r in brought(subject, environment))]
    found: list[Json] = []
    for item in _sources(subject, environment):
        found.append({**item, "kinds": kinds})
    return found


def _sources(subject: Subject, environment: Environment) -> Iterator[dict[str, Json]]:
    form = subject.facts["form"]
    if form == "Application":
        spec = lookup(subject.object, "spec")
        listed = items(lookup(spec, "sources"))
        paths = [f"spec.sources[{i}]" for i in range(len(listed))] or ["spec.source"]
        for node, path in zip(listed or (lookup(spec, "source"),), paths, strict=True):
            if node is not None:
                yield from _argo(subject, environment, node, path)
    elif form == "HelmRelease":
        yield from _release(subject, environment)
    elif form == "Kustomization":
        yield from _git(subject, environment)


def _item(of: str, path: str, form: str, what: str, revision: str, name: str, *, own: bool) -> dict[str, Json]:
    return {"of": of, "path": path, "form": form, "what": what, "revision": revision, "name": name, "own": own}


def _argo(subject: Subject, environment: Environment, node: Node, path: str) -> Iterator[dict[str, Json]]:
    revision = lookup(node, "targetRevision")
    url = text(lookup(node, "repoURL")) or ""
    if unknown_reason(revision) or unknown_reason(lookup(node, "repoURL")):
        return
    value = "" if is_null(revision) else text(revision) or ""
    chart = lookup(node, "chart")
    if chart is not None or url.startswith("oci://"):
        name = text(chart) or url.rstrip("/").rpartition("/")[2]
        what = chart_looseness(value)
        if what:
            yield _item(subject.id, f"{path}.targetRevision", "chart", what, value, name, own=False)
        return
    what = git_looseness(value)
    if what:
        own = url in environment.own_urls
        yield _item(subject.id, f"{path}.targetRevision", "git", what, value, url, own=own)


def chart_looseness(version: str) -> str:
    """How loosely a chart's version is given: missing, latest, range; empty for one version."""
    if not version:
        return "missing"
    if version.lower() in ("latest", "head"):
        return "latest"
    return "range" if _RANGE.search(version) and not re.fullmatch(r"=?\s*v?\d+\.\d+\.\d+[-+.\w]*", version) else ""


def git_looseness(revision: str) -> str:
    """How loosely a Git revision is given: head, branch; empty for a tag, a commit, and a name that may be either."""
    if revision in ("", "HEAD"):
        return "head"
    if revision.startswith("refs/heads/"):
        return "branch"
    if _VERSION.fullmatch(revision) or revision.startswith("refs/"):
        return ""
    if re.fullmatch(r"[0-9a-f]{7,64}", revision):
        return ""
    return "branch" if _BRANCH.fullmatch(revision) else ""


def _release(subject: Subject, environment: Environment) -> Iterator[dict[str, Json]]:
    spec = lookup(subject.object, "spec")
    chart = lookup(spec, "chart", "spec")
    if chart is not None:
        version = lookup(chart, "version")
        kind = text(lookup(chart, "sourceRef", "kind")) or ""
        if unknown_reason(version) or kind not in ("", "HelmRepository"):
            return
        what = chart_looseness("" if is_null(version) else text(version) or "")
        if what:
            name = text(lookup(chart, "chart")) or ""
            yield _item(subject.id, "spec.chart.spec.version", "chart", what, text(version) or "", name, own=False)
        return
    reference = lookup(spec, "chartRef")
    if text(lookup(reference, "kind")) != "OCIRepository":
        return
    namespace = text(lookup(reference, "namespace")) or subject.resource.namespace
    for other in environment.by_kind.get("OCIRepository", ()):
        if other.resource.name == text(lookup(reference, "name")) and namespace in (other.resource.namespace, ""):
            yield from _oci(other)


def _oci(source: Subject) -> Iterator[dict[str, Json]]:
    ref = lookup(source.object, "spec", "ref")
    nodes = [lookup(ref, key) for key in ("digest", "semver", "tag")]
    if any(unknown_reason(n) for n in nodes) or text(nodes[0]):
        return
    semver, tag = text(nodes[1]) or "", text(nodes[2]) or ""
    name = (text(lookup(source.object, "spec", "url")) or "").rstrip("/").rpartition("/")[2]
    if semver and chart_looseness(semver):
        yield _item(source.id, "spec.ref.semver", "chart", "range", semver, name, own=False)
    elif not semver and tag in ("", "latest"):
        yield _item(source.id, "spec.ref.tag", "chart", "latest" if tag else "missing", tag, name, own=False)


def _git(subject: Subject, environment: Environment) -> Iterator[dict[str, Json]]:
    reference = lookup(subject.object, "spec", "sourceRef")
    if text(lookup(reference, "kind")) != "GitRepository":
        return
    for other in environment.by_kind.get("GitRepository", ()):
        if other.resource.name != text(lookup(reference, "name")):
            continue
        ref = lookup(other.object, "spec", "ref")
        branch = lookup(ref, "branch")
        if unknown_reason(branch) or any(lookup(ref, key) is not None for key in ("tag", "semver", "commit", "name")):
            continue
        value = text(branch) or ""
        # what a Kustomization builds here is by then known to be of this repository
        yield _item(other.id, "spec.ref.branch", "git", "branch" if value else "head", value, other.resource.name, own=True)


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Delivery": {"sources": sources}}
