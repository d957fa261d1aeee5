"""What hooks and commands ask for: deploys, composites, care, exports."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall_composites.service.deploy import (
        abandon as abandon,
        begin as begin,
        finish as finish,
        resolve as resolve,
    )
    from holdall_composites.service.removal import still_wanted as still_wanted
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "deploy": (
                "abandon",
                "begin",
                "finish",
                "resolve",
            ),
            "removal": ("still_wanted",),
        },
    )
