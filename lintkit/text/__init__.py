"""Pure strings: files as text, positions, segment maps, edits. Knows nothing of YAML."""
