"""All queries on rows, a repository for each subject.

Nothing else builds queries. Each write is one transaction, or part of the caller's
(`Store.transaction`), which an error then ends.
"""

from __future__ import annotations

from peewee import Database

from holdall_composites.store.artifacts import Artifacts
from holdall_composites.store.collections import Collections
from holdall_composites.store.composites import Composites
from holdall_composites.store.contents import Contents
from holdall_composites.store.deployments import Deployments
from holdall_composites.store.integrity import Integrity
from holdall_composites.store.memberships import Memberships
from holdall_composites.store.operations import Operations
from holdall_composites.store.query import Repository
from holdall_composites.store.versions import Versions


class Store(Repository):
    """The rows of a connected database whose schema is current."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.collections = Collections(database)
        self.artifacts = Artifacts(database)
        self.composites = Composites(database)
        self.memberships = Memberships(database)
        self.versions = Versions(database)
        self.contents = Contents(database)
        self.deployments = Deployments(database)
        self.operations = Operations(database)
        self.integrity = Integrity(database)
