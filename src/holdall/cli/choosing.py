"""A plain numbered list to choose from, on a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from holdall.errors import UsageError
from holdall.formats.escape import one_line

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.operations.projects.sources.offers import Offer

_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_ALL = "all"
_WIDEST = 100


def choose_from(
    offers: Sequence[Offer], stdin: TextIO, stream: TextIO
) -> Sequence[ArtifactId] | None:
    """Return what the user chooses, None for all; a single offer is not asked about.

    Raises UsageError for an empty answer.
    """
    if len(offers) < 2:
        return None
    for number, offer in enumerate(offers, 1):
        about = f": {offer.about}" if offer.about else ""
        print(one_line(f"{number:3}  {offer.id}{about}")[:_WIDEST], file=stream)
        for effect in offer.effects:
            print(one_line(f"       {effect}"), file=stream)
    while True:
        print("Which ones? (as in 1 3-5, or all) ", end="", file=stream, flush=True)
        answer = stdin.readline()
        if not answer.strip():
            raise UsageError("nothing was chosen", hint="name what you want with --skill NAME")
        if answer.strip().lower() == _ALL:
            return None
        chosen = parse_choice(answer, len(offers))
        if chosen is not None:
            return [offers[number - 1].id for number in chosen]
        print(f"write numbers from 1 to {len(offers)}, or all", file=stream)


def parse_choice(answer: str, count: int) -> list[int] | None:
    """Read numbers and ranges between blanks or commas; None for what is no such answer."""
    chosen: list[int] = []
    for word in answer.replace(",", " ").split():
        found = _RANGE.fullmatch(word)
        if found is None:
            return None
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= count:
            return None
        chosen += [number for number in range(first, last + 1) if number not in chosen]
    return chosen or None
