"""One sink for terminal, JSON and HTML."""
