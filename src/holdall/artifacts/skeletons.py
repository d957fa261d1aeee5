"""The first text of a new artifact of each type: it can be deployed and lints clean.

---
name: pdf-forms
description: Fill in PDF forms. Use when somebody asks for it.
---
"""

from __future__ import annotations

import json

_SKILL = """\
---
name: {name}
description: {description}
---

# {title}

Say here what the agent should do, step by step, and what the result looks like.

1. Look at what was asked for.
2. Do it.
3. Check the result, and say what you did.
"""
_COMMAND = """\
---
description: {description}
---

Say here what the agent should do when this command is called. What follows the command's name is
$ARGUMENTS.
"""
_AGENT = """\
---
name: {name}
description: {description}
---

You are an expert in one thing. Say here what it is, how you work, and what you report at the end.
"""
_RULE = """\
---
description: {description}
---

- Say here what always holds, one sentence each.
"""
_STYLE = """\
---
name: {name}
description: {description}
---

Say here how to write: in which tone, how long, in what form.
"""
_TEXTS = {
    "skill": _SKILL,
    "command": _COMMAND,
    "agent": _AGENT,
    "rule": _RULE,
    "output-style": _STYLE,
}
_PURPOSES = {
    "skill": "What {title} is good for. Use when somebody asks for it.",
    "command": "Do what {title} says.",
    "agent": "Knows about {title}. Use for questions on it.",
    "rule": "What to heed for {title}.",
    "output-style": "Writes in the manner of {title}.",
}
_COMMANDS = {
    "hook": {
        "hooks": {
            "PostToolUse": [
                {
                    "matcher": "Write|Edit",
                    "hooks": [{"type": "command", "command": "echo a file was written"}],
                }
            ]
        }
    },
    "mcp": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-everything"]},
}
TYPES = (*_TEXTS, *_COMMANDS)
"""The types that a skeleton is known of."""


def skeleton(type_name: str, name: str, description: str | None = None) -> str:
    """Return the text of the one file of a new artifact; `type_name` is one of `TYPES`."""
    if type_name in _COMMANDS:
        return json.dumps(_COMMANDS[type_name], indent=2) + "\n"
    title = name.replace(":", " ").replace("-", " ")
    said = description or _PURPOSES[type_name].format(title=title)
    quoted = json.dumps(said, ensure_ascii=False) if _wants_quotes(said) else said
    return _TEXTS[type_name].format(
        name=name.rpartition(":")[2], title=title.capitalize(), description=quoted
    )


def _wants_quotes(text: str) -> bool:
    """Return whether YAML could read a text as something else."""
    return ": " in text or " #" in text or not text[:1].isalpha() or not text.isprintable()
