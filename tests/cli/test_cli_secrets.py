"""Secrets of a repository are in no output and in no file of the cache: canaries in every place where secrets stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lintkit.report.formats import FORMATS
from lintkit.text.hidden import masked
from tests.cli.conftest import Run, pool, write

CANARY = re.compile(r"CANARY\d+|90210\d+")


def _canaries() -> Iterator[str]:
    for number in range(100, 1000):
        yield f"CANARY{number}"


def _repository(root: Path) -> Path:
    c = _canaries()
    application = f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: keystone}}
spec:
  project: default
  destination: {{name: prod, namespace: openstack}}
  source:
    repoURL: https://user:{next(c)}@git.example/x.git
    path: keystone
    targetRevision: HEAD
    helm:
      valueFiles: [values.yaml, secrets.yaml, missing.yaml]
      parameters: [{{name: endpoints.identity.auth.admin.password, value: {next(c)}}}]
"""
    values = f"""\
pod: {{replicas: {{api: 1}}}}
endpoints:
  identity: {{auth: {{admin: {{username: admin, password: {next(c)}}}}}}}
  oslo_db: {{auth: {{admin: {{username: root, password: "{next(c)}"}}}}}}
conf:
  keystone:
    database: {{connection: 'mysql+pymysql://keystone:{next(c)}@mariadb/keystone', max_retries: -1}}
"""
    secret = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: vars, namespace: flux-system}}
unknown: 1
stringData:
  SIZE: {next(c)}
  SIZE: {next(c)}
  number: 90210777
  file: |
    user: {next(c)}
    {next(c)}
data: {{a: {next(c)}, b: [{next(c)}], c: {{d: {next(c)}}}}}
"""
    sops = f"""\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {{name: images, namespace: rook-ceph}}
spec:
  failureDomain: ENC[AES256_GCM,data:{next(c)},iv:x,tag:y,type:str]
  deviceClas: ENC[AES256_GCM,data:{next(c)},iv:x,tag:y,type:str]
  replicated: {{size: 1, requireSafeReplicaSize: "ENC[AES256_GCM,data:{next(c)}]"}}
"""
    age = f"-----BEGIN AGE ENCRYPTED FILE-----\n        {next(c)}\n        -----END AGE ENCRYPTED FILE-----"
    files = {
        ".lintkit.yaml": "environments: {prod: {inventory: inventory/prod/hosts.yaml}}\n",
        "app.yaml": application,
        "keystone/Chart.yaml": "apiVersion: v2\nname: keystone\nversion: 2025.1.0\n",
        "keystone/values.yaml": values,
        "keystone/secrets.yaml": f'pod: {{replicas: {{api: "ENC[AES256_GCM,data:{next(c)}]"}}}}\n',
        "secret.yaml": secret,
        "pool.yaml": sops,
        "sops.yaml": sops.replace("images", "volumes")
        + f"sops:\n  mac: ENC[AES256_GCM,data:{next(c)}]\n  version: 3.9.0\n  age:\n    - enc: |\n        {age}\n",
        "sealed.yaml": f"apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: u}}\nspec: {{encryptedData: {{a: {next(c)}}}}}\n",
        "vault.yaml": f"$ANSIBLE_VAULT;1.1;AES256\n{next(c)}\n{next(c)}\n",
        "inventory/prod/hosts.yaml": "all:\n  vars:\n    vaulted: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n"
        f"      {next(c)}\n    ansible_password: {next(c)}\n  children: {{kube_node: {{hosts: {{n1: {{ansible_become_pass: {next(c)}}}}}}}}}\n",
        "flux.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: c, namespace: flux-system}\n"
        "spec: {path: ./deploy, prune: true, sourceRef: {kind: GitRepository, name: flux-system},"
        " postBuild: {substituteFrom: [{kind: Secret, name: vars}]}}\n",
        "deploy/secret.yaml": secret,
        "deploy/pool.yaml": pool("b").replace("size: 1", "size: '${SIZE}'"),
        "broken.yaml": f"kind: Secret\nstringData:\n  p: {next(c)}\n\tq: {next(c)}\n",
        "broken2.yaml": f"kind: Deployment\nadmin:\n  password: {next(c)}\n\tkeyring: AQ{'C' * 23}{next(c)}xxxx==\n",
    }
    return write(root, files)


@pytest.fixture
def secrets(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return _repository(repo)


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_format_shows_a_secret(format_name: str, run: Run, secrets: Path) -> None:
    done = run("check", secrets, "--all", "--statistics", "--format", format_name)
    assert done.code == 1
    assert "plaintext-secret" in done.out
    assert CANARY.findall(done.out + done.err) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("env",),
        ("env", "--nodes"),
        ("env", "--why", "Secret/vars:stringData.SIZE"),
        ("env", "--why", "Secret/vars:data.c.d"),
        ("env", "--why", "ChartValues/keystone:values.endpoints.identity.auth.admin.password"),
        ("env", "--why", "ChartValues/keystone:values.conf.keystone.database.connection"),
        ("env", "--why", "Component/keystone/api:replicas"),
        ("eval", "object", "--on", "Secret/vars"),
        ("eval", "object.stringData.SIZE + 'x'", "--on", "Secret/vars"),
        ("eval", "object", "--on", "ChartValues/keystone"),
        ("check", "--diff", "--unsafe-fixes"),
        ("ignores",),
        ("pgs",),
        ("init", "--force"),
    ],
    ids=" ".join,
)
def test_no_other_command_shows_a_secret(arguments: tuple[str, ...], run: Run, secrets: Path) -> None:
    done = run(*arguments, cwd=secrets)
    assert done.code in (0, 1), done.err
    assert done.out
    assert CANARY.findall(done.out + done.err) == []


def test_a_fixing_run_keeps_every_secret_where_it_is_and_shows_none(run: Run, secrets: Path) -> None:
    before = {p: CANARY.findall(p.read_text()) for p in secrets.rglob("*.yaml")}
    done = run("check", secrets, "--fix", "--unsafe-fixes")
    assert "fixes applied" in done.err
    assert CANARY.findall(done.out + done.err) == []
    for path, values in before.items():
        # of a key that is written twice the value without effect goes
        assert CANARY.findall(path.read_text()) == (values[1:] if path.name == "secret.yaml" else values)


def test_neither_the_cache_nor_the_baseline_holds_a_secret(run: Run, secrets: Path, tmp_path: Path) -> None:
    for _ in range(2):
        run("check", ".", "--format", "json", cwd=secrets)
        run("check", ".", cwd=secrets)
    run("baseline", cwd=secrets)
    kept = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert kept
    for file in (*kept, secrets / ".lintkit-baseline.json"):
        assert CANARY.findall(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kind: Secret\ndata:\n  a: QUJD\n", "kind: Secret\ndata:\n  a: ••••\n"),
        ("kind: Secret\ndata: {a: QUJD}\ntype: x\n", "kind: Secret\ndata: ••• •••••\ntype: x\n"),
        ("data: {a: b}\nkind: ConfigMap\n---\nkind: Secret\n", "data: {a: b}\nkind: ConfigMap\n---\nkind: Secret\n"),
        ("password: <path:kv/x#y>\ntoken: ${T}\n", "password: <path:kv/x#y>\ntoken: ${T}\n"),
        ("secretName: tls\nexistingSecret: a\n", "secretName: tls\nexistingSecret: a\n"),
        ("kind: Secret\ndata:\n  a: QUJD  # note\n  b: 'x # y'\n", "kind: Secret\ndata:\n  a: ••••  # note\n  b: •• • ••\n"),
        ("password: {a: b}\n", "password: {a: b}\n"),
        ("url: rabbit://u:pw@h:5672/\n", "url: rabbit://u:••@h:5672/\n"),
        ("key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  QUJD\n  -----END RSA PRIVATE KEY-----\n", None),
    ],
)
def test_what_is_hidden_and_what_is_not(text: str, shown: str | None) -> None:
    assert masked(text) == (text.replace("QUJD", "•" * 4) if shown is None else shown)
