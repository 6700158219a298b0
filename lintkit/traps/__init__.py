"""Traps of YAML: places where a person reads one thing and the cluster another. Findings of family ``yaml``."""
