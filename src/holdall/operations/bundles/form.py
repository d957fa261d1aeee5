"""What an export can be written as: where an agent's plugins have what, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from holdall.artifacts.paths import RelPath
from holdall.collection.manifest.manifest import ManifestComposite

Server = Mapping[str, Any]


class Place(NamedTuple):
    """Where members of a type are: `folder`/NAME`suffix`; a skill is a folder.

    `convert` returns a member's one file in the agent's form; None where it is the same. It raises
    ValueError with why the agent cannot have it.
    """

    folder: str
    suffix: str = ""
    convert: Callable[[bytes], bytes] | None = None


class Written(NamedTuple):
    """A server in an agent's form, and what of it the agent has no counterpart for."""

    value: dict[str, Any]
    losses: tuple[str, ...] = ()


class ExportForm(NamedTuple):
    """How a composite is written for an agent.

    `manifest` is a path, `render` makes what it says from the composite and the members' entries
    that it holds itself: lists of hook files, servers. `places` has the types that are files.
    `hooks` is the usual place of hooks, `servers` the file of servers, or None where the manifest
    has them, and `server_head` what else that says; `server` converts one, `server_back` is how it
    is read again. `is_closed` says that the manifest takes no keys of ours, and that identity goes
    to a file of its own.
    """

    name: str
    title: str
    manifest: RelPath
    render: Callable[[ManifestComposite, Mapping[str, Any]], dict[str, Any]]
    places: Mapping[str, Place]
    hooks: RelPath | None = None
    servers: RelPath | None = None
    has_servers: bool = True
    server_head: Mapping[str, Any] = {}
    server: Callable[[Server], Written] = lambda server: Written(dict(server))
    server_back: Callable[[dict[str, Any]], dict[str, Any]] = dict
    has_context: bool = False
