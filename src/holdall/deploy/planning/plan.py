"""A deploy plan: what a command is about to deploy into a project, and remove from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.collection.collection import Collection
from holdall.deploy.project.ledger_diff import LedgerChange
from holdall.deploy.targets import Target
from holdall.files.tree import Tree
from holdall.transaction.signature import Signature

if TYPE_CHECKING:
    from holdall.files.scratch import Scratch


class StoredContent(NamedTuple):
    """The files of another version than the collection's present one, laid out for the deploy.

    `location` is a file or folder, as an artifact's is; `is_pinned` says that a composite holds
    the artifact at this version.
    """

    tree: Tree
    location: Path
    is_pinned: bool


class PlannedArtifact(NamedTuple):
    """An artifact that will be in the project, and the requests that bring it.

    `location` is the file or folder its bytes come from; `wanted_by` are the requests that bring
    it: itself, or composites. `uuid` is None while no plugin knows its identity. `companion` is the
    artifact whose files it looks for where `${CLAUDE_PLUGIN_ROOT}` stands in it.
    """

    id: ArtifactId
    tree: Tree
    location: Path
    wanted_by: tuple[ArtifactId, ...]
    uuid: str | None = None
    is_pinned: bool = False
    companion: ArtifactId | None = None


class Placement(NamedTuple):
    """An artifact that is, or is no longer, below a target's root in the project."""

    id: ArtifactId
    uuid: str | None
    content_hash: str
    target_root: RelPath

    def to_json(self) -> dict[str, str | None]:
        """Return the placement as the journal keeps it."""
        return {
            "id": str(self.id),
            "uuid": self.uuid,
            "content_hash": self.content_hash,
            "target_root": self.target_root,
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Placement:
        """Read what `to_json` wrote."""
        return cls(
            ArtifactId.parse(table["id"]),
            table["uuid"],
            table["content_hash"],
            RelPath.parse(table["target_root"]),
        )


@dataclass(slots=True)
class DeployPlan:
    """What a deploy or undeploy is about to do; hooks see it grow.

    In `holdall_deploy_plan`, `requests` are the ids asked for, `standing` those that were asked for
    earlier and stay, and `versions` the versions that the user chose by name. A plugin may fill
    `members` (what a composite brings, nested ones resolved, in order), `uuids`, `companions` (the
    own files of the plugin that an artifact refers to, deployed with it) and `contents` (for
    artifacts that are not deployed as the collection has them; their files may be in
    `scratch.path`, an empty folder that is deleted after the deploy). Afterwards `artifacts` holds
    all that will be in the project because of this plan, `placed` what is there when it is done,
    `withdrawn` what no longer is, and `change` what is needed to undo it; `adopted` is
    the collection's transaction that adopted edits made here. What plugins put into
    `extra` (JSON values under their own name) lives in the journal.
    """

    command: str
    project: Path
    collection: Collection
    targets: tuple[Target, ...] = ()
    requests: tuple[ArtifactId, ...] = ()
    members: dict[ArtifactId, tuple[ArtifactId, ...]] = field(default_factory=dict)
    uuids: dict[ArtifactId, str] = field(default_factory=dict)
    companions: dict[ArtifactId, ArtifactId] = field(default_factory=dict)
    standing: tuple[ArtifactId, ...] = ()
    versions: Mapping[ArtifactId, str] = field(default_factory=dict)
    contents: dict[ArtifactId, StoredContent] = field(default_factory=dict)
    scratch: Scratch | None = None
    is_forced: bool = False
    artifacts: tuple[PlannedArtifact, ...] = ()
    placed: tuple[Placement, ...] = ()
    withdrawn: tuple[Placement, ...] = ()
    change: LedgerChange = field(default_factory=LedgerChange)
    adopted: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    signature: Signature = field(default_factory=Signature.now)

    def to_payload(self) -> dict[str, Any]:
        """Return what the journal keeps of the plan."""
        return {
            "command": self.command,
            "collection": str(self.collection.root.absolute()),
            "targets": [target.name for target in self.targets],
            "requests": [str(request) for request in self.requests],
            "placed": [placement.to_json() for placement in self.placed],
            "withdrawn": [placement.to_json() for placement in self.withdrawn],
            "change": self.change.to_json(),
            "adopted": self.adopted,
            "extra": self.extra,
            "signature": self.signature.to_json(),
        }

    @classmethod
    def from_payload(
        cls, payload: Mapping[str, Any], project: Path, collection: Collection
    ) -> DeployPlan:
        """Rebuild the plan of a transaction: what was asked for, what it placed and withdrew.

        The payload has the names of its targets only.
        """
        return cls(
            payload["command"],
            project,
            collection,
            requests=tuple(ArtifactId.parse(text) for text in payload.get("requests", ())),
            placed=tuple(Placement.from_json(table) for table in payload["placed"]),
            withdrawn=tuple(Placement.from_json(table) for table in payload["withdrawn"]),
            change=LedgerChange.from_json(payload["change"]),
            adopted=payload.get("adopted"),
            extra=dict(payload["extra"]),
            signature=Signature.from_json(payload["signature"]),
        )
