"""What the commands of a project's lock share: their options, and how they report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.cli.allow import HIDDEN_TEXT, add_allow, refuse_unknown
from holdall.cli.context import Context

if TYPE_CHECKING:
    from holdall.deploy.locked.values import LockedArtifact, LockedSource
    from holdall.operations.projects.merging.conflicts import Edits
    from holdall.operations.projects.terms import Terms


def add_options(parser: argparse.ArgumentParser, *, writes: bool = True) -> None:
    """Add the options that these commands share."""
    parser.add_argument(
        "--to",
        metavar="PROJECT",
        help="the project (default: the nearest folder upwards with a holdall.toml, else here)",
    )
    if not writes:
        return
    parser.add_argument(
        "--allow-commands",
        action="store_true",
        help="allow agents to run and send what is shown; remembered for each artifact",
    )
    parser.add_argument(
        "--force", action="store_true", help="also replace edited files; each is kept as a backup"
    )
    add_allow(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, write nothing"
    )


def add_edit_options(parser: argparse.ArgumentParser, other: str) -> None:
    """Add the options for what was edited, and is something else in `other` by now."""
    edits = parser.add_mutually_exclusive_group()
    edits.add_argument("--ours", action="store_true", help="keep what you edited")
    edits.add_argument(
        "--theirs",
        action="store_true",
        help=f"take what the {other} has; what you edited is kept as a backup",
    )
    edits.add_argument(
        "--copy",
        metavar="FOLDER",
        help="what does not merge is written there with conflict markers; edit it, then run the"
        " same again",
    )


def edits_of(args: argparse.Namespace) -> Edits:
    """Return what is to be done with edits."""
    from holdall.operations.projects.merging.conflicts import Edits

    return Edits.OURS if args.ours else Edits.THEIRS if args.theirs else Edits.MERGE


def project_of(args: argparse.Namespace) -> Path:
    """Return the project that the options mean."""
    from holdall.operations.projects.find import find_project

    return Path(args.to) if args.to is not None else find_project(Path())


def target_names(context: Context, args: argparse.Namespace, project: Path) -> list[str]:
    """Return the names that `--target` gives; a name may be several with commas, or `all`."""
    if not args.target:
        return []
    return [target.name for target in context.targets(args.target, project)]


def terms_of(context: Context, args: argparse.Namespace, project: Path) -> Terms:
    """Return how the command is to work."""
    from holdall.deploy.consent.allowance import Allowance
    from holdall.files.user_state import state_folder
    from holdall.operations.projects.terms import Terms

    refuse_unknown(args.allow)
    return Terms(
        context.session,
        project,
        context.caps,
        Allowance(state_folder(), allow=args.allow_commands),
        force=args.force,
        dry_run=args.dry_run,
        takes_hidden=HIDDEN_TEXT in args.allow,
    )


def short_state(source: LockedSource) -> str:
    """Return a source with what was asked for and the commit or checksum, for reading."""
    asked = "".join(f" {part}" for part in (source.revision, source.tag) if part)
    state = source.commit or (source.digest or "").removeprefix("sha256:")
    return f"{source.source}{asked}" + (f" ({state[:12]})" if state else "")


def state_of(source: LockedSource | None) -> str:
    """Return the revision and the commit or checksum of a source, for reading."""
    if source is None:
        return "nothing"
    state = source.commit or (source.digest or "").removeprefix("sha256:")
    asked = (source.revision, source.tag, state[:12])
    return " ".join(filter(None, asked)) or "the folder"


def source_to_json(source: LockedSource) -> dict[str, Any]:
    """Return a locked source as `--json` prints it."""
    select = None if source.select is None else [str(one) for one in source.select]
    return {**source._asdict(), "select": select, "needed_by": list(source.needed_by)}


def artifact_to_json(one: LockedArtifact) -> dict[str, Any]:
    """Return a locked artifact as `--json` prints it."""
    return {
        "id": str(one.id),
        "uuid": one.uuid,
        "source": one.source,
        "path": one.path,
        "content_hash": one.content_hash,
        "targets": list(one.targets),
        "wanted_by": [str(request) for request in one.wanted_by],
    }
