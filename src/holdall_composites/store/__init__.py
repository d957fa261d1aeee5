"""All queries on rows: frozen records out, our errors, a fixed number of statements per call."""

import holdall_composites.database  # noqa: F401 - imports Peewee without its drivers
