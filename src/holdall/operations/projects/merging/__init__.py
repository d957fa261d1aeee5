"""Merge what was edited with what is newer, and settle what does not merge."""
