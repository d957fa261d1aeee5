"""Hooks: read in the forms of several agents, and written in those of others."""
