"""What an artifact can make a machine run or send: only this package decides it, and asks."""
