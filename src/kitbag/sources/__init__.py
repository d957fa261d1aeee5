"""Reading sources: folders with artifacts in any of the layouts found in the wild."""

from kitbag.sources.json_form import reading_to_json
from kitbag.sources.reader import Claim, read
from kitbag.sources.values import (
    Diagnostic,
    FoundArtifact,
    FoundComposite,
    FoundMember,
    Reading,
    RemoteComposite,
)

__all__ = [
    "Claim",
    "Diagnostic",
    "FoundArtifact",
    "FoundComposite",
    "FoundMember",
    "Reading",
    "RemoteComposite",
    "read",
    "reading_to_json",
]
