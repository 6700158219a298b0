"""Projections: resources become what policies judge."""
