"""Numbers as people write them: sizes in bytes, Kubernetes quantities."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from lintkit.text.regex import regex

_SIZE: Final = regex(r"\s*(\d+(?:\.\d+)?)\s*([kKMGTPE]?)(i?)[bB]?\s*")
_SUFFIX: Final = {
    **{s: Decimal(1000) ** i for i, s in enumerate(("", "k", "M", "G", "T", "P", "E"))},
    **{s: Decimal(1024) ** i for i, s in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    "m": Decimal("0.001"),
    "u": Decimal("0.000001"),
    "n": Decimal("0.000000001"),
}
_QUANTITY: Final = regex(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)")
_POWERS: Final = {letter: i for i, letter in enumerate("KMGTPE", 1)}


def byte_count(written: str) -> int | None:
    """Bytes of a Kubernetes quantity or a disk's label (``4Ti``, ``3.8T``, ``500Gi``); None when it is neither.

    With ``i`` the powers are of 1024, without of 1000.
    """
    match = _SIZE.fullmatch(written or "")
    if not match:
        return None
    power = _POWERS.get(match[2].upper(), 0)
    unit: int = (1024 if match[3] else 1000) ** power
    return int(float(match[1]) * unit)


def ceph_bytes(written: str) -> int | None:
    """Bytes as Ceph reads them in an option (``100G`` is 100 x 1024^3, the ``i`` may be left out); None when it cannot."""
    match = _SIZE.fullmatch(written or "")
    if not match or "." in match[1]:
        return None
    unit: int = 1024 ** _POWERS.get(match[2].upper(), 0)
    return int(match[1]) * unit


def quantity(written: str) -> float:
    """A Kubernetes quantity (``500m``, ``5Gi``) as a number (apimachinery resource.Quantity); ValueError otherwise."""
    match = _QUANTITY.fullmatch(written.strip())
    if not match or match[2] not in _SUFFIX:
        raise ValueError(f"{written!r} is no quantity")
    try:
        return float(Decimal(match[1]) * _SUFFIX[match[2]])
    except InvalidOperation as error:
        raise ValueError(f"{written!r} is no quantity") from error
