"""Completion of words in shells: scripts by shtab, and the ids and versions of a collection."""
