"""Text to documents: YAML nodes with exact spans, typed as Helm and the API server type them."""
