"""Connections, models and backups of a collection's database."""
