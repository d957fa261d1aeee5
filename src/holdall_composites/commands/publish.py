"""`holdall publish` and `holdall site`: a release as plain files, to read and to look at."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdall import __version__
from holdall.cli import Context
from holdall.deploy import Target
from holdall.errors import UsageError
from holdall.sources import DEFAULT_CHANNEL, check_channel_name
from holdall.transaction import Signature
from holdall_composites.commands.history import count


def configure_publish(publish: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall publish`."""
    publish.description = (
        "Write the newest release, or an older one, into a folder, and let a channel name it. Any"
        " web server, bucket or share can serve the folder; the channel's file there is a SOURCE."
        " A way back is the channel that names an older release."
    )
    publish.add_argument(
        "--to", required=True, type=Path, metavar="DIR", help="the folder; it may be a new one"
    )
    publish.add_argument(
        "--channel",
        default=DEFAULT_CHANNEL,
        metavar="NAME",
        help=f"the channel to move (default: {DEFAULT_CHANNEL})",
    )
    publish.add_argument(
        "--release", type=count, metavar="N", help="which release (default: the newest)"
    )
    publish.add_argument(
        "--take-over",
        action="store_true",
        help="go on where another database published into this folder",
    )
    publish.add_argument(
        "--git",
        action="store_true",
        help="also commit it to DIR/collection.git, for programs that read nothing else",
    )
    publish.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run_publish(context: Context, args: argparse.Namespace) -> int:
    """Publish a release."""
    from holdall_composites.service.registry import plan_publication, publish_release
    from holdall_composites.session import open_synced

    name = check_channel_name(args.channel)
    collection = context.collection()
    with open_synced(collection) as resolver:
        uuid = collection.manifest.uuid or ""
        plan = plan_publication(resolver.store, uuid, args.release, context.plugins.types.values())
        fields = {"number": plan.release.number, "channel": name, "dry_run": args.dry_run}
        if args.dry_run:
            context.out.line(f"would publish release {plan.release.number} as {name}")
            nothing = {"sequence": None, "files": 0, "bytes": 0, "commit": None}
            context.out.data({**fields, **nothing})
            return 0
        how = (resolver.store, plan, args.to, name, Signature.now())
        done, commit = publish_release(*how, take_over=args.take_over, as_git=args.git)
    what = f"release {done.channel.number} is {name} (sequence {done.channel.sequence})"
    context.out.line(f"{what} in {args.to}")
    context.out.note(f"{done.files} files written, {done.bytes:,} bytes")
    if commit is not None:
        context.out.note(f"commit {commit[:12]} on the branch {name} of collection.git")
    counts = {"sequence": done.channel.sequence, "files": done.files, "bytes": done.bytes}
    context.out.data({**fields, **counts, "commit": commit})
    return 0


def configure_site(site: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall site`."""
    site.description = (
        "Write pages about the newest release: a catalog with search, a page for each artifact and"
        " composite, sources, releases, and a graph. Any web server can serve the folder, which may"
        " be the one that `holdall publish` writes into. Other programs install from it, too."
    )
    site.add_argument(
        "--to", required=True, type=Path, metavar="DIR", help="the folder; it may be a new one"
    )
    site.add_argument(
        "--url", help="its address, once it is served: plugins for Claude Code need it"
    )
    site.add_argument("--dry-run", action="store_true", help="make it only, write nothing")


def run_site(context: Context, args: argparse.Namespace) -> int:
    """Write the site."""
    from importlib.util import find_spec
    from tempfile import TemporaryDirectory

    from holdall_composites.service.site.build import Request, build_site
    from holdall_composites.service.site.cache import load_parts, save_parts
    from holdall_composites.service.site.write import NoFolder, SiteFolder
    from holdall_composites.session import open_synced

    for library in ("jinja2", "markdown_it", "nh3", "pygments"):  # imported for what is drawn
        if find_spec(library) is None:
            raise UsageError(
                f"`holdall site` needs the library {library}",
                hint="install it with `pip install 'holdall[site]'`",
            )
    collection = context.collection()
    targets = sorted(context.plugins.targets.values(), key=lambda target: target.name)
    agents = {
        name: [target.name for target in targets if _takes(target, name)]
        for name in context.plugins.types
    }
    request = Request(context.plugins, agents, args.url, __version__)
    out = NoFolder() if args.dry_run else SiteFolder(args.to)
    with open_synced(collection) as resolver, TemporaryDirectory("-holdall") as scratch, out:
        known = {} if args.dry_run else load_parts(args.to)
        site = build_site(resolver, collection, request, out, known, Path(scratch))
        if not args.dry_run:
            save_parts(args.to, site.parts)
    for text in site.left_out:
        context.out.note(f"note: {text}")
    done = site.written
    if args.dry_run:
        context.out.line(f"would write {done.files} files to {args.to}")
    else:
        context.out.line(f"{args.to / 'index.html'} shows release {site.release}")
        context.out.note(f"{done.files} files, {done.written} written, {done.removed} removed")
    context.out.data({**done._asdict(), "left_out": site.left_out, "dry_run": args.dry_run})
    return 0


def _takes(target: Target, type_name: str) -> bool:
    return type_name in target.places or type_name in target.merges
