"""Commands that need identity: composites, trees, associations, and the database itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from holdall.plugins import Command, hookimpl, on_demand
from holdall_composites.console import begin_command, end_command

if TYPE_CHECKING:
    from holdall.reporter import Reporter

_COMMANDS = (
    ("composite", "composites", "composite", "make and edit composites"),
    ("trees.show", "composites", "tree", "print what a composite contains, all the way down"),
    (
        "trees.show",
        "composites",
        "associations",
        "print the composites that contain an artifact, and its own members",
    ),
    ("history", "projects", "why", "say why something is in a project, and since when"),
    ("version", "history", "versions", "print the versions of an artifact"),
    (
        "version",
        "history",
        "diff",
        "print what differs between two versions, or what was edited in a project",
    ),
    ("version", "history", "restore", "write an old version into the collection, as a new one"),
    ("history", "history", "log", "print what Holdall changed, newest first"),
    ("undo", "history", "undo", "undo the last operations"),
    ("undo", "history", "redo", "do again what was undone last"),
    ("team", "team", "clone", "make a folder of a shared collection from its database alone"),
    ("team", "team", "pull", "bring the folder to the newest release of its shared collection"),
    ("team", "team", "git-merge", "merge the manifest entry by entry, for git"),
    ("publish", "team", "publish", "write a release into a folder that any web server serves"),
    ("publish", "team", "site", "write a site of the collection, to look at and to search"),
    ("care", "care", "purge", "delete removed artifacts for good"),
    ("care", "care", "doctor", "check that files, manifest, database and versions agree"),
    ("care", "care", "rebuild", "rebuild a lost database from the collection's folder"),
    ("export", "composites", "export", "write a composite as a plugin for an agent"),
    ("database", "care", "db", "look after the database"),
)
"""Module, group, name and summary of each command, in the order of `holdall --help`."""

_EXAMPLES = {
    "composite": (
        "holdall composite create starter --member skill:pdf --member agent:reviewer",
        "holdall composite add starter command:commit",
        "holdall composite pin starter skill:pdf 2  # keep to version 2",
        "holdall composite unpin starter skill:pdf",
        "holdall composite remove starter command:commit",
        "holdall composite reorder starter agent:reviewer",
        "holdall composite show starter",
        "holdall composite list",
        "holdall composite delete starter  # its members stay",
    ),
    "tree": (
        "holdall tree starter",
        "holdall tree --all --format svg > collection.svg",
        "holdall tree starter --format mermaid  # for a README on GitHub",
    ),
    "associations": ("holdall associations skill:pdf",),
    "why": ("holdall why skill:pdf",),
    "versions": ("holdall versions skill:pdf",),
    "diff": (
        "holdall diff skill:pdf@1 skill:pdf@2",
        "holdall diff skill:pdf@2  # against the files as they are",
        "holdall diff skill:pdf --to ./app  # what was edited there",
        "holdall diff --release 3 7  # the whole collection",
    ),
    "restore": ("holdall restore skill:pdf 2",),
    "log": (
        "holdall log --limit 5",
        "holdall log skill:pdf",
    ),
    "undo": (
        "holdall undo",
        "holdall undo 3 --dry-run",
        "holdall undo --release 7",
    ),
    "redo": ("holdall redo",),
    "pull": ("holdall pull --dry-run",),
    "git-merge": ("holdall git-merge --install",),
    "clone": (
        "holdall clone postgresql://team@db.example/holdall",
        "holdall clone postgresql://team@db.example/holdall ./kit --name kit",
    ),
    "site": ("holdall site --to /srv/kit",),
    "publish": (
        "holdall publish --to /srv/kit",
        "holdall publish --to /srv/kit --channel stable --release 41  # back",
        "holdall publish --to /srv/kit --git  # also as a git repository",
    ),
    "purge": ("holdall purge skill:pdf",),
    "doctor": ("holdall doctor --deep",),
    "rebuild": ("holdall rebuild --dry-run",),
    "export": (
        "holdall export starter --to ./starter-plugin",
        "holdall export starter --as codex --to starter.zip",
        "holdall export --lock vercel  # a project's skills-lock.json",
    ),
    "db": (
        "holdall db current",
        "holdall db upgrade --dry-run",
        "holdall db downgrade -1",
        "holdall db stamp 0007",
        "holdall db history",
        "holdall db check",
        "holdall db sql --dialect postgresql",
        "holdall db revision add_notes",
        "holdall db backup",
        "holdall db roles --prefix team",
        "holdall db trust",
    ),
}
"""Lines that the help of each command shows."""


@hookimpl
def holdall_configure(reporter: Reporter) -> None:
    """Keep what to report to; warn of a password on the command line."""
    from holdall_composites.console import configure, warn_of_password

    configure(reporter)
    warn_of_password(sys.argv[1:])


@hookimpl
def holdall_command_begin() -> None:
    """Keep connections from here on."""
    begin_command()


@hookimpl
def holdall_command_end() -> None:
    """Close them."""
    end_command()


@hookimpl
def holdall_database_prepare(url: str, dry_run: bool) -> None:
    """Connect, and apply what the schema lacks."""
    from holdall_composites.schema.runner import prepare_database

    prepare_database(url, dry_run=dry_run)


@hookimpl
def holdall_register_commands() -> list[Command]:
    """Return the commands; the module of one is imported when it is named."""
    return [
        Command(
            name,
            summary,
            group,
            on_demand(f"holdall_composites.commands.{module}:configure_{name.replace('-', '_')}"),
            on_demand(f"holdall_composites.commands.{module}:run_{name.replace('-', '_')}"),
            _EXAMPLES.get(name, ()),
            "holdall_composites.commands.documents:DOCUMENTS",
        )
        for module, group, name, summary in _COMMANDS
    ]
