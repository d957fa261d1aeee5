"""Sources of a project: where they are, what is chosen and collected of them, and their bytes."""
