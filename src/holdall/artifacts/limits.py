"""How much a source and an artifact may hold, counted as it is read."""

from __future__ import annotations

from pathlib import Path

from holdall import NamedTuple
from holdall.errors import RefusedError, TooLargeError


class Caps(NamedTuple):
    """The most that is read. Each is a setting of its name, and `HOLDALL_` with it in capitals.

    What an archive or a repository holds counts as its files are laid out, that of a folder as its
    artifacts are read.
    """

    max_file_bytes: int = 256 << 20
    max_artifact_files: int = 20_000
    max_artifact_bytes: int = 1 << 30
    max_source_files: int = 1_000_000
    max_source_bytes: int = 4 << 30


DEFAULT_CAPS = Caps()


class Meter:
    """Counts what is read of one source; raises RefusedError above a cap.

    That is a TooLargeError for a file or an artifact: the others of the source can still be read.
    """

    def __init__(self, caps: Caps, source: Path | str) -> None:
        self.caps, self.source = caps, source
        self._artifact: Path | None = None
        self._artifact_files = self._artifact_bytes = self._file_bytes = 0
        self._source_files = self._source_bytes = 0

    def begin_artifact(self, location: Path) -> None:
        """Count from here on for another artifact."""
        self._artifact = location
        self._artifact_files = self._artifact_bytes = 0

    def begin_file(self) -> None:
        """Count one more file of the artifact."""
        self._file_bytes = 0
        self._artifact_files += 1
        if self._artifact_files > self.caps.max_artifact_files:
            raise self._above(self._artifact, "max_artifact_files", "files")

    def spend(self, path: Path | str, size: int) -> None:
        """Count bytes that were read from a file of the artifact."""
        self._file_bytes += size
        self._artifact_bytes += size
        if self._file_bytes > self.caps.max_file_bytes:
            raise self._above(path, "max_file_bytes", "bytes")
        if self._artifact_bytes > self.caps.max_artifact_bytes:
            raise self._above(self._artifact, "max_artifact_bytes", "bytes")
        self.spend_of_source(size)

    def spend_of_source(self, size: int) -> None:
        """Count bytes of the source, whatever they belong to."""
        self._source_bytes += size
        if self._source_bytes > self.caps.max_source_bytes:
            raise self._above(self.source, "max_source_bytes", "bytes")

    def count_of_source(self, files: int) -> None:
        """Count files and folders of the source."""
        self._source_files += files
        if self._source_files > self.caps.max_source_files:
            raise self._above(self.source, "max_source_files", "files and folders")

    def _above(self, what: Path | str | None, setting: str, unit: str) -> RefusedError:
        kind = RefusedError if what is self.source else TooLargeError
        return kind(
            f"{what} holds more than {getattr(self.caps, setting):,} {unit} ({setting})",
            hint=f"leave it out, or raise {setting} in the collection's .holdall/config.toml"
            f" or HOLDALL_{setting.upper()}",
        )
