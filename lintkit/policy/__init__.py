"""Policies: loading, CEL, evaluation, and the test harness users share."""
