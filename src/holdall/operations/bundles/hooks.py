"""Hooks in the forms of plugins, event by event, from Claude Code's form.

A command that looks for its plugin's folder is written only where the agent has a variable for it:
a guessed one would run something else, or nothing.
"""

from __future__ import annotations

from typing import Any

from holdall.deploy.targets import Form
from holdall.operations.bundles.form import Written

_ROOT = "${CLAUDE_PLUGIN_ROOT}"


def write_hooks_for_gemini(definition: Any, where: str) -> Written:
    """Return the events of an extension's hooks; raises ValueError if nothing is left."""
    return _render(definition, where, Form.GEMINI_HOOKS, "${extensionPath}")


def write_hooks_for_cursor(definition: Any, where: str) -> Written:
    """Return the events of a Cursor plugin's hooks; raises ValueError if nothing is left."""
    return _render(definition, where, Form.CURSOR_HOOKS, None)


def write_hooks_for_copilot(definition: Any, where: str) -> Written:
    """Return the events of a Copilot plugin's hooks; raises ValueError if nothing is left."""
    return _render(definition, where, Form.COPILOT_HOOKS, None)


def _render(definition: Any, where: str, form: Form, root: str | None) -> Written:
    from holdall.deploy.consent.entries import hooks_in
    from holdall.errors import InputError
    from holdall.formats.documents import with_texts

    if root is None and "CLAUDE_PLUGIN_ROOT" in str(definition):
        raise ValueError("it looks for its plugin's folder, for which the agent has no variable")
    try:
        groups, losses = hooks_in(definition, where, form)
    except InputError as error:
        raise ValueError(error.message) from error
    if not groups:
        raise ValueError("; ".join(losses) or "it has no hooks")
    found: dict[str, list[Any]] = {}
    for event, group in groups:
        found.setdefault(event, []).append(group)
    if root is not None:
        found = with_texts(found, lambda text: text.replace(_ROOT, root))
    return Written(found, losses)
