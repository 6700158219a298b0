"""Facts about deliveries: what they bring, whether they prune or replace it, and which revisions they follow.

Sources: Argo CD user guide (auto_sync, sync-options, sync-waves, tracking_strategies), Flux Kustomization and HelmRelease APIs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.records import NamedTuple
from lintkit.sources.argocd.application import WAVE, Flag, read_application
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Node, Path, Scalar, boolean, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

OPTIONS: Final = "argocd.argoproj.io/sync-options"
_FLUX_PRUNE: Final = "kustomize.toolkit.fluxcd.io/prune"
_FLUX_FORCE: Final = "kustomize.toolkit.fluxcd.io/force"
OURS: Final = frozenset(
    {
        "Pool",
        "Component",
        "MessageQueue",
        "Container",
        "Node",
        "Delivery",
        "Reference",
        "ValuesFile",
        "ChartValues",
        "OtherValues",
        "Environment",
    }
)
FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
_INTEGER: Final = regex(r"[-+]?\d+")


def brought(delivery: Subject, environment: Environment) -> Iterator[Subject]:
    """Kubernetes resources that a delivery brings; a Flux Kustomization also those of the HelmReleases it holds."""
    for subject in environment.by_delivery.get(str(delivery.facts["label"]), ()):
        if subject.kind == "Delivery" and subject.facts["form"] == "HelmRelease":
            yield from brought(subject, environment)
        elif subject.kind not in OURS and not (subject.kind == "Database" and subject.facts["owner"]):
            yield subject


def resources(subject: Subject, environment: Environment) -> Json:
    """Resources that a delivery brings: ``of``, ``kind``, ``namespace``, ``name``, ``unpruned`` (an annotation or label keeps
    it from being pruned), ``undeleted`` (from being deleted), ``options`` (sync options of its own), ``path`` (of those)."""
    found: list[Json] = []
    for resource in brought(subject, environment):
        body = resource.object
        found.append(
            {
                "of": resource.id,
                "kind": resource.resource.kind,
                "namespace": resource.resource.namespace,
                "name": resource.resource.shown,
                "unpruned": kept_from(body, "prune"),
                "undeleted": kept_from(body, "delete"),
                "options": list(options_of(body)),
                "path": _annotation(OPTIONS),
            }
        )
    return found


def _annotation(name: str) -> str:
    return "metadata.annotations." + name.replace(".", "\\.")


def options_of(body: Node | None) -> list[str]:
    """Argo CD sync options in the annotation of a resource."""
    written = text(lookup(body, "metadata", "annotations", OPTIONS)) or ""
    return [part.strip() for part in written.split(",") if part.strip()]


def kept_from(body: Node | None, action: str) -> bool:
    """Whether a resource's metadata keeps it from being pruned (``prune``) or deleted with its delivery (``delete``)."""
    metadata = lookup(body, "metadata")
    if lookup(metadata, "annotations") is None and lookup(metadata, "labels") is None:
        return False
    word = "Prune" if action == "prune" else "Delete"
    own = options_of(body)
    if f"{word}=false" in own or f"{word}=confirm" in own:
        return True
    if text(lookup(metadata, "annotations", "helm.sh/resource-policy")) == "keep":
        return True
    return any((text(lookup(metadata, part, _FLUX_PRUNE)) or "").lower() == "disabled" for part in ("labels", "annotations"))


def prunes(delivery: Subject) -> Flag:
    """Whether a delivery deletes what is no longer in Git, and where that is written."""
    if delivery.facts["form"] == "Application":
        sync = read_application(delivery.object).sync
        if sync.automated.value is not True:
            return Flag(None if sync.automated.value is None else False, None)
        return sync.prune
    if delivery.facts["form"] == "Kustomization":
        node = lookup(delivery.object, "spec", "prune")
        return Flag(boolean(node) if node is not None else False, node)
    return Flag(False, None)


def prune(subject: Subject, environment: Environment) -> Json:
    """``on``, ``path``, ``literal`` (one plain value of an Application that no patch wrote) of a delivery's pruning."""
    flag = prunes(subject)
    path = "spec.prune" if subject.facts["form"] == "Kustomization" else "spec.syncPolicy.automated.prune"
    plain = flag.node is not None and flag.node.under is None and flag.node.doc is subject.object.doc
    literal = plain and subject.facts["form"] == "Application" and subject.object.under is None
    return {"on": flag.value is True, "path": path, "literal": literal}


def sync(subject: Subject, environment: Environment) -> Json:
    """How an Application or ApplicationSet member syncs: ``automated``, ``self_heal``, ``allow_empty``, ``options`` (texts),
    ``cascade`` (the finalizer that deletes what it brought), ``ignored`` (items with ``path``, ``kind``, ``whole``)."""
    app = read_application(subject.object)
    on = subject.facts["form"] == "Application"
    ignored: list[Json] = []
    for i, node in enumerate(app.ignore_differences if on else ()):
        pointers = [text(p) or "" for p in items(lookup(node, "jsonPointers"))]
        queries = [text(p) or "" for p in items(lookup(node, "jqPathExpressions"))]
        ignored.append(
            {
                "path": f"spec.ignoreDifferences[{i}]",
                "kind": text(lookup(node, "kind")) or "",
                "whole": any(p in ("", "/", "/spec") for p in pointers) or any(q in (".", ".spec") for q in queries),
                "harmless": bool(pointers or queries) and all(_harmless(p) for p in (*pointers, *queries)),
            }
        )
    return {
        "automated": on and app.sync.automated.value is True,
        "self_heal": on and app.sync.self_heal.value is True,
        "self_heal_known": not unknown_reason(app.sync.self_heal.node),
        "allow_empty": on and app.sync.allow_empty.value is True,
        "options": [option for option, _ in app.sync.options] if on else [],
        "cascade": on and any(name.startswith(FINALIZER) for name, _ in app.finalizers),
        "ignored": list(ignored),
    }


def _harmless(path: str) -> bool:
    return path.startswith(("/status", ".status")) or "storageClassDeviceSets" in path


class _Replace(NamedTuple):
    option: str
    path: str
    of: str
    resource: Subject


def replaced(subject: Subject, environment: Environment) -> Json:
    """Options that make a delivery recreate what it brings instead of patching it.

    One item an option: ``option`` (Replace=true, Force=true, force), ``of`` and ``path``, ``own`` (the
    option stands on the resource), ``replace`` (Replace covers the same resources), ``kinds`` and ``names`` of what it covers.
    """
    found: dict[tuple[str, str, str], list[Subject]] = {}
    for item in _replaced(subject, environment):
        found.setdefault((item.option, item.of, item.path), []).append(item.resource)
    both = {(of or r.id) for (option, of, _), rs in found.items() if option == "Replace=true" for r in rs}
    return [
        {
            "option": option,
            "of": of or subject.id,
            "path": path,
            "own": bool(of),
            "replace": option != "Force=true" or bool({(of or r.id) for r in covered} & both),
            "kinds": [*dict.fromkeys(r.resource.kind for r in covered)],
            "names": [r.resource.title for r in covered[:20]],
        }
        for (option, of, path), covered in found.items()
    ]


def _replaced(subject: Subject, environment: Environment) -> Iterator[_Replace]:
    form = subject.facts["form"]
    app_options: dict[str, tuple[str, str]] = {}
    if form == "Application":
        listed = items(lookup(subject.object, "spec", "syncPolicy", "syncOptions"))
        for i, node in enumerate(listed):
            name, _, value = (text(node) or "").partition("=")
            app_options[name.strip()] = (value.strip(), f"spec.syncPolicy.syncOptions[{i}]")
    forced = form == "Kustomization" and boolean(lookup(subject.object, "spec", "force")) is True
    for resource in brought(subject, environment):
        own = dict(part.partition("=")[::2] for part in options_of(resource.object))
        for name in ("Replace", "Force"):
            if name in own:
                if own[name] == "true":
                    yield _Replace(f"{name}=true", _annotation(OPTIONS), resource.id, resource)
            elif app_options.get(name, ("",))[0] == "true":
                yield _Replace(f"{name}=true", app_options[name][1], "", resource)
        if forced and text(lookup(resource.object, "metadata", "annotations", _FLUX_FORCE)) != "disabled":
            yield _Replace("force: true", "spec.force", "", resource)


def waves(subject: Subject, environment: Environment) -> Json:
    """Sync-wave annotations that are no quoted integers, on a delivery or on what it brings.

    One item an annotation: ``of``, ``path``, ``text``, ``number`` (it is a number that lacks its quotes).
    """
    found: list[Json] = []
    for candidate in (subject, *brought(subject, environment)):
        node = lookup(candidate.object, "metadata", "annotations", WAVE)
        if not isinstance(node, Scalar) or unknown_reason(node):
            continue
        number = not isinstance(node.value, str)
        if number or not _INTEGER.fullmatch(node.text.strip()):
            whole = bool(_INTEGER.fullmatch(node.text.strip()))
            found.append({"of": candidate.id, "path": _annotation(WAVE), "text": node.text, "number": number and whole})
    return found


def remediation(subject: Subject, environment: Environment) -> Json:
    """Remediation strategies of a HelmRelease (items with ``path``, ``strategy``, ``action``) and ``charts`` it installs."""
    found: list[Json] = []
    for action in ("install", "upgrade"):
        path: Path = ("spec", action, "remediation", "strategy")
        strategy = text(lookup(subject.object, *path))
        if strategy:
            found.append({"path": ".".join(str(p) for p in path), "strategy": strategy, "action": action})
    return found


def chart_names(subject: Subject, environment: Environment) -> Json:
    """Charts that a delivery installs, by name."""
    found = [
        text(s.object.get("chart")) or ""
        for s in environment.by_delivery.get(str(subject.facts["label"]), ())
        if s.kind == "ChartValues"
    ]
    spec = lookup(subject.object, "spec")
    chart = text(lookup(spec, "chart", "spec", "chart")) or ""
    found.append(chart.rstrip("/").rpartition("/")[2])
    reference = lookup(spec, "chartRef")
    for other in environment.by_kind.get("OCIRepository", ()):
        if other.resource.name == text(lookup(reference, "name")):
            found.append((text(lookup(other.object, "spec", "url")) or "").rstrip("/").rpartition("/")[2])
    for source in (*items(lookup(spec, "sources")), lookup(spec, "source")):
        named = text(lookup(source, "chart")) or (text(lookup(source, "path")) or "").rstrip("/").rpartition("/")[2]
        found.append(named)
    return [*dict.fromkeys(name for name in found if name)]


def missing(_subject: Subject, environment: Environment) -> Json:
    """What deliveries and kustomizations of the environment name and what does not exist: ``of``, ``message``, ``text``,
    ``form`` (file, or object: a ConfigMap or Secret of the cluster, or source: a chart's repository). Where
    nothing of this tree applies the kustomizations, a name that several of them miss is one that a post-renderer writes."""
    found: list[Json] = []
    references = environment.by_kind.get("Reference", ())
    often = Counter(str(r.facts["text"]) for r in references)
    for reference in references:
        if often[str(reference.facts["text"])] > 1 and not environment.by_kind.get("Delivery"):
            continue
        message = text(reference.object.get("message")) or ""
        first = message.partition(" ")[0]
        form = (
            "object" if first in ("ConfigMap", "Secret") else "source" if first.endswith(("Repository", "HelmChart")) else "file"
        )
        found.append({"of": reference.id, "message": message, "text": str(reference.facts["text"]), "form": form})
    return found


def unreferenced_values(_subject: Subject, environment: Environment) -> Json:
    """Values files beside those of a delivery that nothing in the tree refers to: ``of``, ``file`` (its name), ``delivery``."""
    return [
        {"of": s.id, "file": s.resource.name.rpartition("/")[2], "delivery": str(s.facts["delivery"]).strip()}
        for s in environment.by_kind.get("ValuesFile", ())
    ]


def awaited(subject: Subject, environment: Environment) -> Json:
    """For a Flux Kustomization: ``waits`` (wait or healthChecks), ``dependents`` (names of Kustomizations that depend on it)."""
    spec = lookup(subject.object, "spec")
    checks = items(lookup(spec, "healthChecks")) or items(lookup(spec, "healthCheckExprs"))
    own = (subject.resource.namespace, subject.resource.name)
    dependents: list[Json] = []
    for other in environment.by_kind.get("Delivery", ()):
        if other.facts["form"] != "Kustomization" or subject.facts["form"] != "Kustomization":
            continue
        for node in items(lookup(other.object, "spec", "dependsOn")):
            namespace = text(lookup(node, "namespace")) or other.resource.namespace
            if (namespace, text(lookup(node, "name"))) == own:
                dependents.append(other.resource.name)
    return {"waits": boolean(lookup(spec, "wait")) is True or bool(checks), "dependents": dependents}


def plain_set(subject: Subject, environment: Environment) -> Json:
    """For an ApplicationSet: ``members`` (ids of Applications it makes), ``held`` (items with ``kind`` and ``name`` of what
    those with the resources finalizer bring), ``preserves`` (they keep what they brought when it goes)."""
    spec = lookup(subject.object, "spec")
    policy = text(lookup(spec, "syncPolicy", "applicationsSync")) or ""
    label = str(subject.facts["label"])
    members = [d for d in environment.by_delivery.get(label, ()) if d.kind == "Delivery"]
    return {
        "members": [d.id for d in members],
        "held": _held(members, environment),
        "preserves": boolean(lookup(spec, "syncPolicy", "preserveResourcesOnDeletion")) is True
        or policy in ("create-only", "create-update"),
    }


def _held(members: list[Subject], environment: Environment) -> Json:
    found: dict[tuple[str, str], None] = {}
    for member in members:
        names = (name for name, _ in read_application(member.object).finalizers)
        if any(name.startswith(FINALIZER) for name in names):
            found.update(
                {
                    (r.resource.kind, r.resource.shown): None
                    for r in brought(member, environment)
                    if not kept_from(r.object, "delete")
                }
            )
    return [{"kind": kind, "name": name} for kind, name in found]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Delivery": {
        "resources": resources,
        "prune": prune,
        "sync": sync,
        "replaced": replaced,
        "waves": waves,
        "remediation": remediation,
        "charts": chart_names,
        "awaited": awaited,
        "set": plain_set,
    },
    "Environment": {"missing": missing, "unreferenced_values": unreferenced_values},
}
