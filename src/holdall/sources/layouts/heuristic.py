"""Guess composites: folders that hold several kinds of artifacts side by side (FORMATS P9)."""

from __future__ import annotations

from collections.abc import Iterator

from holdall.artifacts.ids import ArtifactType
from holdall.sources.draft import DraftComposite, DraftMember, Gathering
from holdall.sources.layouts.configs import HOOKS_FILE
from holdall.sources.layouts.loose import inside_skill
from holdall.sources.layouts.markdown import command_name, is_readme
from holdall.sources.walk import join_path

_KINDS = 2


def guess_composites(gathering: Gathering) -> None:
    """Add a composite for each likely folder below the source, which itself is none."""
    for path in gathering.tree.folders:
        if not path or path in gathering.plugin_roots or gathering.is_exported(path):
            continue
        if inside_skill(gathering.tree, path):
            continue
        kinds = [list(members) for members in _by_kind(gathering, path)]
        if sum(any(_counts(gathering, m) for m in members) for members in kinds) >= _KINDS:
            gathering.composites.append(
                DraftComposite(
                    name=path.rpartition("/")[2],
                    path=path,
                    kind="heuristic",
                    members=tuple(member for members in kinds for member in members),
                )
            )


def _counts(gathering: Gathering, member: DraftMember) -> bool:
    """Return whether a member is surely an artifact: an agent without frontmatter may be prose."""
    draft = gathering.drafts[member.key]
    return draft.type != ArtifactType.AGENT or bool(draft.frontmatter_name or draft.description)


def _by_kind(gathering: Gathering, path: str) -> Iterator[Iterator[DraftMember]]:
    yield _skills(gathering, join_path(path, "skills"))
    yield _markdown(gathering, ArtifactType.COMMAND, join_path(path, "commands"))
    yield _markdown(gathering, ArtifactType.AGENT, join_path(path, "agents"))
    yield _hooks(gathering, join_path(path, f"hooks/{HOOKS_FILE}"))


def _skills(gathering: Gathering, folder: str) -> Iterator[DraftMember]:
    tree = gathering.tree
    for name in sorted([*tree.folder(folder).folders, *tree.folder(folder).links]):
        key = (ArtifactType.SKILL.value, tree.resolve(join_path(folder, name)) or "")
        if key in gathering.drafts:
            yield DraftMember(key, name)


def _markdown(
    gathering: Gathering, artifact_type: ArtifactType, root: str
) -> Iterator[DraftMember]:
    for path, folder in gathering.tree.below(root):
        for name in sorted([*folder.files, *folder.links]):
            file = join_path(path, name)
            draft = gathering.drafts.get((artifact_type.value, file))
            if draft is not None and not is_readme(file):
                is_agent = artifact_type is ArtifactType.AGENT
                yield DraftMember(draft.key, draft.name if is_agent else command_name(file, root))


def _hooks(gathering: Gathering, path: str) -> Iterator[DraftMember]:
    draft = gathering.drafts.get((ArtifactType.HOOK.value, path))
    if draft is not None:
        yield DraftMember(draft.key, draft.name)
