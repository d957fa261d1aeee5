"""What a source holds: folders with artifacts in any of the layouts found in the wild."""
