"""Compare a project with its lock, without a collection, a database or a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from holdall import NamedTuple
from holdall.artifacts.protected import DEPLOYED, LEDGER, LOCK_FILE, PROJECT_FILE, SYNCED
from holdall.config import cache_folder
from holdall.deploy.locked.values import Lock
from holdall.deploy.project.project import Project, read_project
from holdall.deploy.status import changed_files
from holdall.deploy.targets import target_named
from holdall.files.lock import STATE_FOLDER
from holdall.files.root import Root
from holdall.files.stat_index import StateIndex, index_file
from holdall.operations.projects.stamps import Stamps, read_stamps, stamps_file, write_stamps
from holdall.operations.projects.terms import Terms
from holdall.transaction.journal import OUTBOX, OUTSIDE, TX

_MISSING, _OTHER, _OTHERWISE = "is missing", "is another version", "is recorded otherwise"
_DROPPED = "is not in the lock any more"
_STATES = {_MISSING: "gone", _OTHER: "outdated", _OTHERWISE: "outdated", _DROPPED: "removed"}


class Difference(NamedTuple):
    """Something in which a project is not what its files say: `what` it is about, and `why`."""

    what: str
    target: str | None
    why: str

    @property
    def state(self) -> str:
        """The state in which `holdall status` has an artifact that differs so."""
        return _STATES.get(self.why, "modified")

    @property
    def sentence(self) -> str:
        """The difference for reading."""
        return f"{self.what} {self.why}" + (f", for {self.target}" if self.target else "")


@contextmanager
def open_to_compare(terms: Terms, lock: Lock) -> Iterator[Project]:
    """Read a project without its lock and without a collection; files are known by their status."""
    with Root(terms.project) as root:
        file = index_file(cache_folder(terms.session.config), "project", terms.project)
        index = root.remembered = StateIndex(file, root.folders.top)
        known = terms.known_targets
        names = sorted({name for one in lock.artifacts for name in one.targets})
        targets = [target_named(name, known) for name in names]
        project = read_project(root, targets, terms.session.plugins.targets, None)
        yield project
        index.save(path for entry in project.ledger.deployed for path in entry.files)


def find_edited(project: Project, lock: Lock) -> Iterator[Difference]:
    """Yield what was edited by hand of what a lock lists, and is to stay so."""
    entries = {(entry.target, entry.id): entry for entry in project.ledger.deployed}
    for one in lock.artifacts:
        for target in one.targets:
            entry = entries.get((target, one.id))
            if entry is None or entry.content_hash != one.content_hash:
                continue
            changes = list(changed_files(project, entry))
            if not any(file.change == "missing" for file in changes):
                for file in changes:
                    yield Difference(str(one.id), target, f"{file.path} is {file.change}")


def compare(project: Project, lock: Lock, synced: Lock) -> Iterator[Difference]:
    """Yield in what a project is not what a lock says."""
    entries = {(entry.target, entry.id): entry for entry in project.ledger.deployed}
    merged = lock.unite().artifacts
    places = {(name, one.id): one for one in merged for name in one.targets}
    for (target, own), one in places.items():
        entry = entries.get((target, own))
        if entry is None:
            yield Difference(str(own), target, _MISSING)
        elif entry.content_hash != one.content_hash:
            yield Difference(str(own), target, _OTHER)
        elif not set(one.wanted_by) <= set(entry.wanted_by) or entry.uuid != one.uuid:
            yield Difference(str(own), target, _OTHERWISE)
        else:
            for file in changed_files(project, entry):
                yield Difference(str(own), target, f"{file.path} is {file.change}")
    before = {(name, one.id) for one in synced.artifacts for name in one.targets}
    own_requests = {r for one in (*synced.artifacts, *lock.artifacts) for r in one.wanted_by}
    for key in sorted(before - places.keys()):
        if key in entries and set(entries[key].wanted_by) & own_requests:
            yield Difference(str(key[1]), key[0], _DROPPED)


def remember(terms: Terms, lock: Lock, synced: Lock) -> list[Difference]:
    """Let the next sync know by the status of files alone that nothing changed, if that is so.

    Returns what was edited by hand of what the lock lists.
    """
    cache = cache_folder(terms.session.config)
    own = [PROJECT_FILE, LOCK_FILE, SYNCED, LEDGER, DEPLOYED]
    read = None if cache is None else read_stamps(terms.project, own)
    with open_to_compare(terms, lock) as project:
        stamps = None if read is None else _stamp(project, own, read)
        edited = list(find_edited(project, lock))
        if cache is None or stamps is None or edited:
            return edited
        if any(True for _ in compare(project, lock, synced)):
            return edited
    write_stamps(stamps_file(cache, terms.project), stamps)
    return edited


def _stamp(project: Project, own: Iterable[str], read: Stamps) -> Stamps | None:
    """Return the status of all that tells whether a project is as it is, None if it changes now.

    Before the files are looked at: what is changed meanwhile has another status then.
    """
    ledger = project.ledger
    files = [path for entry in ledger.deployed for path in entry.files]
    settings = [merged.path for entry in ledger.deployed for merged in entry.merged]
    records = [record.path for record in project.records.values()]
    state = [f"{STATE_FOLDER}/{name}" for name in (TX, OUTBOX, OUTSIDE)]
    stamps = read_stamps(project.root.path, [*own, *records, *settings, *files, *state])
    return stamps if stamps is not None and stamps.items() >= read.items() else None
