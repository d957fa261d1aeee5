"""From `type:name` to UUIDs, members and versions."""
