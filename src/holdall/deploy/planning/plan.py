"""The values of a deploy: what was asked for, what that brings, and what is about to be done.

Each is made whole by one function and is not changed afterwards:

    DeployRequest  the command: ids, versions, targets of a project
    Resolution     what plugins know of that: members, UUIDs, contents, companions
    DeployPlan     what changes in the project: placed, withdrawn, and the way back
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall import NamedTuple, dataclass
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
    artifact whose files it looks for where `${CLAUDE_PLUGIN_ROOT}` stands in it. `named` are its
    files with another name in the head, the deployed one, where they are placed so.
    """

    id: ArtifactId
    tree: Tree
    location: Path
    wanted_by: tuple[ArtifactId, ...]
    uuid: str | None = None
    is_pinned: bool = False
    companion: ArtifactId | None = None
    named: Tree | None = None


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


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """What was asked for in a project: by deploy, undeploy, undo, redo or adopt (`command`).

    `ids` are the artifacts and composites, `targets` the agents. For a deploy, `standing` are the
    ids that were asked for earlier and stay, `versions` those that the user chose by name, and
    files for `Resolution.contents` may be in `scratch.path`, an empty folder that is deleted after
    the deploy. `is_forced` says that what stands against it is to be overridden.
    """

    command: str
    project: Path
    collection: Collection
    targets: tuple[Target, ...]
    ids: tuple[ArtifactId, ...] = ()
    standing: tuple[ArtifactId, ...] = ()
    versions: Mapping[ArtifactId, str] = field(default_factory=dict)
    is_forced: bool = False
    scratch: Scratch | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a plugin knows of what a deploy was asked for, by artifact; all of it may be empty.

    `members` are the artifacts that a composite among the ids brings, nested ones resolved, in
    order. `uuids` are permanent identities. `contents` are the files of artifacts that are not
    deployed as the collection has them. `companions` are the own files of the plugin that an
    artifact refers to as `${CLAUDE_PLUGIN_ROOT}`, deployed with it.
    """

    members: Mapping[ArtifactId, tuple[ArtifactId, ...]] = field(default_factory=dict)
    uuids: Mapping[ArtifactId, str] = field(default_factory=dict)
    contents: Mapping[ArtifactId, StoredContent] = field(default_factory=dict)
    companions: Mapping[ArtifactId, ArtifactId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """What a command is about to do to a project, or what it did.

    `requests` are the ids asked for. `artifacts` are all that will be in the project because of
    them, `placed` says where they are when it is done, `withdrawn` what is no longer there, and
    `change` what is needed to undo it; `adopted` is the collection's transaction that adopted edits
    made here; `moved_from` are paths where the collection believed the project to be. What plugins
    put into `extra` in `holdall_deploy_check` (JSON values under their own name) lives in the
    journal.
    """

    command: str
    project: Path
    collection: Collection
    targets: tuple[Target, ...] = ()
    requests: tuple[ArtifactId, ...] = ()
    artifacts: tuple[PlannedArtifact, ...] = ()
    placed: tuple[Placement, ...] = ()
    withdrawn: tuple[Placement, ...] = ()
    change: LedgerChange = field(default_factory=LedgerChange)
    adopted: str | None = None
    moved_from: tuple[str, ...] = ()
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
            "moved_from": list(self.moved_from),
            "extra": self.extra,
            "signature": self.signature.to_json(),
        }

    @classmethod
    def from_payload(
        cls,
        payload: Mapping[str, Any],
        project: Path,
        collection: Collection,
        known: Mapping[str, Target],
    ) -> DeployPlan:
        """Rebuild the plan of a transaction: what was asked for, what it placed and withdrew.

        Its targets are those that are still `known`.
        """
        return cls(
            payload["command"],
            project,
            collection,
            tuple(known[name] for name in payload.get("targets", ()) if name in known),
            requests=tuple(ArtifactId.parse(text) for text in payload.get("requests", ())),
            placed=tuple(Placement.from_json(table) for table in payload["placed"]),
            withdrawn=tuple(Placement.from_json(table) for table in payload["withdrawn"]),
            change=LedgerChange.from_json(payload["change"]),
            adopted=payload.get("adopted"),
            moved_from=tuple(payload.get("moved_from", ())),
            extra=dict(payload["extra"]),
            signature=Signature.from_json(payload["signature"]),
        )
