"""ResourceSets and FluxInstances of the Flux Operator."""

from __future__ import annotations

from lintkit.sources.flux.operator import expand
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Unknown, lookup, text
from tests.sources.test_forms import RELEASE, found, holds, pool, world

HEAD = "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: pools, namespace: flux-system}\nspec:\n"
KUSTOMIZATION = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: %s, namespace: flux-system}\n"
SYNC = "spec: {path: %s, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}\n"
POOL = """\
    - apiVersion: ceph.rook.io/v1
      kind: CephBlockPool
      metadata: {name: << inputs.name >>, namespace: rook-ceph}
      spec:
        failureDomain: host
        replicated:
          size: << inputs.size | int >>
"""


def made(body: str) -> list[Mapping]:
    root = documents(Source("set.yaml", HEAD + body))[0].root
    assert isinstance(root, Mapping)
    return [*expand(root).objects]


def test_every_set_of_inputs_makes_the_objects_and_a_value_stands_at_its_input() -> None:
    inputs = "  inputs:\n    - name: images\n      size: 3\n    - name: scratch\n      size: '1'  # finds: prod\n"
    holds({"clusters/prod/pools.yaml": HEAD + inputs + "  resources:\n" + POOL})


def test_a_resource_set_that_a_kustomization_applies_reaches_its_cluster() -> None:
    inputs = "  inputs: [{name: a, size: 1}]  # finds: prod\n"
    files = {
        "clusters/prod/ks.yaml": KUSTOMIZATION % "pools" + SYNC % "./pools",
        "pools/set.yaml": HEAD + inputs + "  resources:\n" + POOL,
        "unused/set.yaml": HEAD + inputs.replace("  #", " #").replace("finds", "not") + "  resources:\n" + POOL,
    }
    holds(files)
    (resource,) = world(files).environments["prod"].resources
    assert (resource.name, resource.origin.delivery) == ("a", "ResourceSet flux-system/pools")


def test_a_template_of_several_documents_is_followed_with_its_loops_and_conditions() -> None:
    template = """\
  inputs:
    - bundle: storage
      pools:
        - {name: images, size: 3}
        - {name: scratch, size: 1}  # finds: prod
      extra: false
  resourcesTemplate: |
    <<- range $pool := inputs.pools >>
    ---
    apiVersion: ceph.rook.io/v1
    kind: CephBlockPool
    metadata: {name: << $pool.name >>, namespace: rook-ceph}
    spec: {failureDomain: host, replicated: {size: << $pool.size >>}}
    <<- end >>
    <<- if inputs.extra >>
    ---
    apiVersion: ceph.rook.io/v1
    kind: CephBlockPool
    metadata: {name: extra, namespace: rook-ceph}
    spec: {failureDomain: host, replicated: {size: 1}}
    <<- end >>
    ---
    apiVersion: ceph.rook.io/v1
    kind: CephBlockPool
    metadata: {name: << inputs.bundle >>, namespace: rook-ceph}
    spec: {failureDomain: host, replicated: {size: 1}}  # finds: prod
"""
    holds({"clusters/prod/set.yaml": HEAD + template})


def test_helm_releases_of_a_resource_set_are_followed() -> None:
    release = "".join(f"      {line}\n" for line in RELEASE.rstrip("\n").split("\n")).replace("      api", "    - api", 1)
    chart = "{spec: {chart: rook-ceph-cluster, version: v1.19.5, sourceRef: {kind: HelmRepository, name: rook}}}"
    body = f"{release}      spec:\n        chart: {chart}\n        values: << inputs.values | toYaml | nindent 10 >>\n"
    inputs = (
        "  inputs:\n  - values:\n      cephBlockPools:\n      - name: a\n        spec: {replicated: {size: 1}}  # finds: prod\n"
    )
    holds({"clusters/prod/set.yaml": HEAD + inputs + "  resources:\n" + body})


def test_an_object_that_inputs_exclude_is_left_out_and_one_of_all_sets_is_made_once() -> None:
    body = """\
  inputs: [{tenant: a}, {tenant: b}]
  commonMetadata: {labels: {team: storage}}
  resources:
    - {apiVersion: v1, kind: Namespace, metadata: {name: shared}}
    - apiVersion: v1
      kind: Namespace
      metadata:
        name: << inputs.tenant >>
        annotations:
          fluxcd.controlplane.io/reconcile: << if eq inputs.tenant "a" >>enabled<< else >>disabled<< end >>
"""
    objects = made(body)
    assert [text(lookup(b, "metadata", "name")) for b in objects] == ["shared", "a"]
    assert {text(lookup(b, "metadata", "labels", "team")) for b in objects} == {"storage"}


def test_what_a_template_computes_stands_in_the_template_and_what_it_cannot_tell_is_unknown() -> None:
    (body,) = made(
        "  inputs: [{name: a}]\n  resources:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: x-<< inputs.name >>}\n"
        "    data:\n      a: << inputs.name | sha256sum >>\n      b: '{{ << inputs.name >> }}'\n"
    )
    name = lookup(body, "metadata", "name")
    assert name is not None
    assert (text(name), place_of(name).first.line) == ("x-a", 9)
    assert isinstance(lookup(body, "data", "a"), Unknown)
    assert isinstance(lookup(body, "data", "b"), Unknown)


def test_inputs_of_a_provider_are_said_to_be_unknown() -> None:
    files = {"clusters/prod/set.yaml": HEAD + "  inputsFrom: [{kind: ResourceSetInputProvider, name: x}]\n  resources:\n" + POOL}
    assert found(files) == set()
    (problem,) = world(files).problems
    assert problem.message == "ResourceSet flux-system/pools: inputs that a ResourceSetInputProvider gives"


def test_a_flux_instance_syncs_its_path_as_a_kustomization_does() -> None:
    instance = (
        "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\n"
        "spec:\n  sync: {kind: GitRepository, url: 'https://git.example/cloud.git', ref: refs/heads/main, path: clusters/prod/apps}\n"
    )
    holds(
        {
            "clusters/prod/flux/instance.yaml": instance,
            "clusters/prod/apps/pool.yaml": pool("images", "1", "prod"),
            "clusters/prod/apps/more.yaml": KUSTOMIZATION % "more" + SYNC % "./more",
            "more/pool.yaml": pool("volumes", "1", "prod"),
            "unused/pool.yaml": pool("vms", "1"),
        }
    )
