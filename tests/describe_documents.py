"""Write `json.md` and `schemas/` into the folder that is named; see `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from holdall.cli.documents.handbook import render_page, render_schemas
from holdall.cli.help.handbook import render_commands
from holdall.cli.parser import known_commands
from holdall.config import Config
from holdall.plugins.manager import load_plugins

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    plugins = load_plugins(Config())
    commands = {n: known.command for n, known in known_commands(plugins)[0].items()}
    (folder / "json.md").write_text(render_page(commands), encoding="utf-8")
    (folder / "commands.md").write_text(render_commands(plugins), encoding="utf-8")
    schemas = render_schemas(commands)
    (folder / "schemas").mkdir(exist_ok=True)
    for path in (folder / "schemas").glob("*.json"):
        if path.name not in schemas:
            path.unlink()
    for name, text in schemas.items():
        (folder / "schemas" / name).write_text(text, encoding="utf-8")
