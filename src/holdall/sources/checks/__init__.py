"""What is checked while a source is read: limits, hidden text, secrets."""
