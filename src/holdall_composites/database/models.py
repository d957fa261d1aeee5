"""The tables, as Peewee models. The migrations make them; `schema` checks that both agree.

Timestamps are UTC text in ISO 8601 (`2026-11-21T02:36:00Z`): equal on both databases, sortable,
and defaulted by the database itself, so that rows written by plain SQL have them too.
"""

from __future__ import annotations

from typing import ClassVar

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)

from holdall_composites.values.uuids import new_uuid

Pairs = tuple[tuple[str, str], ...]
ForeignKeys = tuple[tuple[str, Pairs] | tuple[str, Pairs, str], ...]
"""Foreign keys, which may be of several columns: (table, ((column, its column), ...), on delete).

All cascade on update, and on delete where nothing else is said.
"""


class Collection(Model):
    """A collection: a folder with a manifest, known by a permanent id of its own."""

    id = CharField(max_length=32, primary_key=True)
    name = TextField()
    manifest_hash = CharField(max_length=64, null=True)

    class Meta:
        table_name = "collections"


class Artifact(Model):
    """An artifact of a collection. `id` is `type:name`; every relation points to `uuid`."""

    collection_id = CharField(max_length=32)
    id = TextField()
    uuid = CharField(max_length=32, default=new_uuid)
    type = TextField()
    name = TextField()
    path = TextField(null=True)
    origin = TextField()
    content_hash = CharField(max_length=64, null=True)
    active = BooleanField(constraints=[SQL("DEFAULT TRUE")])
    created_at = TextField()
    updated_at = TextField()

    foreign_keys: ClassVar[ForeignKeys] = (("collections", (("collection_id", "id"),)),)

    class Meta:
        table_name = "artifacts"
        primary_key = CompositeKey("collection_id", "id")
        indexes = (
            (("uuid",), True),
            (("collection_id", "uuid"), True),
            (("collection_id", "name"), False),
            (("content_hash",), False),
        )


class CompositeArtifact(Model):
    """What a composite has beyond its row in `artifacts`."""

    collection_id = CharField(max_length=32)
    id = TextField()
    composite_type = TextField(constraints=[SQL("DEFAULT 'plugin'")])
    display_name = TextField(null=True)
    description = TextField(null=True)
    metadata = TextField(null=True)
    created_at = TextField()
    updated_at = TextField()

    foreign_keys: ClassVar[ForeignKeys] = (
        ("artifacts", (("collection_id", "collection_id"), ("id", "id"))),
    )

    class Meta:
        table_name = "composite_artifacts"
        primary_key = CompositeKey("collection_id", "id")


class CompositeMembership(Model):
    """A child of a composite. The child is known by its UUID, never by its `type:name`."""

    collection_id = CharField(max_length=32)
    composite_id = TextField()
    child_artifact_uuid = CharField(max_length=32)
    relationship_type = TextField(constraints=[SQL("DEFAULT 'contains'")])
    position = IntegerField(constraints=[SQL("DEFAULT 0")])
    pinned_version_hash = CharField(max_length=64, null=True)
    metadata = TextField(null=True)
    created_at = TextField()

    foreign_keys: ClassVar[ForeignKeys] = (
        (
            "composite_artifacts",
            (("collection_id", "collection_id"), ("composite_id", "id")),
        ),
        (
            "artifacts",
            (("collection_id", "collection_id"), ("child_artifact_uuid", "uuid")),
        ),
    )

    class Meta:
        table_name = "composite_memberships"
        primary_key = CompositeKey("collection_id", "composite_id", "child_artifact_uuid")
        indexes = (
            (("collection_id", "composite_id", "position"), False),
            (("child_artifact_uuid", "collection_id"), False),
        )


class Deployment(Model):
    """That an artifact lies in a project, as the last finished or begun deploy left it."""

    collection_id = CharField(max_length=32)
    project = TextField()
    target_root = TextField()
    artifact_uuid = CharField(max_length=32)
    content_hash = CharField(max_length=64)
    transaction_id = TextField()
    state = TextField()
    deployed_at = TextField()

    foreign_keys: ClassVar[ForeignKeys] = (
        ("collections", (("collection_id", "id"),)),
        ("artifacts", (("artifact_uuid", "uuid"),)),
    )

    class Meta:
        table_name = "deployments"
        primary_key = CompositeKey("collection_id", "project", "target_root", "artifact_uuid")
        indexes = ((("artifact_uuid",), False),)


class Blob(Model):
    """The content of a file. `data` is empty for a large one, which lies in chunks."""

    sha256 = CharField(max_length=64, primary_key=True)
    size = BigIntegerField()
    encoding = TextField()
    data = BlobField(null=True)

    class Meta:
        table_name = "blobs"


class BlobChunk(Model):
    """A piece of a large blob."""

    sha256 = CharField(max_length=64)
    position = IntegerField()
    encoding = TextField()
    data = BlobField()

    foreign_keys: ClassVar[ForeignKeys] = (("blobs", (("sha256", "sha256"),)),)

    class Meta:
        table_name = "blob_chunks"
        primary_key = CompositeKey("sha256", "position")


class Tree(Model):
    """A set of files, known by its content hash."""

    content_hash = CharField(max_length=64, primary_key=True)
    skillmeat_hash = CharField(max_length=64)

    class Meta:
        table_name = "trees"


class VersionFile(Model):
    """A file of a tree. `kind` is `f` or `l`, as in the tree hash."""

    content_hash = CharField(max_length=64)
    path = TextField()
    kind = TextField()
    executable = BooleanField()
    size = BigIntegerField()
    sha256 = CharField(max_length=64)

    foreign_keys: ClassVar[ForeignKeys] = (
        ("trees", (("content_hash", "content_hash"),)),
        ("blobs", (("sha256", "sha256"),), "NO ACTION"),
    )

    class Meta:
        table_name = "version_files"
        primary_key = CompositeKey("content_hash", "path")
        indexes = ((("sha256",), False),)


class ArtifactVersion(Model):
    """A numbered state of an artifact: 0 when first collected, then 1, 2, ..."""

    id = IntegerField(primary_key=True)
    artifact_uuid = CharField(max_length=32)
    number = IntegerField()
    parent_id = IntegerField(null=True)
    content_hash = CharField(max_length=64)
    message = TextField(null=True)
    author = TextField(null=True)
    created_at = TextField()

    foreign_keys: ClassVar[ForeignKeys] = (
        ("artifacts", (("artifact_uuid", "uuid"),)),
        ("artifact_versions", (("parent_id", "id"),), "SET NULL"),
        ("trees", (("content_hash", "content_hash"),), "NO ACTION"),
    )

    class Meta:
        table_name = "artifact_versions"
        indexes = (
            (("artifact_uuid", "number"), True),
            (("content_hash",), False),
            (("parent_id",), False),
        )


class Operation(Model):
    """A change that a Holdall command made. `details` is JSON: what it takes to turn it back."""

    collection_id = CharField(max_length=32)
    number = IntegerField()
    transaction_id = TextField()
    command = TextField()
    summary = TextField()
    project = TextField(null=True)
    author = TextField(null=True)
    host = TextField()
    at = TextField()
    undoes = TextField(null=True)
    details = TextField(null=True)

    foreign_keys: ClassVar[ForeignKeys] = (("collections", (("collection_id", "id"),)),)

    class Meta:
        table_name = "operations"
        primary_key = CompositeKey("collection_id", "number")
        indexes = ((("collection_id", "transaction_id"), True),)


class OperationArtifact(Model):
    """That an operation changed an artifact, which may be gone for good by now.

    `content_hash` is what a deploy placed of it.
    """

    collection_id = CharField(max_length=32)
    number = IntegerField()
    artifact_uuid = CharField(max_length=32)
    content_hash = CharField(max_length=64, null=True)

    foreign_keys: ClassVar[ForeignKeys] = (
        ("operations", (("collection_id", "collection_id"), ("number", "number"))),
    )

    class Meta:
        table_name = "operation_artifacts"
        primary_key = CompositeKey("collection_id", "number", "artifact_uuid")
        indexes = ((("artifact_uuid", "collection_id"), False),)


MODELS: tuple[type[Model], ...] = (
    Collection,
    Artifact,
    CompositeArtifact,
    CompositeMembership,
    Deployment,
    Blob,
    BlobChunk,
    Tree,
    VersionFile,
    ArtifactVersion,
    Operation,
    OperationArtifact,
)
