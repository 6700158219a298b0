"""Facts about secrets that stand in Git unencrypted. A secret value never leaves this module, at most its shape."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from functools import lru_cache
from typing import Final

from lintkit.sources.secrets import is_encrypted, sealed
from lintkit.subjects.environment import Environment, Fact
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Mapping, Node, Path, Scalar, items, lookup, text
from lintkit.yamldoc.unknowns import unknown_reason

_CIPHER: Final = ("ENC[AES256_GCM", "$ANSIBLE_VAULT;", "-----BEGIN AGE ENCRYPTED", "sops:\n", '"sops":')
_EMPTY: Final = regex(r"(?i)change_?me|replace_?me|todo|x{3,}|\*+|<[^>]*>|your[-_ ].*|\.{3}|placeholder")
# what may be a key of some kind: long enough, and of the letters of base64
_KEY: Final = regex(r"[A-Za-z0-9+/]{22,}={0,2}")
_LETTERS: Final = regex(r"[A-Za-z]")
_DIGITS: Final = regex(r"[0-9]")


def plaintext(_subject: Subject, environment: Environment) -> Json:
    """Readable values: those of Secret resources, and what may be a key in chart values.

    One item a value: ``of``, ``path``, ``name`` (of the Secret or chart), ``key``, ``form`` (secret; key: a scalar of chart
    values that may be one) and ``shape`` (of such a one: its first two letters, x for each other letter, 0 for each digit).
    Empty values, comments alone, placeholders, ciphertext and certificates without a private key are left out.
    """
    found: list[Json] = []
    for secret in environment.by_kind.get("Secret", ()):
        if sealed(secret.object):
            continue
        for path, node in _values(secret.object):
            if _readable(node, encoded=path[0] == "data"):
                found.append(_item(secret, path, "secret", secret.resource.shown, str(path[1])))
    for use in (*environment.by_kind.get("ChartValues", ()), *environment.by_kind.get("OtherValues", ())):
        chart = text(use.object.get("chart")) or ""
        for path, shape in _keys(lookup(use.object, "values"), ("values",)):
            found.append(_item(use, path, "key", chart, str(path[-1]), shape))
    return found


def _item(subject: Subject, path: Path, form: str, name: str, key: str, shape: str = "") -> Json:
    parts = (f"[{k}]" if isinstance(k, int) else "." + str(k).replace("\\", "\\\\").replace(".", "\\.") for k in path)
    item: dict[str, Json] = {"of": subject.id, "path": "".join(parts).removeprefix("."), "form": form, "name": name, "key": key}
    return {**item, "shape": shape}


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


def _keys(node: Node | None, path: Path) -> Iterator[tuple[Path, str]]:
    """Scalars that users wrote and that may be keys, by their shape; the text of a file is looked at first."""
    if node is None or (isinstance(node, Mapping) and not _suspect(node)):
        return
    for key, value in [(k, e.value) for k, e in node] if isinstance(node, Mapping) else enumerate(items(node)):
        if not isinstance(value, Scalar):
            yield from _keys(value, (*path, key))
        elif not value.doc.source.builtin and _KEY.fullmatch(value.text.strip()):
            written = value.text.strip()
            if not written.isalpha():
                yield (*path, key), written[:2] + _DIGITS.sub("0", _LETTERS.sub("x", written[2:]))


def _suspect(node: Node) -> bool:
    layer: Node | None = node
    while layer is not None:
        if not layer.doc.source.builtin and _holds_key(layer.doc.text):
            return True
        layer = layer.under
    return False


@lru_cache(maxsize=64)
def _holds_key(text: str) -> bool:
    """Whether a file has something like a key: asked for every mapping of it."""
    return _KEY.search(text) is not None


FACTS: Final[Dict[str, Dict[str, Fact]]] = {"Environment": {"plaintext": plaintext}}
