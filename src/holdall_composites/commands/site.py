"""`holdall site`: pages about the newest release, to look at and to search."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdall import __version__
from holdall.cli import Context
from holdall.deploy import Target
from holdall.errors import UsageError


def configure_site(site: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall site`."""
    site.description = (
        "Write pages about the newest release: a catalog with search, a page for each artifact and"
        " composite, sources, releases, and a graph. Any web server can serve the folder, which may"
        " be the one that `holdall publish` writes into."
    )
    site.add_argument(
        "--to", required=True, type=Path, metavar="DIR", help="the folder; it may be a new one"
    )
    site.add_argument("--dry-run", action="store_true", help="make it only, write nothing")


def run_site(context: Context, args: argparse.Namespace) -> int:
    """Write the site."""
    from holdall_composites.session import opened

    try:
        from holdall_composites.service.site.catalog import read_catalog
        from holdall_composites.service.site.pages import Pages
        from holdall_composites.service.site.write import write_site
    except ModuleNotFoundError as error:
        raise UsageError(
            f"`holdall site` needs the library {error.name}",
            hint="install it with `pip install 'holdall[site]'`",
        ) from None
    collection = context.collection()
    problems = _problems(context, collection.root)
    targets = sorted(context.plugins.targets.values(), key=lambda target: target.name)
    agents = {
        name: [target.name for target in targets if _takes(target, name)]
        for name in context.plugins.types
    }
    with opened(collection) as resolver:
        catalog = read_catalog(resolver.store, collection, problems, agents)
    pages = Pages(catalog, __version__).render()
    if args.dry_run:
        count = sum(1 for _ in pages)
        context.out.line(f"would write {count} files to {args.to}")
        context.out.data({"files": count, "written": 0, "removed": 0, "dry_run": True})
        return 0
    done = write_site(args.to, pages)
    context.out.line(f"{args.to / 'index.html'} shows release {catalog.release}")
    context.out.note(f"{done.files} files, {done.written} written, {done.removed} removed")
    context.out.data({**done._asdict(), "dry_run": False})
    return 0


def _takes(target: Target, type_name: str) -> bool:
    return type_name in target.places or type_name in target.merges


def _problems(context: Context, root: Path) -> dict[str, list[str]]:
    """Return what `holdall lint` says of the collection, by the path of each artifact."""
    from holdall.operations import lint_source

    found: dict[str, list[str]] = {}
    for finding in lint_source(context.plugins, str(root)):
        path = finding.diagnostic.path
        text = f"{finding.diagnostic.code}: {finding.diagnostic.message}"
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            found.setdefault("/".join(parts[:depth]), []).append(text)
    return found
