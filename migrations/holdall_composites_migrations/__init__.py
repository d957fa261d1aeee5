"""The numbered scripts that make and change the tables of the composites plugin.

Each has `up(migrator, db)` and `down(migrator, db)`, as `playhouse.migrations.Runner` wants them,
and is frozen once released: it declares the tables as they were then and never imports the models.
What the scripts share is in `frozen`, which may grow and never change.
"""
