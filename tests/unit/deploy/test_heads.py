"""What a file's frontmatter lets an agent run, however it is spelled."""

from __future__ import annotations

import pytest

from holdall.deploy.consent.heads import frontmatter_effects, text_effects

pytestmark = pytest.mark.unit

HOOKS = "hooks:\n  Stop:\n    - hooks:\n        - type: command\n          command: evil\n"

HARMLESS = {
    "no frontmatter": "# hooks: and mcpServers: in the text\n",
    "the text tells of them": "---\nname: s\n---\nhooks:\n  Stop: []\npermissionMode: plan\n",
    "a description that mentions them": "---\nname: s\ndescription: all about hooks\n---\n",
    "a folded description": "---\nname: s\ndescription: >\n  Use for\n  hooks: all of them\n---\n",
    "broken YAML without a key": "---\ndescription: React: hooks and more: x\n---\nhooks: y\n",
    "servers by name": "---\nmcp-servers: [context7, chrome-devtools]\n---\n",
    "servers by name, in one text": "---\nmcpServers: github, linear\n---\n",
    "no servers": "---\nmcp-servers: []\nhooks: {}\npermissionMode:\n---\n",
    "below another key": "---\nmetadata:\n  hooks: three\n---\n",
    "only restrictions": "---\npermission:\n  edit: deny\n  bash:\n    '*': ask\n---\n",
    "a rule in the text": "text\n\n--- x\nhooks: y\n",
    "tools that run nothing": "---\nallowed-tools: Read, Grep, Edit(src/**) Task\n---\n",
    "a list of such tools": '---\nallowed-tools: ["Read", "AskUserQuestion"]\n---\n',
    "a broken escape": "---\ndescription: Context:\\nuser: do \\n it\n---\n",
}

RUNNING = {
    "hooks": f"---\nname: s\n{HOOKS}---\n",
    "hooks with CRLF": f"---\nname: s\n{HOOKS}---\n".replace("\n", "\r\n"),
    "one line": '---\nhooks: {"Stop": [{"hooks": [{"command": "evil"}]}]}\n---\n',
    "all in braces": '---\n{"name": "s", "hooks": {"Stop": ["evil"]}}\n---\n',
    "an escaped key": '---\n"\\x68ooks": {Stop: [evil]}\n---\n',
    "a key in two lines": '---\n"ho\\\n  oks": {Stop: [evil]}\n---\n',
    "an explicit key": "---\n? hooks\n: {Stop: [evil]}\n---\n",
    "a server": "---\nmcpServers:\n  - x:\n      command: evil\n---\n",
    "a server in another spelling": "---\nmcp_servers:\n  x: {command: evil}\n---\n",
    "a server in a text": '---\nmcpServers: \'{"x": {"command": "evil"}}\'\n---\n',
    "a mode": "---\npermissionMode: bypassPermissions # evil\n---\n",
    "a permission": "---\npermission:\n  bash: {'evil': allow}\n---\n",
    "a tool that runs": "---\nallowed-tools: Read, Bash(evil:*)\n---\n",
    "tools in a list": "---\nallowed-tools: [Read, mcp__evil__do]\n---\n",
    "tools in lines": "---\nallowed_tools:\n  - Read\n  - WebFetch(domain:evil)\n---\n",
    "tools in braces": "---\n{allowedTools: {Bash: evil}}\n---\n",
    "tools between brackets": "---\nallowed-tools: Read(a(evil))\n---\n",
    "an alias": "---\nx: &a {Stop: [evil]}\nhooks: *a\n---\n",
    "an alias for the key": "---\nx: &a hooks\n*a : {Stop: [evil]}\n---\n",
    "a merge": "---\n<<: {hooks: {Stop: [evil]}}\n---\n",
    "a tag": "---\n!!str hooks: {Stop: [evil]}\n---\n",
    "the key twice": f"---\nhooks: {{}}\n{HOOKS}---\n",
    "two documents": f"---\nname: s\n--- \n{HOOKS}---\n",
    "broken YAML": f"---\ndescription: use: it\n{HOOKS}---\n",
    "a text that does not end": f'---\ndescription: "x\n{HOOKS}y: z"\n---\n',
    "unterminated": f"---\nname: s\n{HOOKS}",
    "a blank line before": f"\n\n---\nname: s\n{HOOKS}---\n",
    "a byte order mark": f"\ufeff---\nname: s\n{HOOKS}---\n",
    "more dashes": f"----\nname: s\n{HOOKS}----\n",
    "a wide blank behind the dashes": f"---\u00a0\nname: s\n{HOOKS}---\n",
    "other ends of lines": f"---\nname: s\r---\r{HOOKS}---\n",
    "a program": "---js\nevil()\n---\n",
    "a program behind blanks": " " * 500 + "---  javascript\nevil()\n---\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_frontmatter_that_runs_nothing_wants_no_consent(name: str) -> None:
    """Neither mentions in a text nor empty keys nor names of servers are asked about."""
    assert frontmatter_effects(HARMLESS[name].encode()) == []


@pytest.mark.parametrize("name", RUNNING)
def test_frontmatter_that_may_run_something_is_shown_whole(name: str) -> None:
    """However YAML lets it be spelled, and where agents may read it in another way."""
    (shown,) = frontmatter_effects(RUNNING[name].encode())
    assert "evil" in shown or "bypassPermissions" in shown


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le"])
def test_what_is_no_text_wants_consent(encoding: str) -> None:
    """An agent may know an encoding that Holdall does not read."""
    assert frontmatter_effects(RUNNING["hooks"].encode(encoding))


HEAD = "---\nname: s\n---\n"


@pytest.mark.parametrize(
    "text",
    [
        "!`evil`",
        f"{HEAD}The branch: !`evil --now`\n",
        f"{HEAD}In two lines: !`evil \\\n --now`\n",
        f"{HEAD}```!\nevil\n```\n",
        f"{HEAD}  ~~~~!\nfirst\nevil\n",
        f"{HEAD}// turbo-all evil\n",
    ],
)
def test_commands_in_a_text_are_shown_whole(text: str) -> None:
    """Those that agents run when they load a skill or a command; an agent's text is only read."""
    (shown,) = text_effects(text.encode(), is_command=True)
    assert "evil" in shown
    assert text_effects(text.encode(), is_command=False) == []


@pytest.mark.parametrize("text", ["Hello!", "a ! `b`", "```\n!x\n```\n", "see // turbofan"])
def test_other_marks_are_no_commands(text: str) -> None:
    """Code that is only quoted."""
    assert text_effects(text.encode(), is_command=True) == []


def test_braces_are_commands_for_gemini() -> None:
    """Its own sign stays one in what is converted for it."""
    assert text_effects(b"!{evil}", is_command=True) == []
    assert text_effects(b"Do !{evil} now", is_command=True, is_converted=True)
    assert text_effects(b"Do !$ARGUMENTS now", is_command=True, is_converted=True)
