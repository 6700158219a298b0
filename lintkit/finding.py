"""What a run says: findings, and everything it did not judge."""

from __future__ import annotations

from lintkit.records import NamedTuple, dataclass, field
from lintkit.text.edits import Edit
from lintkit.text.source import Place, Position


class Span(NamedTuple):
    """A finding's place: ``path`` relative to the root, ``document`` from 0, end exclusive, RFC 6901 ``pointer``."""

    path: str
    document: int
    start: Position
    end: Position
    pointer: str


class ResourceId(NamedTuple):
    """What a resource is called in its cluster."""

    kind: str
    namespace: str
    name: str

    @property
    def shown(self) -> str:
        """The name as people read it, also where it cannot be read here (a template's helper makes it)."""
        return self.name or "(name unknown)"

    @property
    def title(self) -> str:
        """Kind and name as people read them."""
        return f"{self.kind} {self.shown}"


class Related(NamedTuple):
    """Another place a reader should see: the overridden layer, the node, the other pool."""

    place: Place
    message: str


class Fix(NamedTuple):
    """Edits that would satisfy the policy.

    ``safe``: certain, moves no data, restarts nothing unexpectedly. ``blocked`` is the reason no edit
    could be made (alias, template, encrypted value); then ``edits`` is empty and ``title`` says what to do.
    """

    title: str
    safe: bool
    edits: tuple[Edit, ...] = ()
    why: str = ""
    blocked: str = ""


class Finding(NamedTuple):
    """One place where a policy is broken. ``place`` is the span in the file, ``span`` the same for reports.

    ``concealed``: a secret stands there, which no report shows.
    """

    policy: str
    family: str
    severity: str
    message: str
    place: Place
    span: Span
    resource: ResourceId
    resource_path: str
    environments: tuple[str, ...]
    origin: str
    fingerprint: str
    why: str = ""
    remedy: str = ""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    status: str = "new"
    concealed: bool = False


class NotEvaluated(NamedTuple):
    """A policy that could not speak for want of evidence or because a value is unknown."""

    policy: str
    environment: str
    reason: str


class Skipped(NamedTuple):
    """Files or documents that were not judged, one entry a reason."""

    reason: str
    count: int  # type: ignore[assignment]


class IgnoredFinding(NamedTuple):
    """A finding that a recorded decision accepts. ``by`` is ``comment``, ``config`` or ``baseline``."""

    finding: Finding
    reason: str
    by: str


class Turn(NamedTuple):
    """One setting before and after a change, as people read it: empty for not set, None for unknown."""

    name: str
    before: str | None
    after: str | None


class Changed(NamedTuple):
    """One thing that a change adds, removes or changes in a cluster.

    ``kind`` and ``name`` are for readers; ``state`` is ``added``, ``removed`` or ``changed``. ``turns`` are the settings
    that differ (of what is added or removed: those it has), ``also`` names what else of it differs, ``effects`` say what the
    cluster does about it. ``why`` says what cannot be read on one side, so that the difference may only seem to be one.
    """

    kind: str
    name: str
    state: str
    turns: tuple[Turn, ...] = ()
    also: tuple[str, ...] = ()
    why: str = ""
    effects: tuple[str, ...] = ()


class EnvironmentChange(NamedTuple):
    """What a change does to what one cluster gets. ``notes`` say why something of it is unknown.

    ``state`` is ``new`` or ``gone`` for an environment that nothing reaches on the other side, else empty. ``was`` is its name
    before, where that is another.
    """

    environment: str
    changed: tuple[Changed, ...] = ()
    notes: tuple[str, ...] = ()
    state: str = ""
    was: str = ""


class ChangeSummary(NamedTuple):
    """What a change does to what the clusters get, by environment.

    Where nothing of ``environments`` differs, ``unplaced`` are files that changed and that lintkit does not follow (templates),
    ``followed`` those that it read and that make no difference.
    """

    environments: tuple[EnvironmentChange, ...] = ()
    unplaced: tuple[str, ...] = ()
    followed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run says. ``broken`` names crashed or broken policies: exit code 2.

    ``changes`` is the change summary; None where nobody asked for one.
    """

    findings: tuple[Finding, ...]
    ignored: tuple[IgnoredFinding, ...] = ()
    resolved: tuple[Finding, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    broken: tuple[str, ...] = ()
    files: int = 0
    unknown_values: int = 0
    environments: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    changes: ChangeSummary | None = None
