"""The table by which the newest state of a collection is hashed quickly. See `models`."""

from __future__ import annotations

from peewee import SQL, CharField, CompositeKey, Model

from holdall_composites.database.fields import hex_digits

_OF_A_COLLECTION = SQL("REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE")


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
