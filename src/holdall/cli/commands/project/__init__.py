"""Commands that change a project or look at one."""
