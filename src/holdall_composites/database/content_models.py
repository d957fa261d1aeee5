"""The tables of contents: which files a tree has, their bytes, hashes of a state. See `models`."""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Field,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from holdall_composites.database.fields import PLAIN_PATH, hex_digits, one_of

# Their indexes are made below, under names of ours.
CARRIED: dict[str, Any] = {"on_update": "CASCADE", "index": False}
CASCADE: dict[str, Any] = {"on_delete": "CASCADE", **CARRIED}
_OF_A_COLLECTION = SQL("REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE")


def add_index(name: str, *columns: Field, unique: bool = False) -> None:
    """Give the columns' model an index of this name, which Peewee would else choose."""
    model = columns[0].model
    model.add_index(model.index(*columns, unique=unique, name=name))


class Blob(Model):
    """The content of a file, once for all versions. Of a large one `data` is null: see `chunks`."""

    sha256 = CharField(max_length=64, primary_key=True, constraints=[Check("length(sha256) = 64")])
    size = BigIntegerField(constraints=[Check("size >= 0")])
    encoding = TextField(constraints=[one_of("encoding", ("raw", "zlib", "chunks"))])
    data = BlobField(null=True)

    class Meta:
        table_name = "blobs"
        constraints = (Check("(data IS NULL) = (encoding = 'chunks')"),)


class BlobChunk(Model):
    """A piece of a large blob. It goes with its blob."""

    blob = ForeignKeyField(Blob, column_name="sha256", backref="chunks", **CASCADE)
    position = IntegerField(constraints=[Check("position >= 0")])
    encoding = TextField(constraints=[one_of("encoding", ("raw", "zlib"))])
    data = BlobField()

    class Meta:
        table_name = "blob_chunks"
        primary_key = CompositeKey("blob", "position")


class Tree(Model):
    """A set of files, known by its tree hash; any number of versions may have it."""

    content_hash = CharField(
        max_length=64, primary_key=True, constraints=[Check("length(content_hash) = 64")]
    )
    skillmeat_hash = CharField(max_length=64)

    class Meta:
        table_name = "trees"


class VersionFile(Model):
    """A file of a tree. `kind` is `f` or `l`, as in the tree hash; `path` is relative and plain.

    It goes with its tree. A blob that a file has cannot be deleted.
    """

    tree = ForeignKeyField(Tree, column_name="content_hash", backref="files", **CASCADE)
    path = TextField(constraints=[PLAIN_PATH])
    kind = TextField(constraints=[one_of("kind", ("f", "l"))])
    executable = BooleanField()
    size = BigIntegerField(constraints=[Check("size >= 0")])
    blob = ForeignKeyField(Blob, column_name="sha256", backref="files", **CARRIED)

    class Meta:
        table_name = "version_files"
        primary_key = CompositeKey("tree", "path")


add_index("version_files_blob", VersionFile.blob)


class StateChunk(Model):
    """The hash of one chunk of a collection's newest state, as `sync.releases.hashing` makes it.

    `prefix` are the first digits of the UUIDs of its entries. It follows from the entries: where
    there are no rows, the next release computes all of them.
    """

    collection_id = CharField(max_length=32, constraints=[_OF_A_COLLECTION])
    prefix = CharField(max_length=32)
    hash = CharField(max_length=64, constraints=[hex_digits("hash", 64)])

    class Meta:
        table_name = "state_chunks"
        primary_key = CompositeKey("collection_id", "prefix")
