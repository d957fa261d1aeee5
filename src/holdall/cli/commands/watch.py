"""`holdall watch`: collect and redeploy while one writes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from holdall import dataclass
from holdall.cli.context import Context
from holdall.errors import HoldallError, OvertakenError, UsageError

if TYPE_CHECKING:
    from holdall.operations.projects.values import DeployResult

_QUIET_MS = 300
"""A round begins when nothing was written for so long."""
_LONGEST_MS = 3000
_TRIES = 20
_LOOK_MS = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Collect what is written in the collection's folder, or in a SOURCE, and update what is"
        " deployed in the project, until Ctrl-C. What an agent would run or send is refused unless"
        " `holdall deploy --allow-commands` allowed it before. It needs"
        " `pip install 'holdall[watch]'`."
    )
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="a folder to collect from")
    parser.add_argument(
        "--to",
        action="append",
        metavar="PROJECT",
        help="a project (default: here); may be repeated",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what a round would do now, write nothing"
    )
    parser.set_defaults(on_conflict="fail", allow=[])


@dataclass
class _Watch:
    """What is watched, and what was done so far."""

    context: Context
    args: argparse.Namespace
    collected: set[str] = field(default_factory=set)
    deployed: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Collect and deploy once; an error is printed, and the next round tries again."""
        with self.context.plugins.command():  # it keeps nothing open until the next one
            for source in self.args.sources or [None]:
                self._try(partial(self._collect, source))
            for project in self.args.to or ["."]:
                self._try(partial(self._deploy, Path(project)))

    def _try(self, work: Callable[[], None]) -> None:
        for is_last in (*[False] * _TRIES, True):
            try:
                work()
            except HoldallError as error:
                if isinstance(error, OvertakenError) and not is_last:
                    continue
                self._refuse(error)
            return

    def _refuse(self, error: HoldallError) -> None:
        self.refused.append(error.message)
        self.context.out.note(f"error: {error.message}")
        if error.hint:
            self.context.out.note(f"hint: {error.hint}")

    def _collect(self, source: str | None) -> None:
        from holdall.cli.commands.collection.collect import collect_from, tell_taken

        taken = collect_from(self.context, source, {}, self.args)
        changed = [str(change.id) for change in taken.changes.changes if change.kind.is_change]
        self.collected.update(changed)
        if changed:
            tell_taken(self.context, taken, self.args.dry_run)

    def _deploy(self, project: Path) -> None:
        from holdall.cli.commands.project.deploy import tell_files
        from holdall.deploy.consent.allowance import Allowance
        from holdall.deploy.project.project import targets_in
        from holdall.files.user_state import state_folder

        names = targets_in(project, self.context.plugins.targets)
        if not names:
            return
        collection = self.context.collection()
        result: DeployResult = self.context.deployer(
            collection,
            project,
            self.context.targets(names, project),
            force=False,
            dry_run=self.args.dry_run,
            allowance=Allowance(state_folder(), allow=False),
        ).deploy([], {})
        collection.remember()
        if result.arrangement.actions:
            self.deployed.update(str(placement.id) for placement in result.plan.placed)
            tell_files(self.context, result, dry_run=self.args.dry_run)


def run(context: Context, args: argparse.Namespace) -> int:
    """Watch until Ctrl-C."""
    folders = [Path(source) for source in args.sources] or [context.collection_root]
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder", hint="only folders can be watched")
    watch = _Watch(context, args)
    if args.dry_run:
        watch.step()
    else:
        bursts = _bursts(folders)
        watch.step()
        context.out.note(f"watching {', '.join(map(str, folders))}; Ctrl-C ends it")
        # The first one comes as soon as the folders are watched: what was written before that.
        with suppress(KeyboardInterrupt):
            for _ in bursts:
                watch.step()
        context.out.note("stopped")
    found = {"collected": sorted(watch.collected), "deployed": sorted(watch.deployed)}
    context.out.data({**found, "refused": watch.refused, "dry_run": args.dry_run})
    return 0


def _bursts(folders: list[Path]) -> Iterator[object]:
    """Return what yields once the folders are watched, and after each burst of writing."""
    try:
        from watchfiles import DefaultFilter, watch
    except ModuleNotFoundError as error:
        raise UsageError(
            f"`holdall watch` needs the library {error.name}",
            hint="install it with `pip install 'holdall[watch]'`",
        ) from None
    looks = watch(
        *folders,
        watch_filter=DefaultFilter(ignore_dirs=(*DefaultFilter.ignore_dirs, ".holdall")),
        step=_QUIET_MS,
        debounce=_LONGEST_MS,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
    )
    return (number for number, changes in enumerate(looks) if changes or not number)
