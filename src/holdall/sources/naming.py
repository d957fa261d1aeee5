"""Names for what a source holds: safe on every file system, and distinct.

The rules, applied to artifacts in the order of their importance (members of composites in the
source's order, then the rest by path), so that the same source always gets the same names:

1. Places of one type with the same content are one artifact, named after the first place.
2. A name that a file system or shell refuses is made safe: runs of blanks, separators, control
   and invisible characters and of `: * ? " < > | @ =` become one `-` (commands and rules keep
   colons), dots and dashes at the ends go, Windows' reserved words get the type in front
   (`skill-con`), and long names are cut and end in the first digits of the whole name's hash.
3. A plugin's command has the plugin as its folder (`hookify:help`), because agents and texts call
   it so. What has no name of its own (`hooks.json`, a server called `server`) is named after its
   plugin, else after the folder or repository that it is in.
4. The first artifact that wants a name gets it. Names that a case-insensitive or normalising file
   system would take for the same count as the same; a command's folder is spelled as it was first.
5. The others get a name in front: their composite's (`pr-review-toolkit-code-reviewer`; commands
   and rules get it as their folder, `pr-review-toolkit:review`), else a parent folder's, the
   nearest first, or the repository's; as a last resort the content's hash at the end. Nothing is
   ever numbered.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from holdall import NamedTuple
from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactId, ArtifactType, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import refuse_protected
from holdall.errors import HostilePathError

MAX_NAME_BYTES = 200
"""The longest part of a name: room for a prefix's hash and `.md` below a file system's 255."""

_MINDED = re.compile(r"[\s/\\:*?\"<>|@=]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
_HASH_DIGITS = 8
_ENDS = "-."


def safe_name(type_name: str, name: str) -> str:
    """Return `name`, or what stands for it where a file system or command line refuses it."""
    if type_name in _IN_FOLDERS:
        parts = [_safe_part(type_name, part) for part in name.split(":")]
        return _cut(":".join(part for part in parts if part) or "unnamed", 4 * MAX_NAME_BYTES)
    return _safe_part(type_name, name) or "unnamed"


def _safe_part(type_name: str, part: str) -> str:
    text = part
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", text)
        text = "".join("\n" if unicodedata.category(c) in _INVISIBLE else c for c in text)
    pieces = [piece for piece in _MINDED.split(text) if piece.strip(".")]
    text = "-".join(pieces).strip(_ENDS)
    if not text:
        return ""
    try:
        refuse_protected(RelPath.parse(text[:MAX_NAME_BYTES]))
    except HostilePathError:
        text = f"{type_name}-{text}"
    return _cut(text, MAX_NAME_BYTES)


def _cut(text: str, limit: int) -> str:
    data = text.encode()
    if len(data) <= limit:
        return text
    kept = data[: limit - _HASH_DIGITS - 1].decode("utf-8", "ignore").rstrip(_ENDS + ":")
    return f"{kept}-{hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]}"


class Named(NamedTuple):
    """The id that something got, and why it did not get the name it asked for."""

    id: ArtifactId
    unsafe: bool
    taken: bool


_IN_FOLDERS = frozenset({ArtifactType.COMMAND.value, ArtifactType.RULE.value})
_NAMELESS = {
    ArtifactType.HOOK: frozenset({"hook", "hooks"}),
    ArtifactType.MCP: frozenset(
        {
            "default",
            "local",
            "main",
            "mcp",
            "mcp-server",
            "mcp_server",
            "plugin",
            "server",
            "servers",
        }
    ),
}


def own_name(type_name: str, name: str, context: str) -> str:
    """Return a hook's or server's name, or one with its plugin's or folder's for a generic one."""
    nameless = _NAMELESS.get(type_name, frozenset())  # type: ignore[call-overload]
    if name.lower() not in nameless:
        return name
    return context if type_name == ArtifactType.HOOK else f"{context}-{name}"


def name_in_plugin(name: str, plugin: str) -> str:
    """Return the name of a plugin's command: it has its plugin as a folder, as agents have it.

    Texts and users call it `/hookify:help`.
    """
    folder = safe_name(ArtifactType.COMPOSITE, plugin)
    return name if name.startswith(f"{folder}:") else f"{folder}:{name}"


def source_names(source: str) -> list[str]:
    """Return the names that things of a source may get in front: the repository's, its owner's."""
    place = source.partition("#")[0].rstrip("/")
    last, owner = ([*reversed(re.split(r"[/\\:]", place)), ""])[:2]
    last = re.sub(r"(?i)\.(git|zip|skill|tar|tgz|tbz2?|txz|tar\.\w+)$", "", last)
    names = [last, f"{owner}-{last}"] if owner else [last]
    return [re.sub(r"[^\w.-]+", "-", name) for name in names]


class Names:
    """Gives out ids, each once."""

    def __init__(
        self, types: Mapping[str, TypeSpec] = BUILTIN_TYPES, taken: Iterable[RelPath] = ()
    ) -> None:
        """Begin with the paths that are `taken` already."""
        self._types = types
        self._files: set[str] = set()
        self._folders: dict[str, str] = {}
        for path in taken:
            self.reserve(path)

    def claim(
        self, type_name: str, wanted: str, contexts: Iterable[str], content_hash: str
    ) -> Named:
        """Return the first id that is free: `wanted`, else with a context in front, else a hash.

        `contexts` are names of the folders around it, the most specific first.
        """
        safe = safe_name(type_name, wanted)
        for candidate in candidates(type_name, wanted, contexts, content_hash):
            found = self.take(type_name, candidate)
            if found is not None:
                return Named(found, unsafe=safe != wanted, taken=found.name != safe)
        raise AssertionError("the candidates never end")

    def reserve(self, path: RelPath) -> None:
        """Count a path as taken by something that is there already."""
        folders = path.split("/")[:-1]
        self._files.add(path.fold_key)
        for depth in range(2, len(folders) + 1):
            folder = "/".join(folders[:depth])
            self._folders.setdefault(_fold(folder), folders[depth - 1])

    def release(self, path: RelPath) -> None:
        """Give a path free, because what is there goes."""
        self._files.discard(path.fold_key)

    def take(self, type_name: str, name: str) -> ArtifactId | None:
        """Return the id for a safe name, and count it as taken; None if it is."""
        spec = self._types.get(type_name) or TypeSpec(type_name, type_name, Shape.FILE)
        *folders, last = name.split(":")
        folders, spelled = self._spell(spec.folder, folders)
        file_key = _fold("/".join([spec.folder, *folders, last + spec.suffix]))
        if file_key in self._files or file_key in self._folders or self._files & spelled.keys():
            return None
        self._files.add(file_key)
        self._folders.update(spelled)
        return ArtifactId.of(type_name, ":".join([*folders, last]))

    def _spell(self, top: str, folders: list[str]) -> tuple[list[str], dict[str, str]]:
        """Return the folders as they were first spelled, and the keys of their paths."""
        found: list[str] = []
        keys: dict[str, str] = {}
        for folder in folders:
            key = _fold("/".join([top, *found, folder]))
            found.append(self._folders.get(key, folder))
            keys[key] = found[-1]
        return found, keys


def candidates(
    type_name: str, wanted: str, contexts: Iterable[str], content_hash: str
) -> Iterator[str]:
    """Yield the safe names that something may get, the best first, without an end."""
    safe = safe_name(type_name, wanted)
    yield safe
    joint = ":" if type_name in _IN_FOLDERS else "-"
    for context in dict.fromkeys(contexts):
        front = safe_name(ArtifactType.COMPOSITE, context)
        if front != safe and not safe.startswith(f"{front}{joint}"):
            yield safe_name(type_name, f"{front}{joint}{safe}")
    for digits in range(_HASH_DIGITS, len(content_hash), _HASH_DIGITS):
        yield f"{safe}-{content_hash[:digits]}"
    while True:
        content_hash = hashlib.sha256(content_hash.encode()).hexdigest()
        yield f"{safe}-{content_hash[:_HASH_DIGITS]}"


def _fold(path: str) -> str:
    return RelPath(path).fold_key
