"""Reading a source with the help of plugins, for types that only they know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kitbag.plugins import Plugins
    from kitbag.sources.values import FoundArtifact, Reading

__all__ = ["read_source"]


def read_source(plugins: Plugins, source: Path) -> Reading:
    """Read everything that a folder holds; raises NotFoundError if it is not there."""
    from kitbag.sources import read

    claim = _claimer(plugins) if plugins.implements("kitbag_collect_file") else None
    return read(source, claim)


def _claimer(plugins: Plugins) -> Callable[[Path, Path], FoundArtifact | None]:
    def claim(path: Path, source: Path) -> FoundArtifact | None:
        for _, found, error in plugins.call_each("kitbag_collect_file", path=path, source=source):
            if error is not None:
                raise error
            if found is not None:
                result: FoundArtifact = found
                return result
        return None

    return claim
