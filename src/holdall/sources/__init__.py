"""What a source holds: folders with artifacts in any of the layouts found in the wild."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.sources.json_form import reading_to_json as reading_to_json
    from holdall.sources.reader import read as read
    from holdall.sources.values import (
        Claim as Claim,
        Diagnostic as Diagnostic,
        FoundArtifact as FoundArtifact,
        FoundComposite as FoundComposite,
        FoundMember as FoundMember,
        Reading as Reading,
        RemoteComposite as RemoteComposite,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "json_form": ("reading_to_json",),
            "reader": ("read",),
            "values": (
                "Claim",
                "Diagnostic",
                "FoundArtifact",
                "FoundComposite",
                "FoundMember",
                "Reading",
                "RemoteComposite",
            ),
        },
    )
