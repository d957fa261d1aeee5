"""Log what Holdall collects and deploys, and keep internal skills at home."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdall.plugins import ChangeSet, DeployPlan, Problem, hookimpl, user_folder

_keys = ["internal"]
"""A skill with one of these in its frontmatter, and `true` behind it, is not deployed."""


@hookimpl
def holdall_configure(settings: Mapping[str, Any]) -> None:
    """Take further keys from `[plugin.audit] keys = [...]`."""
    keys = settings.get("keys", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise TypeError('[plugin.audit] keys is not a list of words, as in keys = ["draft"]')
    _keys[:] = ["internal", *keys]


@hookimpl
def holdall_collect_complete(changes: ChangeSet, transaction_id: str) -> None:
    """Log a change of the collection."""
    _log(transaction_id, changes.command, [change.to_json() for change in changes.changes])


@hookimpl
def holdall_deploy_complete(plan: DeployPlan, transaction_id: str) -> None:
    """Log a deploy or undeploy."""
    placed = [str(placement.id) for placement in plan.placed]
    withdrawn = [str(placement.id) for placement in plan.withdrawn]
    _log(transaction_id, plan.command, {"placed": placed, "withdrawn": withdrawn})


@hookimpl
def holdall_deploy_check(plan: DeployPlan) -> list[Problem]:
    """Veto every skill that says `internal: true`."""
    return list(_internal(plan))


def _internal(plan: DeployPlan) -> Iterator[Problem]:
    for artifact in plan.artifacts:
        skill = artifact.location / "SKILL.md"
        text = skill.read_text(errors="replace") if skill.is_file() else ""
        for key in _keys:
            if f"\n{key}: true\n" in text:
                yield Problem(f"{artifact.id} is {key}", hint="leave it out of what you deploy")


def log_file() -> Path:
    """Return the log: in the user's state folder, wherever the command is run."""
    return user_folder("state", "holdall-plugin-audit") / "audit.jsonl"


def _log(transaction_id: str, command: str, what: object) -> None:
    """Append a line, once per transaction: Holdall may call it again after a crash."""
    log = log_file()
    log.parent.mkdir(0o700, parents=True, exist_ok=True)
    if log.exists() and transaction_id in log.read_text():
        return
    with log.open("a") as file:
        line = {"transaction": transaction_id, "command": command, "what": what}
        file.write(json.dumps(line) + "\n")
