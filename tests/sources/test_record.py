"""Every result records what it read: a change that the record does not mention changes nothing."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintkit.config import Config, load_config
from lintkit.conformity import conformity
from lintkit.policy.load import all_policies
from lintkit.policy.model import Policy
from lintkit.records import replace
from lintkit.run import Options, environments_of, judge
from lintkit.sources.world import Record, load_world
from lintkit.tree.files import Files

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CHOSEN = ("pool-size-one", "missing-values-source", "single-memcached", "even-mon-count", "resource-owned-twice")


@lru_cache(maxsize=1)
def texts() -> dict[str, str]:
    found = {p.relative_to(EXAMPLES).as_posix(): p.read_text(encoding="utf-8") for p in EXAMPLES.rglob("*") if p.is_file()}
    extra = {
        "archive/old.yaml": found["ceph/operator.yaml"],
        "notes/plan.txt": "size: 1\n",
        "tools/deploy.sh": "kubectl apply -f ceph\n",
    }
    return {path: text for path, text in {**found, **extra}.items() if path != ".lintkit.yaml"}


@lru_cache(maxsize=1)
def config() -> Config:
    return load_config(EXAMPLES / ".lintkit.yaml", ".lintkit.yaml")


@lru_cache(maxsize=1)
def policies() -> list[Policy]:
    return [p for p in all_policies(Path(), ()) if p.id in CHOSEN]


def report(files: dict[str, str]) -> str:
    """What a run says of a tree: findings, what was not evaluated, and what was skipped."""
    tree = Files(files, files.__getitem__)
    findings, verdicts = judge(tree, policies(), config())
    world = load_world(Files(files, files.__getitem__), config())
    said = [
        (
            f.policy,
            f.span,
            f.message,
            f.environments,
            f.origin,
            [(e.start, e.end, e.text) for e in f.fix.edits] if f.fix else None,
        )
        for f in findings
    ]
    kinds = sorted(
        f"{n}/{r.kind}/{r.namespace}/{r.name} {r.home.start}" for n, g in world.environments.items() for r in g.resources
    )
    layers = sorted(f"{n} {u.chart} {u.origin}" for n, g in world.environments.items() for u in g.charts)
    parts = (said, sorted(verdicts.not_evaluated), kinds, layers, sorted(world.skipped.items()), world.scan.yaml)
    return repr(parts)


@lru_cache(maxsize=1)
def first() -> tuple[str, Record]:
    files = texts()
    return report(files), load_world(Files(files, files.__getitem__), config()).record()


def test_a_run_records_the_texts_it_read_and_the_files_it_missed() -> None:
    _, record = first()
    assert record.reads_text("ceph/operator.yaml")
    assert not record.reads_text("archive/old.yaml")
    assert not record.reads_text("notes/plan.txt")
    assert record.lists("services/new/values.yaml")


def test_definitions_that_the_configuration_names_are_in_the_record() -> None:
    files = texts()
    world = load_world(Files(files, files.__getitem__), replace(config(), schemas=("archive", "gone/pool.yaml")))
    list(conformity(world, environments_of(world, Options()), set()))
    record = world.record()
    assert record.reads_text("archive/old.yaml")
    assert record.lists("archive/new.yaml")
    assert record.lists("gone/pool.yaml")


NAMES = st.sampled_from(
    ["values.yaml", "kustomization.yaml", "Chart.yaml", "pool.yml", "x.txt", "fleet.yaml", "README", "a.j2", "b.sh"]
)
TEXTS = st.sampled_from(
    [
        "",
        "a: 1\n",
        "- a\n",
        "resources: []\n",
        "{{ broken\n",
        "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: added, namespace: rook-ceph}\nspec: {replicated: {size: 1}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: added}\n"
        "spec: {destination: {name: prod}, source: {repoURL: x, path: archive}}\n",
    ]
)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="examples are not in an installed package")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_change_that_the_record_does_not_mention_changes_nothing(data: st.DataObject) -> None:
    before, record = first()
    files = dict(texts())
    unread = sorted(path for path in files if not record.reads_text(path))
    path = data.draw(st.sampled_from(unread) | st.sampled_from(sorted(files)))
    how = data.draw(st.sampled_from(["edit", "delete", "add"]))
    if how == "add":
        folder = path.rpartition("/")[0]
        path = f"{folder}/{data.draw(NAMES)}".lstrip("/")
        how = "edit" if path in files else "add"
    mentioned = record.reads_text(path) if how == "edit" else record.lists(path)
    if mentioned:
        return
    if how == "delete":
        del files[path]
    else:
        files[path] = data.draw(TEXTS)
    assert report(files) == before
