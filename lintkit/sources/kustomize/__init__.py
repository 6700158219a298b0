"""Kustomizations built here: directories to the objects, releases and troubles they yield, every value with its span."""
