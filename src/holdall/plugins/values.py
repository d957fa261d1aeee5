"""What hooks are called with, in one place for those who write plugins."""

from __future__ import annotations

from holdall.collection.changes import ChangeSet as ChangeSet
from holdall.deploy.planning.plan import DeployPlan as DeployPlan
