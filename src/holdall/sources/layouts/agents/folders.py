"""Read the folders of agents in a repository: rules, commands, agents, hooks and servers."""

from __future__ import annotations

from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering
from holdall.sources.layouts.agents.cursor import plain_variables
from holdall.sources.layouts.agents.form import FolderForm
from holdall.sources.layouts.agents.table import FOLDERS
from holdall.sources.layouts.configs import load_json, read_servers
from holdall.sources.layouts.markdown import SKILL_FILE
from holdall.sources.walk import join_path

_SERVERS = {
    ".cursor/mcp.json": "mcpServers",
    ".github/mcp.json": "mcpServers",
    ".kiro/settings/mcp.json": "mcpServers",
    ".roo/mcp.json": "mcpServers",
    ".factory/mcp.json": "mcpServers",
    ".vscode/mcp.json": "servers",
    ".gemini/settings.json": "mcpServers",
    ".qwen/settings.json": "mcpServers",
    ".iflow/settings.json": "mcpServers",
    ".augment/settings.json": "mcpServers",
    ".junie/mcp/mcp.json": "mcpServers",
    ".devin/mcp_config.json": "mcpServers",
}


def read_agent_folders(gathering: Gathering) -> None:
    """Read what is an artifact because of the agent's folder, or of the name that it is in."""
    for path, folder in gathering.tree.folders.items():
        names = sorted(folder.files)
        if not names or gathering.is_exported(path):
            continue
        if gathering.tree.is_inside(path, SKILL_FILE):
            continue
        forms = [(form, root) for form in FOLDERS if (root := root_of(form, path)) is not None]
        for name in names:
            file = join_path(path, name)
            found = next(((f, r) for f, r in forms if name.endswith(f.suffix)), None)
            if found is not None:
                form, root = found
                below = file.removeprefix(f"{root}/") if root else file
                own = below.removesuffix(form.suffix).replace("/", ":")
                form.read(gathering, file, own)
            _read_servers(gathering, file)


def root_of(form: FolderForm, path: str) -> str | None:
    """Return the folder that a form means, for a folder in it; None if it means another one."""
    if not form.folder:
        return path
    start = f"/{path}/".rfind(f"/{form.folder}/")
    if start < 0:
        return None
    root = path[: start + len(form.folder)]
    return root if form.is_deep or root == path else None


def _read_servers(gathering: Gathering, file: str) -> None:
    for place, key in _SERVERS.items():
        if file == place or file.endswith(f"/{place}"):
            value = load_json(gathering, file, Code.MCP_INVALID)
            servers = None if value is None else value.get(key)
            if servers is not None:
                read_servers(gathering, file, f"{file}#", servers, plain_variables)
