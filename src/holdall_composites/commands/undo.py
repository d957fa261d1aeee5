"""`holdall undo` and `holdall redo`: the way back, and forward again, step by step."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from holdall import dataclass
from holdall.cli import Context
from holdall.errors import (
    ConflictError,
    LocalEditError,
    NotFoundError,
    OvertakenError,
    RefusedError,
    UsageError,
)
from holdall_composites.commands.history import count

if TYPE_CHECKING:
    from holdall.collection import Change
    from holdall.operations import DeployResult, Editor, FirstHalf
    from holdall_composites.history.steps import Step
    from holdall_composites.history.undo import How, ProjectUndo, Undo
    from holdall_composites.store.store import Store

_DID = {"undo": "undid", "redo": "redid"}


def configure_undo(undo: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall undo`."""
    undo.description = (
        "Undo the last N operations (default: 1), one after the other."
        " `holdall redo` does again what was undone last."
    )
    undo.add_argument("count", nargs="?", type=count, default=1, metavar="N", help="how many")
    undo.add_argument(
        "--operation", type=count, metavar="NUMBER", help="this one of `holdall log` instead"
    )
    undo.add_argument(
        "--release",
        type=count,
        metavar="N",
        help="this release instead, also of another machine; what later ones changed is kept",
    )
    undo.add_argument(
        "--skip",
        action="store_true",
        help="pass over operations that cannot be undone, and name them",
    )
    _add_shared(undo)


def configure_redo(redo: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall redo`."""
    redo.description = "Do the last N undone operations again, if nothing else was done since."
    redo.add_argument("count", nargs="?", type=count, default=1, metavar="N", help="how many")
    _add_shared(redo)


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", action="store_true", help="even over edited files, each kept as a backup"
    )
    parser.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def run_undo(context: Context, args: argparse.Namespace) -> int:
    """Undo operations, each by itself, after a look at whether all of them can be undone."""
    from holdall_composites.history.steps import UNDO, step_of, steps_back

    for option, is_given in (("N", args.count != 1), ("--skip", args.skip)):
        if args.operation and is_given:
            raise UsageError("--operation names one operation", hint=f"leave {option} out")
        if args.release and (is_given or args.operation):
            left_out = option if is_given else "--operation"
            raise UsageError("--release names one release", hint=f"leave {left_out} out")
    if args.release:
        return _undo_release(context, args)

    def choose(work: _Work) -> list[Step]:
        if args.operation:
            return [step_of(work.store, work.collection_id, args.operation)]
        steps = steps_back(work.store, work.collection_id)
        found = work.possible(steps) if args.skip else steps
        chosen = list(islice(found, args.count))
        if len(chosen) < args.count:
            few = f"there are only {len(chosen)} operations to undo"
            raise NotFoundError(
                few if chosen else "there is nothing to undo", hint="`holdall log` shows operations"
            )
        return chosen

    return _run(context, args, UNDO, choose)


def _undo_release(context: Context, args: argparse.Namespace) -> int:
    """Take back what one release changed, as a new release."""
    from holdall.files import Scratch
    from holdall_composites.history.releases import plan_undo

    done = _Done()
    with _open_work(context, args, "undo") as work, Scratch() as scratch:
        number = args.release
        plan = plan_undo(work.store, work.editor.collection, number, scratch.path, force=args.force)
        changes = work.editor.propose(plan.changes)
        outcome = None if args.dry_run else work.editor.commit(changes, plan.actions)
        done.changes = list(changes.changes)
        numbers = changes.extra["composites"]["undoes"]
        all_of = work.store.operations.all_of(work.collection_id)
        undone = tuple(operation for operation in all_of if operation.number in numbers)
        for path, backup in outcome.backups if outcome else ():
            context.out.note(f"kept your version of {path} as {backup}")
    for change in done.changes:
        context.out.line(f"{change.kind.value:9} {change.id}")
    verb = "would undo" if args.dry_run else "undid"
    text = f"{verb} release {number}"
    context.out.note(text if done.changes else f"release {number}: nothing is left of it to undo")
    return _tell(context, "undo", [undone], done, dry_run=args.dry_run)


def run_redo(context: Context, args: argparse.Namespace) -> int:
    """Undo the last undos, each by itself."""
    from holdall_composites.history.steps import REDO, steps_forward

    def choose(work: _Work) -> list[Step]:
        return steps_forward(work.store, work.collection_id, args.count)

    return _run(context, args, REDO, choose)


def _run(
    context: Context,
    args: argparse.Namespace,
    command: str,
    choose: Callable[[_Work], list[Step]],
) -> int:
    done = _Done()
    with _open_work(context, args, command) as work:
        chosen = getattr(args, "chosen", None)
        steps = choose(work) if chosen is None else work.find_again(chosen)
        # Overtaken and run again, the command means these, not what is the newest by then.
        args.chosen = [step[0].number for step in steps]
        fields = {step: work.tell_of(step) for step in steps}
        if args.dry_run or len(steps) > 1:
            # Whatever stands against one of them is said before anything is written.
            undo = work.plan(steps)
            done.results = work.try_out(undo)
            if args.dry_run and undo.collection is not None:
                done.changes = list(work.editor.propose(undo.collection.changes).changes)
    if args.dry_run:
        for step in steps:
            _tell_step(context, f"would {command}", fields[step])
        return _tell(context, command, list(fields.values()), done, dry_run=True)
    done.results = []
    try:
        for number, step in enumerate(steps, 1):
            place = f"{number} of {len(steps)}" if len(steps) > 1 else ""
            with _open_work(context, args, command, place) as work:
                work.do(step, done)
            done.steps += 1
            _tell_step(context, _DID[command], fields[step])
    except BaseException as error:
        if len(steps) > 1:
            context.out.note(f"{_DID[command]} {done.steps} of {len(steps)} operations")
        if done.steps and isinstance(error, OvertakenError):
            # Run again by itself, the command would take as many steps once more.
            raise ConflictError(error.message, hint=f"run `holdall {command}` again") from error
        raise
    return _tell(context, command, list(fields.values()), done, dry_run=False)


@contextmanager
def _open_work(
    context: Context, args: argparse.Namespace, command: str, step: str = ""
) -> Iterator[_Work]:
    """Lock the collection, and open its database."""
    from holdall_composites.history.undo import How
    from holdall_composites.session import open_synced

    with ExitStack() as held:
        editor = held.enter_context(context.edit_collection())
        store = held.enter_context(open_synced(editor.collection)).store
        yield _Work(context, editor, store, How(command, step, args.force), held)


@dataclass
class _Done:
    """What was done so far."""

    steps: int = 0
    changes: list[Change] = field(default_factory=list)
    results: list[DeployResult] = field(default_factory=list)


@dataclass(frozen=True)
class _Work:
    """A locked collection in which one step is done, or several are tried out."""

    context: Context
    editor: Editor
    store: Store
    how: How
    held: ExitStack

    @property
    def collection_id(self) -> str:
        """The collection's UUID; a collection without one has no operations."""
        return self.editor.collection.manifest.uuid or ""

    def tell_of(self, step: Step) -> Step:
        """Return what a step is about: of a redo that which was undone."""
        undone = {number for operation in step for number in operation.undoes}
        if self.how.command == "undo" or not undone:
            return step
        all_of = self.store.operations.all_of(self.collection_id)
        return tuple(operation for operation in all_of if operation.number in undone)

    def find_again(self, numbers: Sequence[int]) -> list[Step]:
        """Return the steps of these operations; raises ConflictError where one is undone by now."""
        from holdall_composites.history.steps import step_of, undone_by

        undone = undone_by(self.store.operations.all_of(self.collection_id))
        for number in numbers:
            if number in undone:
                raise ConflictError(
                    f"operation {number} was undone by operation {undone[number]} meanwhile",
                    hint="nothing was changed; `holdall log` shows both",
                )
        return [step_of(self.store, self.collection_id, number) for number in numbers]

    def possible(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Yield the steps that can be undone together with those before them; name the others."""
        taken: list[Step] = []
        for step in steps:
            try:
                self.try_out(self.plan([*taken, step]))
            except LocalEditError:
                raise  # --force undoes it
            except (NotFoundError, RefusedError) as error:
                for operation in step:
                    where = f"{operation.number}: {operation.command}: {operation.summary}"
                    self.context.out.note(f"skipped {where}: {error.message}")
            else:
                taken.append(step)
                yield step

    def plan(self, steps: Sequence[Step]) -> Undo:
        """Plan to undo all of these at once."""
        from tempfile import TemporaryDirectory

        from holdall_composites.history.undo import plan_undo

        operations = [operation for step in steps for operation in step]
        operations.sort(key=lambda operation: -operation.number)
        scratch = Path(self.held.enter_context(TemporaryDirectory("-holdall")))
        return plan_undo(self.store, self.editor.collection, operations, scratch, self.how)

    def try_out(self, undo: Undo) -> list[DeployResult]:
        """Return what it would do to the projects; raises what they have against it."""
        return [self._revert(part, None, dry_run=True) for part in undo.projects]

    def do(self, step: Step, done: _Done) -> None:
        """Undo one step: the collection's half and the project's as one."""
        from holdall.operations import FirstHalf

        undo = self.plan([step])
        own, outcome = undo.collection, None
        if own is not None:
            own = own._replace(changes=self.editor.propose(own.changes))
        if own is not None and not undo.projects:
            outcome = self.editor.commit(own.changes, own.actions)
        for part in undo.projects:
            first = FirstHalf(self.editor, own.changes, own.actions) if own is not None else None
            done.results.append(self._revert(part, first, dry_run=False))
            outcome = first.outcome if first else None
        done.changes += own.changes.changes if own is not None else ()
        for path, backup in outcome.backups if outcome else ():
            self.context.out.note(f"kept your version of {path} as {backup}")

    def _revert(self, part: ProjectUndo, first: FirstHalf | None, *, dry_run: bool) -> DeployResult:
        targets = self.context.targets(part.targets, part.project)
        given = (self.editor.collection, part.project, targets)
        deployer = self.context.deployer(*given, force=self.how.force, dry_run=dry_run)
        change = (part.change, part.hash_of, part.content_of, self.how.command, part.extra, first)
        return deployer.revert(*change, part.find_unkept())


def _tell_step(context: Context, verb: str, step: Step) -> None:
    for operation in step:
        where = f" in {operation.project}" if operation.project else ""
        context.out.line(
            f"{verb} {operation.number}: {operation.command}: {operation.summary}{where}"
        )


def _tell(
    context: Context, command: str, steps: Sequence[Step], done: _Done, *, dry_run: bool
) -> int:
    from holdall.cli import result_to_json, tell_files

    for result in done.results:
        tell_files(context, result, dry_run=dry_run)
    context.out.data(
        {
            "dry_run": dry_run,
            "undone" if command == "undo" else "redone": [
                operation.to_json() for step in steps for operation in step
            ],
            "changes": [change.to_json() for change in done.changes],
            "projects": [result_to_json(result, dry_run=dry_run) for result in done.results],
        }
    )
    return 0
