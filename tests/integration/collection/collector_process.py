"""A process that edits and collects over and over: `collector_process.py KIT URL SECONDS NAME`."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from pathlib import Path

from holdall.cli import main


def run(kit: Path, url: str, seconds: float, name: str) -> int:
    """Edit both skills and collect until time is up; return how often, or raise.

    Where somebody else edited the same ones, the own edits are collected after those.
    """
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for skill in ("a", "b"):
            new = kit / f".{skill}.{name}"
            new.write_text(f"{skill} by {name}, {count}\n" * 50)
            with contextlib.suppress(FileNotFoundError):
                os.replace(new, kit / "skills" / skill / "SKILL.md")
        told = io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            status = main(["--collection", str(kit), "--database", url, "collect"])
            if status == 3:
                status = main(["--collection", str(kit), "--database", url, "pull", "--ours"])
        if status != 0:
            raise SystemExit(f"collect ended with {status}: {told.getvalue()}")
        count += 1
    return count


if __name__ == "__main__":
    folder, database, duration, who = sys.argv[1:]
    print(run(Path(folder), database, float(duration), who))
