"""What is chosen of a source: composites and artifacts by name, and all that they bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, ArtifactType, has_plain_name, sort_ids
from holdall.artifacts.references import find_named
from holdall.deploy.planning.settings import looks_for_its_plugin
from holdall.errors import NotFoundError
from holdall.formats.documents import read_bounded
from holdall.formats.marks import MAX_BYTES
from holdall.sources.values import FoundArtifact, FoundComposite, Reading

_USERS = frozenset({ArtifactType.HOOK.value, ArtifactType.MCP.value})


class Choice(NamedTuple):
    """What is chosen, by the source's own ids.

    `roots` were asked for; `brought` are the artifacts that they bring, each with the roots that
    bring it; `composites` are those among the roots and below them. `companions` are a plugin's own
    files that an artifact looks for. `needed` are composites that others need, each with the roots
    that bring it.
    """

    roots: tuple[ArtifactId, ...]
    brought: Mapping[ArtifactId, tuple[ArtifactId, ...]]
    composites: tuple[ArtifactId, ...]
    companions: Mapping[ArtifactId, ArtifactId]
    needed: Mapping[ArtifactId, tuple[ArtifactId, ...]] = MappingProxyType({})

    @property
    def ids(self) -> frozenset[ArtifactId]:
        """All that has to be in a collection for it."""
        return frozenset((*self.brought, *self.composites, *self.companions.values()))


def resolve(reading: Reading, names: Iterable[str]) -> tuple[ArtifactId, ...]:
    """Return the ids in a source that names stand for; a skill comes first, then a composite.

    Raises NotFoundError with near names as a hint, UsageError for a name that several have.
    """
    known = [*(c.id for c in reading.composites), *(a.id for a in reading.distinct_artifacts())]
    found = []
    for name in names:
        skill = ArtifactId(ArtifactType.SKILL, name)
        one = skill if skill in known else find_named(name, known, prefer_composite=True)
        if one is None:
            raise _unknown(reading, name, known)
        found.append(one)
    return tuple(dict.fromkeys(found))


def _unknown(reading: Reading, name: str, known: Sequence[ArtifactId]) -> NotFoundError:
    import difflib

    texts = list(dict.fromkeys([*map(str, known), *(one.name for one in known)]))
    near = [str(one) for one in difflib.get_close_matches(name, texts, n=3)]
    hint = f"did you mean {' or '.join(near)}?" if near else "`holdall scan SOURCE` lists them"
    return NotFoundError(f"{reading.source or reading.root} has no {name!a}", hint=hint)


def all_roots(reading: Reading) -> tuple[ArtifactId, ...]:
    """Return all that a source offers: its composites, and the artifacts that none contains."""
    members = {m.id for c in reading.composites for m in c.members}
    own = {c.files for c in reading.composites}
    inner = {c.id for c in reading.composites} & members
    return (
        *(c.id for c in reading.composites if c.id not in inner),
        *sort_ids(
            a.id
            for a in reading.distinct_artifacts()
            if a.id not in members | own and has_plain_name(a.id)
        ),
    )


def skills_in(select: Sequence[ArtifactId] | None) -> tuple[str, ...]:
    """Return the names of what is selected where that is skills alone, else none."""
    if select is None or any(one.type != ArtifactType.SKILL for one in select):
        return ()
    return tuple(one.name for one in select)


def choose(
    reading: Reading,
    select: Sequence[ArtifactId] | None,
    needs: Mapping[ArtifactId, Sequence[ArtifactId]] = MappingProxyType({}),
) -> Choice:
    """Return what these ids of a source bring, None for all; raises NotFoundError for none such.

    `needs` are composites of the same source that a composite needs, and so brings, too.
    """
    others = {one for some in needs.values() for one in some}
    needed: dict[ArtifactId, list[ArtifactId]] = {}
    composites = {composite.id: composite for composite in reading.composites}
    artifacts = {artifact.id: artifact for artifact in reading.distinct_artifacts()}
    roots = all_roots(reading) if select is None else tuple(select)
    for root in roots:
        if root not in composites and root not in artifacts:
            raise _unknown(reading, str(root), [*composites, *artifacts])
    brought: dict[ArtifactId, list[ArtifactId]] = {}
    walked: dict[ArtifactId, None] = {}
    companions: dict[ArtifactId, ArtifactId] = {}
    for root in roots:
        for one, owner in _below(root, composites, needs, walked):
            if one in composites:
                if one in others and one != root:
                    needed.setdefault(one, []).append(root)
                continue
            if (found := artifacts.get(one)) is None:
                continue
            if root not in brought.setdefault(one, []):
                brought[one].append(root)
            if owner is not None and owner.files in artifacts and _looks_for_files(found):
                companions.setdefault(one, owner.files)
    for user, files in companions.items():
        for root in brought[user]:
            if root not in brought.setdefault(files, []):
                brought[files].append(root)
    return Choice(
        roots,
        {one: tuple(some) for one, some in brought.items()},
        tuple(walked),
        companions,
        {one: tuple(some) for one, some in needed.items()},
    )


def _below(
    root: ArtifactId,
    composites: Mapping[ArtifactId, FoundComposite],
    needs: Mapping[ArtifactId, Sequence[ArtifactId]],
    walked: dict[ArtifactId, None],
) -> Iterator[tuple[ArtifactId, FoundComposite | None]]:
    """Yield what a root brings, in order, each with the composite it is in; composites, too."""
    ahead: list[tuple[ArtifactId, FoundComposite | None]] = [(root, None)]
    seen: set[ArtifactId] = set()
    while ahead:
        one, owner = ahead.pop(0)
        if one in seen:
            continue
        seen.add(one)
        yield one, owner
        if (composite := composites.get(one)) is not None:
            walked.setdefault(one)
            members = [(member.id, composite) for member in composite.distinct_members]
            ahead[:0] = [*members, *((other, None) for other in needs.get(one, ()))]


def _looks_for_files(found: FoundArtifact) -> bool:
    if found.type not in _USERS:
        return False
    content = found.content
    data = content if isinstance(content, bytes) else read_bounded(content, MAX_BYTES)
    return looks_for_its_plugin(data)
