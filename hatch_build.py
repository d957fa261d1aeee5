"""What a wheel has besides the packages: the man page, and completion for bash, zsh and fish.

They are made from the command line itself, so they are always those of the version that is built.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PLACES = {
    "man": "share/man/man1/holdall.1",
    "bash": "share/bash-completion/completions/holdall",
    "zsh": "share/zsh/site-functions/_holdall",
    "fish": "share/fish/vendor_completions.d/holdall.fish",
}


class HelpHook(BuildHookInterface):  # type: ignore[type-arg]
    """Makes the files in `build/help/` and puts them where programs look for them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make them, unless the installation is an editable one."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path[:0] = [str(root / folder) for folder in ("src", "hooks", "migrations")]
        from holdall.cli.completion.scripts import SHELLS, completion_script
        from holdall.cli.help.man import man_page
        from holdall.config import Config
        from holdall.plugins.manager import PluginRecord, Plugins, PluginStatus

        plugins = Plugins()
        record = PluginRecord("composites", "holdall", None, PluginStatus.LOADED)
        plugins.add(record, lambda: import_module("holdall_composites_hooks"), Config())
        made = {"man": man_page(plugins)}
        made |= {shell: completion_script(shell, plugins) for shell in SHELLS}
        folder = root / "build" / "help"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text, encoding="utf-8")
            build_data["shared_data"][str(folder / name)] = _PLACES[name]
