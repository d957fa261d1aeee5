"""`holdall completion`: what a shell needs to complete words."""

from __future__ import annotations

import argparse

from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Print a script that completes commands, options, ids, versions, agents and types. For"
        " bash, save it as ~/.local/share/bash-completion/completions/holdall; for zsh, as"
        " _holdall in a folder of your $fpath; for fish, as"
        " ~/.config/fish/completions/holdall.fish."
    )
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="bash, zsh or fish")


def run(context: Context, args: argparse.Namespace) -> int:
    """Print the script; ids are asked for by `holdall completion --values`, a way of its own."""
    from holdall.cli.completion.scripts import completion_script

    script = completion_script(args.shell, context.plugins)
    context.out.write(script)
    context.out.data({"shell": args.shell, "script": script})
    return 0
