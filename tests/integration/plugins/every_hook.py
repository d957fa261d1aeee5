"""A plugin with every hook: one is a wrapper, one of another version; with a type and a command.

`calls` holds the name of each hook that was called, with what is worth knowing of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdall.artifacts import ArtifactId, RelPath, Shape, TypeSpec
from holdall.cli import Context
from holdall.collection import Collection
from holdall.config import Config
from holdall.deploy import Deployed, Target
from holdall.errors import ConflictError
from holdall.files import Tree
from holdall.plugins import (
    ChangeSet,
    Command,
    DeployPlan,
    DeployRequest,
    Details,
    FoundArtifact,
    KnownDeployment,
    LintProblem,
    Problem,
    Reading,
    ReleaseState,
    Resolution,
    Severity,
    bytes_artifact,
    file_artifact,
    hookimpl,
)

PROMPT = TypeSpec("prompt", "prompts", Shape.FILE, ".prompt", (("claude", "prompts"),))
PLACES = {"prompt": TypeSpec("prompt", "p", Shape.FILE, ".txt")}

calls: list[tuple[str, Any]] = []
refuses: set[str] = set()


def note(hook: str, told: Any = None) -> None:
    """Keep that a hook was called; refuse where the test wants it."""
    calls.append((hook, told))
    if hook in refuses:
        raise ConflictError(f"{hook} refuses")


@hookimpl
def holdall_configure(config: Config, settings: Mapping[str, Any]) -> None:
    """Keep the settings."""
    note("configure", dict(settings))


@hookimpl
def holdall_command_begin() -> None:
    """Before a command."""
    note("command_begin")


@hookimpl
def holdall_command_end() -> None:
    """After it."""
    note("command_end")


@hookimpl
def holdall_database_prepare(dry_run: bool) -> None:
    """The database of a new collection."""
    note("database_prepare", dry_run)


@hookimpl
def holdall_collection_folder(name: str | None) -> None:
    """A collection that only a database was named for."""
    note("collection_folder", name)


@hookimpl
def holdall_register_types() -> list[TypeSpec]:
    """A type of single files."""
    note("register_types")
    return [PROMPT]


@hookimpl
def holdall_register_targets() -> Iterator[Target]:
    """An agent that knows that type only."""
    note("register_targets")
    yield Target("plain", RelPath.parse(".plain"), PLACES)


@hookimpl
def holdall_register_commands() -> Iterator[Command]:
    """A command with an argument."""
    note("register_commands")

    def configure(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("word")

    def run(context: Context, args: argparse.Namespace) -> int:
        context.out.data({"word": args.word})
        return 1

    yield Command("echo", "print a word", "every hook", configure, run)


@hookimpl
def holdall_collect_file(path: Path, source: Path) -> FoundArtifact | None:
    """Take files that end in `.prompt`, and make one of each that ends in `.words`."""
    note("collect_file", path.name)
    if path.suffix == ".words":
        made = "".join(f"What is {word}?\n" for word in path.read_text().split())
        return bytes_artifact(made.encode(), path, source, PROMPT)
    return file_artifact(path, source, PROMPT) if path.suffix == ".prompt" else None


@hookimpl
def holdall_lint_check(reading: Reading) -> Iterator[LintProblem]:
    """Each prompt should have a question mark."""
    note("lint_check")
    for found in reading.artifacts:
        if found.type == "prompt" and b"?" not in Path(str(found.location)).read_bytes():
            yield LintProblem(found.path, "no-question", "it asks nothing", 1, "error", "w", "r")


@hookimpl
def holdall_collect_modify(changes: ChangeSet, collection: Collection) -> None:
    """Keep something for later."""
    changes.extra["every"] = 1
    note("collect_modify", changes.command)


@hookimpl
def holdall_collect_check(changes: ChangeSet, collection: Collection) -> list[Problem]:
    """Warn of it."""
    note("collect_check")
    return [Problem("careful", Severity.WARNING)] if changes.changes else []


@hookimpl
def holdall_collect_prepare(changes: ChangeSet, transaction_id: str) -> None:
    """Note it."""
    note("collect_prepare", transaction_id)


@hookimpl
def holdall_collect_incoming(collection: Collection) -> None:
    """Note it."""
    note("collect_incoming", collection.name)


@hookimpl
def holdall_collect_commit(transaction_id: str) -> None:
    """Note it."""
    note("collect_commit", transaction_id)


@hookimpl
def holdall_collect_abandoned(changes: ChangeSet, transaction_id: str) -> None:
    """Note it."""
    note("collect_abandoned", (transaction_id, changes.extra["every"]))


@hookimpl
def holdall_collect_complete(changes: ChangeSet, transaction_id: str) -> None:
    """Note what changed."""
    note("collect_complete", [str(change.id) for change in changes.changes])


@hookimpl
def holdall_collect_error(changes: ChangeSet, error: Exception) -> None:
    """Note it."""
    note("collect_error", (changes.command, str(error)))


@hookimpl
def holdall_version_tree(
    collection: Collection, artifact_id: ArtifactId, version: str
) -> Tree | None:
    """Leave it to others."""
    note("version_tree", version)
    return None


@hookimpl
def holdall_release_state(
    collection: Collection, release: int, ids: Sequence[ArtifactId]
) -> ReleaseState | None:
    """Leave it to others."""
    note("release_state", (release, [str(one) for one in ids]))
    return None


@hookimpl
def holdall_known_versions(wanted: Sequence[Deployed]) -> list[Tree | None] | None:
    """Leave it to others."""
    note("known_versions", [str(entry.id) for entry in wanted])
    return None


@hookimpl
def holdall_collection_details(collection: Collection) -> Details | None:
    """Leave it to others."""
    note("collection_details")
    return None


@hookimpl
def holdall_known_deployments(collection: Collection) -> Sequence[KnownDeployment] | None:
    """Leave it to others."""
    note("known_deployments")
    return None


@hookimpl
def holdall_deploy_resolve(request: DeployRequest) -> Resolution:
    """Note what is asked for; know nothing of it."""
    note("deploy_resolve", [str(asked) for asked in request.ids])
    return Resolution()


@hookimpl(wrapper=True)
def holdall_deploy_check(plan: DeployPlan) -> Generator[None, Any, Sequence[Any]]:
    """Go around the other checks."""
    note("deploy_check", plan.command)
    found: Sequence[Any] = yield
    return [*found, [Problem("wrapped", Severity.WARNING)]]


@hookimpl
def holdall_deploy_prepare(plan: DeployPlan, transaction_id: str) -> None:
    """Note it."""
    note("deploy_prepare", transaction_id)


@hookimpl
def holdall_deploy_abandoned(plan: DeployPlan, transaction_id: str) -> None:
    """Note it."""
    note("deploy_abandoned", transaction_id)


@hookimpl(trylast=True)
def holdall_deploy_complete(plan: DeployPlan, transaction_id: str) -> None:
    """Note all that the plan says."""
    told = {
        "command": plan.command,
        "placed": [str(placement.id) for placement in plan.placed],
        "withdrawn": [str(placement.id) for placement in plan.withdrawn],
        "targets": [target.name for target in plan.targets],
        "requests": [str(request) for request in plan.requests],
    }
    note("deploy_complete", told)


@hookimpl
def holdall_deploy_forget(collection: Collection, project: str) -> list[ArtifactId]:
    """Know nothing of it."""
    note("deploy_forget", project)
    return []


@hookimpl
def holdall_deploy_error(request: DeployRequest, error: Exception) -> None:
    """Note it."""
    note("deploy_error", (request.command, str(error)))


@hookimpl(optionalhook=True)
def holdall_of_the_future() -> None:
    """Never called by this version."""
    raise AssertionError
