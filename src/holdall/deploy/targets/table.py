"""The targets that are known: those of Holdall's own table, users' and plugins' on top of it.

A row becomes a target when it is asked for: a command mostly needs one of forty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple
from holdall.artifacts.ids import Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.deploy.targets.rows import ROWS, SETTINGS_FILES
from holdall.deploy.targets.target import Form, Merge, Target
from holdall.errors import UsageError
from holdall.files.user_state import home_folder

_SHARED = frozenset({".agents", ".config/agents"})
"""Folders of many agents, which show none of them."""


class Layout(NamedTuple):
    """Where an agent looks below a project or a home folder, as tuples of texts.

    `places`: type, folder, suffix, whether flat, whether a folder each, form; `merges`: type, file,
    keys, form, what names the project, head; `blocks`: type, file; `reads`: type, folders.
    """

    root: str
    places: tuple[tuple[Any, ...], ...]
    merges: tuple[tuple[Any, ...], ...]
    blocks: tuple[tuple[str, str], ...]
    reads: tuple[tuple[str, tuple[str, ...]], ...]


class Row(NamedTuple):
    """What the table says of an agent; `user` is None where nothing is known of home folders."""

    name: str
    title: str
    source: str
    marks: tuple[str, ...]
    skillmeat: str | None
    project: Layout
    user: Layout | None


def target_of(row: Row, layout: Layout) -> Target:
    """Return the target that a row describes, for a project or for a home folder."""
    root = RelPath(layout.root)
    places, roots, flat, converts = {}, {}, set(), {}
    for type_name, path, suffix, is_flat, is_folder, form in layout.places:
        if path.startswith(f"{root}/"):
            folder = path[len(root) + 1 :]
        else:
            above, _, folder = path.rpartition("/")
            roots[type_name] = RelPath(above)
        shape = Shape.FOLDER if is_folder else Shape.FILE
        places[type_name] = TypeSpec(type_name, folder, shape, suffix)
        if is_flat:
            flat.add(type_name)
        if form is not None:
            converts[type_name] = Form(form)
    return Target(
        row.name,
        root,
        MappingProxyType(places),
        MappingProxyType(
            {
                type_name: Merge(RelPath(path), keys, Form(form), here, dict(head))
                for type_name, path, keys, form, here, head in layout.merges
            }
        ),
        MappingProxyType(converts),
        row.skillmeat,
        row.skillmeat,
        MappingProxyType(roots),
        frozenset(flat),
        MappingProxyType({type_name: RelPath(path) for type_name, path in layout.blocks}),
        MappingProxyType({name: tuple(map(RelPath, paths)) for name, paths in layout.reads}),
        tuple(map(RelPath, row.marks)),
    )


class Targets(Mapping[str, Target]):
    """Targets by name, each made when it is first asked for.

    `rows` are made to targets, for a project or, with `is_user`, for a home folder; `others` are
    targets already, and count first.
    """

    def __init__(
        self,
        rows: Mapping[str, Row],
        others: Mapping[str, Target] = MappingProxyType({}),
        *,
        is_user: bool = False,
    ) -> None:
        self._rows, self._others, self._is_user = rows, others, is_user
        self._made: dict[str, Target] = dict(others)

    def __getitem__(self, name: str) -> Target:
        if name not in self._made:
            row = self._rows[name]
            layout = row.user if self._is_user and row.user else row.project
            self._made[name] = target_of(row, layout)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows or name in self._others

    def __iter__(self) -> Iterator[str]:
        yield from self._rows
        yield from (name for name in self._others if name not in self._rows)

    def __len__(self) -> int:
        return len(self._rows.keys() | self._others.keys())

    def with_targets(self, targets: Mapping[str, Target]) -> Targets:
        """Return these with others; one of the same name is replaced."""
        return Targets(self._rows, {**self._others, **targets}, is_user=self._is_user)

    def with_rows(self, rows: Mapping[str, Row]) -> Targets:
        """Return these with more rows."""
        return Targets({**self._rows, **rows}, self._others, is_user=self._is_user)

    def with_types(self, types: Iterable[TypeSpec]) -> Targets:
        """Return these with types of plugins, each in the targets that its `deploys_to` names.

        Raises UsageError for a target that is not there.
        """
        extended: dict[str, Target] = {}
        for spec in types:
            for name, folder in spec.deploys_to:
                target = extended.get(name) or target_named(name, self)
                extended[name] = target.with_types([spec._replace(folder=folder)])
        return self.with_targets(extended) if extended else self

    def at_home(self) -> Targets:
        """Return the targets for a home folder: those of the rows have other places there."""
        others = {name: t for name, t in self._others.items() if name not in self._rows}
        types = [s for t in self._others.values() for s in t.places.values() if s.deploys_to]
        return Targets(self._rows, others, is_user=True).with_types(types)

    def find_in(self, project: Path) -> list[str]:
        """Return the names of the agents that a project has marks of, in the table's order."""
        return [name for name in self if any((project / m).exists() for m in self._marks(name))]

    def _marks(self, name: str) -> Iterator[str]:
        if name in self._others:
            yield from self._others[name].marks
            return
        row = self._rows[name]
        yield from row.marks
        if self._is_user and row.user and row.user.root not in _SHARED:
            yield row.user.root


BUILTIN_ROWS: Mapping[str, Row] = MappingProxyType(
    {
        name: Row(name, title, source, marks, skillmeat, Layout(*project), Layout(*user))
        for name, ((title, source, marks, skillmeat), project, user) in ROWS.items()
    }
)
"""What the table says, by name."""

BUILTIN_TARGETS = Targets(BUILTIN_ROWS)
"""By name, for a project."""

USER_TARGETS = Targets(BUILTIN_ROWS, is_user=True)
"""By name, for a user's home folder."""

SETTINGS = frozenset(SETTINGS_FILES)
"""Files that agents act upon, in lower case: no artifact's file may be one of them."""


def targets_for(registered: Targets, project: Path) -> Targets:
    """Return the targets of a project, of those that are registered by name.

    In the user's home folder they are those for all projects.
    """
    home = home_folder()
    if home is None or project.resolve() != home.resolve():
        return registered
    return registered.at_home()


def target_named(name: str, targets: Mapping[str, Target]) -> Target:
    """Return a target; raises UsageError that lists the known ones."""
    try:
        return targets[name]
    except KeyError:
        known = ", ".join(sorted(targets))
        raise UsageError(f"no target {name!a}", hint=f"known targets: {known}") from None
