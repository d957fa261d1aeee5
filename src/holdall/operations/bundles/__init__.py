"""A composite laid out as a plugin of an agent: the files of a folder or archive."""
