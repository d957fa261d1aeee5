"""Rules: their scope in each agent's words, kept where they are and converted exactly."""

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.rules import (
    Apply,
    Dialect,
    Scope,
    read_scope,
    rule_as_block,
    rule_for,
    rule_to_collect,
)

pytestmark = pytest.mark.unit

AGENTS = [dialect for dialect in Dialect if dialect is not Dialect.COLLECTED]


@pytest.mark.parametrize(
    ("dialect", "head", "scope"),
    [
        (Dialect.CURSOR, "description: d\nglobs: **/*.ts, *.{a,b}\nalwaysApply: false\n",
         Scope(Apply.GLOBS, ("**/*.ts", "*.{a,b}"))),
        (Dialect.CURSOR, "alwaysApply: true\nglobs: x\n", Scope(Apply.ALWAYS)),
        (Dialect.CURSOR, "description: d\n", Scope(Apply.DESCRIPTION)),
        (Dialect.CURSOR, "x: y\n", Scope(Apply.REQUEST)),
        (Dialect.CLAUDE, "paths:\n- a\n- b\n", Scope(Apply.GLOBS, ("a", "b"))),
        (Dialect.CLAUDE, "description: d\n", Scope(Apply.ALWAYS)),
        (Dialect.COPILOT, "applyTo: '**'\n", Scope(Apply.ALWAYS)),
        (Dialect.COPILOT, "applyTo: 'a,b'\n", Scope(Apply.GLOBS, ("a", "b"))),
        (Dialect.COPILOT, "name: n\n", Scope(Apply.REQUEST)),
        (Dialect.WINDSURF, "trigger: model_decision\ndescription: d\n", Scope(Apply.DESCRIPTION)),
        (Dialect.WINDSURF, "description: d\n", Scope(Apply.REQUEST)),
        (Dialect.KIRO, "inclusion: fileMatch\nfileMatchPattern: [a]\n",
         Scope(Apply.GLOBS, ("a",))),
        (Dialect.KIRO, "title: t\n", Scope(Apply.ALWAYS)),
        (Dialect.COLLECTED, "description: d\n", Scope(Apply.ALWAYS)),
    ],
)  # fmt: skip
def test_scopes(dialect: Dialect, head: str, scope: Scope) -> None:
    """Each agent's words are read as its documentation says, and collecting keeps what they say."""
    text = f"---\n{head}---\nbody\n"
    assert read_scope(text, dialect) == scope
    assert read_scope(rule_to_collect(text, dialect)) == scope


def test_a_rule_that_says_its_scope_is_kept() -> None:
    """A file is changed only where without its agent it would mean something else."""
    text = "---\nglobs: src/**\nalwaysApply: false\nauthor: me\n---\nbody\n"
    assert rule_to_collect(text, Dialect.CURSOR) == text
    assert rule_to_collect("plain\n", Dialect.CLAUDE) == "plain\n"
    assert rule_to_collect("plain\n", Dialect.CURSOR) == "---\ntrigger: manual\n---\nplain\n"
    head = "---\r\nauthor: me\r\n---\r\nbody"
    assert rule_to_collect(head, Dialect.COPILOT) == head.replace(
        "---", "---\r\ntrigger: manual", 1
    )


def test_conversions() -> None:
    """The lines of the scope are replaced, and nothing else; what cannot be said has a reason."""
    text = "---\nauthor: me\nglobs: a,b\nalwaysApply: false\ndescription: d\n---\nbody\n"
    kept = "author: me\ndescription: d\n---\nbody\n"
    assert rule_for(text, Dialect.CURSOR) == text
    assert rule_for(text, Dialect.CLAUDE) == f'---\npaths: ["a", "b"]\n{kept}'
    assert rule_for(text, Dialect.COPILOT) == f'---\napplyTo: "a,b"\n{kept}'
    assert rule_for(text, Dialect.WINDSURF) == f'---\ntrigger: glob\nglobs: "a,b"\n{kept}'
    manual = "---\ntrigger: manual\ndescription: d\n---\nbody\n"
    assert rule_for(manual, Dialect.CURSOR) == "---\nalwaysApply: false\n---\nbody\n"
    with pytest.raises(ValueError, match="asks for it"):
        rule_for(manual, Dialect.CLAUDE)
    with pytest.raises(ValueError, match="asks for it"):
        rule_as_block(manual)
    assert rule_as_block(text) == "For files that match `a`, `b`:\n\nbody"
    always = "---\nalwaysApply: true\npaths: a\n---\nbody"
    assert rule_for(always, Dialect.CURSOR) == '---\nglobs: ["a"]\nalwaysApply: false\n---\nbody'


KEYS = ["alwaysApply", "applyTo", "description", "fileMatchPattern", "globs", "inclusion", "name",
        "paths", "trigger"]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["true", "false", "always_on", "glob", "manual", "model_decision", "auto",
                     "fileMatch", "**", "[a, b]", '["a", "{b,c}"]', "\n  - a\n  - b", ""]),
    st.text("ab{},*[]\"': ", max_size=12),
)  # fmt: skip
HEADS = st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=5)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.builds(
        lambda head, body: "---\n" + "".join(f"{k}: {v}\n" for k, v in head) + f"---\n{body}",
        HEADS, st.text(max_size=20),
    ),
)  # fmt: skip


@given(TEXTS, st.sampled_from(AGENTS))
def test_conversions_are_total_and_idempotent(text: str, dialect: Dialect) -> None:
    """Any text has a scope, or a reason why an agent cannot have it; twice is as once."""
    collected = rule_to_collect(text, dialect)
    assert rule_to_collect(collected, Dialect.COLLECTED) == collected
    try:
        found = rule_for(text, dialect)
    except ValueError:
        return
    assert read_scope(found, dialect) == read_scope(text)
    again = rule_to_collect(found, dialect)
    assert read_scope(again) == read_scope(text) or again == found
