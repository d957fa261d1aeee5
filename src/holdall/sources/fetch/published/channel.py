"""Asking a channel what it names: one request, and what it named here before.

An older sequence than the last one that was read from this address, the same one with another
release, or another collection is refused: a server does not take anybody back by itself.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from holdall import NamedTuple
from holdall.errors import InputError, RefusedError, UsageError
from holdall.files.user_state import keep_document, read_document, state_folder
from holdall.sources.fetch.address import PublishedAddress, parse
from holdall.sources.fetch.published.form import (
    CHANNELS,
    DEFAULT_CHANNEL,
    HINT,
    MAX_CHANNEL_BYTES,
    Channel,
    parse_channel,
)
from holdall.sources.fetch.published.transport import Place, place_of


class Seen(NamedTuple):
    """What was last read from a channel's address: its bytes, and what a server called them."""

    channel: Channel
    data: bytes
    etag: str | None


def read_channel(place: Place, name: str) -> Channel:
    """Return what a channel is now: one request, which is answered without a body if it is known.

    Raises RefusedError for what goes back, InputError for what cannot be read, NotFoundError where
    there is no such channel, StorageError where nobody answers.
    """
    path = f"{CHANNELS}/{name}.json"
    where = place.show(path)
    state = _state_of(where)
    seen = _seen(state)
    answer = place.ask(path, MAX_CHANNEL_BYTES, seen.etag if seen else None)
    if answer.data is None and seen is not None:
        return seen.channel
    data = answer.data or b""
    channel = parse_channel(data, where)
    if channel.channel != name:
        raise InputError(f"{where}: it is the channel {channel.channel!a}", hint=HINT)
    if seen is not None:
        _refuse_older(channel, seen.channel, where)
    if seen is None or seen[1:] != (data, answer.etag):
        keep_document(state, {"etag": answer.etag, "channel": data.decode()})
    return channel


def only_channel(folder: Path) -> str:
    """Return the name of the only channel in a folder; raises UsageError if there are several."""
    names = sorted(path.stem for path in (folder / CHANNELS).glob("*.json"))
    if len(names) == 1:
        return names[0]
    raise UsageError(
        f"{folder} has {len(names)} channels" + (f": {', '.join(names)}" if names else ""),
        hint=f"name one: {folder / CHANNELS / f'{names[0] if names else DEFAULT_CHANNEL}.json'}",
    )


def channel_of(address: PublishedAddress) -> str:
    """Return the name of the channel that an address means; raises what `only_channel` raises."""
    return address.channel or only_channel(Path(address.url))


def published_state(text: str) -> str:
    """Return what a published collection's channel names now, by one request.

    It is what a lock has as its digest. Raises what `read_channel` raises.
    """
    address = parse(text)
    assert isinstance(address, PublishedAddress)
    with closing(place_of(address.url)) as place:
        return f"sha256:{read_channel(place, channel_of(address)).release}"


def _state_of(where: str) -> Path:
    return state_folder() / "channels" / f"{hashlib.sha256(where.encode()).hexdigest()}.json"


def _seen(state: Path) -> Seen | None:
    table = read_document(state)
    text, etag = table.get("channel"), table.get("etag")
    if not isinstance(text, str):
        return None
    try:
        channel = parse_channel(text.encode(), str(state))
    except InputError:
        return None
    return Seen(channel, text.encode(), etag if isinstance(etag, str) else None)


def _refuse_older(channel: Channel, seen: Channel, where: str) -> None:
    if channel.collection != seen.collection:
        raise RefusedError(
            f"{where}: it is another collection than the one that was read there before",
            hint=f"if that is right, delete {_state_of(where)}",
        )
    is_other = channel.sequence == seen.sequence and channel.release != seen.release
    if channel.sequence < seen.sequence or is_other:
        what = "another one of that number" if is_other else f"older than {seen.sequence}"
        raise RefusedError(
            f"{where}: the sequence {channel.sequence} is {what}, which was read there before",
            hint="a way back is published as a new sequence; ask who publishes it",
        )
