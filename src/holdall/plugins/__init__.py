"""The contract with plugins: hooks, loading, and calling them behind a fence."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.plugins.hookspecs import (
        Problem as Problem,
        Severity as Severity,
        hookimpl as hookimpl,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "hookspecs": (
                "Problem",
                "Severity",
                "hookimpl",
            ),
        },
    )
