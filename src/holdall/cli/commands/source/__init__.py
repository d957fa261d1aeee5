"""Commands that only read a source."""
