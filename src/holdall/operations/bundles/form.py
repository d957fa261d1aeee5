"""What an export can be written as: where an agent's plugins have what, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from holdall import NamedTuple
from holdall.artifacts.paths import RelPath
from holdall.collection.manifest.manifest import ManifestComposite

Server = Mapping[str, Any]


class Place(NamedTuple):
    """Where members of a type are: `folder`/NAME`suffix`; a skill is a folder.

    `convert` returns a member's one file, given that and its name, in the agent's form with what of
    it the agent has no counterpart for; None where it is the same. It raises ValueError with why
    the agent cannot have it.
    """

    folder: str
    suffix: str = ""
    convert: Callable[[bytes, str], tuple[bytes, tuple[str, ...]]] | None = None


class Written(NamedTuple):
    """A server in an agent's form, and what of it the agent has no counterpart for."""

    value: dict[str, Any]
    losses: tuple[str, ...] = ()


class ExportForm(NamedTuple):
    """How a composite is written for an agent.

    `manifest` is a path, `render` makes what it says from the composite and what the export has
    (folders, hook files, servers, a context). `places` has the types that are files. `hooks` is the
    usual place of hooks, which `hook` converts to lists by event. `servers` is the file of servers,
    None where the manifest has them, and `server_head` what else that says; `server` converts one,
    and `server_back` is how it is read again. With `has_context`, rules that are always in force
    are one file.
    """

    name: str
    title: str
    manifest: RelPath
    render: Callable[[ManifestComposite, Mapping[str, Any]], dict[str, Any]]
    places: Mapping[str, Place]
    hooks: RelPath | None = None
    hook: Callable[[Any, str], Written] | None = None
    servers: RelPath | None = None
    server_head: Mapping[str, Any] = {}
    server: Callable[[Server], Written] = lambda server: Written(dict(server))
    server_back: Callable[[dict[str, Any]], dict[str, Any]] = dict
    has_context: bool = False
