"""Rules in the form of each agent: the lines that say the scope, or a block in a shared file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holdall.artifacts.rules import Dialect, rule_as_block, rule_for
from holdall.deploy.targets import Form

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


def convert_rule(data: bytes, form: Form) -> bytes:
    """Return a rule in an agent's form; raises ValueError with why the agent cannot have it."""
    text = _text_of(data)
    if form is Form.PLAIN_RULE:
        return f"{rule_as_block(text)}\n".encode()
    return rule_for(text, _DIALECTS[form]).encode()


def block_of(data: bytes) -> str:
    """Return a rule's text for a block; raises ValueError with why the agent cannot have it."""
    return rule_as_block(_text_of(data)).replace("\r\n", "\n")


def _text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not valid UTF-8") from None
