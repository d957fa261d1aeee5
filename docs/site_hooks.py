"""For the site: links that leave docs/ are shown as text, and every decision is in the menu."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+[^)]*\)")
_INSIDE = re.compile(r"\]\(((?:\.\./)*)([\w./-]+\.md)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page whose links lead to pages of the site only."""
    depth = page.file.src_uri.count("/")

    def keep(match: re.Match[str]) -> str:
        target = match[0].partition("](")[2].rstrip(")")
        return match[0] if target.count("../") <= depth else match[1]

    return _OUTSIDE.sub(keep, markdown)
