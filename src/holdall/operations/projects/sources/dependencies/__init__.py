"""What plugins need of each other: found, resolved, and locked."""
