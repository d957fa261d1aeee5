"""Ask a user on a terminal: what to choose, and how to settle files that do not merge."""
