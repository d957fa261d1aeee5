"""Check a source: Holdall's diagnostics, and those of plugins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.artifacts.limits import DEFAULT_CAPS, Caps
from holdall.operations.read_source import read_source
from holdall.plugins.fence import show_value
from holdall.plugins.values import LintProblem
from holdall.sources.checks.diagnostics import CODES, Code, Level, diagnose, diagnose_for_plugin
from holdall.sources.fetch.git import state_in
from holdall.sources.linting import Finding, in_order, lint

if TYPE_CHECKING:
    from holdall.deploy.targets import Target
    from holdall.plugins.manager import Plugins
    from holdall.sources.values import Diagnostic, Reading

HOOK = "holdall_lint_check"
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def lint_source(
    plugins: Plugins,
    source: str,
    allowed: Collection[str] = (),
    caps: Caps = DEFAULT_CAPS,
    targets: Collection[Target] = (),
) -> list[Finding]:
    """Return what is wrong with a folder, by path and line, without the codes in `allowed`.

    With `targets`, also what these agents would refuse, cut or ignore of it.
    """
    folder = Path(source)
    reading = read_source(plugins, folder, caps, state_in(folder.resolve()))
    more = [*_of_plugins(plugins, source, reading)]
    if targets:
        from holdall.operations.lint.targets import lint_targets

        more += lint_targets(source, reading, targets)
    found = [finding for finding in more if finding.diagnostic.code not in allowed]
    return in_order([*lint(source, reading, allowed), *found])


def _of_plugins(plugins: Plugins, source: str, reading: Reading) -> Iterator[Finding]:
    for title, answer, error in plugins.call_each(HOOK, reading=reading):
        if error is not None:
            yield _failure(source, error.message)
            continue
        for problem in _as_list(answer):
            diagnostic = _diagnostic(title, problem)
            if diagnostic is None:
                yield _failure(source, f"plugin {title} answered {HOOK} with {show_value(problem)}")
            else:
                yield Finding(source, diagnostic, problem.why, problem.remedy)


def _as_list(answer: object) -> Iterable[Any]:
    if answer is None:
        return ()
    return answer if isinstance(answer, list | tuple) else (answer,)


def _diagnostic(title: str, problem: object) -> Diagnostic | None:
    """Return a plugin's problem as a diagnostic; None for what is not one."""
    if not isinstance(problem, LintProblem):
        return None
    texts = (problem.path, problem.code, problem.message, problem.why, problem.remedy)
    is_whole = (
        all(isinstance(text, str) for text in texts)
        and _CODE.fullmatch(problem.code) is not None
        and problem.level in list(Level)
        and (problem.line is None or type(problem.line) is int)
    )
    if not is_whole:
        return None
    plugin, level = title.partition(" (")[0], Level(problem.level)
    path, code, message = problem.path, problem.code, problem.message
    return diagnose_for_plugin(plugin, path, code, message, problem.line, level)


def _failure(source: str, message: str) -> Finding:
    info = CODES[Code.PLUGIN_FAILED]
    return Finding(source, diagnose(".", Code.PLUGIN_FAILED, message), info.reason, info.remedy)
