"""What a source contains: folders with artifacts in any of the known layouts."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.sources.fetch.published.form import (
        DEFAULT_CHANNEL as DEFAULT_CHANNEL,
        Channel as Channel,
        PublishedEntry as PublishedEntry,
        PublishedRelease as PublishedRelease,
        check_channel_name as check_channel_name,
    )
    from holdall.sources.fetch.published.repository import (
        PublishedRepository as PublishedRepository,
        check_can_commit as check_can_commit,
    )
    from holdall.sources.fetch.published.writer import (
        SITE as SITE,
        Publication as Publication,
        Published as Published,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "fetch.published.form": (
                "DEFAULT_CHANNEL",
                "Channel",
                "PublishedEntry",
                "PublishedRelease",
                "check_channel_name",
            ),
            "fetch.published.repository": ("PublishedRepository", "check_can_commit"),
            "fetch.published.writer": (
                "SITE",
                "Publication",
                "Published",
            ),
        },
    )
