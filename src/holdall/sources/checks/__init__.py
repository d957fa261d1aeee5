"""What is judged while a source is read: limits, hidden text, secrets."""
