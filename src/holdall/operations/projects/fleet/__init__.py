"""Every project of a team, on all machines: what the database knows, and reports."""
