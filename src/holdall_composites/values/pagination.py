"""Pages of long lists: keyset cursors that callers hand back unread."""

from __future__ import annotations

import json
from typing import Generic, NamedTuple, TypeVar

from holdall.errors import InputError, UsageError
from holdall.formats import parse_json

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
MAX_CURSOR_BYTES = 64 << 10

Item = TypeVar("Item")
Key = tuple[str | int, ...]


class Page(NamedTuple, Generic[Item]):
    """Some items of a list. `next_cursor` leads to the following ones, None: there are none.

    Pages follow keys, not numbers: rows that come or go in between neither repeat nor hide others.
    """

    items: tuple[Item, ...]
    next_cursor: str | None = None


def encode_cursor(listing: str, key: Key) -> str:
    """Return an opaque cursor that stands behind the row with this key."""
    return json.dumps([listing, *key], separators=(",", ":")).encode().hex()


def decode_cursor(cursor: str, listing: str, shape: tuple[type[str] | type[int], ...]) -> Key:
    """Return the key in a cursor; raises UsageError if it is not one of this listing."""
    wrong = UsageError(f"not a cursor for a list of {listing}", hint="start again without a cursor")
    try:
        found = parse_json(bytes.fromhex(cursor), "cursor", limit=MAX_CURSOR_BYTES)
    except (ValueError, InputError):
        raise wrong from None
    if not isinstance(found, list) or found[:1] != [listing]:
        raise wrong
    if [type(part) for part in found[1:]] != [*shape]:
        raise wrong
    return tuple(found[1:])
