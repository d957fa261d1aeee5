"""Take over what other programs installed in a project: their locks, and what is in place."""
