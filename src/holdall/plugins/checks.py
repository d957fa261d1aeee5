"""Ask plugins for problems with a plan: an error is a veto, a warning is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from holdall.errors import VetoError
from holdall.plugins.fence import show_value
from holdall.plugins.hookspecs import Problem, Severity
from holdall.plugins.manager import Plugins


def ask_plugins(plugins: Plugins, hook: str, **arguments: Any) -> list[str]:
    """Call a hook that returns problems; return the warnings.

    Raises VetoError with all the errors. A plugin that fails, or returns something else,
    counts as an error.
    """
    problems: list[Problem] = []
    for name, found, error in plugins.call_each(hook, **arguments):
        if error is not None:
            problems.append(Problem(error.message, Severity.ERROR, error.hint))
        problems.extend(_problems_of(name, hook, found))
    vetoes = [problem for problem in problems if problem.severity is Severity.ERROR]
    if vetoes:
        hints = [problem.hint for problem in vetoes if problem.hint]
        raise VetoError(
            "; ".join(problem.message for problem in vetoes),
            hint="; ".join(hints) or "nothing was written",
        )
    return [problem.message for problem in problems]


def _problems_of(plugin: str, hook: str, found: object) -> list[Problem]:
    answers = found if isinstance(found, (list, tuple)) else () if found is None else (found,)
    if all(isinstance(problem, Problem) for problem in answers):
        return [replace(p, message=f"{p.message} (plugin {plugin})") for p in answers]
    return [
        Problem(
            f"plugin {plugin} answered {hook} with {show_value(found)}",
            hint="it has to return a list of holdall.plugins.Problem",
        )
    ]
