"""Text formats, read within bounds and edited as text: TOML, JSON, YAML, frontmatter."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.formats.database_url import DatabaseURL as DatabaseURL
    from holdall.formats.documents import (
        parse_json as parse_json,
        parse_toml as parse_toml,
        read_bounded as read_bounded,
    )
    from holdall.formats.escape import escape_text as escape_text, one_line as one_line
    from holdall.formats.frontmatter import (
        body_of as body_of,
        read_frontmatter as read_frontmatter,
    )
    from holdall.formats.marks import MAX_BYTES as MAX_BYTES, MISSING as MISSING
    from holdall.formats.toml_writer import dump_toml as dump_toml
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "database_url": ("DatabaseURL",),
            "documents": (
                "parse_json",
                "parse_toml",
                "read_bounded",
            ),
            "escape": (
                "escape_text",
                "one_line",
            ),
            "frontmatter": (
                "body_of",
                "read_frontmatter",
            ),
            "marks": (
                "MAX_BYTES",
                "MISSING",
            ),
            "toml_writer": ("dump_toml",),
        },
    )
