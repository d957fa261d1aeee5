"""Two machines, a conflict and how it is settled, and a third machine that has the URL alone.

`make demo-team` runs it, on the PostgreSQL of the tests, with a home folder for each machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from databases import empty_postgres
from postgres_server import running_server

SAMPLE = Path(__file__).parents[1] / "examples/sample"
SKILL = "skills/plain-prose/SKILL.md"


class Machine:
    """A home folder, in which commands are run and shown."""

    def __init__(self, top: Path, name: str, url: str) -> None:
        self.home, self.name, self.url = top / name, name, url
        self.home.mkdir()
        for folder in ("state", "data", "cache", "config"):
            os.environ.pop(f"XDG_{folder.upper()}_HOME", None)

    def run(self, *words: str, status: int = 0) -> None:
        """Run a command; show it with what it prints. Ends the demo at another status."""
        shown = " ".join(words).replace(self.url, "URL").replace(str(SAMPLE), "sample")
        print(f"\n{self.name}$ holdall {shown}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "holdall", *words],
            cwd=self.home,
            env={**os.environ, "HOME": str(self.home), "HOLDALL_MACHINE": self.name},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(done.stdout.replace(self.url, "URL"), end="", flush=True)
        if done.returncode != status:
            sys.exit(f"it ended with {done.returncode}, not {status}")

    def edit(self, old: str, new: str) -> None:
        """Change words of the skill in the collection's folder."""
        print(f"\n{self.name}: edits kit/{SKILL}", flush=True)
        file = self.home / "kit" / SKILL
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))


def say(text: str) -> None:
    """Show what comes."""
    print(f"\n# {text}", flush=True)


def play(top: Path, url: str) -> None:
    """Run all of it."""
    ada, bob, carl = (Machine(top, name, url) for name in ("ada", "bob", "carl"))
    in_kit = ("--collection", "kit")
    say("Ada makes a collection in the team's database. Bob clones it.")
    ada.run("init", "kit", "--database", url)
    ada.run(*in_kit, "collect", str(SAMPLE))
    bob.run("clone", url, "kit")
    say("Ada renames a skill, Bob makes a composite: both meet.")
    ada.run(*in_kit, "rename", "skill:changelog", "news")
    bob.run(*in_kit, "composite", "create", "starter", "--member", "skill:plain-prose")
    say("Both change the same line: the second one is refused, and nothing is written.")
    heading = (ada.home / "kit" / SKILL).read_text().splitlines()[-1]
    ada.edit(heading, f"{heading} Ada's words.")
    ada.run(*in_kit, "collect")
    bob.edit(heading, f"{heading} Bob's words.")
    bob.run(*in_kit, "collect", status=3)
    say("Bob takes Ada's; his own stay as a backup.")
    bob.run(*in_kit, "pull", "--theirs")
    bob.run(*in_kit, "log", "--limit", "4")
    say("Carl has the URL alone.")
    (carl.home / "app").mkdir()
    carl.run("--database", url, "deploy", "starter", "--to", "app", "--target", "claude")
    say("Ada sees where everything is.")
    ada.run(*in_kit, "status", "--all")


def main() -> None:
    """Start a server, and play."""
    for word in ("HOLDALL_COLLECTION", "HOLDALL_DATABASE_URL", "HOLDALL_PLUGINS"):
        os.environ.pop(word, None)
    with (
        tempfile.TemporaryDirectory() as top,
        running_server() as server,
        empty_postgres(server) as url,
    ):
        play(Path(top), url)


if __name__ == "__main__":
    main()
