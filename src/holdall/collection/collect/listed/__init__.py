"""Sources that list what they hold in a manifest of their own."""
