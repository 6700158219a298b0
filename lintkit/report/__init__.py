"""What a run says, as text: one module a format, each a pure function of the report."""
