"""Holdall: collect static artifacts for coding agents and deploy them into projects."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__version__ = "0.1.0"


def lazy_exports(
    package: str, modules: "Mapping[str, tuple[str, ...]]"
) -> "tuple[Callable[[str], object], list[str]]":
    """Return a package's `__getattr__` (PEP 562) and `__all__`, so that it imports on demand.

    `modules` are the package's modules, each with the names that the package offers from it. A
    command then imports only the modules that it uses:

        __getattr__, __all__ = lazy_exports(__name__, {"hashing": ("FileDigest", "tree_hash")})
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def __getattr__(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        import sys
        from importlib import import_module

        value: object = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__, sorted(homes)
