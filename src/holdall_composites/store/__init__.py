"""All queries on rows: frozen records out, our errors, a fixed number of statements per call."""

import holdall_composites.database  # noqa: F401 - imports Peewee without its drivers
from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall_composites.store.store import Store as Store
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "store": ("Store",),
        },
    )
