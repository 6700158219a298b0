"""Delivery forms: files become resources as the clusters get them."""
