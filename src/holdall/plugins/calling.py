"""Call a hook's implementations in pluggy's order, each inside the fence.

pluggy stops at the first implementation that raises, without its plugin's name. Here each one is
called by itself; wrappers, `tryfirst`, `trylast` and first results do what pluggy says they do.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pluggy

from holdall import NamedTuple

Run = Callable[[object, Callable[[], Any]], tuple[Any, BaseException | None]]
"""Runs a step of a plugin inside the fence: the plugin, the step → what it returned or raised."""


Passing = tuple[str, Callable[[Any, Any], Any]]
"""An argument that answers change for the next implementation: its name; value, answer → value."""


class Answer(NamedTuple):
    """What one plugin's implementation returned, or what it raised."""

    plugin: object
    value: Any
    raised: BaseException | None = None


def call_in_order(
    implementations: Sequence[pluggy.HookImpl],
    arguments: Mapping[str, Any],
    run: Run,
    passes: Passing | None = None,
    *,
    takes_first: bool,
    goes_on: bool,
) -> list[Answer]:
    """Call implementations, given in pluggy's order (the last one first); return their answers.

    `takes_first`: stop at the first one that answers. `goes_on`: call all of them, whatever any of
    them raises; otherwise the first that raises is the last that is called. `passes`: what one
    answers changes an argument for the next.
    """
    ordered = list(reversed(implementations))
    wrappers = [impl for impl in ordered if impl.wrapper or impl.hookwrapper]
    plain = [impl for impl in ordered if not (impl.wrapper or impl.hookwrapper)]
    started: list[tuple[pluggy.HookImpl, Generator[None, Any, Any]]] = []
    try:
        answers = _start(wrappers, arguments, run, started)
        if not answers:
            how = {"takes_first": takes_first, "goes_on": goes_on}
            answers = _call_plain(plain, arguments, run, passes, **how)
        while started:
            impl, generator = started.pop()
            answers = _end(impl, generator, answers, run, takes_first=takes_first)
    finally:
        for impl, generator in started:
            run(impl.plugin, generator.close)
    return answers


def _start(
    wrappers: Sequence[pluggy.HookImpl],
    arguments: Mapping[str, Any],
    run: Run,
    started: list[tuple[pluggy.HookImpl, Generator[None, Any, Any]]],
) -> list[Answer]:
    """Run wrappers to where they yield; return the answer of the one that fails."""
    for impl in wrappers:
        generator = impl.function(*_arguments_of(impl, arguments))
        assert isinstance(generator, Generator), "pluggy takes no other wrappers"
        _, raised = run(impl.plugin, partial(_begin, generator))
        if raised is not None:
            return [Answer(impl.plugin, None, raised)]
        started.append((impl, generator))
    return []


def _begin(generator: Generator[None, Any, Any]) -> None:
    try:
        next(generator)
    except StopIteration:
        raise RuntimeError("the wrapper did not yield") from None


def _call_plain(
    plain: Sequence[pluggy.HookImpl],
    arguments: Mapping[str, Any],
    run: Run,
    passes: Passing | None,
    *,
    takes_first: bool,
    goes_on: bool,
) -> list[Answer]:
    answers = []
    for impl in plain:
        found, raised = run(impl.plugin, partial(_call, impl, arguments, passes))
        value, arguments = (None, arguments) if found is None else found
        answers.append(Answer(impl.plugin, value, raised))
        if (raised is not None and not goes_on) or (takes_first and value is not None):
            break
    return answers


def _call(
    impl: pluggy.HookImpl, arguments: Mapping[str, Any], passes: Passing | None
) -> tuple[Any, Mapping[str, Any]]:
    """Return the answer, and the arguments for the next implementation."""
    value = impl.function(*_arguments_of(impl, arguments))
    if isinstance(value, Iterator):
        value = list(value)  # the code of a generator runs only when it is read
    if passes is not None and value is not None:
        name, change = passes
        arguments = {**arguments, name: change(arguments[name], value)}
    return value, arguments


def _arguments_of(impl: pluggy.HookImpl, arguments: Mapping[str, Any]) -> list[Any]:
    return [arguments[name] for name in impl.argnames]


def _end(
    impl: pluggy.HookImpl,
    generator: Generator[None, Any, Any],
    answers: list[Answer],
    run: Run,
    *,
    takes_first: bool,
) -> list[Answer]:
    """Give a wrapper what was answered, or the first thing raised; return what it makes of it."""
    values = [answer.value for answer in answers if answer.value is not None]
    raised = next((answer.raised for answer in answers if answer.raised is not None), None)
    result = (values[0] if values else None) if takes_first else values
    resume = _resume_old if impl.hookwrapper else _resume
    value, error = run(impl.plugin, partial(resume, generator, result, raised))
    if error is not None:
        if error is raised:
            return answers
        return [*(a for a in answers if a.raised is None), Answer(impl.plugin, None, error)]
    if takes_first:
        owner = next((a.plugin for a in answers if a.value is value), impl.plugin)
        return [Answer(owner, value)]
    if value is None and not values:
        return []
    if not isinstance(value, list | tuple):
        # As a result it would mean that no plugin answered: a veto would be lost.
        forgot = TypeError(f"the wrapper returned {type(value).__name__}, not a list of results")
        return [*(a for a in answers if a.raised is None), Answer(impl.plugin, None, forgot)]
    owners = {id(answer.value): answer.plugin for answer in answers}
    return [Answer(owners.get(id(one), impl.plugin), one) for one in value]


def _resume(
    generator: Generator[None, Any, Any], result: object, raised: BaseException | None
) -> Any:
    try:
        if raised is None:
            generator.send(result)
        else:
            generator.throw(raised)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("the wrapper yielded a second time")


def _resume_old(
    generator: Generator[None, Any, Any], result: object, raised: BaseException | None
) -> Any:
    outcome: pluggy.Result[Any] = pluggy.Result(result, raised)
    try:
        generator.send(outcome)
    except StopIteration:
        return outcome.get_result()
    raise RuntimeError("the wrapper yielded a second time")
