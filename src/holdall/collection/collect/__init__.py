"""What a collect would change: from a source, and from edits in the collection's own folder."""
