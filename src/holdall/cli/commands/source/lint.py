"""`holdall lint`: check sources against the agents' specifications."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdall.cli.allow import add_allow, refuse_unknown
from holdall.cli.context import Context
from holdall.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a folder to check")
    parser.add_argument("--sarif", action="store_true", help="print the result as SARIF 2.1.0")
    parser.add_argument(
        "--target",
        action="append",
        metavar="TARGET",
        help="also what this agent would refuse, cut or ignore: %(targets)s",
    )
    add_allow(parser)
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
        out.data(findings_to_json(findings))
    return 1 if found["errors"] or (args.strict and found["warnings"]) else 0
