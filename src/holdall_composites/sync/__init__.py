"""From the manifest to rows: what differs, UUIDs, and the bytes of versions."""
