"""Facts about secrets that stand in Git unencrypted. A secret value never leaves this module."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.sources.secrets import is_encrypted, sealed
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_CIPHER: Final = ("ENC[AES256_GCM", "$ANSIBLE_VAULT;", "-----BEGIN AGE ENCRYPTED", "sops:\n", '"sops":')
_EMPTY: Final = regex(r"(?i)change_?me|replace_?me|todo|x{3,}|\*+|<[^>]*>|your[-_ ].*|\.{3}|placeholder")
_CEPHX: Final = regex(r"AQ[A-Za-z0-9+/]{36}==")


def plaintext(_subject: Subject, environment: Environment) -> Json:
    """Readable values: those of Secret resources, and cephx keys in chart values.

    One item a value: ``of``, ``path``, ``name`` (of the Secret or chart), ``key``, ``form`` (secret, cephx), ``candidate``
    (for cephx: always true). Empty values, comments alone, placeholders, ciphertext and certificates without a private key
    are left out.
    """
    found: list[Json] = []
    for secret in environment.by_kind.get("Secret", ()):
        if sealed(secret.object):
            continue
        for path, node in _values(secret.object):
            if _readable(node, encoded=path[0] == "data"):
                found.append(_item(secret, path, "secret", secret.resource.name, str(path[1])))
    for use in environment.by_kind.get("ChartValues", ()):
        chart = text(use.object.get("chart")) or ""
        found += [_item(use, path, "cephx", chart, key) for path, key in _cephx(lookup(use.object, "values"), ("values",))]
    return found


def _item(subject: Subject, path: Path, form: str, name: str, key: str) -> Json:
    parts = (f"[{k}]" if isinstance(k, int) else "." + str(k).replace("\\", "\\\\").replace(".", "\\.") for k in path)
    return {"of": subject.id, "path": "".join(parts).removeprefix("."), "form": form, "name": name, "key": key}


def _values(body: Mapping) -> Iterator[tuple[Path, Scalar]]:
    for part in ("data", "stringData"):
        held = body.get(part)
        if isinstance(held, Mapping):
            for key, entry in held:
                if isinstance(entry.value, Scalar):
                    yield (part, key), entry.value


def _readable(node: Scalar, *, encoded: bool) -> bool:
    value = node.text.strip()
    if not value or node.value is None or unknown_reason(node) or is_encrypted(node) or any(c in value for c in _CIPHER):
        return False
    if encoded:
        try:
            value = base64.b64decode(value, validate=True).decode("utf-8", "replace").strip()
        except (binascii.Error, ValueError):
            value = node.text.strip()
    if not value or _EMPTY.fullmatch(value) or any(c in value for c in _CIPHER):
        return False
    if all(f"{line.strip()} ".startswith("# ") for line in value.splitlines() if line.strip()):
        return False
    return not ("BEGIN CERTIFICATE" in value and "PRIVATE KEY" not in value)


def _cephx(node: Node | None, path: Path) -> Iterator[tuple[Path, str]]:
    """Scalars that look like a cephx key, in what users wrote; the text of a file is looked at first."""
    if not isinstance(node, Mapping) or not _suspect(node):
        return
    for key, entry in node:
        value = entry.value
        if isinstance(value, Scalar) and not value.doc.source.builtin and _CEPHX.fullmatch(value.text.strip()):
            yield (*path, key), key
        elif isinstance(value, Mapping):
            yield from _cephx(value, (*path, key))


def _suspect(node: Node) -> bool:
    layer: Node | None = node
    while layer is not None:
        if not layer.doc.source.builtin and _CEPHX.search(layer.doc.text):
            return True
        layer = layer.under
    return False


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"plaintext": plaintext}}
