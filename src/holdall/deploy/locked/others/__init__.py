"""The locks of other programs, read so that what they installed can be taken over."""
