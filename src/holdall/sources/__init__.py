"""What a source contains: folders with artifacts in any of the known layouts."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.sources.layouts.identity import IDENTITY_KEY as IDENTITY_KEY
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "layouts.identity": ("IDENTITY_KEY",),
        },
    )
