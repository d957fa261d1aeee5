"""Made-up trees that break importers: odd names, links, pipes, broken manifests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

__all__ = ["TREES", "Content", "plant"]

Content = bytes | str
"""A file's bytes, or `->target`, `fifo`, or a text."""

NAMES = st.sampled_from(
    ["skills", "commands", "agents", "hooks", "a", "A", "b:c", "con", " x", ".claude-plugin",
     ".git", "SKILL.md", "skill.md", "README.md", "x.md", "hooks.json", ".mcp.json", "plugin.json",
     "marketplace.json", "manifest.toml", "bad\nname", "é", "e\u0301", b"\xff.md".decode(
         "utf-8", "surrogateescape")]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["./", "./a", "../x", "skills", "/", "name", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "source",
                    "plugins",
                    "skills",
                    "commands",
                    "agents",
                    "hooks",
                    "mcpServers",
                    "strict",
                    "metadata",
                    "pluginRoot",
                    "command",
                    "version",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CONTENTS = st.one_of(
    st.binary(max_size=20),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.text(alphabet="ab:-[]{}'\"|> \n", max_size=40).map(lambda t: f"---\n{t}\n---\n".encode()),
    st.sampled_from(["->/etc", "->..", "->a", "->.", "->../skills", "fifo", "[collection]"]),
)
PLACES = """
    .claude-plugin/marketplace.json .claude-plugin/plugin.json a/.claude-plugin/plugin.json
    a/skills/x/SKILL.md a/skills/y/SKILL.md a/commands/x.md a/commands/A/x.md a/x.md a/agents/x.md
    a/hooks/hooks.json a/.mcp.json skills/x/SKILL.md SKILL.md a/b
"""
MARKETS = st.lists(
    st.fixed_dictionaries(
        {"source": st.sampled_from(["./", "./a", "a", ".", "./b", 1])},
        optional={
            "name": st.sampled_from(["p", "P", "", "q:r", None]),
            "strict": st.booleans(),
            "skills": JSON,
            "commands": JSON,
            "agents": JSON,
            "hooks": JSON,
            "mcpServers": JSON,
        },
    ),
    max_size=3,
).map(lambda entries: json.dumps({"plugins": entries, "metadata": {"pluginRoot": "./a"}}).encode())
TREES = st.lists(
    st.tuples(
        st.sampled_from(PLACES.split()).map(lambda path: path.split("/"))
        | st.lists(NAMES, min_size=1, max_size=5),
        CONTENTS | MARKETS,
    ),
    min_size=1,
    max_size=12,
)


def plant(root: Path, files: Iterable[tuple[list[str], Content]]) -> None:
    """Write files, links and pipes; none through a link out of the folder, nor into a pipe."""
    for parts, content in files:
        ways = [root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
        if not any(way.is_symlink() or way.is_fifo() for way in ways):
            _plant(root, parts, content)


def _plant(root: Path, parts: list[str], content: Content) -> None:
    path = root.joinpath(*parts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content.startswith("->"):
            path.symlink_to(content[2:])
        elif content == "fifo":
            os.mkfifo(path)
        else:
            path.write_text(content)
    except OSError:
        pass
