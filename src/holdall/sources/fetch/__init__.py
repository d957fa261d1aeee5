"""Sources that are not folders: git repositories and archives, laid out as one."""
