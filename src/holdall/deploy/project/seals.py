"""Seals in the ledger: marks that only this user can make, on what was placed in a project.

A ledger may have come with a project. What it says is a hint where to look; a line that has this
user's seal is proof. A seal covers an artifact's files and entries of settings, or the folders,
marks and place of the whole ledger; not who wants them. Its key is that of the journals, in the
user's state folder.
"""

from __future__ import annotations

from dataclasses import replace

from holdall.deploy.project.ledger import Deployed, Ledger, state_to_json
from holdall.files.user_state import has_seal, seal_of
from holdall.formats.documents import canonical_json


def is_sealed(entry: Deployed) -> bool:
    """Return whether this user's Holdall placed all that an entry says."""
    return bool(entry.seal) and has_seal(_sealed_part(entry), entry.seal or "")


def is_head_sealed(ledger: Ledger) -> bool:
    """Return whether this user's Holdall wrote down a ledger's folders, documents and place."""
    return bool(ledger.seal) and has_seal(_sealed_head(ledger), ledger.seal)


def seal_ledger(ledger: Ledger) -> Ledger:
    """Return a ledger with its new entries and its head sealed; the others keep what they have."""
    deployed = tuple(
        entry._replace(seal=seal_of(_sealed_part(entry))) if entry.seal is None else entry
        for entry in ledger.deployed
    )
    return replace(ledger, deployed=deployed, seal=seal_of(_sealed_head(ledger)))


def _sealed_part(entry: Deployed) -> bytes:
    files = {path: state_to_json(state) for path, state in entry.files.items()}
    merged = [[e.path, *e.place[1:], e.hash] for e in entry.merged]
    return canonical_json(["placed", entry.target, str(entry.id), files, merged])


def _sealed_head(ledger: Ledger) -> bytes:
    documents = {path: marks.to_json() for path, marks in ledger.documents.items()}
    place = ledger.place and [ledger.place.path, ledger.place.to_json()["former"]]
    return canonical_json(["made", sorted(map(str, ledger.folders)), documents, place])
