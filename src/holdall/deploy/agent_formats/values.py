"""What a conversion returns."""

from __future__ import annotations

from typing import Any

from holdall import NamedTuple


class ConvertedFile(NamedTuple):
    """A file in an agent's form, and what of it the agent has no counterpart for."""

    data: bytes
    losses: tuple[str, ...] = ()


class ConvertedEntry(NamedTuple):
    """An entry of a settings file in an agent's form, and what it has no counterpart for."""

    value: dict[str, Any]
    losses: tuple[str, ...] = ()


class Refused(NamedTuple):
    """Why something cannot be converted for an agent."""

    reason: str
