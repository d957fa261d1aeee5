"""What the module of an agent says: the form of its plugins, and its folders in repositories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple
from holdall.sources.draft import Draft, Gathering

ReadFile = Callable[[Gathering, str, str], Draft | None]
"""Read the artifact that a file is, given its path and name; None, with a diagnostic, if it is
none.
"""


class FolderForm(NamedTuple):
    """Files of one kind in an agent's folder, at any depth of a source.

    `holds` says which, in words. `folder` is the end of the folder's path (`.cursor/rules`; empty
    for any folder), `suffix` that of the files' names. With `is_deep`, files in folders below are
    meant, too, and named with them.
    """

    holds: str
    folder: str
    suffix: str
    read: ReadFile
    is_deep: bool = True


class PluginForm(NamedTuple):
    """How an agent's plugins are laid out.

    `manifests` are the places of plugin.json below the plugin's folder, `marketplaces` those of
    marketplace.json below a source. `places` says where each component usually is.
    `is_manifest` distinguishes this agent's manifest from others of the same name. `extras` reads
    members that only this agent has; `server` returns a server in Claude Code's form.
    """

    title: str
    manifests: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]]
    marketplaces: tuple[str, ...] = ()
    is_manifest: Callable[[Mapping[str, Any]], bool] = lambda _: True
    command: FolderForm | None = None
    rule: FolderForm | None = None
    extras: Callable[[Gathering, str, str, Mapping[str, Any]], list[Draft]] | None = None
    server: Callable[[dict[str, Any]], dict[str, Any]] = dict


class AgentFormat(NamedTuple):
    """An agent's format: its folders in a repository, and its plugins."""

    agent: str
    folders: tuple[FolderForm, ...] = ()
    plugin: PluginForm | None = None


def usual_places(**others: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return Claude Code's places of components, with others for some."""
    return MappingProxyType(
        {
            "skills": ("skills",),
            "commands": ("commands",),
            "agents": ("agents",),
            "hooks": ("hooks/hooks.json",),
            "mcpServers": (".mcp.json",),
            **others,
        }
    )
