"""Hooks of a deploy: composites expanded and UUIDs resolved, deployments recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kitbag.hookspecs import hookimpl

if TYPE_CHECKING:
    from kitbag.plan import DeployPlan


@hookimpl
def kitbag_deploy_plan(plan: DeployPlan, project: Path) -> None:
    """Resolve `type:name` to UUIDs and composites to their members."""
    from kitbag_composites.deploying import resolve

    resolve(plan)


@hookimpl
def kitbag_deploy_prepare(plan: DeployPlan, transaction_id: str) -> None:
    """Record the deployment as pending, in a short transaction of its own."""
    from kitbag_composites.deploying import begin

    begin(plan, transaction_id)


@hookimpl
def kitbag_deploy_complete(plan: DeployPlan, transaction_id: str) -> None:
    """Record the deployment as done; called again, it finds it done."""
    from kitbag_composites.deploying import finish

    finish(plan, transaction_id)
