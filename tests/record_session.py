"""Record the session that the README shows, as docs/session.svg; see `make docs`."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

REPOSITORY = Path(__file__).parents[1]
SESSION = (
    "holdall add ../sample --skill plain-prose --target claude,codex",
    "holdall status",
    'echo "Ask first." >> .claude/skills/plain-prose/SKILL.md',
    "holdall status",
    "holdall diff plain-prose --to .",
    "holdall adopt plain-prose",
    "holdall deploy",
)
_WIDTH = 92


def record(folder: Path) -> str:
    """Run the session in a folder and return its picture."""
    shutil.copytree(REPOSITORY / "examples" / "sample", folder / "sample")
    (folder / "app").mkdir()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("HOLDALL_")},
        "HOME": str(folder / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "FORCE_COLOR": "1",
        **{f"XDG_{kind}_HOME": str(folder / "home" / kind) for kind in ("DATA", "STATE", "CACHE")},
    }
    (folder / "home").mkdir()
    console = Console(record=True, file=io.StringIO(), width=_WIDTH, force_terminal=True)
    for line in SESSION:
        console.print(Text.assemble(("$ ", "green"), (line, "bold")))
        done = subprocess.run(
            ["sh", "-c", f"{line} 2>&1"],
            cwd=folder / "app",
            env=environment,
            capture_output=True,
            text=True,
        )
        printed = done.stdout.rstrip("\n").replace(str(folder), "~")
        if printed:
            console.print(Text.from_ansi(printed))
    return console.export_svg(title="holdall", unique_id="holdall")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        Path(sys.argv[1]).write_text(record(Path(place)), encoding="utf-8")
