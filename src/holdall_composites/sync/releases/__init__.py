"""Releases: the numbered states of a collection, what each changed, and how changes meet."""
