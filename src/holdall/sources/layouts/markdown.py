"""Read skills, commands, agents and rules: Markdown with a head, and the files around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactType
from holdall.artifacts.paths import RelPath
from holdall.artifacts.rules import Dialect, rule_to_collect
from holdall.errors import InputError, StorageError, TooLargeError
from holdall.files.tree import Tree, bytes_tree, file_tree, folder_tree
from holdall.formats.frontmatter import Frontmatter, read_frontmatter
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.hidden import hidden_text
from holdall.sources.checks.inspection import Inspection, check_text, texts_in
from holdall.sources.draft import Draft, Gathering, Key, show_path
from holdall.sources.walk import join_path

SKILL_FILE = "SKILL.md"

_HEAD_BYTES = 128 << 10
_SAY_NOTHING = ("skills", ".claude")
_NEEDED = ("name", "description")
_SUFFIXES = (".agent.md", ".prompt.md", ".instructions.md", ".md", ".mdc", ".toml")
MAX_TEXT = 1 << 20
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_PROBLEMS = {
    "absent": Code.FRONTMATTER_ABSENT,
    "invalid": Code.FRONTMATTER_INVALID,
    "unterminated": Code.FRONTMATTER_UNTERMINATED,
}


def is_readme(path: str) -> bool:
    """Return whether a path is that of a README."""
    return path.rpartition("/")[2].lower() == "readme.md"


def bare_name(path: str) -> str:
    """Return a path without what agents want at the end of a file's name."""
    for suffix in _SUFFIXES:
        if path.endswith(suffix):
            return path[: -len(suffix)]
    return path


def command_name(path: str, root: str) -> str:
    """Return a command's name: its path below the commands' root, colons for slashes."""
    below = path.removeprefix(f"{root}/") if root else path
    return bare_name(below).replace("/", ":")


def read_skill(gathering: Gathering, path: str) -> Draft | None:
    """Read the skill in the folder at `path`; None, with a diagnostic, if it cannot be read."""
    key = (ArtifactType.SKILL.value, show_path(path))
    if key in gathering.drafts or key in gathering.refused:
        return gathering.drafts.get(key)
    heads: dict[str, bytes] = {}
    inspection = Inspection(path, is_folder=True)

    def peek(file: RelPath, data: bytes, offset: int) -> None:
        inspection.peek(file, data, offset)
        if offset == 0 and file == SKILL_FILE:
            heads[file] = data
        elif offset == 0 and data.startswith(LFS_POINTER):
            gathering.say(join_path(path, file), Code.LFS_POINTER, "only a Git LFS pointer")

    source, location = gathering.tree, gathering.tree.location(path)
    if (lacking := source.find_lacking(path)) is not None:
        gathering.refused.add(key)
        message = f"left out: the repository lacks the content of {lacking!a}"
        gathering.say_missed(path, Code.ITEM_UNREADABLE, message)
        return None
    try:
        tree = folder_tree(
            location,
            peek,
            within=source.root,
            meter=source.meter,
            listed=source.list_names,
            ignored=source.is_ignored,
        )
    except (StorageError, TooLargeError) as error:
        _unreadable(gathering, key, error)
        return None
    file = join_path(path, SKILL_FILE)
    head = _head(gathering, file, heads.get(SKILL_FILE) or _open_link(gathering, file))
    front = read_frontmatter(head)
    _judge(gathering, file, front, _NEEDED)
    _tell_hidden(inspection, file, head, front)
    name = path.rpartition("/")[2]
    if name in _SAY_NOTHING:
        name = front.text("name") or name
    name = name or front.text("name") or gathering.tree.root.name
    return _add(gathering, key, name, location, tree, front, inspection)


def _open_link(gathering: Gathering, path: str) -> bytes:
    """Return the beginning of what a link within an artifact stands for."""
    real = gathering.tree.file(path)
    try:
        with gathering.tree.location(real or path).open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def read_markdown(
    gathering: Gathering, artifact_type: ArtifactType, path: str, name: str, *, loose: bool = False
) -> Draft | None:
    """Read a command or an agent, whose file may be a link to another place in the source.

    None, with a diagnostic, if it cannot be read, or if it is `loose` and only a README. `name` is
    a command's; an agent is named by its frontmatter, else its file.
    """
    key = (artifact_type.value, path)
    if key in gathering.drafts or key in gathering.refused:
        return gathering.drafts.get(key)
    heads: list[bytes] = []
    inspection = Inspection(path, is_folder=False)

    def peek(file: RelPath, data: bytes, offset: int) -> None:
        inspection.peek(file, data, offset)
        if offset == 0:
            heads.append(data)

    try:
        only_file = BUILTIN_TYPES[artifact_type].only_file
        location = gathering.tree.location(gathering.tree.file(path) or path)
        tree = file_tree(location, only_file, peek, meter=gathering.tree.meter)
    except (StorageError, TooLargeError) as error:
        _unreadable(gathering, key, error)
        return None
    head = _head(gathering, path, heads[0] if heads else b"")
    front = read_frontmatter(head)
    absent = front.problem is not None and front.problem.kind == "absent"
    if loose and absent and is_readme(path):
        gathering.refused.add(key)
        gathering.say(path, Code.README_SKIPPED, "a README without frontmatter")
        return None
    is_agent = artifact_type is ArtifactType.AGENT
    if is_agent or not absent:
        _judge(gathering, path, front, _NEEDED if is_agent else ())
    _tell_hidden(inspection, path, head, front)
    if is_agent:
        name = front.text("name") or bare_name(path.rpartition("/")[2])
    return _add(gathering, key, name, location, tree, front, inspection)


class Changed(NamedTuple):
    """An artifact's text as a collection keeps it, and what of the file that leaves out."""

    text: str
    lost: str = ""


def read_changed(
    gathering: Gathering,
    artifact_type: ArtifactType,
    path: str,
    name: str,
    change: Callable[[str], Changed] = Changed,
) -> Draft | None:
    """Read an artifact that is one file in another form than a collection's, or in the same.

    `change` makes it the collection's form; it may raise InputError. None, with a diagnostic, if
    it cannot be read.
    """
    key = (artifact_type.value, path)
    if key in gathering.drafts or key in gathering.refused:
        return gathering.drafts.get(key)
    data = _read_whole(gathering, key)
    if data is None:
        return None
    inspection = Inspection(path, is_folder=False)
    inspection.take(check_text(path, data), whole=True)
    _head(gathering, path, data)
    try:
        text, lost = change(data.decode())
        found = text.encode("utf-8", "replace")
    except UnicodeDecodeError:
        found, lost = data, ""
    except InputError as error:
        gathering.refused.add(key)
        gathering.say_missed(path, Code.FOREIGN_INVALID, error.message)
        return None
    if lost:
        gathering.say(path, Code.FOREIGN_KEYS, lost)
    head = found.decode("utf-8", "replace")[:_HEAD_BYTES]
    front = read_frontmatter(head)
    _tell_hidden(inspection, path, head, front)
    tree = bytes_tree(found, BUILTIN_TYPES[key[0]].only_file)
    location = gathering.tree.location(gathering.tree.file(path) or path)
    if artifact_type is ArtifactType.AGENT:
        name = front.text("name") or name
    # What is changed is not to be copied from where it is.
    place, content = (location, None) if found == data else (None, found)
    return _add(gathering, key, name, place, tree, front, inspection, content)


def read_rule(gathering: Gathering, path: str, name: str, dialect: Dialect) -> Draft | None:
    """Read a rule, with the scope that it has for an agent; None if it cannot be read."""

    def change(text: str) -> Changed:
        return Changed(rule_to_collect(text, dialect))

    return read_changed(gathering, ArtifactType.RULE, path, name, change)


def _read_whole(gathering: Gathering, key: Key) -> bytes | None:
    """Return the bytes of the file that an artifact is; None, with a diagnostic, if it cannot be.

    They are read once, and metered.
    """
    path = key[1]
    try:
        location = gathering.tree.location(gathering.tree.file(path) or path)
        chunks: list[bytes] = []
        file_tree(
            location,
            BUILTIN_TYPES[key[0]].only_file,
            lambda _, data, __: chunks.append(data),
            meter=gathering.tree.meter,
        )
    except (StorageError, TooLargeError) as error:
        _unreadable(gathering, key, error)
        return None
    data = b"".join(chunks)
    if len(data) <= MAX_TEXT:
        return data
    gathering.refused.add(key)
    gathering.say_missed(path, Code.TOO_LARGE, f"has {len(data):,} bytes, {MAX_TEXT:,} are read")
    return None


def read_inline(
    gathering: Gathering, artifact_type: ArtifactType, path: str, name: str, text: str
) -> Draft:
    """Add an artifact whose text is inside another file, or made from one; `path` says where."""
    data = text.encode("utf-8", "replace")
    inspection = Inspection(path, is_folder=False)
    inspection.take(check_text(path, data), whole=False)
    head = text[:_HEAD_BYTES]
    front = read_frontmatter(head)
    _tell_hidden(inspection, path, head, front)
    key = (artifact_type.value, path)
    tree = bytes_tree(data, BUILTIN_TYPES[key[0]].only_file)
    return _add(gathering, key, name, None, tree, front, inspection, data)


def _add(
    gathering: Gathering,
    key: Key,
    name: str,
    location: Path | None,
    tree: Tree,
    front: Frontmatter,
    inspection: Inspection,
    data: bytes | None = None,
) -> Draft:
    gathering.diagnostics.extend(inspection.found)
    return gathering.add(
        Draft(
            *(key[0], name, key[1]),
            location=location,
            data=data,
            tree=tree,
            description=front.text("description"),
            frontmatter_name=front.text("name"),
            hides_text=inspection.hides_text,
        )
    )


def _unreadable(
    gathering: Gathering, key: tuple[str, str], error: StorageError | TooLargeError
) -> None:
    gathering.refused.add(key)
    gathering.say_unread(key[1], error)


def _head(gathering: Gathering, path: str, data: bytes) -> str:
    if data.startswith(LFS_POINTER):
        gathering.say(path, Code.LFS_POINTER, "only a Git LFS pointer")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "replace")
        if error.end < len(data) or error.reason != "unexpected end of data":
            line = data[: error.start].count(b"\n") + 1
            gathering.say(path, Code.NOT_UTF8, "not valid UTF-8", line)
    return text[:_HEAD_BYTES]


def _tell_hidden(inspection: Inspection, path: str, head: str, front: Frontmatter) -> None:
    """Also check what the escapes of YAML stand for: they hide it in the file."""
    if "\\" in head:
        inspection.take(hidden_text(path, "".join(texts_in(front.values))), whole=False)


def _judge(gathering: Gathering, path: str, front: Frontmatter, needed: tuple[str, ...]) -> None:
    if front.problem is not None:
        problem = front.problem
        gathering.say(path, _PROBLEMS[problem.kind], problem.message, problem.line)
        if problem.kind == "absent":
            return
    for key in needed:
        if front.text(key) is None:
            gathering.say(path, Code.FRONTMATTER_KEY_MISSING, f"lacks the key {key!r}", 1)
