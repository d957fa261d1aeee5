"""Every diagnostic: its level, what it says, why it matters, and what its owner can do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from holdall import NamedTuple
from holdall.sources.values import LFS_POINTER, Diagnostic


class Level(StrEnum):
    """How serious a diagnostic is; `Diagnostic` has what each means."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(StrEnum):
    """The stable name of a diagnostic."""

    AGENT_NAME_COLON = "agent-name-colon"
    ARCHIVE_INSIDE = "archive-inside"
    ALLOWED_TOOLS_FORM = "allowed-tools-form"
    COLLECTION_ENTRY = "collection-entry"
    COMPATIBILITY_LONG = "compatibility-long"
    CREDENTIAL = "likely-secret"
    DESCRIPTION_LONG = "description-long"
    DOCUMENTATION = "documentation-folder"
    FILES_GONE = "files-gone"
    FOREIGN_INVALID = "foreign-invalid"
    FOREIGN_KEYS = "foreign-keys"
    FRONTMATTER_ABSENT = "frontmatter-absent"
    FRONTMATTER_INVALID = "frontmatter-invalid"
    FRONTMATTER_UNTERMINATED = "frontmatter-unterminated"
    FRONTMATTER_KEY_MISSING = "frontmatter-key-missing"
    HIDDEN_TEXT = "hidden-text"
    HOOKS_INVALID = "hooks-invalid"
    HOSTILE_PATH = "hostile-path"
    ITEM_UNREADABLE = "unreadable"
    LEFT_OUT = "left-out"
    LFS_POINTER = LFS_POINTER
    LINK_BROKEN = "link-broken"
    LINK_OUTSIDE = "link-outside"
    LISTING_LONG = "listing-long"
    MANIFEST_CONFLICT = "manifest-conflict"
    MARKETPLACE_INVALID = "marketplace-invalid"
    MARKETPLACE_NESTED = "marketplace-nested"
    MCP_INVALID = "mcp-invalid"
    MEMBER_GONE = "member-gone"
    METADATA_FORM = "metadata-form"
    NAME_TAKEN = "name-taken"
    NAME_UNSAFE = "name-unsafe"
    NOT_UNDERSTOOD = "not-understood"
    NOT_UTF8 = "not-utf8"
    OUTSIDE_REFERENCE = "outside-reference"
    PATH_FIELD = "path-field"
    PATH_SPELLING = "path-spelling"
    PATH_TWIN = "path-twin"
    PIN_ELSEWHERE = "pin-elsewhere"
    PLUGIN_FAILED = "plugin-failed"
    PLUGIN_INVALID = "plugin-invalid"
    PLUGIN_NEEDS = "plugin-needs"
    PLUGIN_RENAMED = "plugin-renamed"
    PLUGIN_ROOT_REFERENCE = "plugin-root-reference"
    PLUGIN_UNRESOLVED = "plugin-unresolved"
    SEVERAL_MANIFESTS = "several-manifests"
    README_SKIPPED = "readme-skipped"
    SAME_CONTENT = "same-content"
    SCRIPT_ABSENT = "script-absent"
    SKILL_FILE_NAME = "skill-file-name"
    SKILL_NAME_DIFFERS = "skill-name-differs"
    SKILL_NAME_INVALID = "skill-name-invalid"
    SPECIAL_FILE = "special-file"
    NOT_CHECKED_OUT = "not-checked-out"
    TARGET_CUTS = "target-cuts"
    TARGET_IGNORES = "target-ignores"
    TARGET_REFUSES = "target-refuses"
    TOO_LARGE = "too-large"
    TYPE_UNKNOWN = "type-unknown"
    UNSUPPORTED_COMPONENT = "unsupported-component"
    WHOLE_SOURCE = "whole-source"
    ZERO_WIDTH_TEXT = "zero-width-text"


class CodeInfo(NamedTuple):
    """What a code stands for. `lint_only` are those that reading a source does not look for."""

    level: Level
    meaning: str
    reason: str
    remedy: str
    lint_only: bool = False


_Row = tuple[Code, Level, str, str, str]


def _read_rows() -> list[_Row]:
    e, w, i = Level.ERROR, Level.WARNING, Level.INFO
    return [
        (Code.ARCHIVE_INSIDE, i, "a source holds an archive of a skill",
         "archives inside of a source are not unpacked", "collect the archive by itself"),
        (Code.COLLECTION_ENTRY, w, "an entry of a SkillMeat collection cannot be used as it is",
         "what it names is found as in a folder without a manifest, or gets a UUID of its own",
         "fix the entry in collection.toml"),
        (Code.CREDENTIAL, w, "a file holds what looks like a key or a token",
         "whoever collects the artifact gets the secret with it",
         "revoke it, then take it from the environment instead"),
        (Code.FILES_GONE, w, "a collection's manifest lists an artifact whose files are not there",
         "there is nothing to collect",
         "restore the files, or `holdall collect` in that collection takes the entry out"),
        (Code.DOCUMENTATION, i, "a folder of documentation or tests holds what could be agents",
         "they are examples, not agents, unless a manifest names them",
         "nothing; name them in a plugin's manifest if they are meant"),
        (Code.FOREIGN_INVALID, w, "a file of another agent is not of the form that it reads",
         "the artifact cannot be read from it", "fix the file"),
        (Code.FOREIGN_KEYS, i, "a file of another agent says what a collection has no place for",
         "the artifact is kept in the form of Claude Code, without that",
         "nothing; it stays in the source"),
        (Code.FRONTMATTER_ABSENT, w, "a skill or an agent has no frontmatter",
         "agents find nothing without it",
         "begin the file with --- lines that hold name and description"),
        (Code.FRONTMATTER_INVALID, w, "a frontmatter is not valid YAML",
         "strict YAML readers reject it; Holdall read it line by line",
         "quote values that hold a colon, a bracket or a backslash"),
        (Code.FRONTMATTER_UNTERMINATED, w, "a frontmatter does not end", "where it ends is a guess",
         "close the frontmatter with a --- line"),
        (Code.FRONTMATTER_KEY_MISSING, w, "a frontmatter lacks a key, or the key has no text",
         "skills and agents need a name and a description", "add the key"),
        (Code.HIDDEN_TEXT, e, "a file holds tag characters, controls of writing direction, or "
         "many invisible characters where no script has them",
         "agents read text in them that users cannot see; `holdall collect` refuses the artifact",
         "look at the file's bytes; if it is intended, --allow hidden-text collects it"),
        (Code.HOOKS_INVALID, w, "hooks are not of the form that agents read",
         "the agent ignores hooks of another form", 'write {"hooks": {"EventName": [...]}}'),
        (Code.HOSTILE_PATH, e, "a file's name is not safe everywhere",
         "no file may have this name on every system", "rename it in the source"),
        (Code.ITEM_UNREADABLE, e, "a file or folder cannot be read",
         "what cannot be read cannot be collected", "check the file and its permissions"),
        (Code.LEFT_OUT, i, "a source holds files that are never collected",
         "what operating systems, editors and package managers leave behind, secrets in `.env`, "
         "and what the source's own git ignores is not passed on",
         "`holdall scan --verbose` lists them; name an ignored folder itself to collect it"),
        (Code.LFS_POINTER, w, "a file is only a Git LFS pointer",
         "the content itself was never fetched", "run git lfs pull"),
        (Code.LINK_BROKEN, w, "a symbolic link leads nowhere or in a circle",
         "it points to nothing", "restore its target or delete the link"),
        (Code.LINK_OUTSIDE, w, "a symbolic link leaves the source",
         "files outside are not part of the source",
         "replace the link by the files it means"),
        (Code.MANIFEST_CONFLICT, w, "a plugin's manifest and its entry both declare components",
         "with strict: false the agent refuses such a plugin",
         "declare the components in one place"),
        (Code.MARKETPLACE_INVALID, e, "a marketplace is not of the form that agents read",
         "its entries cannot be read", "fix marketplace.json"),
        (Code.MARKETPLACE_NESTED, i, "a marketplace is below the top",
         "only the marketplace at the top of a source counts",
         "collect that folder by itself to use its marketplace"),
        (Code.MCP_INVALID, w, "a file of MCP servers is not of the form that agents read",
         "no server can be read from it", 'write {"mcpServers": {"name": {...}}}'),
        (Code.MEMBER_GONE, w, "a composite has a member that is not there",
         "what the composite brings is not complete",
         "restore the member's files, or take it out with `holdall composite remove`"),
        (Code.NAME_TAKEN, i, "two artifacts of one type have one name",
         "another artifact of the source has this name",
         "nothing; rename one of them in the source for names of your own"),
        (Code.NAME_UNSAFE, w, "a name holds what file names should not",
         "not every file system or command line takes this name", "rename it in the source"),
        (Code.NOT_UNDERSTOOD, i, "a manifest or folder of another agent is not collected",
         "Holdall does not read it, or it is the repository's own",
         "nothing; it stays in the source"),
        (Code.NOT_UTF8, w, "a file is not UTF-8", "agents read UTF-8", "save the file as UTF-8"),
        (Code.PATH_FIELD, w, "a path in a plugin's manifest or entry cannot be followed",
         "a component path must be relative, have no .. and no wildcard, and exist",
         "fix the path"),
        (Code.PATH_SPELLING, w, "a path in a manifest is spelled as agents do not take it",
         "Holdall took it; agents refuse a path without ./ at its start, or with backslashes",
         "write it as in ./plugins/name"),
        (Code.PATH_TWIN, e, "the names of two files differ only in case or in their accents' form",
         "two names are one file where case does not count", "rename one of them in the source"),
        (Code.PIN_ELSEWHERE, w, "a composite pins a member to content that the source does not "
         "have", "the composite can be deployed only if that is a version of the member here",
         "change the pin with `holdall composite pin` or `unpin`, there or after collecting"),
        (Code.PLUGIN_FAILED, e, "a Holdall plugin could not read a file",
         "a Holdall plugin failed on this file", "see its message"),
        (Code.PLUGIN_INVALID, w, "a plugin.json is not a JSON object",
         "the plugin's manifest cannot be used as it is", "fix plugin.json"),
        (Code.PLUGIN_NEEDS, i, "a plugin needs other plugins, or settings that its user chooses",
         "agents ask for them when they install the plugin; a deploy does not",
         "collect and deploy the plugins that it names; set what it asks for by hand"),
        (Code.PLUGIN_RENAMED, i, "a marketplace says that a plugin has another name now",
         "what was collected under the old name is known again by its folder",
         "`holdall rename` gives the composite the new name"),
        (Code.PLUGIN_UNRESOLVED, w, "a marketplace lists a plugin that is not there",
         "the marketplace's entry leads to no folder", "fix the entry's source"),
        (Code.README_SKIPPED, i, "a README is among commands or agents",
         "a README without frontmatter is no artifact", "nothing"),
        (Code.SAME_CONTENT, i, "two names have one content",
         "the same content is here under another name", "nothing"),
        (Code.SCRIPT_ABSENT, w, "a hook or a server starts a script that is not there, or not "
         "executable", "the hook or the server fails wherever it is deployed",
         "add the script to the plugin, or `chmod +x` it"),
        (Code.SEVERAL_MANIFESTS, i, "a folder is a plugin for several agents",
         "it is one composite: the first manifest says what belongs to it, and what only the "
         "others have for their agents is left out",
         "nothing"),
        (Code.SKILL_FILE_NAME, w, "a skill's file is spelled otherwise",
         "agents look for a file named exactly SKILL.md", "rename the file"),
        (Code.SPECIAL_FILE, w, "an artifact holds a pipe, a socket or a device",
         "only files, folders and links can be collected", "remove it"),
        (Code.NOT_CHECKED_OUT, i, "a submodule, or a part of a repository, is not checked out",
         "its files are not in the source; what was collected from there before is kept",
         "git submodule update --init, or git sparse-checkout disable; or collect it by itself"),
        (Code.TOO_LARGE, e, "a file or an artifact is larger than the caps allow",
         "such large files fill disks and histories", "leave it out, or raise the cap it names"),
        (Code.TYPE_UNKNOWN, e, "a collection's manifest lists an artifact of an unknown type",
         "no loaded plugin knows how to read it",
         "`holdall plugins` shows which are loaded; install the plugin that made it"),
        (Code.UNSUPPORTED_COMPONENT, i, "a plugin has a part that is not collected",
         "Holdall has no type for this part of a plugin", "nothing; it stays in the source"),
        (Code.WHOLE_SOURCE, i, "a SKILL.md at the top of a source makes all of it one skill",
         "everything in the source is deployed with the skill",
         "nothing if it is meant; else move the skill into a folder of its own"),
        (Code.ZERO_WIDTH_TEXT, w, "a file holds characters without width",
         "users cannot see them, agents read them; searches and comparisons fail on them",
         "delete the characters"),
    ]  # fmt: skip


def _lint_rows() -> list[_Row]:
    e, w, i = Level.ERROR, Level.WARNING, Level.INFO
    return [
        (Code.AGENT_NAME_COLON, e, "an agent's name holds a colon",
         "the colon stands between a plugin and its agent, so nothing can call this one",
         "remove the colon from the name"),
        (Code.ALLOWED_TOOLS_FORM, w, "allowed-tools is not one string of tools between spaces",
         "the specification allows no lists and no commas there; agents then read other tools",
         "write allowed-tools: Read Grep Bash(git:*)"),
        (Code.COMPATIBILITY_LONG, w, "compatibility is longer than 500 characters",
         "the specification ends it there", "move the details into the skill's text"),
        (Code.DESCRIPTION_LONG, e, "a skill's description is longer than 1,024 characters",
         "agents that follow the specification refuse the skill",
         "say what the skill does and when to use it; move the rest into its text"),
        (Code.LISTING_LONG, w, "description and when_to_use together exceed 1,536 characters",
         "the agent sees no more than that when it chooses a skill", "shorten them"),
        (Code.METADATA_FORM, w, "metadata is not a map from strings to strings",
         "the specification allows nothing else there; agents drop it or fail",
         "write one `key: text` per line; join lists into one string"),
        (Code.OUTSIDE_REFERENCE, w, "a skill's text refers to files outside of the skill's folder",
         "deployed by itself, the skill does not find them",
         "copy or link the files into the skill"),
        (Code.PLUGIN_ROOT_REFERENCE, i, "a skill uses ${CLAUDE_PLUGIN_ROOT}",
         "it has a value only where the whole plugin is installed",
         "nothing if the skill never leaves its plugin; else use paths relative to SKILL.md"),
        (Code.SKILL_NAME_DIFFERS, w, "a skill's name is not that of its folder",
         "the specification wants one name; agents use either", "rename the folder or the skill"),
        (Code.SKILL_NAME_INVALID, e, "a skill's name is not 1 to 64 lowercase letters, digits and "
         "single inner hyphens", "agents that follow the specification refuse the skill",
         "rename it, as in pdf-forms"),
        (Code.TARGET_CUTS, w, "an agent shows or reads only a part (`lint --target NAME`)",
         "what is behind the limit does nothing there", "shorten it"),
        (Code.TARGET_IGNORES, i, "an agent has no counterpart for something "
         "(`lint --target NAME`)", "it does nothing there, and a deploy leaves it out",
         "nothing, if it does its work without that"),
        (Code.TARGET_REFUSES, e, "an agent would not load it (`lint --target NAME`)",
         "a deploy for this agent leaves it out, or it is never used there",
         "change what the message names"),
    ]  # fmt: skip


def _table() -> Mapping[Code, CodeInfo]:
    rows = [(row, False) for row in _read_rows()] + [(row, True) for row in _lint_rows()]
    return MappingProxyType(
        {
            code: CodeInfo(level, meaning, reason, remedy, lint_only)
            for (code, level, meaning, reason, remedy), lint_only in rows
        }
    )


CODES = _table()


def diagnose(
    path: str, code: Code, message: str, line: int | None = None, level: Level | None = None
) -> Diagnostic:
    """Make a diagnostic, with its code's level if none is given; what UTF-8 cannot say is escaped.

    All diagnostics are made here, so that each has a code of the table.
    """
    weight = CODES[code].level if level is None else level
    return Diagnostic(_printable(path) or ".", code.value, _printable(message), line, weight.value)


def diagnose_for_plugin(
    plugin: str, path: str, code: str, message: str, line: int | None, level: Level
) -> Diagnostic:
    """Make a diagnostic of a plugin's own: its code follows the plugin's name."""
    return Diagnostic(
        _printable(path) or ".", f"{plugin}:{code}", _printable(message), line, level.value
    )


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
