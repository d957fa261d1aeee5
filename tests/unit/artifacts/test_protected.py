"""Places that no artifact may write to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import PROTECTED, refuse_protected
from holdall.deploy.targets import BUILTIN_TARGETS, USER_TARGETS
from holdall.errors import HostilePathError
from holdall.files.tree import folder_tree
from holdall.sources.naming import safe_name
from host_factories import make_skill

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        ".git", ".git/hooks/x", ".GIT/config", ".g\u200dit/x", "git~1/config", "GIT~2",
        ".claude/skills/x/.Git/config", ".claude/skills/x/git~1/hooks/post-checkout",
        ".holdall/lock", ".HoldAll/tx/1/plan", ".gitmodules", "GITMOD~1", "gi7eba~1", ".envrc",
        ".bashrc", ".ZSHENV", ".profile", ".config/fish/config.fish", ".ssh/authorized_keys",
        ".SSH/rc", ".local/bin/git", ".vscode/settings.json", ".vscode/Tasks.json",
        ".github/workflows/x.yml", ".config/autostart/x.desktop",
    ],
)  # fmt: skip
def test_protected(text: str) -> None:
    """What git, shells, sessions and editors act upon is never written, however it is spelled."""
    with pytest.raises(HostilePathError, match="no artifact may write"):
        refuse_protected(RelPath.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        ".gitignore", ".github/prompts/x.prompt.md", ".claude/.git-notes", "holdall/x",
        ".vscode/mcp.json", ".config/opencode/agents/x.md", ".holdall/ledger.json", "digit~1/x",
        ".claude/skills/x/.vscode/settings.json", ".claude/commands/git.md", "skills/git/SKILL.md",
    ],
)  # fmt: skip
def test_not_protected(text: str) -> None:
    """Names that only begin alike are free, and so is what lies below an artifact."""
    refuse_protected(RelPath.parse(text))


_IGNORED = st.sampled_from(["", "", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u206a"])


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """Some spelling of a protected place that some file system takes for it."""
    place = draw(st.sampled_from([*sorted(PROTECTED), ".git"]))
    spelled = "".join(
        draw(_IGNORED) + (c.upper() if draw(st.booleans()) else c) + draw(_IGNORED) for c in place
    )
    below = draw(st.sampled_from(["", "/x", "/x/y.md"]))
    above = draw(st.sampled_from(["", "a/", ".claude/skills/x/"])) if place == ".git" else ""
    return f"{above}{spelled}{below}"


@given(spellings())
def test_no_spelling_gets_through(text: str) -> None:
    """Whatever the case, whatever invisible characters are in between, at any depth for git."""
    with pytest.raises(HostilePathError):
        refuse_protected(RelPath.parse(text))


def test_no_target_leads_to_a_protected_place() -> None:
    """Every place of the table can be written to; protected places are in lower case."""
    assert {place.lower() for place in PROTECTED} == PROTECTED
    for target in (*BUILTIN_TARGETS.values(), *USER_TARGETS.values()):
        for spec in target.places.values():
            refuse_protected(target.root.join_path(RelPath.parse(f"{spec.folder}/x{spec.suffix}")))
        for merge in target.merges.values():
            refuse_protected(merge.path)


def test_an_artifact_with_a_repository_in_it_is_taken_without_it(tmp_path: Path) -> None:
    """`.git` is left out as ever; what another file system would take for it is a problem."""
    skill = make_skill(tmp_path, "x", "text", **{".git/config": "[core]", ".GIT/config": "[core]"})
    (skill / "git~1").write_text("gitdir: ../evil")
    tree = folder_tree(skill)
    assert [file.path for file in tree.files] == ["SKILL.md"]
    assert {(p.path, p.code) for p in tree.problems} == {
        (".GIT/config", "hostile-path"),
        ("git~1", "hostile-path"),
    }


def test_no_artifact_is_called_like_a_repository() -> None:
    """A name that only a protected place has gets its type in front."""
    assert safe_name("skill", "git~1") == "skill-git~1"
