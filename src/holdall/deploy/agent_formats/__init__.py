"""Convert what collections have, which is Claude Code's form, to the forms of other agents.

A conversion is pure and total: it returns a value with what was lost on the way, or the reason why
there is none. It never guesses, and writes nothing that the agent would refuse.
"""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.deploy.agent_formats.files import convert_file as convert_file
    from holdall.deploy.agent_formats.hooks.write import convert_hooks as convert_hooks
    from holdall.deploy.agent_formats.servers import convert_server as convert_server
    from holdall.deploy.agent_formats.values import (
        ConvertedEntry as ConvertedEntry,
        ConvertedFile as ConvertedFile,
        Refused as Refused,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "files": ("convert_file",),
            "hooks.write": ("convert_hooks",),
            "servers": ("convert_server",),
            "values": ("ConvertedEntry", "ConvertedFile", "Refused"),
        },
    )
