"""A static site of a collection's newest release; `registry` writes what programs read."""
