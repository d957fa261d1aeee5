"""What a source contains: folders with artifacts in any of the known layouts."""
