"""Commands that change a collection or look at it."""
