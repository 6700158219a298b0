"""Fuzzing: inputs made wrong at random, and what must hold of lintkit whatever it is given.

``python -m tests.fuzz --minutes 60 --keep DIRECTORY`` runs it; ``test_fuzz.py`` runs a little of it, and every crash found.
"""
