"""The plugin's commands, one thin module each."""
