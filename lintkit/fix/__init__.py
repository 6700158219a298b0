"""Fixes: intents become edits on the text of the layer that decides the value."""
