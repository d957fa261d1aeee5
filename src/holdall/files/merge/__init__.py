"""Three-way merges of texts by lines, and of whole artifacts file by file."""
