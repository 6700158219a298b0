"""Values of a wrong type, anywhere: never a crash, never a broken policy, never a verdict on what was not understood."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintkit.policy.compiled import compile_policy
from lintkit.policy.load import builtin_policies
from lintkit.policy.shapes import follow, subject_schema
from lintkit.run import judge
from lintkit.tree.files import Files

Document = dict[str, Any]


def _cr(api: str, kind: str, name: str, spec: Document) -> Document:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "rook-ceph"}, "spec": spec}


CLUSTER: Final = _cr(
    "ceph.rook.io/v1",
    "CephCluster",
    "c",
    {
        "cephVersion": {"image": "quay.io/ceph/ceph:v19.2.3"},
        "external": {"enable": False},
        "mon": {"count": 4, "allowMultiplePerNode": False},
        "storage": {"useAllNodes": False, "nodes": [{"name": "a"}, {"name": "192.0.2.1"}], "config": {"osdsPerDevice": "1"}},
        "placement": {"all": {"nodeAffinity": {}}},
    },
)
POOL: Final = _cr(
    "ceph.rook.io/v1",
    "CephBlockPool",
    "p",
    {
        "failureDomain": "host",
        "crushRoot": "default",
        "deviceClass": "nvme",
        "replicated": {"size": 1, "targetSizeRatio": 0, "requireSafeReplicaSize": False},
        "parameters": {"bulk": "false", "target_size_ration": "1"},
    },
)
QUEUE: Final = _cr("rabbitmq.com/v1beta1", "RabbitmqCluster", "q", {"replicas": 2, "image": "rabbitmq:4"})
VALUES: Final = {
    "labels": {"api": {"node_selector_key": "a", "node_selector_value": "b"}},
    "manifests": {"deployment_api": True},
    "pod": {"replicas": {"api": 1}, "affinity": {"anti": {"type": {"default": "x"}}}},
}
# policy: the document it judges, and where the subject's object stands in it
BAD: Final[dict[str, tuple[Document, tuple[str, ...]]]] = {
    "pool-size-one": (POOL, ("spec",)),
    "data-pool-unsized": (POOL, ("spec",)),
    "even-mon-count": (CLUSTER, ()),
    "unknown-storage-node": (CLUSTER, ()),
    "weak-rabbitmq-quorum": (QUEUE, ("spec",)),
}
JUNK: Final = st.one_of(
    st.booleans(),
    st.integers(-5, 2**40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "x", "1", "true", "osd", "v19", "a b", "!", "[]"]),
    st.lists(st.one_of(st.integers(), st.text(max_size=3), st.dictionaries(st.text(max_size=3), st.integers())), max_size=2),
    st.dictionaries(
        st.sampled_from(["name", "a", "0"]), st.one_of(st.integers(), st.lists(st.integers(), max_size=1)), max_size=2
    ),
)


def put(document: Document, path: tuple[str | int, ...], value: object) -> Document:
    """A copy of ``document`` with ``value`` at ``path``; maps on the way are made."""
    made = copy.deepcopy(document)
    at: Any = made
    for key in path[:-1]:
        at = at.setdefault(key, {}) if isinstance(at, dict) else at[key]
    at[path[-1]] = value
    return made


def paths(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path below ``node``."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in entries:
        yield (*path, key)
        yield from paths(below, (*path, key))


def files(**documents: Document) -> Files:
    """The documents as files."""
    texts = {f"{name}.yaml" if name != "keystone" else "keystone/values.yaml": yaml.safe_dump(d) for name, d in documents.items()}
    return Files(texts, texts.__getitem__)


def reads(policy_id: str) -> list[tuple[str, ...]]:
    """The paths below ``object`` that a policy reads."""
    compiled = compile_policy(next(p for p in builtin_policies() if p.id == policy_id))
    chains = {read for found in (compiled.reads, *compiled.validation_reads) for read in found}
    return sorted({r.path for r in chains if r.root == "object" and r.path and "[]" not in r.path})


CHOICES: Final = [(policy, path) for policy in BAD for path in reads(policy)]


@pytest.mark.parametrize(("policy", "path"), CHOICES, ids=lambda x: x if isinstance(x, str) else ".".join(x))
@settings(deadline=None, max_examples=25)
@given(junk=JUNK)
def test_wrong_type_at_a_path_that_a_policy_reads_is_named_and_not_judged(
    policy: str, path: tuple[str, ...], junk: object
) -> None:
    document, inside = BAD[policy]
    chosen = next(p for p in builtin_policies() if p.id == policy)
    schema = follow(subject_schema(chosen.subjects[0])["properties"]["object"], path, subject_schema(chosen.subjects[0]))
    assert not isinstance(schema, str)
    findings, verdicts = judge(files(doc=put(document, (*inside, *path), junk)), [chosen])
    assert verdicts.broken == {}
    if not jsonschema.Draft202012Validator(schema).is_valid(junk):
        reasons = [n.reason for n in verdicts.not_evaluated]
        dotted = ".".join(path)
        assert [f for f in findings if f.policy == policy] == []
        assert any(dotted in reason and " is " in reason for reason in reasons)


@pytest.mark.parametrize("policy", BAD)
def test_the_objects_above_are_bad_where_their_types_are_right(policy: str) -> None:
    document, _ = BAD[policy]
    chosen = next(p for p in builtin_policies() if p.id == policy)
    findings, verdicts = judge(files(doc=document), [chosen])
    assert [f.policy for f in findings] == [policy]
    assert not [
        n for n in verdicts.not_evaluated if n.reason != "Pool/rook-ceph/p: no node inventory" and "inventory" not in n.reason
    ]


EVERYWHERE: Final = [
    (name, path)
    for name, document in (("c", CLUSTER), ("p", POOL), ("q", QUEUE), ("keystone", VALUES))
    for path in paths(document)
]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(EVERYWHERE), junk=st.one_of(st.none(), JUNK))
def test_junk_anywhere_breaks_no_policy(where: tuple[str, tuple[str | int, ...]], junk: object) -> None:
    documents = {"c": CLUSTER, "p": POOL, "q": QUEUE, "keystone": VALUES}
    name, path = where
    documents[name] = put(documents[name], path, junk)
    _, verdicts = judge(files(**documents), builtin_policies())
    assert verdicts.broken == {}
