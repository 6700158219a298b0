"""A subject as policies see it: plain data and facts, made when first asked for."""

from __future__ import annotations

import marshal
from functools import cached_property
from hashlib import blake2b

from lintkit.facts.table import fact
from lintkit.policy.chains import Asked, Read
from lintkit.policy.compiled import Part
from lintkit.policy.shapes import Misfit, fact_as_declared, fact_names, misfits, touches
from lintkit.policy.view import View, seen
from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, NotKnown
from lintkit.subjects.model import Subject
from lintkit.yamldoc.node import Json, Node, Sequence
from lintkit.yamldoc.node import Mapping as MapNode
from lintkit.yamldoc.plain import served
from lintkit.yamldoc.unknowns import unknown_reason


class Seen(NamedTuple):
    """What a view shows of a subject, and the same as bytes that are equal for equal data."""

    value: Json
    key: bytes


class Judged:
    """A subject as policies see it: plain data and facts, made when first asked for."""

    def __init__(self, subject: Subject, environment: Environment) -> None:
        self.subject = subject
        self.environment = environment
        self._facts: dict[str, Json | NotKnown] = {}
        self._obstacles: dict[Read, str] = {}
        self._unknown: set[str] = set()
        self._views: dict[str, Seen] = {}
        self._held: dict[str, bool] = {}
        self._marks: dict[str, bytes] = {}

    @cached_property
    def _served(self) -> tuple[Json, bool]:
        """The object as plain data, and whether some of it is unknown."""
        unsure: list[str] = []
        return served(self.subject.object, unsure), bool(unsure)

    @property
    def object(self) -> Json:
        """The object as plain data."""
        return self._served[0]

    def view(self, view: View) -> Seen:
        """What lies on the paths of a root that lasts; facts that are not known are left out."""
        found = self._views.get(view.key)
        if found is None:
            value = seen(self._root(view), view.tree)
            found = self._views[view.key] = Seen(value, as_key(value))
        return found

    @cached_property
    def _mark(self) -> bytes:
        return _mark([self.subject.kind, self.object])

    def mark(self, asked: Asked) -> bytes | None:
        """What is asked of the subject in few bytes: equal for equal data, and for nothing else; None with an unknown fact."""
        marks = self._marks
        found = self._mark if asked.object else b""
        for name in asked.facts:
            mark = marks.get(name)
            if mark is None:
                value = self.fact(name)
                if isinstance(value, NotKnown):
                    return None
                mark = marks[name] = _mark(value)
            found += mark
        return found

    def holds(self, text: str, part: Part) -> bool:
        """A condition that rests on the subject alone: asked once for all policies. CelError when it cannot be."""
        held = self._held.get(text)
        if held is None:
            views = {view.root: self.view(view) for view in part.views}
            data = {root: view.value for root, view in views.items()}
            held = self._held[text] = part.test(data, b"".join([view.key for view in views.values()]))
        return held

    def _root(self, view: View) -> Json:
        if view.root == "facts":
            names = fact_names(self.subject.kind) if view.tree is None else view.tree
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

    def obstacle(self, asked: Asked) -> str:
        """Why what is ``asked`` cannot be trusted here (an unknown value, a wrong shape); empty when it can."""
        facts = self._facts
        for name in asked.facts:
            value = facts.get(name)
            if value is None:
                value = self.fact(name)
            if isinstance(value, NotKnown):
                return value.reason
        if asked.object and not self.sound:
            for read in asked.object:
                reason = self._obstacles.get(read)
                if reason is None:
                    reason = self._obstacles[read] = self._unknown_at(read) or self._misfit_at(read)
                if reason:
                    return reason
        if asked.old and self.old is not None:
            reason = self.old.obstacle(Asked((), asked.old, ()))
            return reason and f"before this change, {reason}"
        return ""

    @cached_property
    def sound(self) -> bool:
        """Whether nothing of the object is unknown or of a wrong shape: no read of it meets an obstacle."""
        return not self._served[1] and not self._misfits

    @cached_property
    def _misfits(self) -> tuple[Misfit, ...]:
        return misfits(self.subject.kind, self.object)

    def _unknown_at(self, read: Read) -> str:
        reason = _unknown_below(self.subject.object, read.path, deep=read.deep)
        if not reason:
            return ""
        self._unknown.add(f"{read}: {reason}")
        return f"{read}: {reason}"

    def _misfit_at(self, read: Read) -> str:
        return next((misfit.text for misfit in self._misfits if touches(read, misfit.path)), "")


def as_key(value: Json) -> bytes:
    """Bytes that are equal only for equal data of equal types: ``1``, ``1.0`` and ``true`` are three."""
    return marshal.dumps(value, 2)


def _mark(value: Json) -> bytes:
    return blake2b(as_key(value), digest_size=12).digest()


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
