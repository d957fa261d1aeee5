"""From a request to the file actions of a deploy."""
