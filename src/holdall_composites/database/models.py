"""The tables, as Peewee models: what a plugin's author queries, and what the migrations make.

An artifact is known in three ways. People say its `id` (`type:name`), which a rename changes and
which two collections may both have. Relations point to its `uuid`, which never changes and is
never given again. A version of it is known by its `content_hash`.

    collections 1─n artifacts 1─n artifact_aliases
                              1─1 composite_artifacts 1─n composite_memberships n─1 artifacts
                              1─n artifact_versions n─1 trees 1─n version_files n─1 blobs
                              1─n deployments
    collections 1─n releases 1─n release_changes
    collections 1─n channels
    collections 1─n operations 1─n operation_artifacts

Deleting a row deletes what belongs to it (`ON DELETE CASCADE`), a rename is carried on to every
row that names it (`ON UPDATE CASCADE`). Models are bound to no database: run queries with
`database.execute(query)`, or in `open_collection(...)`, which binds them for its block.

Timestamps are UTC text in ISO 8601 (`2026-11-21T02:36:00Z`), defaulted by the database itself.
"""

from __future__ import annotations

from peewee import (
    AutoField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from holdall.artifacts import CompositeType
from holdall_composites.database.content_models import (
    CARRIED,
    CASCADE,
    Blob as Blob,
    BlobChunk as BlobChunk,
    StateChunk as StateChunk,
    Tree as Tree,
    VersionFile as VersionFile,
    add_index,
)
from holdall_composites.database.fields import (
    NOT_ITSELF,
    NOW,
    ScopedForeignKeyField,
    TriggeredModel,
    default,
    hex_digits,
    one_of,
)
from holdall_composites.values.types import DeploymentState, RelationshipType
from holdall_composites.values.uuids import new_uuid


class Collection(Model):
    """A collection: a folder with a manifest, known by a permanent id of its own.

    `manifest_hash` is that of the manifest that the rows were last made equal to, `head` the number
    of the newest release, 0 before the first. Deleting a collection deletes all rows of it, except
    blobs and trees, which collections share.
    """

    id = CharField(max_length=32, primary_key=True)
    name = TextField()
    manifest_hash = CharField(max_length=64, null=True)
    head = IntegerField(constraints=[default("0")])
    head_hash = CharField(max_length=64, null=True, constraints=[hex_digits("head_hash", 64)])

    class Meta:
        table_name = "collections"


class Artifact(Model):
    """An artifact of a collection, composites included.

    The key is (collection, `id`), where `id` is `type:name`: two collections may have the same one.
    Every relation points to `uuid` instead (32 hex digits, version 4), unique over all collections,
    so that a rename changes this one row. `active` is false for what left the collection: its
    history stays, and its UUID comes back with it.
    """

    collection = ForeignKeyField(Collection, backref="artifacts", **CASCADE)
    id = TextField()
    type = TextField()
    name = TextField()
    path = TextField(null=True)
    origin = TextField(constraints=[default("'local'")])
    content_hash = CharField(max_length=64, null=True)
    active = BooleanField(constraints=[default("TRUE")])
    created_at = TextField(constraints=[NOW])
    updated_at = TextField(constraints=[NOW])
    uuid = CharField(max_length=32, default=new_uuid, constraints=[hex_digits("uuid", 32)])

    class Meta:
        table_name = "artifacts"
        primary_key = CompositeKey("collection", "id")


add_index("artifacts_name", Artifact.collection, Artifact.name)
add_index("artifacts_content_hash", Artifact.content_hash)
add_index("artifacts_uuid", Artifact.uuid, unique=True)
add_index("artifacts_collection_uuid", Artifact.collection, Artifact.uuid, unique=True)


class ArtifactAlias(Model):
    """`other_uuid` is what another collection gave to an artifact; none of this one has it."""

    collection_id = CharField(max_length=32)
    other_uuid = CharField(max_length=32, constraints=[hex_digits("other_uuid", 32)])
    artifact = ScopedForeignKeyField(
        Artifact, field="uuid", column_name="artifact_uuid", backref="aliases"
    )

    class Meta:
        table_name = "artifact_aliases"
        primary_key = CompositeKey("collection_id", "other_uuid")


add_index("artifact_aliases_artifact", ArtifactAlias.collection_id, ArtifactAlias.artifact)


class CompositeArtifact(Model):
    """What a composite (a bundle, such as a plugin) has beyond its row in `artifacts`.

    One-to-one with that row, by the same key: `composite.artifact` is it, `composite.id` the
    `type:name`. It goes with its artifact, and its memberships go with it; its members stay.
    `metadata_json` is the column `metadata`: a JSON object, the rest of a plugin's manifest.
    """

    collection_id = CharField(max_length=32)
    artifact = ScopedForeignKeyField(Artifact, field="id", column_name="id", backref="as_composite")
    composite_type = TextField(
        constraints=[default("'plugin'"), one_of("composite_type", CompositeType)]
    )
    display_name = TextField(null=True)
    description = TextField(null=True)
    metadata_json = TextField(null=True, column_name="metadata")
    created_at = TextField(constraints=[NOW])
    updated_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "composite_artifacts"
        primary_key = CompositeKey("collection_id", "artifact")


class CompositeMembership(TriggeredModel):
    """A child of a composite.

    The child is known by its UUID, never by its `type:name`, so that it stays a member through
    every rename; both must be of the membership's own collection. The row goes with its composite
    and with its child. `position` orders the members (from 0; gaps are allowed), and
    `pinned_version_hash` holds the child at the version of that content hash. `membership_metadata`
    is the column `metadata`: a JSON object. A trigger refuses a composite as a member of itself.
    """

    triggers = NOT_ITSELF

    collection_id = CharField(max_length=32)
    composite = ScopedForeignKeyField(
        CompositeArtifact, field="artifact", column_name="composite_id", backref="memberships"
    )
    child_artifact = ScopedForeignKeyField(
        Artifact,
        field="uuid",
        column_name="child_artifact_uuid",
        backref="composite_memberships",
        is_unique=True,
    )
    relationship_type = TextField(
        constraints=[default("'contains'"), one_of("relationship_type", RelationshipType)]
    )
    position = IntegerField(constraints=[default("0")])
    pinned_version_hash = CharField(
        max_length=64, null=True, constraints=[hex_digits("pinned_version_hash", 64)]
    )
    membership_metadata = TextField(null=True, column_name="metadata")
    created_at = TextField(constraints=[NOW])
    updated_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "composite_memberships"
        primary_key = CompositeKey("collection_id", "composite", "child_artifact")


add_index(
    "composite_memberships_order",
    CompositeMembership.collection_id,
    CompositeMembership.composite,
    CompositeMembership.position,
)
# With the composite in it: else SQLite sorts the parents of one child by reading all memberships.
add_index(
    "composite_memberships_child",
    CompositeMembership.child_artifact,
    CompositeMembership.collection_id,
    CompositeMembership.composite,
)


class Deployment(Model):
    """What the last deploy that was begun or finished left in a project of a machine (`host`)."""

    collection = ForeignKeyField(Collection, backref="deployments", **CASCADE)
    project = TextField()
    target_root = TextField()
    artifact = ForeignKeyField(
        Artifact, field="uuid", column_name="artifact_uuid", backref="deployments", **CASCADE
    )
    content_hash = CharField(max_length=64)
    transaction_id = TextField()
    state = TextField(constraints=[default("'pending'"), one_of("state", DeploymentState)])
    deployed_at = TextField(constraints=[NOW])
    host = TextField(default="", constraints=[default("''")])

    class Meta:
        table_name = "deployments"
        primary_key = CompositeKey("collection", "host", "project", "target_root", "artifact")


add_index("deployments_artifact", Deployment.artifact)


class ArtifactVersion(Model):
    """A numbered state of an artifact: 0 when it was first collected, then 1, 2, ...

    It goes with its artifact. A tree that a version has cannot be deleted; a version whose parent
    is deleted has none.
    """

    id = AutoField()
    artifact = ForeignKeyField(
        Artifact, field="uuid", column_name="artifact_uuid", backref="versions", **CASCADE
    )
    number = IntegerField(constraints=[Check("number >= 0")])
    parent = ForeignKeyField("self", null=True, backref="children", on_delete="SET NULL", **CARRIED)
    tree = ForeignKeyField(Tree, column_name="content_hash", backref="versions", **CARRIED)
    message = TextField(null=True)
    author = TextField(null=True)
    created_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "artifact_versions"


add_index("artifact_versions_number", ArtifactVersion.artifact, ArtifactVersion.number, unique=True)
add_index("artifact_versions_tree", ArtifactVersion.tree)
add_index("artifact_versions_parent", ArtifactVersion.parent)


class Release(Model):
    """A numbered state of a collection, which never changes.

    `hash` is over its header, its state's hash and the release before it (`parent`): equal hashes
    mean equal histories. `change_id` was made before the change was tried: it finds the release
    when an answer was lost. What it changed is in `release_changes`.
    """

    collection = ForeignKeyField(Collection, backref="releases", **CASCADE)
    number = IntegerField(constraints=[Check("number > 0")])
    change_id = CharField(max_length=32, constraints=[hex_digits("change_id", 32)])
    hash = CharField(max_length=64, constraints=[hex_digits("hash", 64)])
    parent = CharField(max_length=64, null=True, constraints=[hex_digits("parent", 64)])
    state_hash = CharField(max_length=64, constraints=[hex_digits("state_hash", 64)])
    author = TextField(null=True)
    host = TextField()
    at = TextField()
    command = TextField()
    message = TextField(null=True)

    class Meta:
        table_name = "releases"
        primary_key = CompositeKey("collection", "number")


add_index("releases_change", Release.collection, Release.change_id, unique=True)
add_index("releases_state", Release.collection, Release.state_hash, Release.number)


class ReleaseChange(Model):
    """An entry that a release changed: before and after it, as canonical JSON; null for none.

    No foreign key to the artifact: the chain keeps what was purged.
    """

    collection_id = CharField(max_length=32)
    release = ScopedForeignKeyField(
        Release, field="number", column_name="number", backref="changes"
    )
    uuid = CharField(max_length=32)
    before = TextField(null=True)
    after = TextField(null=True)

    class Meta:
        table_name = "release_changes"
        primary_key = CompositeKey("collection_id", "release", "uuid")


add_index(
    "release_changes_entry",
    ReleaseChange.collection_id,
    ReleaseChange.uuid,
    ReleaseChange.release,
)


class Channel(Model):
    """A name under which releases of a collection are published, as `holdall publish` counts it.

    `sequence` grows by one each time that it names another release, also an older one.
    `release_hash` is the name of the release's published file, `previous` that of the one before.
    """

    collection = ForeignKeyField(Collection, backref="channels", **CASCADE)
    name = TextField()
    sequence = IntegerField(constraints=[Check("sequence > 0")])
    release = IntegerField(constraints=[Check("release > 0")])
    release_hash = CharField(max_length=64, constraints=[hex_digits("release_hash", 64)])
    previous = CharField(max_length=64, null=True, constraints=[hex_digits("previous", 64)])
    at = TextField()

    class Meta:
        table_name = "channels"
        primary_key = CompositeKey("collection", "name")


class Operation(Model):
    """A change that a Holdall command made. `details` is JSON: what it takes to undo it.

    `undoes` is a JSON list of the numbers of operations that this one undid. `release` is the
    number of the release that it made, if it changed the collection.
    """

    collection = ForeignKeyField(Collection, backref="operations", **CASCADE)
    number = IntegerField(constraints=[Check("number > 0")])
    transaction_id = TextField()
    command = TextField()
    summary = TextField()
    project = TextField(null=True)
    author = TextField(null=True)
    host = TextField()
    at = TextField()
    undoes = TextField(null=True)
    details = TextField(null=True)
    release = IntegerField(null=True)

    class Meta:
        table_name = "operations"
        primary_key = CompositeKey("collection", "number")


add_index("operations_transaction", Operation.collection, Operation.transaction_id, unique=True)


class OperationArtifact(Model):
    """That an operation changed an artifact. `content_hash` is what a deploy placed of it.

    No foreign key to the artifact: the log keeps what was purged.
    """

    collection_id = CharField(max_length=32)
    operation = ScopedForeignKeyField(
        Operation, field="number", column_name="number", backref="artifacts"
    )
    artifact_uuid = CharField(max_length=32)
    content_hash = CharField(max_length=64, null=True)

    class Meta:
        table_name = "operation_artifacts"
        primary_key = CompositeKey("collection_id", "operation", "artifact_uuid")


add_index(
    "operation_artifacts_artifact", OperationArtifact.artifact_uuid, OperationArtifact.collection_id
)

MODELS: tuple[type[Model], ...] = (
    Collection,
    Artifact,
    ArtifactAlias,
    CompositeArtifact,
    CompositeMembership,
    Deployment,
    Blob,
    BlobChunk,
    Tree,
    VersionFile,
    ArtifactVersion,
    Release,
    ReleaseChange,
    StateChunk,
    Channel,
    Operation,
    OperationArtifact,
)
"""All of them, in an order in which they can be created."""
