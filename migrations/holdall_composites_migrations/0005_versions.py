"""Versions of artifacts, and the bytes of every one of them.

A tree is a version's set of files, known by its content hash; a blob is the content of a file,
known by its SHA-256. Both are stored once, however many versions and artifacts share them. Small
blobs are in their row, large ones in chunks, each compressed where that pays.
"""

from __future__ import annotations

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Database,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import (
    NOW,
    ByDialect,
    create,
    drop,
    forget_manifests,
    refers,
)

# Relative, no component empty, `.` or `..`, no control characters. No `%`: drivers trip over it.
PLAIN_PATH = ByDialect(
    """CHECK (length(path) BETWEEN 1 AND 1024
            AND '/' || path || '/' NOT GLOB '*//*' AND '/' || path || '/' NOT GLOB '*/./*'
            AND '/' || path || '/' NOT GLOB '*/../*' AND instr(path, char(0)) = 0
            AND path NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*')""",
    r"""CHECK (length(path) BETWEEN 1 AND 1024
            AND path !~ '(^|/)[.]{0,2}(/|$)' AND path !~ '[\x01-\x1f\x7f]')""",
)


class Blob(Model):
    sha256 = CharField(max_length=64, primary_key=True, constraints=[Check("length(sha256) = 64")])
    size = BigIntegerField(constraints=[Check("size >= 0")])
    encoding = TextField(constraints=[Check("encoding IN ('raw', 'zlib', 'chunks')")])
    data = BlobField(null=True)

    class Meta:
        table_name = "blobs"
        constraints = (Check("(data IS NULL) = (encoding = 'chunks')"),)


class BlobChunk(Model):
    sha256 = CharField(max_length=64, constraints=[refers("blobs (sha256)")])
    position = IntegerField(constraints=[Check("position >= 0")])
    encoding = TextField(constraints=[Check("encoding IN ('raw', 'zlib')")])
    data = BlobField()

    class Meta:
        table_name = "blob_chunks"
        primary_key = CompositeKey("sha256", "position")


class Tree(Model):
    content_hash = CharField(
        max_length=64, primary_key=True, constraints=[Check("length(content_hash) = 64")]
    )
    skillmeat_hash = CharField(max_length=64)

    class Meta:
        table_name = "trees"


class VersionFile(Model):
    content_hash = CharField(max_length=64, constraints=[refers("trees (content_hash)")])
    path = TextField(constraints=[PLAIN_PATH])
    kind = TextField(constraints=[Check("kind IN ('f', 'l')")])
    executable = BooleanField()
    size = BigIntegerField(constraints=[Check("size >= 0")])
    sha256 = CharField(max_length=64, constraints=[refers("blobs (sha256)", "ON UPDATE CASCADE")])

    class Meta:
        table_name = "version_files"
        primary_key = CompositeKey("content_hash", "path")


class ArtifactVersion(Model):
    id = AutoField()
    artifact_uuid = CharField(max_length=32, constraints=[refers("artifacts (uuid)")])
    number = IntegerField(constraints=[Check("number >= 0")])
    parent_id = IntegerField(
        null=True,
        constraints=[refers("artifact_versions (id)", "ON DELETE SET NULL ON UPDATE CASCADE")],
    )
    content_hash = CharField(
        max_length=64, constraints=[refers("trees (content_hash)", "ON UPDATE CASCADE")]
    )
    message = TextField(null=True)
    author = TextField(null=True)
    created_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "artifact_versions"


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make the tables, what is referred to first."""
    create(db, Blob, BlobChunk, Tree, VersionFile, ArtifactVersion)
    versions, number = "artifact_versions", ("artifact_uuid", "number")
    migrator.migrate(
        migrator.add_index("version_files", ("sha256",), name="version_files_blob"),
        migrator.add_index(versions, number, unique=True, name="artifact_versions_number"),
        migrator.add_index(versions, ("content_hash",), name="artifact_versions_tree"),
        migrator.add_index(versions, ("parent_id",), name="artifact_versions_parent"),
    )
    forget_manifests(db)


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop the tables, in reverse."""
    tables = ("artifact_versions", "version_files", "trees", "blob_chunks", "blobs")
    drop(migrator, "every version of every artifact", *tables)
