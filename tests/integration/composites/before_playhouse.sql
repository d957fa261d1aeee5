CREATE TABLE holdall_migrations (
  revision VARCHAR(4) NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  applied_at TEXT NOT NULL
);
CREATE TABLE holdall_migrations_audit (
  id {serial},
  action TEXT NOT NULL,
  revision VARCHAR(4) NOT NULL,
  name TEXT NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  author TEXT,
  host TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE TABLE collections (
  id VARCHAR(32) NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  manifest_hash VARCHAR(64)
);
CREATE TABLE artifacts (
  collection_id VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  path TEXT,
  origin TEXT NOT NULL DEFAULT 'local',
  content_hash VARCHAR(64),
  active BOOLEAN NOT NULL DEFAULT TRUE,
  created_at TEXT NOT NULL {now},
  updated_at TEXT NOT NULL {now},
  uuid VARCHAR(32) NOT NULL {uuid},
  PRIMARY KEY (collection_id, id)
);
CREATE INDEX artifacts_name ON artifacts (collection_id, name);
CREATE INDEX artifacts_content_hash ON artifacts (content_hash);
CREATE UNIQUE INDEX artifacts_uuid ON artifacts (uuid);
CREATE UNIQUE INDEX artifacts_collection_uuid ON artifacts (collection_id, uuid);
CREATE TABLE composite_artifacts (
  collection_id VARCHAR(32) NOT NULL,
  id TEXT NOT NULL,
  composite_type TEXT NOT NULL DEFAULT 'plugin',
  display_name TEXT,
  description TEXT,
  metadata TEXT,
  created_at TEXT NOT NULL {now},
  updated_at TEXT NOT NULL {now},
  PRIMARY KEY (collection_id, id),
  FOREIGN KEY (collection_id, id) REFERENCES artifacts (collection_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE composite_memberships (
  collection_id VARCHAR(32) NOT NULL,
  composite_id TEXT NOT NULL,
  child_artifact_uuid VARCHAR(32) NOT NULL,
  relationship_type TEXT NOT NULL DEFAULT 'contains' CHECK (relationship_type IN ('contains', 'requires', 'extends')),
  position INTEGER NOT NULL DEFAULT 0,
  pinned_version_hash VARCHAR(64),
  metadata TEXT,
  created_at TEXT NOT NULL {now},
  PRIMARY KEY (collection_id, composite_id, child_artifact_uuid),
  FOREIGN KEY (collection_id, composite_id) REFERENCES composite_artifacts (collection_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (collection_id, child_artifact_uuid) REFERENCES artifacts (collection_id, uuid) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX composite_memberships_order ON composite_memberships (collection_id, composite_id, position);
CREATE INDEX composite_memberships_child ON composite_memberships (child_artifact_uuid, collection_id);
CREATE TABLE deployments (
  collection_id VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
  project TEXT NOT NULL,
  target_root TEXT NOT NULL,
  artifact_uuid VARCHAR(32) NOT NULL REFERENCES artifacts (uuid) ON DELETE CASCADE ON UPDATE CASCADE,
  content_hash VARCHAR(64) NOT NULL,
  transaction_id TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
  deployed_at TEXT NOT NULL {now},
  PRIMARY KEY (collection_id, project, target_root, artifact_uuid)
);
CREATE INDEX deployments_artifact ON deployments (artifact_uuid);
CREATE TABLE blobs (
  sha256 VARCHAR(64) NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
  size BIGINT NOT NULL CHECK (size >= 0),
  encoding TEXT NOT NULL CHECK (encoding IN ('raw', 'zlib', 'chunks')),
  data {bytes}, CHECK ((data IS NULL) = (encoding = 'chunks'))
);
CREATE TABLE blob_chunks (
  sha256 VARCHAR(64) NOT NULL REFERENCES blobs (sha256) ON DELETE CASCADE ON UPDATE CASCADE,
  position INTEGER NOT NULL CHECK (position >= 0),
  encoding TEXT NOT NULL CHECK (encoding IN ('raw', 'zlib')),
  data {bytes} NOT NULL,
  PRIMARY KEY (sha256, position)
);
CREATE TABLE trees (
  content_hash VARCHAR(64) NOT NULL PRIMARY KEY CHECK (length(content_hash) = 64),
  skillmeat_hash VARCHAR(64) NOT NULL
);
CREATE TABLE version_files (
  content_hash VARCHAR(64) NOT NULL REFERENCES trees (content_hash) ON DELETE CASCADE ON UPDATE CASCADE,
  path TEXT NOT NULL {path},
  kind TEXT NOT NULL CHECK (kind IN ('f', 'l')),
  executable BOOLEAN NOT NULL,
  size BIGINT NOT NULL CHECK (size >= 0),
  sha256 VARCHAR(64) NOT NULL REFERENCES blobs (sha256) ON UPDATE CASCADE,
  PRIMARY KEY (content_hash, path)
);
CREATE INDEX version_files_blob ON version_files (sha256);
CREATE TABLE artifact_versions (
  id {serial},
  artifact_uuid VARCHAR(32) NOT NULL REFERENCES artifacts (uuid) ON DELETE CASCADE ON UPDATE CASCADE,
  number INTEGER NOT NULL CHECK (number >= 0),
  parent_id INTEGER REFERENCES artifact_versions (id) ON DELETE SET NULL ON UPDATE CASCADE,
  content_hash VARCHAR(64) NOT NULL REFERENCES trees (content_hash) ON UPDATE CASCADE,
  message TEXT,
  author TEXT,
  created_at TEXT NOT NULL {now}
);
CREATE UNIQUE INDEX artifact_versions_number ON artifact_versions (artifact_uuid, number);
CREATE INDEX artifact_versions_tree ON artifact_versions (content_hash);
CREATE INDEX artifact_versions_parent ON artifact_versions (parent_id);
CREATE TABLE operations (
  collection_id VARCHAR(32) NOT NULL REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
  number INTEGER NOT NULL CHECK (number > 0),
  transaction_id TEXT NOT NULL,
  command TEXT NOT NULL,
  summary TEXT NOT NULL,
  project TEXT,
  author TEXT,
  host TEXT NOT NULL,
  at TEXT NOT NULL,
  undoes TEXT,
  details TEXT,
  PRIMARY KEY (collection_id, number)
);
CREATE UNIQUE INDEX operations_transaction ON operations (collection_id, transaction_id);
CREATE TABLE operation_artifacts (
  collection_id VARCHAR(32) NOT NULL,
  number INTEGER NOT NULL,
  artifact_uuid VARCHAR(32) NOT NULL,
  content_hash VARCHAR(64),
  PRIMARY KEY (collection_id, number, artifact_uuid),
  FOREIGN KEY (collection_id, number) REFERENCES operations (collection_id, number) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX operation_artifacts_artifact ON operation_artifacts (artifact_uuid, collection_id);
INSERT INTO holdall_migrations VALUES
  ('0001', 'initial', 'd85197c2041eb5062e7d1ea0b9a68fee910def0a2a97ae4b4a75e70ac2237ca2', '2026-11-01T00:00:00Z'),
  ('0002', 'artifact_uuid', '9ff9d491d5d8b5124b8c998e9aac5ebd27e1b1aea96a66c3d395b7c249cc0548', '2026-11-01T00:00:00Z'),
  ('0003', 'composites', '78f9bf7d7c83511d51ea7283e908fb0b4e443793b9c1cc54860b235c50ee4050', '2026-11-01T00:00:00Z'),
  ('0004', 'deployments', '91b15a8c4d22a68e91e740205342a4c24869d729a08719b2d077afe8c6227a0f', '2026-11-01T00:00:00Z'),
  ('0005', 'versions', '6bb368010cc67f41980a82a782527f62751372b22f18a77f57ac2c257e0ca01e', '2026-11-01T00:00:00Z'),
  ('0006', 'operations', 'e24791ae53d48679e80664f219a0d61852864bf8af9050b7a86dc173e8a925ac', '2026-11-01T00:00:00Z');
INSERT INTO holdall_migrations_audit (action, revision, name, checksum, host, at)
  SELECT 'applied', revision, name, checksum, 'host', applied_at FROM holdall_migrations;
