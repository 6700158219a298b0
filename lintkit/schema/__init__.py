"""The shape of objects: what keys a kind has, of which types, and where an object departs from it."""
