"""Texts of others as HTML that is safe to look at: nothing in them runs or is fetched.

Markdown is rendered without raw HTML and cleaned afterwards; images become links; code is coloured
by classes. What hides or turns text is written as escapes first.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from holdall.formats import body_of, escape_text

_TAGS = {
    *("a", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("em", "strong", "s", "hr", "br", "table", "thead", "tbody", "tr", "th", "td", "span", "div"),
}
_SCHEMES = ("http://", "https://", "mailto:")
_LANGUAGES = {
    "py": "python",
    "sh": "bash",
    "bash": "bash",
    "js": "javascript",
    "ts": "typescript",
    "json": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "toml": "toml",
    "html": "html",
    "css": "css",
    "sql": "sql",
    "xml": "xml",
    "rb": "ruby",
    "go": "go",
    "rs": "rust",
}


class _Renderer(RendererHTML):
    """Images are links to what they would have shown."""

    def image(self, tokens, idx, options, env):  # type: ignore[no-untyped-def]  # their interface
        """Render an image as its text, linked."""
        token = tokens[idx]
        text = self.renderInlineAsText(token.children or [], options, env) or "image"
        return f'<a href="{escape(str(token.attrGet("src") or ""))}">[{escape(text)}]</a>'


_MARKDOWN = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")


def render_markdown(text: str) -> str:
    """Return a Markdown file's body as HTML."""
    body = escape_text_lines(body_of(text))
    html = _MARKDOWN.render(body)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        attribute_filter=_without_relative,
        link_rel="noopener noreferrer nofollow",
    )


def _without_relative(_tag: str, name: str, value: str) -> str | None:
    """Keep an address only where it leads out of the site, whose pages are elsewhere."""
    return value if name != "href" or value.startswith(_SCHEMES) else None


def render_code(text: str, path: str) -> str:
    """Return a file's text as HTML, coloured where its kind is known."""
    shown = escape_text_lines(text)
    lexer = _lexer_of(path)
    if lexer is None:
        return f"<pre><code>{escape(shown)}</code></pre>"
    return str(highlight(shown, lexer, HtmlFormatter(cssclass="code", wrapcode=True)))


def escape_text_lines(text: str) -> str:
    """Return a text with what hides or turns it written as escapes; its lines stay."""
    return "\n".join(escape_text(line) for line in text.splitlines())


def code_styles() -> str:
    """Return the style sheet of coloured code, for a light page and a dark one."""
    styles: list[Any] = [HtmlFormatter(style=name) for name in ("default", "github-dark")]
    light, dark = (style.get_style_defs(".code") for style in styles)
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


@lru_cache(maxsize=64)
def _lexer_of(path: str) -> Lexer | None:
    name = _LANGUAGES.get(path.rpartition(".")[2].lower())
    try:
        return get_lexer_by_name(name) if name else None
    except ClassNotFound:
        return None
