"""Identity and composition: permanent UUIDs, composites with pins, and the resolver."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall_composites.resolver import Resolver as Resolver
    from holdall_composites.session import (
        open_collection as open_collection,
        open_resolver as open_resolver,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "resolver": ("Resolver",),
            "session": (
                "open_collection",
                "open_resolver",
            ),
        },
    )
