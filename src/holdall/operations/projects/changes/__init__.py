"""Commands that change what a project wants and has, or say something about it."""
