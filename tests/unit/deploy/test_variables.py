"""What only an installed plugin has is reported where something is deployed without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.deploy.planning.variables import lost_variables, read_lost_variables
from holdall.testing import write

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run ${CLAUDE_PLUGIN_ROOT}/x and $CLAUDE_PLUGIN_ROOT/y", "${CLAUDE_PLUGIN_ROOT} has a"),
        ("in $CLAUDE_PLUGIN_DATA", "${CLAUDE_PLUGIN_DATA} has a value in an installed plugin only"),
        ("Bearer ${user_config.api-key}", "${user_config.api-key} is a setting"),
        ("call mcp__plugin_git_git__log", "mcp__plugin_git_git__log names a tool"),
    ],
)
def test_each_is_said_once(text: str, said: str) -> None:
    """In one sentence, however often it is used."""
    (sentence,) = lost_variables(f"{text}\n{text}")
    assert sentence.startswith(said)


def test_other_variables_are_nothing_of_it(tmp_path: Path) -> None:
    """Those of the environment have a value; what cannot be read is said elsewhere."""
    assert lost_variables("${HOME} $CLAUDE_PROJECT_DIR mcp__git__log ${user}") == ()
    write(tmp_path / "a/SKILL.md", "${CLAUDE_PLUGIN_ROOT}")
    assert len(read_lost_variables("skill", tmp_path / "a")) == 1
    assert read_lost_variables("hook", tmp_path / "a/SKILL.md") == ()
    assert read_lost_variables("agent", tmp_path / "gone.md") == ()
