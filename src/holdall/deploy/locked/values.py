"""The values of a project's two files: requirements, and the sources and artifacts of a lock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, sort_ids
from holdall.errors import ConflictError


class Requirement(NamedTuple):
    """A `[[require]]` entry of `holdall.toml`: a source, or an id of this machine's collection.

    `source` is as it was written, without a revision. `select` are ids as the source has them,
    None for all that it has; `targets` are agents, none for those of the project. `pin` is the
    hash of the version of an `id`.
    """

    source: str | None = None
    revision: str | None = None
    select: tuple[ArtifactId, ...] | None = None
    id: ArtifactId | None = None
    pin: str | None = None
    targets: tuple[str, ...] = ()

    def to_table(self) -> dict[str, Any]:
        """Return the entry's keys as they stand in the file."""
        values = {
            "source": self.source,
            "id": self.id and str(self.id),
            "revision": self.revision,
            "select": None if self.select is None else [str(one) for one in self.select],
            "pin": self.pin,
            "targets": list(self.targets) or None,
        }
        return {key: value for key, value in values.items() if value is not None}

    @property
    def name(self) -> str:
        """What distinguishes it from other requirements."""
        return self.source or str(self.id)


class ProjectFile(NamedTuple):
    """All of `holdall.toml`. `targets` are the project's agents; none: those that are found."""

    requirements: tuple[Requirement, ...] = ()
    targets: tuple[str, ...] = ()


class LockedSource(NamedTuple):
    """A source as it was locked: by the recorded address, what was asked for, and which state.

    `revision` and `select` are those of the requirement, None for the default branch and for all.
    `commit` is that of a git repository, `digest` an archive's `sha256:...`; a folder has neither.
    `tag` is the newest one that was in the range of versions, where `revision` is a range. What no
    requirement names, but plugins need, has them in `needed_by`: `composite:desk ~2.1.0`.
    """

    source: str
    revision: str | None = None
    commit: str | None = None
    digest: str | None = None
    select: tuple[ArtifactId, ...] | None = None
    tag: str | None = None
    needed_by: tuple[str, ...] = ()

    @property
    def why_other(self) -> str:
        """Why the source may have something else than was locked."""
        if self.commit is None and self.digest is None:
            return "it was changed there since, or the lock was edited by hand"
        return "was the lock edited by hand?"


class LockedArtifact(NamedTuple):
    """An artifact, or a composite that was asked for, as it was locked.

    `path` is where its source has it, `name` its id there, where that is another. `companion` is
    the artifact with the files that it looks for where `${CLAUDE_PLUGIN_ROOT}` stands in it. A
    composite has no `content_hash` and no `targets`. What is of this machine's collection alone has
    no `source`.
    """

    id: ArtifactId
    uuid: str | None = None
    source: str | None = None
    path: str | None = None
    content_hash: str | None = None
    targets: tuple[str, ...] = ()
    wanted_by: tuple[ArtifactId, ...] = ()
    name: ArtifactId | None = None
    companion: ArtifactId | None = None

    @property
    def place(self) -> tuple[str, str, str] | None:
        """The type, repository and whole path that make it the same artifact everywhere."""
        return None if self.source is None else place_of(self.id.type, self.source, self.path)


class Lock(NamedTuple):
    """All of `holdall.lock`, sorted. What several sources have has a row for each of them."""

    sources: tuple[LockedSource, ...] = ()
    artifacts: tuple[LockedArtifact, ...] = ()

    def source(self, name: str) -> LockedSource | None:
        """Return what is locked of a source, by its recorded address."""
        return next((one for one in self.sources if one.source == name), None)

    def needs_in(self, name: str) -> dict[ArtifactId, list[ArtifactId]]:
        """Return the composites of a source that others in it need, by its own ids."""
        rows = [a for a in self.artifacts if a.source == name and a.content_hash is None]
        names = {one.id: one.name or one.id for one in rows}
        found: dict[ArtifactId, list[ArtifactId]] = {}
        for one in rows:
            for root in one.wanted_by:
                if root != one.id and root in names:
                    found.setdefault(names[root], []).append(names[one.id])
        return found

    def with_source(self, source: LockedSource, artifacts: Sequence[LockedArtifact]) -> Lock:
        """Return the lock with other contents of one source."""
        others = [one for one in self.sources if one.source != source.source]
        kept = [one for one in self.artifacts if one.source != source.source]
        return Lock((*others, source), (*kept, *artifacts)).sort()

    def without_source(self, name: str) -> Lock:
        """Return the lock without a source, what it brought, and what only that needed."""
        return Lock(
            tuple(one for one in self.sources if one.source != name),
            tuple(one for one in self.artifacts if one.source != name),
        ).without_unneeded()

    def without_unneeded(self, released: Collection[ArtifactId] = ()) -> Lock:
        """Return the lock without what was needed by what is asked for no more.

        `released` need nothing any more, although they may still be there.
        """
        needed = {one.source for one in self.sources if one.needed_by}
        if not needed:
            return self
        rows = self.artifacts
        roots = {one.id for one in rows if one.id in one.wanted_by}.difference(released)
        kept = []
        for one in rows:
            if one.source in needed:
                wanted = tuple(root for root in one.wanted_by if root in roots or root == one.id)
                one = one._replace(wanted_by=wanted)
            if one.wanted_by:
                kept.append(one)
        there = {one.source for one in kept}
        ids = {str(one.id) for one in kept if one.id not in released}
        sources = []
        for source in self.sources:
            by = tuple(text for text in source.needed_by if text.partition(" ")[0] in ids)
            if source.source not in needed or (by and source.source in there):
                sources.append(source._replace(needed_by=by))
        names = {one.source for one in sources}
        rows = tuple(one for one in kept if one.source is None or one.source in names)
        return Lock(tuple(sources), rows)

    def sort(self) -> Lock:
        """Return the lock in the order in which it is written; of two equal rows the last stays."""
        rows: dict[ArtifactId, dict[str, LockedArtifact]] = {}
        for one in self.artifacts:
            rows.setdefault(one.id, {})[one.source or ""] = one
        artifacts = (row for own in sort_ids(rows) for _, row in sorted(rows[own].items()))
        return Lock(tuple(sorted(self.sources)), tuple(artifacts))

    def unite(self) -> Lock:
        """Return the lock with one row for each id: what several sources have is wanted by all.

        Raises ConflictError where they have other content.
        """
        first: dict[ArtifactId, LockedArtifact] = {}
        for one in self.artifacts:
            known = first.setdefault(one.id, one)
            if known is one:
                continue
            if known.content_hash != one.content_hash:
                places = " and ".join(row.source or "the collection" for row in (known, one))
                raise ConflictError(
                    f"{one.id} is locked with other content from {places}",
                    hint="`holdall update` both, or drop one of them",
                )
            wanted = tuple(dict.fromkeys((*known.wanted_by, *one.wanted_by)))
            targets = tuple(sorted({*known.targets, *one.targets}))
            first[one.id] = known._replace(wanted_by=wanted, targets=targets)
        if len(first) == len(self.artifacts):
            return self
        return self._replace(artifacts=tuple(first.values()))


def place_of(type_name: str, source: str, path: str | None) -> tuple[str, str, str]:
    """Return the type, repository and whole path of what a source has at `path`.

    A source may be a folder of a repository: `ADDRESS#FOLDER`.
    """
    address, _, folder = source.partition("#")
    inner = "" if path in (None, ".") else str(path)
    return type_name, address, "/".join(filter(None, (folder, inner)))
