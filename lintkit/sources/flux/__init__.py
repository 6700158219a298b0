"""Flux: Kustomizations, HelmReleases and the variables that are substituted after a build."""
