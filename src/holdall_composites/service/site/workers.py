"""Drawing parts in several processes, where there are many.

Each worker is a copy of this process (fork), so that plugins are loaded once. It gets drafts
through a pipe of its own, answers with what it drew, and ends when the pipe does, whatever ends
this process. Pages do not depend on who drew them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait

from holdall.errors import HoldallError, StorageError
from holdall_composites.service.site.parts import Draft, Drawn

Drawing = Callable[[Sequence[Draft]], list[Drawn]]

LEAST = 200
"""How many drafts are worth a process."""

_MOST_PROCESSES = 8


def draw_all(draw: Drawing, batches: Iterable[list[Draft]], count: int) -> Iterator[list[Drawn]]:
    """Yield what is drawn of each batch, in any order; `count` is how many drafts there are.

    Raises what `draw` raises.
    """
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
    if count < LEAST or processes < 2 or sys.platform != "linux":
        yield from map(draw, batches)
    else:
        yield from _in_processes(draw, iter(batches), processes)


def _in_processes(
    draw: Drawing, batches: Iterator[list[Draft]], count: int
) -> Iterator[list[Drawn]]:
    context = multiprocessing.get_context("fork")
    pipes: list[Connection] = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            pipes.append(ours)
            context.Process(target=_serve, args=(draw, theirs, pipes), daemon=True).start()
            theirs.close()
        idle, busy = list(pipes), 0
        batch = next(batches, None)
        while batch is not None or busy:
            while idle and batch is not None:
                idle.pop().send(batch)
                busy, batch = busy + 1, next(batches, None)
            for pipe in wait(pipes) if busy else ():
                assert isinstance(pipe, Connection)
                answer = _answer(pipe)
                busy -= 1
                idle.append(pipe)
                yield answer
    finally:
        for pipe in pipes:
            pipe.close()


def _answer(pipe: Connection) -> list[Drawn]:
    try:
        answer: list[Drawn] | HoldallError = pipe.recv()
    except EOFError:
        raise StorageError(
            "a process that draws pages ended before it was done", hint="run the command again"
        ) from None
    if isinstance(answer, HoldallError):
        raise answer
    return answer


def _serve(draw: Drawing, pipe: Connection, others: Sequence[Connection]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:
        other.close()  # or the end of the main process would not end this one
    while True:
        try:
            batch = pipe.recv()
        except EOFError:
            return
        answer: list[Drawn] | HoldallError
        try:
            answer = draw(batch)
        except HoldallError as error:
            answer = error
        try:
            pipe.send(answer)
        except OSError:
            return
