"""All-or-nothing changes of one folder: staged, journalled, applied, recovered."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.transaction.export import write_export as write_export
    from holdall.transaction.placement import (
        content_of as content_of,
        exchange as exchange,
        placed as placed,
        puts as puts,
        sourced as sourced,
    )
    from holdall.transaction.signature import Signature as Signature
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "export": ("write_export",),
            "placement": (
                "content_of",
                "exchange",
                "placed",
                "puts",
                "sourced",
            ),
            "signature": ("Signature",),
        },
    )
