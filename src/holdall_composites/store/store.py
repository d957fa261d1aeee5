"""All queries on rows, a repository for each subject.

Nothing else builds queries. Each write is one transaction, or part of the caller's
(`Store.transaction`), which an error then ends.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall_composites.store.query import Repository

if TYPE_CHECKING:
    from holdall_composites.store.artifacts import Artifacts
    from holdall_composites.store.collections import Collections
    from holdall_composites.store.composites import Composites
    from holdall_composites.store.contents import Contents
    from holdall_composites.store.deployments import Deployments
    from holdall_composites.store.integrity import Integrity
    from holdall_composites.store.memberships import Memberships
    from holdall_composites.store.operations import Operations
    from holdall_composites.store.versions import Versions
    from holdall_composites.values.records import CollectionRecord


class Store(Repository):
    """The rows of a connected database whose schema is current.

    A repository is imported when it is first asked for: most commands need few of them.
    """

    known: CollectionRecord | None = None
    """The collection's row as it was when the database was opened and its rows were right."""

    artifacts: Artifacts
    collections: Collections
    composites: Composites
    contents: Contents
    deployments: Deployments
    integrity: Integrity
    memberships: Memberships
    operations: Operations
    versions: Versions

    def __getattr__(self, name: str) -> Any:
        if name not in Store.__annotations__:
            raise AttributeError(name)
        module = import_module(f"holdall_composites.store.{name}")
        repository = getattr(module, name.capitalize())(self.database)
        setattr(self, name, repository)
        return repository
