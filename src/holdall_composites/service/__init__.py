"""What hooks and commands ask for: deploys, composites, care, exports."""
