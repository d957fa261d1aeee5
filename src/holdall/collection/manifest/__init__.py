"""`manifest.toml`: its values, reading it, writing it, comparing two."""
