"""What a kustomize build works on and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from lintkit.records import NamedTuple
from lintkit.sources.model import Release
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, items, lookup, text
from lintkit.yamldoc.scalars import TAG_STR

FILE_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")

# core kinds without a namespace: kustomize's namespace field leaves them alone (kyaml/openapi IsCertainlyClusterScoped)
CLUSTER_SCOPED: Final = frozenset(
    (
        *("APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding"),
        *("ComponentStatus", "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration"),
        *("Namespace", "Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass", "PriorityLevelConfiguration"),
        *("RuntimeClass", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "StorageClass", "SubjectAccessReview"),
        *("TokenReview", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("ValidatingWebhookConfiguration", "VolumeAttachment"),
    )
)
_CORE_GROUP: Final = regex(r"|apps|batch|policy|autoscaling|extensions|(?:[a-z.]+\.)?k8s\.io")


class Trouble(NamedTuple):
    """Something of a build that could not be done as written.

    ``kind`` is ``missing``, ``cycle``, ``remote``, ``no-target``, ``broken`` or ``unsupported``; ``home`` the node
    to point at (None: the whole file) and ``path`` the file it stands in.
    """

    kind: str
    message: str
    home: Node | None
    path: str


class Id(NamedTuple):
    """How kustomize tells objects apart. ``namespace`` is ``default`` when absent, ``-`` for cluster-wide core kinds."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str


class Item(NamedTuple):
    """One object under construction: its ``past`` ids, oldest first, keep matching patches and references.

    ``behavior`` is a generator's (create, merge, replace).
    """

    body: Mapping
    id: Id
    past: tuple[Id, ...] = ()
    behavior: str = ""

    @property
    def first(self) -> Id:
        """The id the object was declared with."""
        return self.past[0] if self.past else self.id

    def known_as(self, wanted: Id) -> bool:
        """Whether the object is or was called ``wanted``."""
        return self.id == wanted or wanted in self.past


Step: TypeAlias = "Callable[[list[Item], list[Trouble]], list[Item]]"


class Build(NamedTuple):
    """What one kustomization yields.

    ``objects`` are the final CR-shaped mappings in order, ``releases`` the Helm charts it inflates.
    ``partial`` are files that only make sense inside a kustomization (patches, components, transformer
    configurations) and must never be judged alone; ``kustomizations`` every directory visited.
    """

    objects: tuple[Mapping, ...]
    releases: tuple[Release, ...]
    troubles: tuple[Trouble, ...]
    partial: frozenset[str]
    kustomizations: frozenset[str]


def is_core(group: str) -> bool:
    """Whether an API group is Kubernetes' own, so that kustomize knows the schema of its kinds."""
    return _CORE_GROUP.fullmatch(group) is not None


def identity(body: Mapping) -> Id:
    """The id of a CR-shaped mapping; absent parts are empty."""
    group, _, version = (text(body.get("apiVersion")) or "").rpartition("/")
    kind = text(body.get("kind")) or ""
    name = text(lookup(body, "metadata", "name")) or ""
    if kind in CLUSTER_SCOPED and is_core(group):
        return Id(group, version, kind, "-", name)
    return Id(group, version, kind, text(lookup(body, "metadata", "namespace")) or "default", name)


def item_of(body: Mapping, behavior: str = "") -> Item:
    """A new item that never had another name."""
    return Item(body, identity(body), (), behavior)


def items_of(objects: Iterable[Mapping]) -> list[Item]:
    """Items of CR-shaped mappings."""
    return [item_of(body) for body in objects]


def changed(item: Item, body: Mapping) -> Item:
    """``item`` with another body; a changed id is added to its past."""
    if body is item.body:
        return item
    new = identity(body)
    if new == item.id:
        return item._replace(body=body)
    past = item.past if item.id in item.past else (*item.past, item.id)
    return item._replace(body=body, id=new, past=past)


def strings(node: Node | None) -> list[Scalar]:
    """The scalar items of a sequence that are not null."""
    return [item for item in items(node) if isinstance(item, Scalar) and item.value is not None]


def mappings(node: Node | None) -> list[Mapping]:
    """The mapping items of a sequence."""
    return [item for item in items(node) if isinstance(item, Mapping)]


def computed(home: Scalar, value: str, locked: str, under: Node | None = None) -> Scalar:
    """A string that kustomize puts together, standing where ``home`` stands; it cannot be edited there as a whole."""
    segments = SegmentMap((Segment(0, home.start, home.end - home.start, exact=False),), "", locked)
    if home.doc.segments is not None:
        segments = segments.compose(home.doc.segments)
    doc = Document(home.doc.source, home.doc.number, text=value, segments=segments, host=home)
    return Scalar(doc, 0, len(value), value, "", TAG_STR, None, under)


def key_at(home: Node, name: str) -> Scalar:
    """A key that no file holds, standing where ``home`` stands."""
    return Scalar(home.doc, home.start, home.start, name, "", TAG_STR)


def entry_at(home: Node, name: str, value: Node) -> Entry:
    """An entry that no file holds, standing where ``home`` stands."""
    return Entry(key_at(home, name), value)
