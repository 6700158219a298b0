"""Values files that nothing refers to."""

from __future__ import annotations

import time
from textwrap import dedent

import pytest

from lintkit.config import Config
from lintkit.sources.world import load_world
from lintkit.tree.files import Files

APPLICATION = dedent("""
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata: {name: nova, namespace: argocd}
    spec:
      destination: {name: in-cluster, namespace: cloud}
      sources:
        - repoURL: https://charts.example.org
          chart: nova
          targetRevision: 2025.2.6
          helm: {valueFiles: [$tree/nova/values.yaml]}
        - {repoURL: https://git.example.org/cloud.git, targetRevision: main, ref: tree}
    """)
VALUES = "pod: {replicas: {osapi: 3}}\nconf: {nova: {DEFAULT: {debug: false}}}\n"


def left(more: dict[str, str]) -> list[str]:
    texts = {"apps/nova.yaml": APPLICATION, "nova/values.yaml": VALUES, **more}
    world = load_world(Files(texts, texts.__getitem__), Config())
    return [item.path for items in world.leftovers.values() for item in items]


def test_values_beside_those_in_use_are_left_over_and_name_the_delivery() -> None:
    texts = {"apps/nova.yaml": APPLICATION, "nova/values.yaml": VALUES, "nova/values-old.yaml": VALUES}
    world = load_world(Files(texts, texts.__getitem__), Config())
    assert [(name, [(i.path, i.delivery) for i in items]) for name, items in world.leftovers.items()] == [
        ("default", [("nova/values-old.yaml", "Application nova")])
    ]


@pytest.mark.parametrize(
    "text",
    [
        "helm template nova -f nova/values-old.yaml",
        "see `values-old.yaml`",
        "file: nova/values-{{ .Values.site }}.yaml",
        "file: $root/{{ name }}/values-old.yaml",
        "for f in nova/values-*.yaml; do",
        "- nova/*.yaml",
        'cp "${SRC}/values-${SITE}.yaml" .',
    ],
)
def test_a_name_in_any_text_is_a_reference(text: str) -> None:
    assert left({"nova/values-old.yaml": VALUES, "README.md": f"# notes\n{text}\n"}) == []


@pytest.mark.parametrize(
    "text", ["values-old.yaml.bak", "my-values-old.yaml", "site/{{ name }}/values-new.yaml", "{{ path }}.yml", "*.yaml"]
)
def test_another_name_is_none(text: str) -> None:
    assert left({"nova/values-old.yaml": VALUES, "README.md": f"{text}\n"}) == ["nova/values-old.yaml"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("nova/values-example.yaml", VALUES),
        ("nova/ci/values.yaml", VALUES),
        ("nova/values.tpl.yaml", VALUES),
        ("nova/notes.yaml", "title: nova\nreplicas: 3\n"),
        ("nova/values-kind.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
        ("nova/values-empty.yaml", "# nothing yet\n"),
        ("other/values-old.yaml", VALUES),
    ],
)
def test_what_is_no_leftover(path: str, text: str) -> None:
    assert left({path: text}) == []


def test_a_long_text_without_spaces_costs_nothing() -> None:
    blob = "A$" * 400_000 + "{{" * 10_000
    began = time.perf_counter()
    assert left({"nova/values-old.yaml": VALUES, "blob.txt": blob}) == ["nova/values-old.yaml"]
    assert time.perf_counter() - began < 5
