"""What is deployed in a project: Holdall's ledger and the deployed records, read under its lock."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from holdall.artifacts.ids import ArtifactId, Shape
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import LEDGER
from holdall.artifacts.references import find_named
from holdall.collection.collection import Collection
from holdall.deploy.ownership import own_place, refuse_foreign
from holdall.deploy.project.ledger import Deployed, Ledger, parse_ledger, targets_of_ledger
from holdall.deploy.project.skillmeat_record import (
    MAX_RECORD_BYTES,
    RECORD_NAME,
    RecordEntry,
    parse_record,
)
from holdall.deploy.targets import Target, targets_for
from holdall.errors import InputError, NotFoundError
from holdall.files.root import Root
from holdall.files.tree import Tree, file_tree, folder_tree
from holdall.formats.json_editor import Marks
from holdall.transaction.placement import ancestors, placed, state_of


class ProjectRecord(NamedTuple):
    """One target's deployed record: where it is, its text and its entries."""

    path: RelPath
    text: str | None
    entries: tuple[RecordEntry, ...]


@dataclass(frozen=True)
class Project:
    """A project as Holdall knows it. `records` are by target name.

    `ledger` includes artifacts that only a record names (SkillMeat deployed them, or the ledger
    was lost) where their files are what the record says; `unclear` are those that differ, with
    their target's name. In `ledger` what was renamed in the collection has its new name, in
    `written` the one that it was deployed with. `stored` is what `ledger_text` says.
    """

    root: Root
    ledger: Ledger
    written: Ledger
    stored: Ledger
    ledger_text: str | None
    records: Mapping[str, ProjectRecord]
    unclear: tuple[tuple[str, RecordEntry], ...]
    forgotten: frozenset[ArtifactId] = frozenset()

    @cached_property
    def is_head_sealed(self) -> bool:
        """Whether this user's Holdall wrote down the ledger's folders and documents."""
        from holdall.deploy.project.seals import is_head_sealed

        return is_head_sealed(self.stored)

    @property
    def marks(self) -> Mapping[RelPath, Marks]:
        """What is known of settings files, as far as this user's Holdall wrote it down."""
        documents = self.ledger.documents
        return documents if documents and self.is_head_sealed else {}

    @property
    def folders(self) -> frozenset[RelPath]:
        """The folders to remove once they are empty and nothing is left that is below them.

        They are those that this user's Holdall made; where that is not known, those inside of the
        artifacts' places.
        """
        if self.is_head_sealed:
            return self.ledger.folders
        return frozenset(f for entry in self.ledger.deployed for f in _own_folders(entry))

    def without(self, ids: set[ArtifactId]) -> Project:
        """Return the project with the unclear record entries of these ids forgotten."""
        return replace(self, forgotten=frozenset(ids))

    @cached_property
    def _known(self) -> set[ArtifactId]:
        """What is deployed or asked for here."""
        known = {entry.id for entry in self.ledger.deployed} | set(self.ledger.requests)
        return known | {entry.id for _, entry in self.unclear}

    def resolve(self, text: str) -> ArtifactId:
        """Return the id of something deployed or asked for here that `text` means.

        A composite before others of its name. Raises NotFoundError if there is none, UsageError if
        there are several.
        """
        found = find_named(text, self._known, prefer_composite=True)
        if found is None:
            raise NotFoundError(
                f"{text!a} is not deployed in {self.root.path}",
                hint="`holdall status` shows what is",
            )
        return found


def read_project(
    root: Root,
    targets: Iterable[Target],
    registered: Mapping[str, Target],
    collection: Collection | None,
) -> Project:
    """Read what is deployed in a project for some targets; `registered` are all known targets.

    With `collection`, artifacts that were renamed there since are known by their new names. Raises
    InputError for a record that cannot be understood, and for a ledger that claims what cannot be
    Holdall's.
    """
    targets = list(targets)
    ledger_text = _text(root, LEDGER)
    ledger = Ledger()
    if ledger_text is not None:
        where = str(root.path / LEDGER)
        ledger = parse_ledger(ledger_text, where)
        chosen = {target.name: target for target in targets}
        refuse_foreign(ledger, {**targets_for(registered, root.path), **chosen}, where)
    stored = ledger
    records: dict[str, ProjectRecord] = {}
    adopted: list[Deployed] = []
    unclear: list[tuple[str, RecordEntry]] = []
    for target in targets:
        record = _record(root, target)
        records[target.name] = record
        known = {entry.id for entry in ledger.deployed if entry.lies_below(target.root)}
        known |= {entry.id for entry in adopted if entry.lies_below(target.root)}
        for entry in record.entries:
            if entry.id not in known:
                known.add(entry.id)
                if (found := _adopted(root, target, entry)) is not None:
                    adopted.append(found)
                else:
                    unclear.append((target.name, entry))
    ledger = replace(
        ledger,
        deployed=(*ledger.deployed, *adopted),
        folders=ledger.folders | {f for d in adopted for f in _own_folders(d)},
    )
    renamed = ledger if collection is None else _with_new_names(ledger, collection)
    return Project(root, renamed, ledger, stored, ledger_text, records, tuple(unclear))


def targets_in(path: Path, registered: Container[str]) -> list[str]:
    """Return the names of the targets that Holdall deployed for in a project, sorted.

    Only those that are registered: `read_project` refuses a ledger with others, and says why.
    """
    if not path.is_dir():
        return []
    with Root(path) as root:
        text = _text(root, LEDGER)
    if text is None:
        return []
    return [name for name in targets_of_ledger(text, str(path / LEDGER)) if name in registered]


def _text(root: Root, path: RelPath) -> str | None:
    data = root.read_bytes(path, MAX_RECORD_BYTES)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{root.path / path}: not valid UTF-8", hint="restore it from your version control"
        ) from error


def _record(root: Root, target: Target) -> ProjectRecord:
    path = target.root.joined(RelPath.parse(RECORD_NAME))
    text = _text(root, path)
    entries = parse_record(text, str(root.path / path)) if text is not None else []
    return ProjectRecord(path, text, tuple(entries))


def _adopted(root: Root, target: Target, entry: RecordEntry) -> Deployed | None:
    """Adopt an artifact that only the record names, if its files match the record."""
    base = target.root.joined(entry.path)
    # A record must not make Holdall the owner of the agent's settings, of a whole folder, or of
    # another artifact.
    if base != own_place(target, entry.id):
        return None
    spec = target.places[entry.id.type]
    tree = _tree_at(root, base)
    if tree is None or tree.skillmeat_hash != entry.content_hash:
        return None
    shape = Shape.FOLDER if (root.path / base).is_dir() else Shape.FILE
    files = placed(base, spec._replace(shape=shape), tree)
    return Deployed(
        id=entry.id,
        target=target.name,
        uuid=entry.uuid,
        collection=entry.collection,
        content_hash=tree.content_hash,
        wanted_by=(),
        files={path: state_of(digest) for path, digest in files.items()},
    )


def _tree_at(root: Root, base: RelPath) -> Tree | None:
    location = root.path / base
    if location.is_symlink() or not location.exists():
        return None
    if location.is_dir():
        return folder_tree(location)
    return file_tree(location, RelPath.parse(base.name))


def _own_folders(entry: Deployed) -> set[RelPath]:
    """Return the folders of an adopted artifact below its target's folder for the type."""
    return {folder for folder in ancestors(entry.files) if folder.count("/") > 1}


def _with_new_names(ledger: Ledger, collection: Collection) -> Ledger:
    manifest = collection.manifest
    names = {entry.uuid: entry.id for entry in manifest.by_id.values() if entry.uuid}
    uuids = {**{d.id: d.uuid for d in ledger.deployed}, **ledger.requests}
    renamed = {
        old: names[uuid] for old, uuid in uuids.items() if uuid in names and names[uuid] != old
    }
    if not renamed:
        return ledger
    deployed = tuple(
        entry._replace(wanted_by=tuple(renamed.get(i, i) for i in entry.wanted_by))
        for entry in ledger.deployed
    )
    requests = {renamed.get(i, i): uuid for i, uuid in ledger.requests.items()}
    return replace(ledger, deployed=deployed, requests=requests)
