"""Rounding to powers of two and ratios, as both generations of the module do it."""

from __future__ import annotations


def is_power_of_two(value: int) -> bool:
    """True for 0, 1, 2, 4, ...: the module counts 0 as one (module.py@17fde72d ``is_power_of_two``)."""
    return value >= 0 and value & (value - 1) == 0


def power_up(value: float) -> int:
    """Smallest power of two that is not below ``int(value)``; 0 below 1 (``nearest_power_of_two(n, "up")``)."""
    whole = int(value)
    return 1 << (whole - 1).bit_length() if whole > 0 else 0


def power_down(value: float) -> int:
    """Half of :func:`power_up`: the power below, for an exact power the one *below it*, 0 below 2 (direction ``down``)."""
    return power_up(value) >> 1


def nearest_power(value: float) -> int:
    """Nearest power of two, ties go up, 0 below 1; ``int(value)`` itself when that is one (direction ``nearest``).

    Source: ``nearest_power_of_two``, src/pybind/mgr/pg_autoscaler/module.py@2065a5e5.
    """
    high = power_up(value)
    if is_power_of_two(int(value)):
        return high
    low = high >> 1
    return low if high - value > value - low else high


def effective_ratio(ratio: float, ratio_total: float, bytes_total: float, capacity: int) -> float:
    """A pool's share after its ratio is divided by the sum on its root, whatever that sum is: a lone 0.1 becomes 1.0.

    What pools with ``target_size_bytes`` reserve (``bytes_total``, raw bytes) is taken off first.
    Source: ``effective_target_ratio``, src/pybind/mgr/pg_autoscaler/module.py, the same @2065a5e5 and @17fde72d.
    """
    share = float(ratio)
    if ratio_total:
        share = share / ratio_total
    if bytes_total and capacity:
        share *= 1.0 - min(1.0, float(bytes_total) / capacity)
    return share
