"""`holdall lint`: check sources against the agents' specifications."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.allow import add_allow, refuse_unknown
from holdall.cli.context import Context
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.operations.lint import Fix


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "sources",
        nargs="*",
        default=["."],
        metavar="SOURCE",
        help="a folder to check; the current one, if there is none",
    )
    parser.add_argument("--sarif", action="store_true", help="print the result as SARIF 2.1.0")
    parser.add_argument(
        "--target",
        action="append",
        metavar="TARGET",
        help="also what this agent would refuse, cut or ignore: %(targets)s",
    )
    add_allow(parser)
    parser.add_argument(
        "--fix",
        action="store_true",
        help="in the collection's folder: fix what is certain, as one change that undo takes back",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with --fix: show what would be fixed, write nothing"
    )
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def run(context: Context, args: argparse.Namespace) -> int:
    """Print what is wrong, by path and line; exit 1 if one is an error."""
    from holdall import __version__
    from holdall.operations.lint import lint_source
    from holdall.sources.checks.sarif import sarif_log
    from holdall.sources.linting import counts, findings_to_json

    refuse_unknown(args.allow, context.plugins)
    if args.sarif and context.out.json:
        raise UsageError("--sarif and --json together", hint="choose one of them")
    out = context.out
    out.json = out.json or args.sarif
    fixes = _fix(context, args)
    caps = context.caps
    targets = context.targets(args.target, Path()) if args.target else ()
    findings = [
        finding
        for source in args.sources
        for finding in lint_source(context.plugins, source, args.allow, caps, targets)
    ]
    for finding in findings:
        out.line(finding.sentence)
        out.detail(f"  {'; '.join(filter(None, (finding.why, finding.remedy)))}")
    found = counts(findings)
    out.line(", ".join(f"{number} {level}" for level, number in found.items()))
    if args.sarif:
        results = [(finding.place, finding.diagnostic) for finding in findings]
        out.data(sarif_log(__version__, results), is_ours=False)
    else:
        fixed = [{"id": str(f.id), "path": f.path, "diff": list(f.diff)} for f in fixes]
        out.data({**findings_to_json(findings), "fixed": fixed})
    return 1 if found["errors"] or (args.strict and found["warnings"]) else 0


def _fix(context: Context, args: argparse.Namespace) -> tuple[Fix, ...]:
    """Fix what is asked for, and print the lines that differ."""
    if not args.fix:
        if args.dry_run:
            raise UsageError("--dry-run without --fix", hint="lint alone writes nothing")
        return ()
    from holdall.operations.lint import plan_fixes

    root = context.collection_root
    for source in args.sources:
        if Path(source).resolve() != root.resolve():
            raise UsageError(
                f"--fix {source}: that is not the folder of the collection, which is {root}",
                hint="only there is every version kept; collect it, or fix it by hand",
            )
    with context.edit_collection() as editor:
        plan = plan_fixes(editor.collection)
        if plan.fixes:
            changes = editor.propose(plan.changes)
            if not args.dry_run:
                editor.commit(changes, plan.actions)
    out = context.out
    for fix in plan.fixes:
        out.diff(fix.diff)
    for edited in plan.edited:
        out.note(f"{edited} was edited since it was collected; `holdall collect`, then --fix again")
    done = "would fix" if args.dry_run else "fixed"
    out.line(f"{done} {len(plan.fixes)} of {len(editor.collection.manifest.artifacts)} artifacts")
    return plan.fixes
