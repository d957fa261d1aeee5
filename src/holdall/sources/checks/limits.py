"""The specifications' limits on frontmatter: agentskills.io, and Claude Code where it adds some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from holdall import dataclass
from holdall.artifacts.ids import SKILL_NAME, ArtifactType
from holdall.formats.frontmatter import Frontmatter, read_frontmatter
from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.values import Diagnostic, FoundArtifact

_DESCRIPTION = 1024
_COMPATIBILITY = 500
_LISTING = 1536
_ARGUMENTS = re.compile(r"\([^()]*\)")


def judge_frontmatter(found: FoundArtifact, path: str, text: str) -> Iterator[Diagnostic]:
    """Yield what breaks a limit in the frontmatter of a skill, command or agent.

    `path` is its Markdown file in the source, `text` what the file holds.
    """
    judge = _Judge(path, text, read_frontmatter(text))
    if found.type == ArtifactType.SKILL:
        # The folder of a source that is one skill may have any name: the user chose it.
        yield from judge.skill(None if found.path == "." else found.name)
    if found.type in (ArtifactType.SKILL, ArtifactType.COMMAND):
        yield from judge.listing()
    if found.type == ArtifactType.AGENT:
        yield from judge.agent()


@dataclass(frozen=True)
class _Judge:
    """One file's frontmatter, and where it stands."""

    path: str
    text: str
    front: Frontmatter

    def say(self, key: str, code: Code, message: str) -> Diagnostic:
        """Return a diagnostic at the line of `key`."""
        found = re.search(rf"(?m)^[\"']?{key}[\"']?[ \t]*:", self.text)
        line = self.text.count("\n", 0, found.start()) + 1 if found else 1
        return diagnose(self.path, code, message, line)

    def skill(self, folder: str | None) -> Iterator[Diagnostic]:
        """Yield what agentskills.io does not allow."""
        name = self.front.text("name")
        if name is not None and not SKILL_NAME.fullmatch(name):
            yield self.say("name", Code.SKILL_NAME_INVALID, f"the name is {name!a:.80}")
        if name is not None and folder is not None and name != folder:
            message = f"named {name!a:.80} in the folder {folder!a:.80}"
            yield self.say("name", Code.SKILL_NAME_DIFFERS, message)
        yield from self._length("description", _DESCRIPTION, Code.DESCRIPTION_LONG)
        yield from self._length("compatibility", _COMPATIBILITY, Code.COMPATIBILITY_LONG)
        yield from self._metadata()
        yield from self._allowed_tools()

    def agent(self) -> Iterator[Diagnostic]:
        """Yield what Claude Code does not allow in an agent."""
        name = self.front.text("name")
        if name is not None and ":" in name:
            yield self.say("name", Code.AGENT_NAME_COLON, f"the name is {name!a:.80}")

    def listing(self) -> Iterator[Diagnostic]:
        """Yield a diagnostic if Claude Code cuts off what the agent sees before it chooses."""
        texts = [self.front.text(key) or "" for key in ("description", "when_to_use")]
        size = sum(map(len, texts))
        if size > _LISTING:
            message = f"description and when_to_use have {size:,} characters, {_LISTING:,} are seen"
            yield self.say("description", Code.LISTING_LONG, message)

    def _length(self, key: str, limit: int, code: Code) -> Iterator[Diagnostic]:
        size = len(self.front.text(key) or "")
        if size > limit:
            yield self.say(key, code, f"{key} has {size:,} characters, {limit:,} are allowed")

    def _metadata(self) -> Iterator[Diagnostic]:
        value = self.front.values.get("metadata")
        if value is None or self.front.problem is not None:
            return
        if not isinstance(value, dict):
            yield self.say("metadata", Code.METADATA_FORM, "metadata is not a map")
            return
        odd = [key for key, item in value.items() if not isinstance(item, str)]
        if odd:
            message = f"metadata: {odd[0]!a:.80} is not a text"
            yield self.say("metadata", Code.METADATA_FORM, message)

    def _allowed_tools(self) -> Iterator[Diagnostic]:
        value: Any = self.front.values.get("allowed-tools")
        if value is None:
            return
        if not isinstance(value, str):
            yield self.say("allowed-tools", Code.ALLOWED_TOOLS_FORM, "allowed-tools is a list")
        elif "," in _ARGUMENTS.sub("", value):
            message = "allowed-tools has commas"
            yield self.say("allowed-tools", Code.ALLOWED_TOOLS_FORM, message)
