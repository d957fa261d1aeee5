"""Ask plugins about a change or a plan: what it brings, whether there are problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.artifacts.ids import ArtifactId
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact
from holdall.deploy.planning.plan import DeployRequest, Resolution, StoredContent
from holdall.errors import OvertakenError, PluginError, VetoError
from holdall.files.tree import Tree
from holdall.plugins.fence import run_fenced, show_value, text_of
from holdall.plugins.hookspecs import Problem, Severity
from holdall.plugins.manager import Plugins

if TYPE_CHECKING:
    from holdall.collection.changes import ChangeSet

RESOLVE = "holdall_deploy_resolve"
_HINT = "run with --no-plugins to do without it, or report this to its authors"


def ask_plugins(plugins: Plugins, hook: str, **arguments: Any) -> list[str]:
    """Call a hook that returns problems; return the warnings.

    Raises VetoError with all the errors. A plugin that fails, or returns something else,
    counts as an error.
    """
    problems: list[Problem] = []
    for name, found, error in plugins.call_each(hook, **arguments):
        if isinstance(error, OvertakenError):
            raise error  # no refusal: the command runs again
        if error is not None:
            problems.append(Problem(error.message, Severity.ERROR, error.hint))
        problems.extend(_problems_of(name, hook, found))
    vetoes = [problem for problem in problems if problem.severity == Severity.ERROR]
    if vetoes:
        hints = [problem.hint for problem in vetoes if problem.hint]
        raise VetoError(
            "; ".join(problem.message for problem in vetoes),
            hint="; ".join(hints) or "nothing was written",
        )
    return [problem.message for problem in problems]


def _problems_of(plugin: str, hook: str, found: object) -> list[Problem]:
    answers = found if isinstance(found, (list, tuple)) else () if found is None else (found,)
    if all(_is_problem(problem) for problem in answers):
        return [replace(p, message=f"{p.message} (plugin {plugin})") for p in answers]
    return [
        Problem(
            f"plugin {plugin} answered {hook} with {show_value(found)}",
            hint="it has to return a list of holdall.plugins.Problem",
        )
    ]


def _is_problem(value: object) -> bool:
    return (
        isinstance(value, Problem)
        and isinstance(value.message, str)
        and isinstance(value.hint, str | None)
        and isinstance(value.severity, str)
        and value.severity in list(Severity)
    )


def ask_changes(plugins: Plugins, changes: ChangeSet, collection: Collection) -> ChangeSet:
    """Return a change set with the manifest that the plugins want; raises what they raise."""
    arguments = {"changes": changes, "collection": collection}
    return plugins.pass_on("holdall_collect_modify", "changes", _with_manifest, **arguments)


def _with_manifest(changes: ChangeSet, answer: object) -> ChangeSet:
    if not isinstance(answer, Manifest):
        raise TypeError(f"it returned {show_value(answer):.200}, not a Manifest")
    return replace(changes, after=answer)


def ask_resolution(plugins: Plugins, request: DeployRequest) -> Resolution:
    """Return what a request brings: the answers of all plugins, merged.

    Raises what a plugin raises; PluginError, with the plugin and the field, for an answer of
    another form or two that differ for one artifact.
    """
    merged: dict[str, dict[ArtifactId, Any]] = {field.name: {} for field in fields(Resolution)}
    first: dict[tuple[str, ArtifactId], str] = {}
    for title, answer, error in plugins.call_each(RESOLVE, request=request):
        if error is not None:
            raise error
        if answer is None:
            continue
        for name, known in _tables_of(title, answer, request).items():
            for artifact_id, value in known.items():
                if merged[name].setdefault(artifact_id, value) != value:
                    both = f"{first[name, artifact_id]} and {title}"
                    raise PluginError(
                        f"plugins {both} answered {RESOLVE} differently: {name} of {artifact_id}",
                        hint="remove one of them; `holdall plugins` lists them",
                    )
                first.setdefault((name, artifact_id), title)
    return Resolution(**merged)


def _tables_of(
    title: str, answer: object, request: DeployRequest
) -> dict[str, dict[ArtifactId, Any]]:
    """Return the fields of a plugin's resolution, each looked through and copied."""
    if not isinstance(answer, Resolution):
        what = f"{show_value(answer)}, not a Resolution"
        raise PluginError(f"plugin {title} answered {RESOLVE} with {what}", hint=_HINT)
    checks = _checks(request)
    found = {}
    for field in fields(Resolution):
        name = field.name
        table, raised = run_fenced(partial(_table, answer, name, checks[name]))
        if raised is not None:
            why = raised if isinstance(raised, _Nonsense) else text_of(raised)
            raise PluginError(
                f"plugin {title} answered {RESOLVE} with nonsense in {name}: {why}", hint=_HINT
            ) from raised
        found[name] = table
    return found


class _Nonsense(Exception):
    """What a plugin answered, and why it cannot be that."""


_Check = Callable[[ArtifactId, Any], bool]


def _table(answer: Resolution, name: str, is_whole: _Check) -> dict[ArtifactId, Any]:
    table = getattr(answer, name)
    if not isinstance(table, Mapping):
        raise _Nonsense(f"{show_value(table):.200} is not a mapping")
    found = {}
    for key, value in table.items():
        if not isinstance(key, ArtifactId):
            raise _Nonsense(f"the key {show_value(key):.200} is not an ArtifactId")
        whole = tuple(value) if isinstance(value, list) else value
        if not is_whole(key, whole):
            raise _Nonsense(f"{key} cannot have {show_value(value):.200}")
        found[key] = whole
    return found


def _checks(request: DeployRequest) -> dict[str, _Check]:
    collection, asked = request.collection, set(request.ids)

    def is_here(value: object) -> bool:
        return isinstance(value, ArtifactId) and _has_files(collection, value)

    def are_here(key: ArtifactId, value: object) -> bool:
        return key in asked and isinstance(value, tuple) and all(map(is_here, value))

    return {
        "members": are_here,
        "uuids": lambda _, value: isinstance(value, str) and bool(value),
        "contents": lambda key, value: is_here(key) and _is_content(value),
        "companions": lambda key, value: is_here(key) and is_here(value),
    }


def _has_files(collection: Collection, artifact_id: ArtifactId) -> bool:
    return isinstance(collection.manifest.by_id.get(artifact_id), ManifestArtifact)


def _is_content(value: object) -> bool:
    return (
        isinstance(value, StoredContent)
        and isinstance(value.tree, Tree)
        and isinstance(value.location, Path)
        and isinstance(value.is_pinned, bool)
        and value.location.exists()
    )
