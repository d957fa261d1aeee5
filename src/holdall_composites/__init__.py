"""Identity and composition: permanent UUIDs, composites with pins, and the resolver."""
