"""Policies against the subjects of an environment: findings, or a reason why there is no verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from lintkit.finding import Finding, NotEvaluated, Related
from lintkit.policy.cel import CelError, bounded
from lintkit.policy.compiled import Compiled, Part
from lintkit.policy.fixing import fix_for
from lintkit.policy.judged import Judged, as_key
from lintkit.policy.locate import display_path, identity_path, locate
from lintkit.policy.model import At, Expression, Policy, RelatedSpec, Validation
from lintkit.policy.shapes import no_resource
from lintkit.records import dataclass, field
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.words import SEVERITIES
from lintkit.yamldoc.node import Json, Path
from lintkit.yamldoc.transform import keys


@dataclass(frozen=True, slots=True)
class Setting:
    """What the configuration says of one policy: severity override and parameter values, ``off``."""

    severity: str = ""
    params: Mapping[str, Json] = field(default_factory=dict)


_PLAIN: Final = Setting()
_VERDICTS: Final = 2048
"""How many verdicts of one policy are kept."""
_NOWHERE: Final[Mapping[str, Callable[[str], Setting]]] = {}


@dataclass(slots=True)
class Verdicts:
    """What an evaluation gathers. ``broken`` names policies that failed, once each."""

    findings: list[Finding] = field(default_factory=list)
    not_evaluated: set[NotEvaluated] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    unknown: int = 0

    def add(self, other: Verdicts) -> None:
        """Take in what another evaluation gathered."""
        self.findings += other.findings
        self.not_evaluated |= other.not_evaluated
        self.broken = {**other.broken, **self.broken}
        self.unknown += other.unknown


def evaluate(
    environment: Environment,
    policies: Iterable[Compiled],
    settings: Mapping[str, Setting],
    verdicts: Verdicts,
    by_path: Mapping[str, Callable[[str], Setting]] = _NOWHERE,
) -> None:
    """Judge every subject of ``environment`` by every policy on its kind.

    ``settings`` hold for a policy wherever its subjects are written, ``by_path`` (policy to path to setting) for those
    about which the configuration says different things in different places.
    """
    judged = {subject.id: Judged(subject, environment) for subject in environment.subjects}
    for compiled in policies:
        policy = compiled.policy
        needs = (*policy.needs, "base") if policy.on_change else policy.needs
        missing = next((environment.evidence[n] for n in needs if environment.evidence.get(n)), "")
        for setting, subjects in _settled(compiled, environment, settings, by_path):
            if not subjects or _silent(policy, setting, environment.profile):
                continue
            if missing:
                verdicts.not_evaluated.add(NotEvaluated(policy.id, environment.name, missing))
                break
            scope = _scope(compiled, setting, environment.profile)
            for subject in subjects:
                _judge(compiled, judged[subject.id], setting, scope, verdicts)
    verdicts.unknown += sum(view.unknown_reads for view in judged.values())


def _settled(
    compiled: Compiled,
    environment: Environment,
    settings: Mapping[str, Setting],
    by_path: Mapping[str, Callable[[str], Setting]],
) -> Iterator[tuple[Setting, Sequence[Subject]]]:
    """The subjects of a policy with what the configuration says of it there."""
    at = by_path.get(compiled.policy.id)
    for kind in compiled.policy.subjects:
        subjects = environment.by_kind.get(kind, ())
        if at is None:
            yield settings.get(compiled.policy.id, _PLAIN), subjects
        else:
            yield from ((at(subject.home.doc.source.path), (subject,)) for subject in subjects)


def _scope(compiled: Compiled, setting: Setting, profile: str) -> bytes:
    """What a verdict rests on besides the subject, as bytes; empty for a policy whose verdicts rest on more than that."""
    return as_key([profile, setting.severity, dict(setting.params)]) if compiled.lasting else b""


def _known_silent(compiled: Compiled, judged: Judged, scope: bytes) -> bool:
    """Whether a policy said nothing about equal data before."""
    mark = judged.mark(compiled.asked)
    if mark is None:
        return False
    applies = compiled.verdicts.get(scope + mark)
    if not applies:
        return applies is False
    rest = judged.mark(compiled.validations_ask)
    return rest is not None and compiled.verdicts.get(scope + mark + rest) is False


def _judge(compiled: Compiled, judged: Judged, setting: Setting, scope: bytes, verdicts: Verdicts) -> None:
    """One policy on one subject."""
    policy, subject = compiled.policy, judged.subject
    if policy.on_change and judged.old is None:
        return
    scope = scope if judged.sound else b""
    if scope and _known_silent(compiled, judged, scope):
        return
    try:
        _Run(compiled, judged, setting, verdicts).judge(scope)
    except CelError as error:
        reason = no_resource(subject, judged.object)
        if not reason:
            verdicts.broken.setdefault(policy.id, f"{policy.origin}: {error} (judging {subject.id})")
            return
        verdicts.not_evaluated.add(NotEvaluated(policy.id, judged.environment.name, f"{subject.id}: {reason}"))


_How = Callable[[Part, Mapping[str, Json], bytes], Json]
"""How an expression is asked: ``Part.value``, ``Part.test`` or ``Part.render``."""


class _Run:
    """One policy on one subject."""

    def __init__(self, compiled: Compiled, judged: Judged, setting: Setting, verdicts: Verdicts) -> None:
        self.compiled = compiled
        self.policy = compiled.policy
        self.judged = judged
        self.subject = judged.subject
        self.environment = judged.environment
        self.setting = setting
        self.verdicts = verdicts
        self.failed: dict[str, CelError] = {}

    @cached_property
    def data(self) -> dict[str, Json]:
        """The roots that change while a policy judges a subject."""
        params: dict[str, Json] = {n: self.setting.params.get(n, p.default) for n, p in self.policy.params.items()}
        return {"params": params, "variables": {}, "item": None}

    def judge(self, scope: bytes) -> None:
        """Conditions, then every validation. With a ``scope``, what comes of it is kept for equal data."""
        reason = self.judged.obstacle(self.compiled.asked)
        if reason:
            self._not_evaluated(reason)
            return
        mark = scope and scope + (self.judged.mark(self.compiled.asked) or b"")
        if not self._keep(mark, all(self._holds(condition.text) for condition in self.policy.conditions)):
            return
        obstacles = self._obstacles()
        rest = None if any(obstacles) else self.judged.mark(self.compiled.validations_ask)
        mark = b"" if rest is None else mark and mark + rest
        before = len(self.verdicts.findings)
        for validation, reason in zip(self.policy.validations, obstacles, strict=True):
            if validation.when and not self._program_data(validation.when.text, Part.test):
                continue
            if reason:
                self._not_evaluated(reason)
            else:
                self._validate(validation)
        self._keep(mark, len(self.verdicts.findings) > before)

    def _keep(self, mark: bytes, speaks: bool) -> bool:
        if mark and len(self.compiled.verdicts) < _VERDICTS:
            self.compiled.verdicts[mark] = speaks
        return speaks

    def _obstacles(self) -> list[str]:
        """Why each validation cannot be evaluated; empty where it can."""
        evidence = self.environment.evidence
        return [
            next((evidence[n] for n in validation.needs if evidence.get(n)), "") or self.judged.obstacle(asked)
            for validation, asked in zip(self.policy.validations, self.compiled.validations_asked, strict=True)
        ]

    def _holds(self, text: str) -> bool:
        """A condition; one that rests on the subject alone is asked once for all policies."""
        part = self.compiled.part(text)
        return self.judged.holds(text, part) if part.shared else bool(self._asked(part, Part.test))

    def _not_evaluated(self, reason: str) -> None:
        self.verdicts.not_evaluated.add(NotEvaluated(self.policy.id, self.environment.name, f"{self.subject.id}: {reason}"))

    def _program_data(self, text: str, how: _How) -> Json:
        return self._asked(self.compiled.part(text), how)

    def _asked(self, part: Part, how: _How) -> Json:
        failed = self._variables(part) if part.uses else None
        data, key = self._seen(part)
        try:
            return how(part, data, key)
        except CelError:
            if failed is not None:
                raise failed from None
            raise

    def _seen(self, part: Part) -> tuple[dict[str, Json], bytes]:
        """The data that an expression reads, and the same as bytes; no two items of a list are alike."""
        data = {root: self.data[root] for root in part.changing}
        if part.uses:
            known = self.data["variables"]
            data["variables"] = {name: known[name] for name in part.uses if name in known} if isinstance(known, dict) else None
        alike = "item" not in data
        key = as_key(data) if data and alike else b""
        for view in part.views:
            data[view.root], of_view = self.judged.view(view)
            if alike:
                key += of_view
        return data, key

    def _variables(self, part: Part) -> CelError | None:
        """Evaluate the variables that an expression uses, once each, in their order.

        One that fails stays absent and its error is given: it counts only when the expression fails for
        want of it (``has(object.a) && variables.b > 1``), as in Kubernetes, where variables are evaluated lazily.
        """
        known = self.data["variables"]
        assert isinstance(known, dict)
        failed: CelError | None = None
        for name in part.uses:
            if name in known:
                continue
            if name not in self.failed:
                used = self.compiled.part(self.compiled.variables[name])
                inner = self._variables(used) if used.uses else None
                try:
                    value = used.value(*self._seen(used))
                    known[name] = value if self.policy.builtin else bounded(value)
                    continue
                except CelError as error:
                    self.failed[name] = inner or CelError(f"variable {name}: {error}")
            failed = failed or self.failed[name]
        return failed

    def _validate(self, validation: Validation) -> None:
        items: Json = [None]
        if validation.for_each:
            items = self._program_data(validation.for_each.text, Part.value)
            if not isinstance(items, list):
                raise CelError(f"forEach {validation.for_each.text!r} gives no list")
        for item in items if isinstance(items, list) else []:
            self.data["item"] = item
            try:
                if not self._program_data(validation.expression.text, Part.test):
                    self._report(validation)
            except CelError as error:
                raise CelError(f"line {validation.expression.line}: {error}") from None
        self.data["item"] = None

    def _severity_of(self, validation: Validation) -> str:
        named: Mapping[str, str] = {**self.policy.severity, **validation.severity}
        if validation.severity_expression:
            word = str(self._program_data(validation.severity_expression.text, Part.render))
            named = {**named, "production": word, "lab": _lowest(word, named.get("lab", "info"))}
        return _severity(self.setting, named, self.environment.profile)

    def target(self, at: At) -> tuple[Subject, Path]:
        """The subject and path that ``at`` names."""
        subject = self.subject
        if at.of:
            subject = self.environment.by_id.get(str(self._program_data(at.of.text, Part.render)), subject)
        text = str(self._program_data(at.computed.text, Part.render)) if at.computed else at.path
        return subject, keys(text)

    def value(self, expression: Expression) -> Json:
        """What an expression gives for the subject (and item) at hand."""
        return self._program_data(expression.text, Part.value)

    def each(self, expression: Expression | None) -> Iterator[Json]:
        """The items of the list an expression gives, each ``item.related`` while it is at hand; once, without one."""
        if expression is None:
            yield None
            return
        item, parts = self.data["item"], self._program_data(expression.text, Part.value)
        for part in parts if isinstance(parts, list) else []:
            self.data["item"] = {**(item if isinstance(item, dict) else {}), "related": part}
            yield part
        self.data["item"] = item

    def _message(self, validation: Validation) -> str:
        computed = validation.message_expression
        return str(self._program_data(computed.text, Part.render)) if computed else validation.message or self.policy.title

    def _related(self, specs: Iterable[RelatedSpec]) -> Iterator[Related]:
        for spec in specs:
            for _ in self.each(spec.for_each):
                subject, path = self.target(spec.at)
                text = str(self._program_data(spec.message.text, Part.render)) if spec.message else spec.text
                yield Related(locate(subject, path, key=spec.at.key).place, text)

    def _report(self, validation: Validation) -> None:
        severity = self._severity_of(validation)
        if severity == "off":
            return
        policy = self.policy
        subject, path = self.target(validation.at)
        located = locate(subject, path, key=validation.at.key)
        message = self._message(validation)
        hidden = subject.origin.hidden
        if hidden:
            severity = SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
            message += f" (may be overridden by {hidden})"
        related = (*located.related, *self._related(validation.related))
        identity = identity_path(subject.object, path, subject.prefix)
        self.verdicts.findings.append(
            Finding(
                policy=policy.id,
                family=policy.family,
                severity=severity,
                message=message,
                place=located.place,
                span=located.span,
                resource=subject.resource,
                resource_path=display_path((*subject.prefix, *path)),
                environments=(self.environment.name,) if self.environment.name else (),
                origin=str(subject.origin),
                fingerprint=fingerprint(policy.id, self.environment.name, *subject.resource, identity),
                why=policy.why,
                remedy=policy.remedy,
                related=tuple(r for r in related if r.place[:3] != located.place[:3]),
                fix=fix_for(validation.fix, self) if validation.fix else None,
                concealed=validation.conceal,
            )
        )


def fingerprint(*parts: str) -> str:
    """The identity of a finding: policy, environment, resource, and the path inside it."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]


def _silent(policy: Policy, setting: Setting, profile: str) -> bool:
    """Whether no validation of a policy may speak: it is off, and none has a severity of its own."""
    if setting.severity:
        return setting.severity == "off"
    named = ({**policy.severity, **v.severity} for v in policy.validations)
    return all(_severity(setting, n, profile) == "off" for n in named)


def _severity(setting: Setting, named: Mapping[str, str], profile: str) -> str:
    return setting.severity or named.get(profile, named["production"])


def _lowest(word: str, lab: str) -> str:
    order = (*SEVERITIES, "off")
    return max(word, lab, key=order.index) if word in order and lab in order else lab
