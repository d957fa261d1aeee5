"""`holdall publish`: a release as plain files that thousands of machines can read."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdall.cli import Context
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
    publish.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run_publish(context: Context, args: argparse.Namespace) -> int:
    """Publish a release."""
    from holdall_composites.service.registry import plan_publication, publish_release
    from holdall_composites.session import opened

    name = check_channel_name(args.channel)
    collection = context.collection()
    with opened(collection) as resolver:
        uuid = collection.manifest.uuid or ""
        plan = plan_publication(resolver.store, uuid, args.release, context.plugins.types.values())
        told = {"number": plan.release.number, "channel": name, "dry_run": args.dry_run}
        if args.dry_run:
            context.out.line(f"would publish release {plan.release.number} as {name}")
            context.out.data({**told, "sequence": None, "files": 0, "bytes": 0})
            return 0
        done = publish_release(
            resolver.store, plan, args.to, name, Signature.now(), take_over=args.take_over
        )
    what = f"release {done.channel.number} is {name} (sequence {done.channel.sequence})"
    context.out.line(f"{what} in {args.to}")
    context.out.note(f"{done.files} files written, {done.bytes:,} bytes")
    counts = {"sequence": done.channel.sequence, "files": done.files, "bytes": done.bytes}
    context.out.data({**told, **counts})
    return 0
