"""What a source contains: folders with artifacts in any of the known layouts."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.sources.fetch.published.form import (
        DEFAULT_CHANNEL as DEFAULT_CHANNEL,
        Channel as Channel,
        PublishedRelease as PublishedRelease,
        check_channel_name as check_channel_name,
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
                "PublishedRelease",
                "check_channel_name",
            ),
            "fetch.published.writer": (
                "SITE",
                "Publication",
                "Published",
            ),
        },
    )
