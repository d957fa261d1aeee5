"""The hash of a state, which a change of one entry costs one chunk, and the hash of a release.

state hash   = SHA-256 of "holdall-state 1\n" and one line `PREFIX HASH\n` for each chunk
chunk hash   = SHA-256 of the lines `{"entry":...,"uuid":...}\n` of its entries, by UUID
PREFIX       = the first w hex digits of the UUIDs; w is the smallest with entries <= 64 * 16^w
release hash = SHA-256 of the canonical JSON of its header, the one before it and the state
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from holdall_composites.values.states import State, canonical

_PER_CHUNK = 64


def width_of(count: int) -> int:
    """Return how many digits of the UUID name a chunk in a state of so many entries."""
    width = 0
    while count > _PER_CHUNK * 16**width:
        width += 1
    return width


def chunk_texts(
    state: State, prefixes: Iterable[str] | None = None, width: int | None = None
) -> dict[str, str]:
    """Return the text of each chunk by its prefix: of all, or of those that are asked for."""
    width = width_of(len(state)) if width is None else width
    wanted = None if prefixes is None else set(prefixes)
    lines: dict[str, list[str]] = {}
    for uuid in sorted(state):
        prefix = uuid[:width]
        if wanted is None or prefix in wanted:
            line = canonical({"uuid": uuid, "entry": state[uuid]}) + "\n"
            lines.setdefault(prefix, []).append(line)
    return {prefix: "".join(group) for prefix, group in lines.items()}


def chunk_hashes(state: State, width: int | None = None) -> dict[str, str]:
    """Return the hash of each chunk by its prefix; of a part of a state if `width` is given."""
    texts = chunk_texts(state, width=width)
    return {prefix: _sha256(text) for prefix, text in texts.items()}


def hash_of_chunks(hashes: Mapping[str, str]) -> str:
    """Return the state's hash, which its chunks' hashes give."""
    lines = (f"{prefix} {digest}\n" for prefix, digest in sorted(hashes.items()))
    return _sha256("holdall-state 1\n" + "".join(lines))


def state_hash(state: State) -> str:
    """Return the hash of a state, computed from all its entries."""
    return hash_of_chunks(chunk_hashes(state))


def hash_of_release(parent: str, state: str, header: Mapping[str, Any]) -> str:
    """Return the hash of a release: equal hashes mean equal histories."""
    return _sha256(canonical({**header, "parent": parent, "state": state}))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
