"""The service: composites by `type:name`, what they lead to, and changes of what they contain."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall_composites.resolver.resolver import Resolver as Resolver
    from holdall_composites.resolver.versions import find_version as find_version
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "resolver": ("Resolver",),
            "versions": ("find_version",),
        },
    )
