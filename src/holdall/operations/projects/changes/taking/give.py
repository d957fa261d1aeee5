"""Write what a project's lock has as the lock of another program: `skills-lock.json` of `skills`.

    {
      "version": 1,
      "skills": {
        "pdf": {
          "source": "acme/kit", "ref": "v1", "sourceType": "github",
          "skillPath": "skills/pdf/SKILL.md", "computedHash": "a313fb78..."
        }
      }
    }

That program knows skills of repositories and folders; what else is locked is left out, and named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactType
from holdall.artifacts.protected import SKILLS_LOCK
from holdall.deploy.locked.others.hashes import hash_files
from holdall.deploy.locked.values import LockedArtifact, LockedSource
from holdall.deploy.planning.plan import StoredContent
from holdall.errors import InputError
from holdall.files.root import Root
from holdall.formats.documents import parse_json
from holdall.operations.projects.changes.add import deployer_for
from holdall.operations.projects.changes.taking.matching import files_of
from holdall.operations.projects.files import read_both
from holdall.operations.projects.locked_deploy import Wanted
from holdall.operations.projects.sources.located import Located, locate_written
from holdall.operations.projects.sources.supply import Supply
from holdall.operations.projects.terms import Terms
from holdall.transaction.actions import Action
from holdall.transaction.placement import as_read, put_bytes

_GITHUB = "https://github.com/"
_MAX_BYTES = 4 << 20


class LockGiven(NamedTuple):
    """What was written, or would be: the names in the file, and what it has no place for."""

    names: tuple[str, ...]
    losses: tuple[str, ...]


def give_lock(terms: Terms) -> LockGiven:
    """Write `skills-lock.json` into a project: what it has of other skills stays.

    Raises InputError for one that is not of version 1, ConflictError where a source has something
    else than is locked.
    """
    files = read_both(terms.project)
    with Root(terms.project) as root:
        before = root.read_bytes(SKILLS_LOCK, _MAX_BYTES)
        old = None if before is None else before.decode(errors="surrogateescape")
    rows = _parse(old, str(terms.project / SKILLS_LOCK))
    losses: list[str] = []
    with Supply(terms) as supply:
        wanted = [one for one in files.lock.artifacts if one.content_hash is not None]
        skills = [one for one in wanted if one.id.type == ArtifactType.SKILL]
        losses += [f"{one.id} is left out: not a skill" for one in wanted if one not in skills]
        supply.find(files.lock, [one.id for one in skills])
        names = []
        for one in skills:
            row = _row(terms, files.lock.source(one.source or ""), one, supply.contents[one.id])
            if isinstance(row, str):
                losses.append(f"{one.id} is left out: {row}")
            else:
                rows["skills"][one.id.name] = row
                names.append(one.id.name)
        rows["skills"] = dict(sorted(rows["skills"].items()))
        text = json.dumps(rows, indent=2, ensure_ascii=False) + "\n"

        def actions(root: Root) -> Iterator[Action]:
            if text != old:
                yield put_bytes(SKILLS_LOCK, text.encode(), as_read(root, SKILLS_LOCK, old))

        plain = deployer_for(supply, files, None, files.lock, "export")
        deployer = replace(plain, files=lambda root: tuple(actions(root)))
        deployer.make(Wanted(files.lock, files.synced, frozenset()), {})
    return LockGiven(tuple(names), tuple(losses))


def _parse(text: str | None, where: str) -> dict[str, Any]:
    if text is None:
        return {"version": 1, "skills": {}}
    rows = parse_json(text, where)
    if not isinstance(rows, dict) or rows.get("version") != 1:
        raise InputError(f"{where}: not of version 1", hint="move it away, then try again")
    if not isinstance(rows.setdefault("skills", {}), dict):
        raise InputError(f"{where}: skills is not an object", hint="move it away, then try again")
    return rows


def _row(
    terms: Terms, source: LockedSource | None, one: LockedArtifact, content: StoredContent
) -> Mapping[str, str] | str:
    """Return the entry of a skill, or why there is none."""
    if source is None:
        return "it is of this machine's collection"
    held = hash_files("vercel", files_of(content.tree, content.location))
    if held is None:
        return "the order of its files' names is not known"
    located = locate_written(source.source, terms.project)
    place = _place(located)
    if place is None:
        return f"{source.source} is no repository and no folder"
    inner = "/".join(filter(None, (located.folder, one.path if one.path != "." else "")))
    row = {"source": place[1]}
    if source.revision is not None:
        row["ref"] = source.revision
    row["sourceType"] = place[0]
    if place[0] != "local":
        row["skillPath"] = f"{inner}/SKILL.md".removeprefix("/")
    elif inner:
        row["source"] = f"{place[1]}/{inner}"
    return {**row, "computedHash": held}


def _place(located: Located) -> tuple[str, str] | None:
    """Return the kind of a source and its name, as that program writes them."""
    name = located.recorded.partition("#")[0]
    if located.kind == "git" and "://" in located.base:
        is_github = name.startswith(_GITHUB)
        return ("github", name.removeprefix(_GITHUB)) if is_github else ("git", name)
    return ("local", located.locked) if located.kind == "folder" else None
