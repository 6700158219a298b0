"""Policies against the subjects of an environment: findings, or a reason why there is no verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lintkit.facts.table import fact
from lintkit.finding import SEVERITIES, Finding, NotEvaluated, Related
from lintkit.policy.cel import CelError
from lintkit.policy.compiled import Compiled, Part
from lintkit.policy.fixing import fix_for
from lintkit.policy.locate import display_path, identity_path, locate
from lintkit.policy.model import At, Expression, Policy, RelatedSpec, Validation
from lintkit.policy.reads import Read
from lintkit.policy.shapes import Misfit, fact_as_declared, fact_names, misfits, too_large, touches
from lintkit.policy.view import View, seen
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, Path, Sequence
from lintkit.yamldoc.node import Mapping as MapNode
from lintkit.yamldoc.plain import served
from lintkit.yamldoc.transform import keys
from lintkit.yamldoc.unknowns import unknown_reason


@dataclass(frozen=True, slots=True)
class Setting:
    """What the configuration says of one policy: severity override and parameter values, ``off``."""

    severity: str = ""
    params: Mapping[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Verdicts:
    """What an evaluation gathers. ``broken`` names policies that failed, once each."""

    findings: list[Finding] = field(default_factory=list)
    not_evaluated: set[NotEvaluated] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    unknown: int = 0


class Judged:
    """A subject as policies see it: plain data and facts, made when first asked for."""

    def __init__(self, subject: Subject, environment: Environment) -> None:
        self.subject = subject
        self.environment = environment
        self._object: Json = None
        self._facts: dict[str, Json | NotKnown] = {}
        self._misfits: tuple[Misfit, ...] | None = None
        self._obstacles: dict[Read, str] = {}
        self._unknown: set[str] = set()
        self._views: dict[str, Json] = {}
        self.answers: dict[str, bool] = {}

    @property
    def object(self) -> Json:
        """The object as plain data."""
        if self._object is None:
            self._object = served(self.subject.object)
        return self._object

    def view(self, view: View) -> Json:
        """What lies on the paths of a root that lasts; facts that are not known are left out."""
        found = self._views.get(view.key, self)
        if found is self:
            found = self._views[view.key] = seen(self._root(view), view.paths)
        return found  # type: ignore[return-value]

    def _root(self, view: View) -> Json:
        if view.root == "facts":
            names = dict.fromkeys(path[0] for path in view.paths) if () not in view.paths else fact_names(self.subject.kind)
            return {name: value for name in names if not isinstance(value := self.fact(name), NotKnown)}
        if view.root == "env":
            return self.environment.view
        if view.root == "oldObject":
            return self.old.object if self.old is not None else None
        return self.object

    @cached_property
    def old(self) -> Judged | None:
        """The same subject before the change; None without a base or when it is new."""
        base = self.environment.base
        subject = self.environment.before(self.subject)
        return Judged(subject, base) if subject is not None and base is not None else None

    @property
    def unknown_reads(self) -> int:
        """How many values that some policy reads are unknown here."""
        return len(self._unknown)

    def fact(self, name: str) -> Json | NotKnown:
        """The value of a fact, computed once."""
        found = self._facts.get(name)
        if found is None and name not in self._facts:
            known = self.subject.facts
            value = known[name] if name in known else fact(name, self.subject, self.environment)
            if not isinstance(value, NotKnown):
                value = fact_as_declared(self.subject.kind, name, value)
            found = self._facts[name] = value
        return found

    def obstacle(self, reads: Iterable[Read]) -> str:
        """Why ``reads`` cannot be trusted here (an unknown value, a wrong shape); empty when they can."""
        for read in reads:
            if read.root == "object":
                reason = self._obstacles.get(read)
                if reason is None:
                    reason = self._obstacles[read] = self._unknown_at(read) or self._misfit_at(read)
                if reason:
                    return reason
            elif read.root == "oldObject" and self.old is not None:
                reason = self.old.obstacle([read._replace(root="object")])
                if reason:
                    return f"before this change, {reason}"
            elif read.root == "facts" and read.path:
                value = self.fact(read.path[0])
                if isinstance(value, NotKnown):
                    return value.reason
        return ""

    def _unknown_at(self, read: Read) -> str:
        reason = _unknown_below(self.subject.object, read.path, deep=read.deep)
        if not reason:
            return ""
        self._unknown.add(f"{read}: {reason}")
        return f"{read}: {reason}"

    def _misfit_at(self, read: Read) -> str:
        if self._misfits is None:
            self._misfits = misfits(self.subject.kind, self.object)
        return next((misfit.text for misfit in self._misfits if touches(read, misfit.path)), "")


def _unknown_below(node: Node | None, path: tuple[str, ...], *, deep: bool) -> str:
    reason = unknown_reason(node)
    if reason or node is None:
        return reason
    if path:
        if path[0] == "[]":
            parts = node.items if isinstance(node, Sequence) else [e.value for _, e in node] if isinstance(node, MapNode) else ()
            return next((r for part in parts if (r := _unknown_below(part, path[1:], deep=deep))), "")
        return _unknown_below(node.get(path[0]), path[1:], deep=deep) if isinstance(node, MapNode) else ""
    if not deep:
        return ""
    if isinstance(node, MapNode):
        return next((r for _, e in node if (r := _unknown_below(e.value, (), deep=True))), "")
    if isinstance(node, Sequence):
        return next((r for item in node.items if (r := _unknown_below(item, (), deep=True))), "")
    return ""


def evaluate(
    environment: Environment,
    policies: Iterable[Compiled],
    settings: Mapping[str, Setting],
    verdicts: Verdicts,
    setting_of: Callable[[Compiled, Subject], Setting] | None = None,
) -> None:
    """Judge every subject of ``environment`` by every policy on its kind."""
    judged: dict[str, Judged] = {}
    for compiled in policies:
        policy = compiled.policy
        setting = settings.get(policy.id, Setting())
        chosen = [
            (subject, own)
            for kind in policy.subjects
            for subject in environment.by_kind.get(kind, ())
            if not _silent(policy, own := setting_of(compiled, subject) if setting_of else setting, environment.profile)
        ]
        if not chosen:
            continue
        needs = (*policy.needs, "base") if policy.on_change else policy.needs
        missing = next((environment.evidence[n] for n in needs if environment.evidence.get(n)), "")
        if missing:
            verdicts.not_evaluated.add(NotEvaluated(policy.id, environment.name, missing))
            continue
        for subject, own in chosen:
            view = judged.get(subject.id)
            if view is None:
                view = judged[subject.id] = Judged(subject, environment)
            if policy.on_change and view.old is None:
                continue
            try:
                _Run(compiled, view, own, verdicts).judge()
            except CelError as error:
                if number := too_large(view.object):
                    reason = f"{subject.id}: the number {number} is too large"
                    verdicts.not_evaluated.add(NotEvaluated(policy.id, environment.name, reason))
                    continue
                verdicts.broken.setdefault(policy.id, f"{policy.origin}: {error} (judging {subject.id})")
    verdicts.unknown += sum(view.unknown_reads for view in judged.values())


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
        self.data: dict[str, Json] = {}
        self.failed: dict[str, CelError] = {}

    def judge(self) -> None:
        policy = self.policy
        reason = self.judged.obstacle(self.compiled.reads)
        if reason:
            self._not_evaluated(reason)
            return
        self.data = self._data()
        if not all(self._holds(condition.text) for condition in policy.conditions):
            return
        for validation, reads in zip(policy.validations, self.compiled.validation_reads, strict=True):
            evidence = self.environment.evidence
            reason = next((evidence[n] for n in validation.needs if evidence.get(n)), "") or self.judged.obstacle(reads)
            if reason:
                self._not_evaluated(reason)
            else:
                self._validate(validation)

    def _holds(self, text: str) -> bool:
        """A condition; one that rests on the subject alone is asked once for all policies."""
        if not self.compiled.part(text).shared:
            return bool(self._program_data(text, "test"))
        answers = self.judged.answers
        if text not in answers:
            answers[text] = bool(self._program_data(text, "test"))
        return answers[text]

    def _not_evaluated(self, reason: str) -> None:
        self.verdicts.not_evaluated.add(NotEvaluated(self.policy.id, self.environment.name, f"{self.subject.id}: {reason}"))

    def _data(self) -> dict[str, Json]:
        params: dict[str, Json] = {n: self.setting.params.get(n, p.default) for n, p in self.policy.params.items()}
        return {"params": params, "variables": {}, "item": None}

    def _program_data(self, text: str, how: str) -> Json:
        part = self.compiled.part(text)
        failed = self._variables(part) if part.uses else None
        compiled, data = part.program, self._seen(part)
        try:
            if how == "test":
                return compiled.test(data)
            return compiled.render(data) if how == "render" else compiled.evaluate(data)
        except CelError:
            if failed is not None:
                raise failed from None
            raise

    def _seen(self, part: Part) -> dict[str, Json]:
        """The data that an expression reads."""
        data = {root: self.data[root] for root in part.changing}
        for view in part.views:
            data[view.root] = self.judged.view(view)
        return data

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
                    known[name] = used.program.evaluate(self._seen(used))
                    continue
                except CelError as error:
                    self.failed[name] = inner or CelError(f"variable {name}: {error}")
            failed = failed or self.failed[name]
        return failed

    def _validate(self, validation: Validation) -> None:
        items: Json = [None]
        if validation.for_each:
            items = self._program_data(validation.for_each.text, "value")
            if not isinstance(items, list):
                raise CelError(f"forEach {validation.for_each.text!r} gives no list")
        for item in items if isinstance(items, list) else []:
            self.data["item"] = item
            try:
                if not self._program_data(validation.expression.text, "test"):
                    self._report(validation)
            except CelError as error:
                raise CelError(f"line {validation.expression.line}: {error}") from None
        self.data["item"] = None

    def _severity_of(self, validation: Validation) -> str:
        named: Mapping[str, str] = {**self.policy.severity, **validation.severity}
        if validation.severity_expression:
            word = str(self._program_data(validation.severity_expression.text, "render"))
            named = {**named, "production": word, "lab": _lowest(word, named.get("lab", "info"))}
        return _severity(self.setting, named, self.environment.profile)

    def target(self, at: At) -> tuple[Subject, Path]:
        """The subject and path that ``at`` names."""
        subject = self.subject
        if at.of:
            subject = self.environment.by_id.get(str(self._program_data(at.of.text, "render")), subject)
        text = str(self._program_data(at.computed.text, "render")) if at.computed else at.path
        return subject, keys(text)

    def value(self, expression: Expression) -> Json:
        """What an expression gives for the subject (and item) at hand."""
        return self._program_data(expression.text, "value")

    def _message(self, validation: Validation) -> str:
        if validation.message_expression:
            return str(self._program_data(validation.message_expression.text, "render"))
        return validation.message or self.policy.title

    def _related(self, specs: Iterable[RelatedSpec]) -> list[Related]:
        found: list[Related] = []
        item = self.data["item"]
        for spec in specs:
            parts = self._program_data(spec.for_each.text, "value") if spec.for_each else [None]
            for part in parts if isinstance(parts, list) else []:
                if spec.for_each:
                    self.data["item"] = {**(item if isinstance(item, dict) else {}), "related": part}
                subject, path = self.target(spec.at)
                text = str(self._program_data(spec.message.text, "render")) if spec.message else spec.text
                found.append(Related(locate(subject, path, key=spec.at.key).place, text))
            self.data["item"] = item
        return found

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
