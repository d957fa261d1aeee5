"""What `--help` prints, and what a mistyped word is answered with. Loaded only for that."""
