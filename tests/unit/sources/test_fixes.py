"""What `lint --fix` does to heads: what is certain, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from holdall.formats.frontmatter import body_of, read_frontmatter
from holdall.sources.checks.fixes import fix_head

BODY = "\nWrite: three lines.\n---\nname: not this\n"


@pytest.mark.parametrize(
    ("head", "fixed"),
    [
        ("name: a\ndescription: Use when: asked", 'name: a\ndescription: "Use when: asked"'),
        ("name: a\ndescription: [x] a list", None),
        ("name: a\ndescription: @me", 'name: a\ndescription: "@me"'),
        ("name: other\ndescription: d", "name: a\ndescription: d"),
        ("description: d", "name: a\ndescription: d"),
        ("name: a\nallowed-tools: [Read, Grep]", "name: a\nallowed-tools: Read Grep"),
        ("name: a\nallowed-tools:\n  - Read\n  - Bash(git:*)\nx: y",
         "name: a\nallowed-tools: Read Bash(git:*)\nx: y"),
        ("name: a\nallowed-tools: Read, Bash(git add, rm)",
         "name: a\nallowed-tools: Read Bash(git add, rm)"),
        ("name: a\nallowed-tools: [Read it, Grep]", None),
        ("name: a\nallowed-tools: Read, {x}, (", None),
        ("name: a\ndescription: one: two\n  goes on", None),
        ("name: a\nname: b", None),
        ("name: a\ndescription: d", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_head(head: str, fixed: str | None, end: str) -> None:
    """A skill's head is fixed, or left as it is where that is not certain."""
    text = f"---\n{head}\n---{BODY}".replace("\n", end)
    wanted = text if fixed is None else f"---\n{fixed}\n---{BODY}".replace("\n", end)
    assert fix_head("skill", "a", text) == wanted


def test_an_agent_gets_a_missing_name_only() -> None:
    """An agent's name may be another one than its file's; a command has none."""
    assert fix_head("agent", "a", "---\nname: b\n---\n") == "---\nname: b\n---\n"
    assert fix_head("agent", "a", "---\nmodel: b\n---\n") == "---\nname: a\nmodel: b\n---\n"
    assert fix_head("command", "a", "---\nmodel: b\n---\n") == "---\nmodel: b\n---\n"


@given(st.text(st.sampled_from("ab:-[]{}\"'#>| \n\r,()@&*!%\u00e9"), max_size=80))
def test_any_head_keeps_its_body_and_its_other_keys(head: str) -> None:
    """Whatever a head says, what differs afterwards is the name and the tools only."""
    text = f"---\n{head}\n---\nbody\n"
    new = fix_head("skill", "a", text)
    assert body_of(new) == body_of(text)
    assert fix_head("skill", "a", new) == new
    if new != text:
        before, after = dict(read_frontmatter(text).values), dict(read_frontmatter(new).values)
        for key in ("name", "allowed-tools"):
            before.pop(key, None), after.pop(key, None)
        assert before == after
