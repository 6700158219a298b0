"""Every path that a policy reads, with values of other types there: never a broken policy, never a pass by accident.

The cases of the policies are the ground: in one that is bad, the policy speaks of a subject, so its conditions hold
there. With a value at a path it reads that is not of the type the subject's schema asks for, it must not be evaluated, or
a finding of the schema must stand at that place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintkit.config import Config
from lintkit.conformity import conformity
from lintkit.errors import LintkitError
from lintkit.finding import Finding, NotEvaluated
from lintkit.fix.build import edits_for
from lintkit.fix.intent import Blocked, Set
from lintkit.harness.cases import Case, cases_of, policies_of
from lintkit.policy.chains import Read
from lintkit.policy.compiled import Compiled, compile_policy
from lintkit.policy.evaluate import Verdicts, evaluate
from lintkit.policy.shapes import follow, subject_schema
from lintkit.run import Options, environments_of, paired
from lintkit.sources.world import World, load_world
from lintkit.subjects.environment import Environment
from lintkit.subjects.model import Subject
from lintkit.text.edits import apply_edits
from lintkit.text.source import Source
from lintkit.tree.files import Files
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import path_of, pointer
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Sequence, lookup
from lintkit.yamldoc.plain import plain

JUNK: Final[tuple[Json, ...]] = ("junk", 7, 1.5, True, ["a"], [1], {"a": "b"}, [{"a": 1}], "", [], {}, None)
POLICIES: Final = {p.id: home for p, home in policies_of(None)}


class Choice(NamedTuple):
    """A policy, what it reads of its subject, and the kind of subject."""

    policy: str
    read: Read

    def __str__(self) -> str:
        return f"{self.policy}-{'.'.join(self.read.path).replace('.[]', '[]')}"


@lru_cache(maxsize=1)
def compiled_policies() -> dict[str, Compiled]:
    return {p.id: compile_policy(p) for p, _ in policies_of(None)}


@lru_cache(maxsize=512)
def bad_cases(policy: str) -> tuple[Case, ...]:
    chosen = compiled_policies()[policy].policy
    cases = cases_of(chosen, POLICIES[policy])
    return tuple(c for c in cases if any(f"expect: {policy}" in text for text in c.files.values()))


def reads_of_policy(policy: str) -> list[Read]:
    compiled = compiled_policies()[policy]
    found = {read for reads in (compiled.reads, *compiled.validation_reads) for read in reads}
    return sorted(r for r in found if r.root == "object" and r.path)


CHOICES: Final = [Choice(policy, read) for policy in sorted(POLICIES) for read in reads_of_policy(policy)]


class Judged(NamedTuple):
    world: World
    environments: list[Environment]
    findings: list[Finding]
    verdicts: Verdicts


def judged(case: Case, files: dict[str, str], compiled: Compiled) -> Judged:
    config = case.config or Config()
    options = Options(profile=case.profile)
    world = load_world(Files(files, files.__getitem__), config)
    environments = list(environments_of(world, options))
    if (before := case.before()) is not None:
        environments = paired(environments, environments_of(load_world(before, config), options))
    verdicts = Verdicts()
    for environment in environments:
        evaluate(environment, [compiled], {}, verdicts)
    return Judged(world, environments, verdicts.findings, verdicts)


class Ground(NamedTuple):
    """A bad case, and a subject of it that the policy speaks of."""

    case: Case
    subject: Subject
    environment: Environment


@lru_cache(maxsize=512)
def grounds(policy: str) -> tuple[Ground, ...]:
    compiled = compiled_policies()[policy]
    found = []
    for case in bad_cases(policy):
        now = judged(case, dict(case.files), compiled)
        spoken = {f.resource for f in now.findings}
        found += [
            Ground(case, subject, environment)
            for environment in now.environments
            for kind in compiled.policy.subjects
            for subject in environment.by_kind.get(kind, ())
            if subject.resource in spoken
        ]
    return tuple(found)


def real_paths(node: Node | None, path: tuple[str, ...], before: Path = ()) -> Iterator[tuple[Path, bool]]:
    """The paths of an object that a read means, the first item or key for ``[]``; whether something stands there."""
    if not path:
        yield before, node is not None
        return
    key: str | int = path[0]
    if key == "[]":
        if isinstance(node, Mapping) and node.index:
            key = next(iter(node.index))
        elif isinstance(node, Sequence) and node.items:
            key = 0
        else:
            return
    yield from real_paths(lookup(node, key) if node is not None else None, path[1:], (*before, key))


def changed(ground: Ground, path: Path, value: Json) -> dict[str, str] | None:
    """The files of the case with ``value`` at ``path`` of the subject; None where nothing can be written there."""
    root, full = ground.subject.binding(path)
    if not full:
        return None
    try:
        edits = edits_for([Set(root, full, value)])
    except Blocked:
        return None
    texts = dict(ground.case.files)
    for name in {e.source.path for e in edits}:
        if name not in texts:
            return None
        texts[name] = apply_edits(texts[name], [e for e in edits if e.source.path == name])
    return texts


@lru_cache(maxsize=4096)
def accepts(kind: str, path: tuple[str, ...], value: str) -> bool:
    """Whether the schema of a kind takes a value (as JSON) at a path; true where it does not say."""
    schema = subject_schema(kind)
    part = follow(schema["properties"]["object"], path, schema)
    if isinstance(part, str):
        return True
    validator: Any = jsonschema_rs.validator_for({**part, "$defs": schema.get("$defs", {})})
    return bool(validator.is_valid(json.loads(value)))


def try_junk(choice: Choice, value: Json) -> str:
    """``skipped`` where it cannot be tried, ``tried`` where all held; fails otherwise."""
    compiled = compiled_policies()[choice.policy]
    places = [
        (there, ground, path)
        for ground in grounds(choice.policy)
        for path, there in real_paths(ground.subject.object, choice.read.path)
    ]
    for _, ground, path in sorted(places, key=lambda place: not place[0]):
        texts = changed(ground, path, value)
        if texts is None:
            continue
        now = judged(ground.case, texts, compiled)
        assert now.verdicts.broken == {}, (ground.case.name, path, value)
        kind = ground.subject.kind
        same = (s for e in now.environments if e.name == ground.environment.name for s in e.by_kind.get(kind, ()))
        node = next((node for s in same if (node := lookup(s.object, *path)) is not None and plain(node) == value), None)
        if node is None:
            continue  # it is no subject any more, or the place is not where its value comes from
        if value is None or accepts(kind, choice.read.path, json.dumps(value)):
            return "tried"
        unsaid: set[NotEvaluated] = set()
        where = pointer(node.doc, path_of(node))
        shapes = [f for f in conformity(now.world, now.environments, unsaid) if (f.span.pointer + "/").startswith(where + "/")]
        reasons = [n.reason for n in now.verdicts.not_evaluated if n.policy == choice.policy]
        assert shapes or reasons, (ground.case.name, path, value, "passed by accident")
        return "tried"
    return "skipped"


@lru_cache(maxsize=2048)
def nodes_of(case_of: str, number: int) -> tuple[Node, ...]:
    """Every node of the files of a bad case, values and whole mappings."""
    case = bad_cases(case_of)[number]
    found: list[Node] = []
    for path, text in case.files.items():
        if path.endswith((".yaml", ".yml")):
            todo = [doc.root for doc in documents(Source(path, text)) if doc.root is not None]
            while todo:
                node = todo.pop()
                found.append(node)
                todo += node.items if isinstance(node, Sequence) else ()
                todo += [e.value for e in node.entries if not e.via] if isinstance(node, Mapping) else ()
    return tuple(n for n in found if n.start < n.end)


def with_junk(case: Case, node: Node, value: Json) -> dict[str, str]:
    """The files of a case with ``value``, in one line, for a node: well-formed or not, a user may write it."""
    texts = dict(case.files)
    path = node.doc.source.path
    texts[path] = texts[path][: node.start] + json.dumps(value) + texts[path][node.end :]
    return texts


HEALTH: Final = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.parametrize("number", range(len(CHOICES)), ids=[str(c) for c in CHOICES])
def test_a_value_of_another_type_is_never_judged(number: int) -> None:
    for step in (0, 5):
        try_junk(CHOICES[number], JUNK[(number + step) % len(JUNK)])
    try_junk(CHOICES[number], None)


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ("pool-size-one", ("replicated", "size")),
        ("nfs-server-inactive", ("metadata", "name")),
        ("weak-rabbitmq-quorum", ("replicas",)),
        ("guests-stay-off", ("values", "conf", "nova", "workarounds")),
    ],
    ids=["pool", "resource", "queue", "chart values"],
)
def test_what_is_written_is_tried(policy: str, path: tuple[str, ...]) -> None:
    """What no file says (the chart of a Component) cannot be; every form of what one says is."""
    found = {try_junk(choice, "junk") for choice in CHOICES if (choice.policy, choice.read.path) == (policy, path)}
    assert found == {"tried"}


@settings(deadline=None, max_examples=150, suppress_health_check=HEALTH)
@given(choice=st.sampled_from(CHOICES), value=st.sampled_from(JUNK))
def test_values_of_any_type_at_any_path_that_is_read(choice: Choice, value: Json) -> None:
    try_junk(choice, value)


@settings(deadline=None, max_examples=150, suppress_health_check=HEALTH)
@given(policy=st.sampled_from(sorted(POLICIES)), data=st.data())
def test_junk_anywhere_in_a_case_breaks_nothing(policy: str, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(bad_cases(policy)) - 1))
    case = bad_cases(policy)[number]
    node = data.draw(st.sampled_from(nodes_of(policy, number)))
    files = with_junk(case, node, data.draw(st.sampled_from(JUNK)))
    try:
        now = judged(case, files, compiled_policies()[policy])
    except LintkitError:  # an inventory, or a checkout, that is none: one sentence, as for every mistake of a user
        return
    assert now.verdicts.broken == {}
    list(conformity(now.world, now.environments, set()))
