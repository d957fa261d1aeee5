"""For the tests of plugins: a collection, a project and the command, in this process.

pytest finds the fixtures by itself where Holdall is installed (`holdall.testing.fixtures`).
"""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.testing.databases import postgres_database as postgres_database
    from holdall.testing.factories import (
        make_command as make_command,
        make_plugin as make_plugin,
        make_project as make_project,
        make_skill as make_skill,
        write as write,
    )
    from holdall.testing.kit import Kit as Kit, in_this_process as in_this_process
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "databases": ("postgres_database",),
            "factories": (
                "make_command",
                "make_plugin",
                "make_project",
                "make_skill",
                "write",
            ),
            "kit": (
                "Kit",
                "in_this_process",
            ),
        },
    )
