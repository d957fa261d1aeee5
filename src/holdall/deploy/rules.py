"""Rules in the form of each agent: the lines that say the scope, or a block in a shared file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holdall.artifacts.rules import Apply, Dialect, read_scope, rule_as_block, rule_for
from holdall.deploy.targets import Form
from holdall.formats.frontmatter import head_line, read_frontmatter, with_keys

_DIALECTS: Mapping[Form, Dialect] = MappingProxyType(
    {
        Form.CLAUDE_RULE: Dialect.CLAUDE,
        Form.COPILOT_RULE: Dialect.COPILOT,
        Form.CURSOR_RULE: Dialect.CURSOR,
        Form.WINDSURF_RULE: Dialect.WINDSURF,
        Form.KIRO_RULE: Dialect.KIRO,
        Form.AUGMENT_RULE: Dialect.AUGMENT,
        Form.CONTINUE_RULE: Dialect.CONTINUE,
    }
)


def convert_rule(data: bytes, form: Form, name: str) -> bytes:
    """Return a rule in an agent's form; raises ValueError with why the agent cannot have it.

    `name` is that under which it is deployed, which two agents want to read in it.
    """
    text = _text_of(data)
    if form is Form.PLAIN_RULE:
        return f"{rule_as_block(text)}\n".encode()
    found = rule_for(text, _DIALECTS[form])
    wants_name = form is Form.CONTINUE_RULE or (
        form is Form.KIRO_RULE and read_scope(text).apply is Apply.DESCRIPTION
    )
    if wants_name and not read_frontmatter(found).text("name"):
        found = with_keys(found, [head_line("name", name.replace(":", "-"))], {"name"})
    return found.encode()


def block_of(data: bytes) -> str:
    """Return a rule's text for a block; raises ValueError with why the agent cannot have it."""
    return rule_as_block(_text_of(data)).replace("\r\n", "\n")


def _text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not valid UTF-8") from None
