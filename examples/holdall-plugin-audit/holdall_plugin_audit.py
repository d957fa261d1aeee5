"""Log what Holdall collects and deploys, and keep internal skills at home."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from holdall.collection import ChangeSet
from holdall.deploy import DeployPlan
from holdall.plugins import Problem, hookimpl


@hookimpl
def holdall_collect_complete(changes: ChangeSet, transaction_id: str) -> None:
    """Log a change of the collection."""
    _log(transaction_id, changes.command, [change.to_json() for change in changes.changes])


@hookimpl
def holdall_deploy_complete(plan: DeployPlan, transaction_id: str) -> None:
    """Log a deploy or undeploy."""
    _log(transaction_id, plan.command, [str(placement.id) for placement in plan.placed])


@hookimpl
def holdall_deploy_check(plan: DeployPlan) -> list[Problem]:
    """Veto every skill that says `internal: true`."""
    return list(_internal(plan))


def _internal(plan: DeployPlan) -> Iterator[Problem]:
    for artifact in plan.artifacts:
        skill = artifact.location / "SKILL.md"
        if skill.is_file() and "\ninternal: true\n" in skill.read_text(errors="replace"):
            yield Problem(f"{artifact.id} is internal", hint="leave it out of what you deploy")


def _log(transaction_id: str, command: str, what: object) -> None:
    """Append a line, once per transaction: Holdall may tell us again after a crash."""
    log = Path(os.environ.get("HOLDALL_AUDIT_LOG", "holdall-audit.jsonl"))
    if log.exists() and transaction_id in log.read_text():
        return
    with log.open("a") as file:
        line = {"transaction": transaction_id, "command": command, "what": what}
        file.write(json.dumps(line) + "\n")
