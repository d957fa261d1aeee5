"""The fence: what a plugin raises or prints stays on its side of it.

Whatever a plugin raises is handed back as a value. Whatever it prints, itself or by a program that
it starts, goes to standard error: standard output belongs to the command's result. The user's own
Ctrl-C, which is known by its signal, ends the command even if the plugin catches it; a
KeyboardInterrupt that a plugin raises does not.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from holdall.errors import HoldallError

if TYPE_CHECKING:
    from types import FrameType

_STATUSES = (2, 3, 4, 5)


def run_fenced(
    step: Callable[[], Any], *, prints: bool = False, is_ours: bool = False
) -> tuple[Any, BaseException | None]:
    """Return what a plugin's function returns, or what it raises.

    With `prints`, it may print on standard output. Raises KeyboardInterrupt if the user interrupted
    it, and nothing else. A plugin of ours catches and raises no KeyboardInterrupt itself, so that
    the signal is not watched for it.
    """
    value, raised = None, None
    watch: AbstractContextManager[list[int]] = contextlib.nullcontext([])
    with watch if is_ours else watch_interrupts() as interrupts:
        try:
            with contextlib.nullcontext() if prints else print_to_stderr():
                value = step()
        except BaseException as error:  # noqa: BLE001 - the fence
            raised = error
    if interrupts or (is_ours and isinstance(raised, KeyboardInterrupt)):
        raise KeyboardInterrupt
    return value, raised


@contextmanager
def watch_interrupts() -> Iterator[list[int]]:
    """Yield a list that gets an item with each SIGINT, which goes on to do what it did before."""
    # Few commands have a plugin of somebody else, and the two take a while to import.
    import signal
    import threading

    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield came
        return
    go_on: Callable[[int, FrameType | None], Any] = before

    def take(number: int, frame: FrameType | None) -> None:
        came.append(number)
        go_on(number, frame)

    signal.signal(signal.SIGINT, take)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def print_to_stderr() -> Iterator[None]:
    """Send to standard error what is printed, by this process or one that it starts."""
    with contextlib.redirect_stdout(sys.stderr):
        _flush()
        try:
            real = os.dup(1)
        except OSError:  # it is closed
            yield
            return
        try:
            with contextlib.suppress(OSError):
                os.dup2(2, 1)
            yield
        finally:
            _flush()
            os.dup2(real, 1)
            os.close(real)


def _flush() -> None:
    """Let what was printed so far go where it should, whoever has replaced `sys.stdout`."""
    with contextlib.suppress(OSError, ValueError):
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()


def is_plain_error(error: BaseException) -> bool:
    """Return whether an error may pass as it is: one of Holdall's, with a status that is one."""
    if not isinstance(error, HoldallError):
        return False

    def look() -> bool:
        texts = isinstance(error.message, str) and isinstance(error.hint, str | None)
        return texts and error.exit_status in _STATUSES

    return run_fenced(look)[0] is True


def text_of(error: BaseException) -> str:
    """Return an exception's type and text, even if making the text fails."""
    text, raised = run_fenced(lambda: str(error))
    return f"{type(error).__name__}: {text}" if text and raised is None else type(error).__name__


def show_value(value: object) -> str:
    """Return a plugin's value as it stands in a message, even if making its text fails."""
    text, raised = run_fenced(lambda: ascii(value))
    return str(text) if raised is None else f"a {type(value).__name__}"
