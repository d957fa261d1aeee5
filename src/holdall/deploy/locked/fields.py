"""Checked values of the entries of a project's two files; errors name the line and the key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set as AbstractSet
from typing import Any, NoReturn

from holdall.artifacts.ids import ArtifactId
from holdall.errors import HoldallError, InputError
from holdall.formats.escape import escape_text

_LONGEST = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Fields:
    """One table of a file. `line` is where it stands, None if that is not known."""

    def __init__(self, table: Mapping[str, Any], where: str, line: int | None, hint: str) -> None:
        self.table, self._hint = table, hint
        self._where = where if line is None else f"{where}, line {line}"

    def refuse(self, what: str) -> NoReturn:
        """Raise InputError for what is wrong with the table."""
        raise InputError(f"{self._where}: {what}", hint=self._hint)

    def refuse_unknown(self, known: AbstractSet[str]) -> None:
        """Raise InputError for a key that is none of these."""
        for key in self.table:
            if key not in known:
                text = ", ".join(sorted(known))
                self.refuse(f"unknown key {key!a:.80}; the keys are {text}")

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str | None:
        """Return a text; None if there is no such key."""
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            self.refuse(f"{key} is not a text of 1 to {_LONGEST:,} characters")
        if _CONTROL.search(value):
            self.refuse(f"{key} has control characters in it")
        if pattern is not None and not pattern.fullmatch(value):
            self.refuse(f"{key} = {value!a:.80} is not possible")
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return a list of texts; None if there is no such key."""
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.refuse(f"{key} is not a list of texts")
        return tuple(
            str(
                Fields({key: one}, self._where, None, self._hint).text(key)
                or self.refuse(f"{key} is not a list of texts")
            )
            for one in value
        )

    def id(self, key: str) -> ArtifactId | None:
        """Return an artifact's id; None if there is no such key."""
        text = self.text(key)
        return None if text is None else self._id(key, text)

    def ids(self, key: str) -> tuple[ArtifactId, ...] | None:
        """Return a list of ids; None if there is no such key."""
        texts = self.texts(key)
        return None if texts is None else tuple(self._id(key, text) for text in texts)

    def _id(self, key: str, text: str) -> ArtifactId:
        try:
            return ArtifactId.parse(text)
        except HoldallError as error:
            self.refuse(f"{key}: {escape_text(error.message)}")
