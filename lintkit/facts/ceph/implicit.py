"""Pools that exist without being written down: what Ceph's daemons and Rook create on their own.

Every function takes where the pools lie (``root``, ``device_class``: None is the bare root, the default rule) and
their ``size``. They are data for :class:`~lintkit.facts.ceph.model.ClusterInput`, in the order Ceph creates them.
"""

from __future__ import annotations

from typing import Final

from lintkit.facts.ceph.model import CEPHFS_METADATA_BIAS, CEPHFS_METADATA_PG_NUM_MIN, PoolInput

RGW_METADATA_SUFFIXES: Final = ("control", "meta", "log", "buckets.index", "buckets.non-ec", "otp")
"""With ``.rgw.root`` the seven pools Rook makes of one ``metadataPool`` (rook/rook@d0c3b9ce, pkg/operator/ceph/object)."""

RGW_PG_NUM: Final = 8
"""Rook creates RGW metadata pools with 8 PGs and sets ``pg_num_min`` 8 on every reconcile, over what a user wrote."""


def mgr_pool(size: int = 3, device_class: str | None = None, root: str = "default") -> PoolInput:
    """``.mgr``, always there and always first: pg_num 1, pg_num_min 1, pg_num_max 32, set by the mgr itself."""
    return PoolInput(".mgr", size=size, root=root, device_class=device_class, pg_num_created=1, pg_num_min=1, pg_num_max=32)


def nfs_pool(size: int = 3, device_class: str | None = None, root: str = "default") -> PoolInput:
    """``.nfs``, made on the default rule with the first CephNFS unless a CephBlockPool of that name came before it."""
    return PoolInput(".nfs", size=size, root=root, device_class=device_class)


def rgw_metadata_pools(
    store: str, size: int = 3, device_class: str | None = None, root: str = "default"
) -> tuple[PoolInput, ...]:
    """``.rgw.root`` (shared by all stores) and the six metadata pools of the object store called ``store``."""
    names = (".rgw.root", *(f"{store}.rgw.{suffix}" for suffix in RGW_METADATA_SUFFIXES))
    return tuple(
        PoolInput(name, size=size, root=root, device_class=device_class, pg_num_created=RGW_PG_NUM, pg_num_min=RGW_PG_NUM)
        for name in names
    )


def cephfs_metadata(pool: PoolInput) -> PoolInput:
    """``pool`` after ``ceph fs new`` made it a metadata pool: bias 4 and pg_num_min 16, over what it had (measured)."""
    return pool._replace(bias=CEPHFS_METADATA_BIAS, pg_num_min=CEPHFS_METADATA_PG_NUM_MIN)
