"""An agent's folder that is a link, and a project that is a collection: followed, refused, said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from e2e.kit import Kit, in_this_process, tree
from holdall.artifacts.paths import RelPath
from holdall.deploy.targets import BUILTIN_TARGETS, USER_TARGETS
from holdall.errors import ConflictError, HostilePathError
from holdall.files.root import Root
from host_factories import deploy, make_collection, make_project, undeploy

pytestmark = pytest.mark.integration

SKILL = "skills/a/SKILL.md"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with two skills."""
    return make_collection(tmp_path / "kit", "a", "b")


@pytest.mark.parametrize(
    ("place", "link"),
    [
        ("project", "config/claude"),
        ("project", "../shared/claude"),
        ("project", "{home}/dotfiles/claude"),
        (".", "dotfiles/claude/.claude"),
        (".", "{home}/.dotfiles/claude"),
    ],
)
def test_a_link_to_a_folder_of_ones_own_is_followed(
    root: Path, home: Path, place: str, link: str
) -> None:
    """From deploy to undeploy, as if it were the folder; the link stays, and what was there."""
    project = home / place
    project.mkdir(exist_ok=True)
    real = Path(os.path.normpath(project / link.format(home=home)))
    real.mkdir(parents=True)
    (real / "mine").write_text("mine")
    (project / ".claude").symlink_to(link.format(home=home))
    before = tree(real)
    deploy(root, project, "skill:a", "skill:b")
    assert (real / SKILL).exists() and (real / ".skillmeat-deployed.toml").exists()
    undeploy(root, project, "skill:b")
    assert not (real / "skills/b").exists()
    undeploy(root, project, "skill:a")
    assert (project / ".claude").is_symlink()
    assert tree(real) == before


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("{home}/.claude", "for other projects"),
        ("{home}", "for other projects"),
        ("{home}/other/.claude", "for other projects"),
        ("/usr", "leads out of"),
        ("../../elsewhere", "leads out of"),
        (".", "may write to"),
        (".git", "may write to"),
        (".github", "may write to"),
        (".holdall", "may write to"),
        ("nothing", "no folder of yours"),
        ("file", "no folder of yours"),
        (".claude", "no folder of yours"),
    ],
)
def test_other_links_are_refused(root: Path, home: Path, link: str, reason: str) -> None:
    """With what is wrong with it and what to do; nothing is written on either side."""
    project = home / "project"
    for path in (".git", ".github", ".holdall"):
        (project / path).mkdir(parents=True)
    (project / "file").write_text("mine")
    for folder in (home / ".claude", home / "other/.claude", home.parent / "elsewhere"):
        folder.mkdir(parents=True)
    (project / ".claude").symlink_to(link.format(home=home))
    before = tree(home)
    with pytest.raises(HostilePathError, match=reason) as caught:
        deploy(root, project, "skill:a")
    assert "deploy to where it leads" in str(caught.value.hint)
    left = {path for path in tree(home) if not path.startswith("project/.holdall/")}
    assert left == set(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders to others")
def test_a_link_to_a_folder_of_somebody_else_is_refused(root: Path, home: Path) -> None:
    """Whoever it is could change what the agent reads."""
    project = make_project(home / "project")
    (home / "theirs").mkdir()
    os.chown(home / "theirs", 12345, -1)
    (project / ".agents").symlink_to("../theirs")
    with pytest.raises(HostilePathError, match="no folder of yours"):
        deploy(root, project, "skill:a", targets=[BUILTIN_TARGETS["codex"]])
    assert list((home / "theirs").iterdir()) == []


def test_one_folder_of_two_agents(root: Path, home: Path) -> None:
    """It is deployed into for one of them: else removing it for one would remove it for both."""
    project = home / "project"
    (project / ".claude/skills").mkdir(parents=True)
    (project / ".agents").symlink_to(".claude")
    claude, codex = BUILTIN_TARGETS["claude"], BUILTIN_TARGETS["codex"]
    deploy(root, project, "skill:a", targets=[claude])
    for targets in ([codex], [claude, codex]):
        with pytest.raises(ConflictError, match="one folder"):
            deploy(root, project, "skill:a", targets=targets)
    assert (project / ".claude" / SKILL).exists()


def test_settings_behind_a_link_in_a_home(root: Path, home: Path) -> None:
    """A folder in `.config` may be a link, too."""
    (home / "dotfiles/opencode").mkdir(parents=True)
    (home / ".config").mkdir()
    (home / ".config/opencode").symlink_to("../dotfiles/opencode")
    deploy(root, home, "skill:a", targets=[USER_TARGETS["opencode"]])
    assert (home / "dotfiles/opencode" / SKILL).exists()


def test_a_link_deeper_down_is_not_followed(home: Path) -> None:
    """It came with what is in there."""
    (home / ".claude/skills").mkdir(parents=True)
    (home / "real").mkdir()
    (home / ".claude/skills/a").symlink_to("../../real")
    with Root(home) as opened, pytest.raises(HostilePathError):
        opened.state_of(RelPath.parse(".claude/skills/a/SKILL.md"))


@pytest.mark.parametrize("place", [".", "skills/a", "sub"])
def test_a_deploy_into_a_collection_warns(tmp_path: Path, own_state: Path, place: str) -> None:
    """Into its own or another one's: done as asked, and said."""
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    make_collection(tmp_path / "other", "a")
    (tmp_path / "other" / place).mkdir(exist_ok=True)
    kit.run("collect", tmp_path / "other")
    done = kit.command("deploy", "skill:a", "--to", tmp_path / "other" / place)
    assert (done.returncode, f"the collection {tmp_path / 'other'}" in done.stderr) == (1, True)
