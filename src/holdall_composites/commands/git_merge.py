"""`holdall git-merge`: the merge driver that git runs for `manifest.toml`.

.gitattributes    manifest.toml merge=holdall
git config        merge.holdall.driver "holdall git-merge %O %A %B %P"
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from holdall.cli import Context
from holdall.errors import ConflictError, InputError, UsageError

DRIVER = "holdall git-merge %O %A %B %P"
ATTRIBUTE = "manifest.toml merge=holdall"


def configure_git_merge(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall git-merge`."""
    parser.description = (
        "Merge the manifests of two branches entry by entry: git runs this, once it is told to."
        " What does not merge is left with git's marks. --install tells the collection's git."
    )
    for name, told in (("base", "before"), ("ours", "here, and the result"), ("theirs", "there")):
        parser.add_argument(name, nargs="?", metavar=name.upper(), help=f"the manifest {told}")
    parser.add_argument("path", nargs="?", metavar="PATH", help="where it is in the repository")
    parser.add_argument(
        "--install", action="store_true", help="set the driver in the git of the collection"
    )
    parser.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def run_git_merge(context: Context, args: argparse.Namespace) -> int:
    """Merge, or install."""
    if args.install:
        return _install(context, dry_run=args.dry_run)
    if args.theirs is None:
        raise UsageError("three manifests are needed", hint="git names them; or use --install")
    from holdall_composites.service.git_merge import merge_manifests

    texts = [_read(Path(name)) for name in (args.base, args.ours, args.theirs)]
    merged = merge_manifests(*texts)
    if merged.text is not None:
        if not args.dry_run:
            Path(args.ours).write_bytes(merged.text.encode())
        context.out.data({"dry_run": args.dry_run, "merged": True, "conflicts": []})
        return 0
    if not args.dry_run:
        _mark(args)
    for problem in merged.problems:
        context.out.note(f"{args.path or args.ours}: {problem}")
    context.out.data({"dry_run": args.dry_run, "merged": False, "conflicts": list(merged.problems)})
    return 1


def _mark(args: argparse.Namespace) -> None:
    """Let git merge by lines, and leave its marks, as it does without a driver."""
    labels = [word for label in ("ours", "base", "theirs") for word in ("-L", label)]
    names = [args.ours, args.base, args.theirs]
    subprocess.run(["git", "merge-file", "--quiet", *labels, "--", *names], check=False)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", hint="git names them") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not valid UTF-8", hint="save it as UTF-8") from error


def _install(context: Context, *, dry_run: bool) -> int:
    """Set the driver in the git configuration, and name it if the attributes do not."""
    root = context.collection().root
    commands = (
        ("merge.holdall.name", "Holdall's manifest, entry by entry"),
        ("merge.holdall.driver", DRIVER),
    )
    for key, value in commands:
        context.out.line(f"git config {key} {value!r}")
        if not dry_run:
            _git(root, "config", "--local", key, value)
    attributes = root / ".gitattributes"
    is_named = attributes.exists() and ATTRIBUTE in attributes.read_text().splitlines()
    if not is_named:
        context.out.note(f"add the line `{ATTRIBUTE}` to {attributes}")
    context.out.data({"dry_run": dry_run, "merged": False, "conflicts": []})
    return 0 if is_named else 1


def _git(root: Path, *words: str) -> None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ConflictError("git is not installed", hint="install git") from error
    if done.returncode:
        raise ConflictError(
            f"git refuses: {done.stderr.strip()}", hint=f"is {root} in a repository of git?"
        )
