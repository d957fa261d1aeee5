"""What belongs together: as trees, and as drawings for other programs."""
