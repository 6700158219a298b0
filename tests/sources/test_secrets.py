"""Sealed documents are recognised, and encrypted values become unknowns that reveal nothing."""

from __future__ import annotations

import pytest

from lintkit.sources.secrets import encrypted_values, is_encrypted, sealed, secret_name
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Unknown, lookup, text


def read(source: str) -> Mapping:
    root = documents(Source("secret.yaml", source))[0].root
    assert isinstance(root, Mapping)
    return root


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("kind: Secret\nstringData: {a: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: m, version: 3.9.0}\n", "encrypted with SOPS"),
        ("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n", "sealed by Sealed Secrets"),
        ("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n", "fetched by External Secrets"),
        ("apiVersion: v1\nkind: Secret\nstringData: {a: b}\n", ""),
        ("kind: ConfigMap\ndata: {sops: yes}\nsops: a word, not metadata\n", ""),
        ("sops: {enabled: true}\n", ""),
    ],
)
def test_why_a_document_is_sealed(source: str, reason: str) -> None:
    assert sealed(read(source)) == reason


def test_a_file_encrypted_by_ansible_vault_is_sealed() -> None:
    doc = documents(Source("vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n3031323334\n"))[0]
    assert sealed(doc.root) == "encrypted with Ansible Vault"


def test_no_document_is_not_sealed() -> None:
    assert sealed(None) == ""


def test_encrypted_scalars_become_unknowns_in_their_place_and_the_rest_is_shared() -> None:
    root = read("a: 1\nb:\n  c: ENC[AES256_GCM,data:c2VjcmV0,iv:x]\nd: [x]\n")
    made = encrypted_values(root)
    hidden = lookup(made, "b", "c")
    assert isinstance(hidden, Unknown)
    assert hidden.reason == "encrypted value"
    assert "c2VjcmV0" not in hidden.reason
    assert place_of(hidden).first.line == 3
    assert made.get("d") is root.get("d")
    assert text(made.get("a")) == "1"


def test_nothing_encrypted_leaves_the_mapping_as_it_is() -> None:
    root = read("a: 1\nb: {c: enc}\n")
    assert encrypted_values(root) is root
    assert not is_encrypted(lookup(root, "b", "c"))


def test_a_sealed_document_names_the_secret_it_becomes() -> None:
    root = read("kind: ExternalSecret\nmetadata: {name: a}\nspec: {target: {name: b}}\n")
    assert secret_name(root) == "b"
    assert secret_name(read("kind: Secret\nmetadata: {name: a}\n")) == "a"
