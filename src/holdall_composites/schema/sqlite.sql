-- 3b8dcba9bc0656e11a2da0b6c5a15aaa24b9723aaf582158e407fc7a31a4ad3b: a hash of all scripts
CREATE TABLE "holdall_migrations" ("name" TEXT NOT NULL PRIMARY KEY, "checksum" VARCHAR(64) NOT NULL, "applied_at" TEXT NOT NULL);

CREATE TABLE "holdall_migrations_audit" ("id" INTEGER NOT NULL PRIMARY KEY, "action" TEXT NOT NULL, "name" TEXT NOT NULL, "checksum" VARCHAR(64) NOT NULL, "author" TEXT, "host" TEXT NOT NULL, "at" TEXT NOT NULL);

CREATE TABLE "collections" ("id" VARCHAR(32) NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "manifest_hash" VARCHAR(64), "head" INTEGER NOT NULL DEFAULT 0, "head_hash" VARCHAR(64) CHECK (length(head_hash) = 64 AND head_hash NOT GLOB '*[^0-9a-f]*'));

CREATE TABLE "artifacts" ("collection_id" VARCHAR(32) NOT NULL, "id" TEXT NOT NULL, "type" TEXT NOT NULL, "name" TEXT NOT NULL, "path" TEXT, "origin" TEXT NOT NULL DEFAULT 'local', "content_hash" VARCHAR(64), "active" INTEGER NOT NULL DEFAULT TRUE, "created_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), "updated_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), "uuid" VARCHAR(32) CHECK (length(uuid) = 32 AND uuid NOT GLOB '*[^0-9a-f]*') NOT NULL, PRIMARY KEY ("collection_id", "id"), FOREIGN KEY ("collection_id") REFERENCES "collections" ("id") ON DELETE CASCADE ON UPDATE CASCADE);

CREATE INDEX "artifacts_content_hash" ON "artifacts" ("content_hash");

CREATE INDEX "artifacts_name" ON "artifacts" ("collection_id", "name");

CREATE UNIQUE INDEX "artifacts_uuid" ON "artifacts" ("uuid");

CREATE UNIQUE INDEX "artifacts_collection_uuid" ON "artifacts" ("collection_id", "uuid");

CREATE TABLE "composite_artifacts" ("collection_id" VARCHAR(32) NOT NULL, "id" TEXT NOT NULL, "composite_type" TEXT NOT NULL DEFAULT 'plugin' CHECK (composite_type IN ('plugin')), "display_name" TEXT, "description" TEXT, "metadata" TEXT, "created_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), "updated_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), PRIMARY KEY ("collection_id", "id"), FOREIGN KEY (collection_id, id) REFERENCES artifacts (collection_id, id) ON DELETE CASCADE ON UPDATE CASCADE);

CREATE TABLE "composite_memberships" ("collection_id" VARCHAR(32) NOT NULL, "composite_id" TEXT NOT NULL, "child_artifact_uuid" VARCHAR(32) NOT NULL, "relationship_type" TEXT NOT NULL DEFAULT 'contains' CHECK (relationship_type IN ('contains', 'requires', 'extends')), "position" INTEGER NOT NULL DEFAULT 0, "pinned_version_hash" VARCHAR(64) CHECK (length(pinned_version_hash) = 64 AND pinned_version_hash NOT GLOB '*[^0-9a-f]*'), "metadata" TEXT, "created_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), "updated_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), PRIMARY KEY ("collection_id", "composite_id", "child_artifact_uuid"), FOREIGN KEY (collection_id, composite_id) REFERENCES composite_artifacts (collection_id, id) ON DELETE CASCADE ON UPDATE CASCADE, FOREIGN KEY (collection_id, child_artifact_uuid) REFERENCES artifacts (collection_id, uuid) ON DELETE CASCADE ON UPDATE CASCADE);

CREATE INDEX "composite_memberships_order" ON "composite_memberships" ("collection_id", "composite_id", "position");

CREATE INDEX "composite_memberships_child" ON "composite_memberships" ("child_artifact_uuid", "collection_id", "composite_id");

CREATE TABLE "blobs" ("sha256" VARCHAR(64) NOT NULL PRIMARY KEY CHECK (length(sha256) = 64), "size" INTEGER NOT NULL CHECK (size >= 0), "encoding" TEXT NOT NULL CHECK (encoding IN ('raw', 'zlib', 'chunks')), "data" BLOB, CHECK ((data IS NULL) = (encoding = 'chunks')));

CREATE TABLE "blob_chunks" ("sha256" VARCHAR(64) NOT NULL REFERENCES blobs (sha256) ON DELETE CASCADE ON UPDATE CASCADE, "position" INTEGER NOT NULL CHECK (position >= 0), "encoding" TEXT NOT NULL CHECK (encoding IN ('raw', 'zlib')), "data" BLOB NOT NULL, PRIMARY KEY ("sha256", "position"));

CREATE TABLE "trees" ("content_hash" VARCHAR(64) NOT NULL PRIMARY KEY CHECK (length(content_hash) = 64), "skillmeat_hash" VARCHAR(64) NOT NULL);

CREATE TABLE "version_files" ("content_hash" VARCHAR(64) NOT NULL REFERENCES trees (content_hash) ON DELETE CASCADE ON UPDATE CASCADE, "path" TEXT NOT NULL CHECK (length(path) BETWEEN 1 AND 1024
            AND '/' || path || '/' NOT GLOB '*//*' AND '/' || path || '/' NOT GLOB '*/./*'
            AND '/' || path || '/' NOT GLOB '*/../*' AND instr(path, char(0)) = 0
            AND path NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'), "kind" TEXT NOT NULL CHECK (kind IN ('f', 'l')), "executable" INTEGER NOT NULL, "size" INTEGER NOT NULL CHECK (size >= 0), "sha256" VARCHAR(64) NOT NULL REFERENCES blobs (sha256) ON UPDATE CASCADE, PRIMARY KEY ("content_hash", "path"));

CREATE TABLE "artifact_versions" ("id" INTEGER NOT NULL PRIMARY KEY, "artifact_uuid" VARCHAR(32) NOT NULL REFERENCES artifacts (uuid) ON DELETE CASCADE ON UPDATE CASCADE, "number" INTEGER NOT NULL CHECK (number >= 0), "parent_id" INTEGER REFERENCES artifact_versions (id) ON DELETE SET NULL ON UPDATE CASCADE, "content_hash" VARCHAR(64) NOT NULL REFERENCES trees (content_hash) ON UPDATE CASCADE, "message" TEXT, "author" TEXT, "created_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));

CREATE INDEX "version_files_blob" ON "version_files" ("sha256");

CREATE UNIQUE INDEX "artifact_versions_number" ON "artifact_versions" ("artifact_uuid", "number");

CREATE INDEX "artifact_versions_tree" ON "artifact_versions" ("content_hash");

CREATE INDEX "artifact_versions_parent" ON "artifact_versions" ("parent_id");

CREATE TABLE "operations" ("collection_id" VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE, "number" INTEGER NOT NULL CHECK (number > 0), "transaction_id" TEXT NOT NULL, "command" TEXT NOT NULL, "summary" TEXT NOT NULL, "project" TEXT, "author" TEXT, "host" TEXT NOT NULL, "at" TEXT NOT NULL, "undoes" TEXT, "details" TEXT, "release" INTEGER, PRIMARY KEY ("collection_id", "number"));

CREATE TABLE "operation_artifacts" ("collection_id" VARCHAR(32) NOT NULL, "number" INTEGER NOT NULL, "artifact_uuid" VARCHAR(32) NOT NULL, "content_hash" VARCHAR(64), PRIMARY KEY ("collection_id", "number", "artifact_uuid"), FOREIGN KEY (collection_id, number) REFERENCES operations (collection_id, number) ON DELETE CASCADE ON UPDATE CASCADE);

CREATE UNIQUE INDEX "operations_transaction" ON "operations" ("collection_id", "transaction_id");

CREATE INDEX "operation_artifacts_artifact" ON "operation_artifacts" ("artifact_uuid", "collection_id");

CREATE TABLE "releases" ("collection_id" VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE, "number" INTEGER NOT NULL CHECK (number > 0), "change_id" VARCHAR(32) NOT NULL CHECK (length(change_id) = 32 AND change_id NOT GLOB '*[^0-9a-f]*'), "hash" VARCHAR(64) NOT NULL CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'), "parent" VARCHAR(64) CHECK (length(parent) = 64 AND parent NOT GLOB '*[^0-9a-f]*'), "state_hash" VARCHAR(64) NOT NULL CHECK (length(state_hash) = 64 AND state_hash NOT GLOB '*[^0-9a-f]*'), "author" TEXT, "host" TEXT NOT NULL, "at" TEXT NOT NULL, "command" TEXT NOT NULL, "message" TEXT, PRIMARY KEY ("collection_id", "number"));

CREATE TABLE "release_changes" ("collection_id" VARCHAR(32) NOT NULL, "number" INTEGER NOT NULL, "uuid" VARCHAR(32) NOT NULL, "before" TEXT, "after" TEXT, PRIMARY KEY ("collection_id", "number", "uuid"), FOREIGN KEY (collection_id, number) REFERENCES releases (collection_id, number) ON DELETE CASCADE ON UPDATE CASCADE);

CREATE UNIQUE INDEX "releases_change" ON "releases" ("collection_id", "change_id");

CREATE INDEX "releases_state" ON "releases" ("collection_id", "state_hash", "number");

CREATE INDEX "release_changes_entry" ON "release_changes" ("collection_id", "uuid", "number");

CREATE TABLE "channels" ("collection_id" VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE, "name" TEXT NOT NULL, "sequence" INTEGER NOT NULL CHECK (sequence > 0), "release" INTEGER NOT NULL CHECK (release > 0), "release_hash" VARCHAR(64) NOT NULL CHECK (length(release_hash) = 64 AND release_hash NOT GLOB '*[^0-9a-f]*'), "previous" VARCHAR(64) CHECK (length(previous) = 64 AND previous NOT GLOB '*[^0-9a-f]*'), "at" TEXT NOT NULL, PRIMARY KEY ("collection_id", "name"));

CREATE TABLE "artifact_aliases" ("collection_id" VARCHAR(32) NOT NULL, "other_uuid" VARCHAR(32) NOT NULL CHECK (length(other_uuid) = 32 AND other_uuid NOT GLOB '*[^0-9a-f]*'), "artifact_uuid" VARCHAR(32) NOT NULL, PRIMARY KEY ("collection_id", "other_uuid"), FOREIGN KEY (collection_id, artifact_uuid) REFERENCES artifacts (collection_id, uuid) ON DELETE CASCADE ON UPDATE CASCADE);

CREATE INDEX "artifact_aliases_artifact" ON "artifact_aliases" ("collection_id", "artifact_uuid");

CREATE TABLE "state_chunks" ("collection_id" VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE, "prefix" VARCHAR(32) NOT NULL, "hash" VARCHAR(64) NOT NULL CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'), PRIMARY KEY ("collection_id", "prefix"));

CREATE TABLE "deployments" ("collection_id" VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE, "project" TEXT NOT NULL, "target_root" TEXT NOT NULL, "artifact_uuid" VARCHAR(32) NOT NULL REFERENCES artifacts (uuid) ON DELETE CASCADE ON UPDATE CASCADE, "content_hash" VARCHAR(64) NOT NULL, "transaction_id" TEXT NOT NULL, "state" TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')), "deployed_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), "host" TEXT NOT NULL DEFAULT '', PRIMARY KEY ("collection_id", "host", "project", "target_root", "artifact_uuid"));

CREATE INDEX "deployments_artifact" ON "deployments" ("artifact_uuid");

CREATE TRIGGER composite_memberships_not_itself_insert
    BEFORE INSERT ON composite_memberships WHEN EXISTS (SELECT 1 FROM artifacts WHERE collection_id = NEW.collection_id
        AND id = NEW.composite_id AND uuid = NEW.child_artifact_uuid)
    BEGIN SELECT RAISE(ABORT, 'a composite cannot be a member of itself'); END;

CREATE TRIGGER composite_memberships_not_itself_update
    BEFORE UPDATE OF composite_id, child_artifact_uuid ON composite_memberships WHEN EXISTS (SELECT 1 FROM artifacts WHERE collection_id = NEW.collection_id
        AND id = NEW.composite_id AND uuid = NEW.child_artifact_uuid)
    BEGIN SELECT RAISE(ABORT, 'a composite cannot be a member of itself'); END;
