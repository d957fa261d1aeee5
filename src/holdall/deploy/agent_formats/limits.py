"""What agents refuse, cut or ignore in what they read as it is: names, lengths, listings.

Sources: agentskills.io (names of 1 to 64 signs, descriptions of at most 1,024), and the
documentation of Claude Code, Codex, Copilot, Cursor, opencode, Windsurf and Cline, late 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from holdall import NamedTuple
from holdall.artifacts.ids import SKILL_NAME
from holdall.deploy.agent_formats.markdown import Parts, text_of


class Verdict(StrEnum):
    """What an agent does with something."""

    REFUSES = "refuses"
    CUTS = "cuts"
    IGNORES = "ignores"


class Problem(NamedTuple):
    """What an agent would do, and the sentence that says it, with the limit."""

    verdict: Verdict
    text: str


class _Limits(NamedTuple):
    """An agent's limits: of a skill's name, description and whole listing, of commands and rules.

    `refuses` says that a description which is too long keeps the skill from loading, else it is
    cut. All lengths are in characters.
    """

    name: re.Pattern[str] | None = None
    description: int | None = None
    refuses: bool = False
    listing: int | None = None
    command: int | None = None
    rule: int | None = None


_BY_SPECIFICATION = _Limits(SKILL_NAME, 1024)
_LIMITS: Mapping[str, _Limits] = MappingProxyType(
    {
        "claude": _Limits(description=1536, listing=8000),
        "codex": _Limits(description=1024, listing=8000),
        "copilot": _Limits(re.compile(r"[a-z0-9-]{1,64}"), 1024, refuses=True),
        "cursor": _Limits(re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")),
        "opencode": _Limits(SKILL_NAME, 1024, refuses=True),
        "windsurf": _Limits(command=12_000, rule=12_000),
        "cline": _Limits(description=1024, refuses=True),
        "gemini": _Limits(),
    }
)


def skill_problems(target: str, name: str, parts: Parts) -> Iterator[Problem]:
    """Yield what an agent does with a skill of this name; `parts` are those of its SKILL.md."""
    limits = _LIMITS.get(target, _BY_SPECIFICATION)
    if limits.name is not None and not limits.name.fullmatch(name):
        yield Problem(Verdict.REFUSES, f"the name {name!a:.80} is not like {limits.name.pattern}")
    length = len(_list_parts(target, parts))
    most = limits.description
    if most is not None and length > most:
        verdict = Verdict.REFUSES if limits.refuses else Verdict.CUTS
        yield Problem(verdict, f"its description has {length} characters, the limit is {most}")


def _list_parts(target: str, parts: Parts) -> str:
    description = text_of(parts.keys.get("description"))
    return description + (text_of(parts.keys.get("when_to_use")) if target == "claude" else "")


def listing_problem(target: str, skills: Mapping[str, Parts]) -> Problem | None:
    """Return what an agent does with the names and descriptions of all skills by name."""
    most = _LIMITS.get(target, _BY_SPECIFICATION).listing
    length = sum(len(name) + len(_list_parts(target, parts)) for name, parts in skills.items())
    if most is None or length <= most:
        return None
    text = (
        f"the names and descriptions of {len(skills)} skills have {length} characters; where the"
        f" size of the context window is not known, {most} are listed"
    )
    return Problem(Verdict.CUTS, text)


def text_problems(target: str, type_name: str, text: str) -> Iterator[Problem]:
    """Yield what an agent does with a command or a rule of this length."""
    limits = _LIMITS.get(target, _BY_SPECIFICATION)
    most = limits.command if type_name == "command" else limits.rule
    if most is not None and len(text) > most:
        yield Problem(Verdict.CUTS, f"it has {len(text)} characters, the limit is {most}")
