"""What a project wants, in `holdall.toml`, and what exactly it has, in `holdall.lock`."""
