"""Targets: where each agent looks for its files, and in which form. A table, not code."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.deploy.targets.table import (
        BUILTIN_ROWS as BUILTIN_ROWS,
        BUILTIN_TARGETS as BUILTIN_TARGETS,
        SETTINGS as SETTINGS,
        USER_TARGETS as USER_TARGETS,
        Row as Row,
        Targets as Targets,
        target_named as target_named,
        targets_for as targets_for,
    )
    from holdall.deploy.targets.target import Form as Form, Merge as Merge, Target as Target
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "table": (
                *("BUILTIN_ROWS", "BUILTIN_TARGETS", "SETTINGS", "USER_TARGETS", "Row", "Targets"),
                *("target_named", "targets_for"),
            ),
            "target": ("Form", "Merge", "Target"),
        },
    )
