"""One reader for each layout of files that a source may have."""
