"""What is deployed in a project: Holdall's ledger and the deployed records, read under its lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import DEPLOYED, LEDGER
from holdall.artifacts.references import find_named
from holdall.collection.collection import Collection
from holdall.deploy.ownership import refuse_foreign
from holdall.deploy.project.hints import Joined, adopt_recorded, join_shared, own_folders
from holdall.deploy.project.ledger import MAX_LEDGER_BYTES, Deployed, Ledger, parse_ledger
from holdall.deploy.project.place import ProjectPlace, is_same_place
from holdall.deploy.project.shared import (
    MAX_SHARED_BYTES,
    SharedEntry,
    SharedRecord,
    hash_text,
    parse_shared,
)
from holdall.deploy.project.skillmeat_record import (
    MAX_RECORD_BYTES,
    RECORD_NAME,
    RecordEntry,
    parse_record,
)
from holdall.deploy.targets import Target, Targets, targets_for
from holdall.errors import InputError, NotFoundError
from holdall.files.root import Root
from holdall.formats.marks import Marks


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
    unclear: tuple[tuple[str, RecordEntry | SharedEntry], ...]
    shared_text: str | None = None
    shared: SharedRecord = field(default_factory=SharedRecord)
    unknown: tuple[SharedEntry, ...] = ()
    forgotten: frozenset[ArtifactId] = frozenset()

    @cached_property
    def is_head_sealed(self) -> bool:
        """Whether this user's Holdall wrote down the ledger's folders, documents and place."""
        from holdall.deploy.project.seals import is_head_sealed

        return is_head_sealed(self.stored)

    @property
    def marks(self) -> Mapping[RelPath, Marks]:
        """What is known of settings files.

        What this user's Holdall did not write down says at most which objects and lists it made on
        the way to its entries: they go once they are empty.
        """
        documents = self.ledger.documents
        is_own = bool(documents) and self.is_head_sealed
        made = {**self.shared.made, **{path: marks.made for path, marks in documents.items()}}
        entries = [merged for entry in self.ledger.deployed for merged in entry.merged]
        hints = {}
        for path, some in made.items():
            ways = [entry.keys for entry in entries if entry.path == path]
            hints[path] = Marks({k for k in some if any(way[: len(k)] == k for way in ways)})
        return {**hints, **documents} if is_own else hints

    @property
    def shared_others(self) -> list[SharedEntry]:
        """What `deployed.toml` has and the ledger does not, and that is not forgotten now."""
        unclear = [entry for _, entry in self.unclear if isinstance(entry, SharedEntry)]
        return [*self.unknown, *(entry for entry in unclear if entry.id not in self.forgotten)]

    @property
    def folders(self) -> frozenset[RelPath]:
        """The folders to remove once they are empty and nothing is left that is below them.

        They are those that this user's Holdall made; where that is not known, those inside of the
        artifacts' places.
        """
        if self.is_head_sealed:
            return self.ledger.folders
        return frozenset(own_folders(self.ledger.deployed))

    @property
    def place(self) -> ProjectPlace | None:
        """Where the project was, as far as this user's Holdall wrote it down; maybe it is there."""
        place = self.stored.place
        is_here = is_same_place(place, ProjectPlace.of(self.root))
        return place if is_here or (place is not None and self.is_head_sealed) else None

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
    registered: Targets,
    collection: Collection | None,
) -> Project:
    """Read what is deployed in a project for some targets; `registered` are all known targets.

    With `collection`, artifacts that were renamed there since are known by their new names. Raises
    InputError for a record that cannot be understood, and for a ledger that claims what cannot be
    Holdall's.
    """
    targets = list(targets)
    chosen = {target.name: target for target in targets}
    all_targets = targets_for(registered, root.path).with_targets(chosen)
    ledger_text = _text(root, LEDGER, MAX_LEDGER_BYTES)
    ledger = Ledger()
    if ledger_text is not None:
        where = str(root.path / LEDGER)
        ledger = parse_ledger(ledger_text, where)
        refuse_foreign(ledger, all_targets, where)
    stored = ledger
    shared_text, shared = _text(root, DEPLOYED, MAX_SHARED_BYTES), SharedRecord()
    joined = Joined(ledger, (), ())
    if shared_text is not None and hash_text(shared_text) != stored.shared:
        shared = parse_shared(shared_text, str(root.path / DEPLOYED))
        joined = join_shared(root, ledger, shared, all_targets, collection)
        ledger = joined.ledger
    records: dict[str, ProjectRecord] = {}
    adopted: list[Deployed] = []
    unclear: list[tuple[str, RecordEntry | SharedEntry]] = [(e.target, e) for e in joined.unclear]
    for target in targets:
        record = _record(root, target)
        records[target.name] = record
        if not record.entries:
            continue
        known = {entry.id for entry in ledger.deployed if entry.lies_below(target.root)}
        known |= {entry.id for entry in adopted if entry.lies_below(target.root)}
        known |= {entry.id for entry in joined.unclear if entry.target == target.name}
        for entry in record.entries:
            if entry.id not in known:
                known.add(entry.id)
                if (found := adopt_recorded(root, target, entry, collection)) is not None:
                    adopted.append(found)
                else:
                    unclear.append((target.name, entry))
    ledger = replace(
        ledger,
        deployed=(*ledger.deployed, *adopted),
        folders=ledger.folders
        | {*own_folders(tuple(e for e in (*ledger.deployed, *adopted) if not e.seal))},
    )
    renamed = ledger if collection is None else _with_new_names(ledger, collection)
    return Project(
        root,
        renamed,
        ledger,
        stored,
        ledger_text,
        records,
        tuple(unclear),
        shared_text,
        shared,
        joined.unknown,
    )


def targets_in(path: Path, registered: Mapping[str, Target]) -> list[str]:
    """Return the names of the targets that Holdall deployed for in a project, sorted.

    Only those that are registered: `read_project` refuses a ledger with others, and says why.
    Where neither a ledger nor `.holdall/deployed.toml` is left, the records of SkillMeat tell: each
    stands for the first target in its folder.
    """
    if not path.is_dir():
        return []
    with Root(path) as root:
        text = _text(root, LEDGER, MAX_LEDGER_BYTES)
        shared = _text(root, DEPLOYED, MAX_SHARED_BYTES)
        if text is None and shared is None:
            firsts = {target.root: target for target in reversed([*registered.values()])}
            return sorted(t.name for t in firsts.values() if _record(root, t).text is not None)
    ledger = Ledger() if text is None else parse_ledger(text, str(path / LEDGER))
    names = {entry.target for entry in ledger.deployed}
    if shared is not None and hash_text(shared) != ledger.shared:
        names |= {entry.target for entry in parse_shared(shared, str(path / DEPLOYED)).deployed}
    return sorted(name for name in names if name in registered)


def _text(root: Root, path: RelPath, limit: int) -> str | None:
    data = root.read_bytes(path, limit)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{root.path / path}: not valid UTF-8", hint="restore it from your version control"
        ) from error


def _record(root: Root, target: Target) -> ProjectRecord:
    path = target.root.join_path(RelPath.parse(RECORD_NAME))
    text = _text(root, path, MAX_RECORD_BYTES)
    entries = parse_record(text, str(root.path / path)) if text is not None else []
    return ProjectRecord(path, text, tuple(entries))


def _with_new_names(ledger: Ledger, collection: Collection) -> Ledger:
    """Return the ledger with what was renamed since; a UUID of another type than said is none."""
    manifest = collection.manifest
    names = {entry.uuid: entry.id for entry in manifest.by_id.values() if entry.uuid}
    uuids = {**{d.id: d.uuid for d in ledger.deployed}, **ledger.requests}
    moved = {
        old: names[uuid] for old, uuid in uuids.items() if uuid in names and names[uuid] != old
    }
    if not moved:
        return ledger
    strange = {old for old, new in moved.items() if old.type != new.type}
    renamed = {old: new for old, new in moved.items() if old not in strange}
    deployed = tuple(
        entry._replace(
            wanted_by=tuple(renamed.get(i, i) for i in entry.wanted_by),
            uuid=None if entry.id in strange else entry.uuid,
        )
        for entry in ledger.deployed
    )
    requests = {
        renamed.get(i, i): None if i in strange else uuid for i, uuid in ledger.requests.items()
    }
    return replace(ledger, deployed=deployed, requests=requests)
