"""Connections, models and backups of a collection's database.

Peewee is imported here first, so that no module of the plugin imports it in another way.
"""

from holdall_composites.database import peewee_import as peewee_import
