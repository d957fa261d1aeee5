"""Every diagnostic a reader gives: its level, why it matters, and what its owner can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kitbag.sources.values import Diagnostic

__all__ = ["CODES", "Code", "CodeInfo", "Level", "diagnose"]


class Level(StrEnum):
    """How much a diagnostic weighs; `Diagnostic` tells what each means."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(StrEnum):
    """The stable name of a diagnostic."""

    FRONTMATTER_ABSENT = "frontmatter-absent"
    FRONTMATTER_INVALID = "frontmatter-invalid"
    FRONTMATTER_UNTERMINATED = "frontmatter-unterminated"
    FRONTMATTER_KEY_MISSING = "frontmatter-key-missing"
    HIDDEN_TEXT = "hidden-text"
    HOOKS_INVALID = "hooks-invalid"
    HOSTILE_PATH = "hostile-path"
    ITEM_UNREADABLE = "unreadable"
    JSON_INVALID = "json-invalid"
    LFS_POINTER = "lfs-pointer"
    LINK_BROKEN = "link-broken"
    LINK_OUTSIDE = "link-outside"
    MANIFEST_CONFLICT = "manifest-conflict"
    MARKETPLACE_INVALID = "marketplace-invalid"
    MARKETPLACE_NESTED = "marketplace-nested"
    MCP_INVALID = "mcp-invalid"
    NAME_TAKEN = "name-taken"
    NAME_UNSAFE = "name-unsafe"
    NOT_UTF8 = "not-utf8"
    PATH_FIELD = "path-field"
    PATH_TWIN = "path-twin"
    PLUGIN_FAILED = "plugin-failed"
    PLUGIN_INVALID = "plugin-invalid"
    PLUGIN_UNRESOLVED = "plugin-unresolved"
    README_SKIPPED = "readme-skipped"
    SAME_CONTENT = "same-content"
    SKILL_FILE_NAME = "skill-file-name"
    SPECIAL_FILE = "special-file"
    UNSUPPORTED_COMPONENT = "unsupported-component"


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """What a code stands for."""

    level: Level
    reason: str
    remedy: str


def _table() -> Mapping[Code, CodeInfo]:
    e, w, i = Level.ERROR, Level.WARNING, Level.INFO
    rows: list[tuple[Code, Level, str, str]] = [
        (Code.FRONTMATTER_ABSENT, w, "agents find nothing without it",
         "begin the file with --- lines that hold name and description"),
        (Code.FRONTMATTER_INVALID, w, "strict YAML readers reject it; Kitbag read it line by line",
         "quote values that hold a colon, a bracket or a backslash"),
        (Code.FRONTMATTER_UNTERMINATED, w, "where it ends is a guess",
         "close the frontmatter with a --- line"),
        (Code.FRONTMATTER_KEY_MISSING, w, "skills and agents need a name and a description",
         "add the key"),
        (Code.HIDDEN_TEXT, w, "invisible characters can hide instructions from people",
         "look at the file's bytes before you trust it"),
        (Code.HOOKS_INVALID, w, "the agent ignores hooks of another form",
         'write {"hooks": {"EventName": [...]}}'),
        (Code.HOSTILE_PATH, e, "no file may have this name on every system",
         "rename it in the source"),
        (Code.ITEM_UNREADABLE, e, "what cannot be read cannot be collected",
         "check the file and its permissions"),
        (Code.JSON_INVALID, w, "nothing can be read from it", "mend the JSON at that line"),
        (Code.LFS_POINTER, w, "the content itself was never fetched", "run git lfs pull"),
        (Code.LINK_BROKEN, w, "it points to nothing", "restore its target or delete the link"),
        (Code.LINK_OUTSIDE, w, "what lies outside is not part of the source",
         "replace the link by the files it means"),
        (Code.MANIFEST_CONFLICT, w, "with strict: false the agent refuses such a plugin",
         "declare the components in one place"),
        (Code.MARKETPLACE_INVALID, e, "its entries cannot be read", "mend marketplace.json"),
        (Code.MARKETPLACE_NESTED, i, "only the marketplace at the top of a source counts",
         "collect that folder by itself to use its marketplace"),
        (Code.MCP_INVALID, w, "no server can be read from it",
         'write {"mcpServers": {"name": {...}}}'),
        (Code.NAME_TAKEN, i, "another artifact of the source has this name",
         "nothing; rename one of them in the source for names of your own"),
        (Code.NAME_UNSAFE, w, "not every file system or command line takes this name",
         "rename it in the source"),
        (Code.NOT_UTF8, w, "agents read UTF-8", "save the file as UTF-8"),
        (Code.PATH_FIELD, w, "a component path must be relative, start with ./, have no .. and "
         "no wildcard, and exist", "mend the path"),
        (Code.PATH_TWIN, e, "two names are one file where case does not count",
         "rename one of them in the source"),
        (Code.PLUGIN_FAILED, e, "a Kitbag plugin failed on this file", "see its message"),
        (Code.PLUGIN_INVALID, w, "the plugin's manifest cannot be used as it is",
         "mend plugin.json"),
        (Code.PLUGIN_UNRESOLVED, w, "the marketplace's entry leads to no folder",
         "mend the entry's source"),
        (Code.README_SKIPPED, i, "a README without frontmatter is no artifact", "nothing"),
        (Code.SAME_CONTENT, i, "the same content lies here under another name", "nothing"),
        (Code.SKILL_FILE_NAME, w, "agents look for a regular file named exactly SKILL.md",
         "rename the file"),
        (Code.SPECIAL_FILE, w, "only files, folders and links can be collected", "remove it"),
        (Code.UNSUPPORTED_COMPONENT, i, "Kitbag has no type for this part of a plugin",
         "nothing; it stays in the source"),
    ]  # fmt: skip
    return MappingProxyType({code: CodeInfo(level, *told) for code, level, *told in rows})


CODES = _table()


def diagnose(path: str, code: Code, message: str, line: int | None = None) -> Diagnostic:
    """Make a diagnostic with its code's level; what UTF-8 cannot say is escaped."""
    return Diagnostic(_told(path) or ".", code.value, _told(message), line, CODES[code].level.value)


def _told(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
