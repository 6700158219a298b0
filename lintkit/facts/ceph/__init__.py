"""Facts about Ceph: what the cluster will do with a configuration."""
