"""lintkit: policy as code for GitOps repositories of Rook-Ceph and OpenStack clouds."""

__version__ = "0.1.0"
