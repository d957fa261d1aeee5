"""All-or-nothing changes of one folder: staged, journalled, applied, recovered."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.transaction.actions import (
        Action as Action,
        Put as Put,
        Remove as Remove,
        RemoveFolder as RemoveFolder,
    )
    from holdall.transaction.commit import Half as Half, Outcome as Outcome
    from holdall.transaction.export import (
        ExportFile as ExportFile,
        write_export as write_export,
        zip_files as zip_files,
    )
    from holdall.transaction.folder import (
        new_folder as new_folder,
        refuse_taken as refuse_taken,
    )
    from holdall.transaction.journal import new_transaction_id as new_transaction_id
    from holdall.transaction.outside import note_outside as note_outside
    from holdall.transaction.placement import (
        content_of as content_of,
        exchange as exchange,
        place_contents as place_contents,
        place_files as place_files,
        puts as puts,
    )
    from holdall.transaction.replacement import (
        REPLACEMENT as REPLACEMENT,
        Replacement as Replacement,
    )
    from holdall.transaction.signature import Signature as Signature
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "actions": ("Action", "Put", "Remove", "RemoveFolder"),
            "commit": ("Half", "Outcome"),
            "export": (
                "ExportFile",
                "write_export",
                "zip_files",
            ),
            "journal": ("new_transaction_id",),
            "placement": (
                "content_of",
                "exchange",
                "place_files",
                "puts",
                "place_contents",
            ),
            "folder": ("new_folder", "refuse_taken"),
            "outside": ("note_outside",),
            "replacement": ("REPLACEMENT", "Replacement"),
            "signature": ("Signature",),
        },
    )
