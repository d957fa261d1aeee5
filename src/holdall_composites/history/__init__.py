"""Versions, restoring them, the log of operations, and undo."""
