"""UUIDs as the tables and manifests keep them."""

from __future__ import annotations

from uuid import uuid4


def new_uuid() -> str:
    """Return a fresh UUID: 32 lowercase hex digits, RFC 4122 version 4."""
    return uuid4().hex
