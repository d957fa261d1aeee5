"""Deploying plain artifacts: what is in the way stays, what came goes, nothing else moves."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactId, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.deploy.planning.plan import DeployRequest, Resolution
from holdall.deploy.targets import BUILTIN_TARGETS, Target
from holdall.errors import (
    ConflictError,
    HoldallError,
    HostilePathError,
    LocalEditError,
    NotFoundError,
    PluginError,
    UsageError,
)
from holdall.files.root import Root
from host_factories import (
    deploy,
    deployer,
    make_collection,
    make_command,
    make_plugin,
    make_project,
    make_skill,
    manifest_text,
    opened,
    plugins_of,
    refresh,
    snapshot,
    undeploy,
    write,
)

pytestmark = pytest.mark.integration

CLAUDE = BUILTIN_TARGETS["claude"]
OTHER = replace(CLAUDE, name="other", root=RelPath.parse(".other"))
UUID = "a" * 12 + "4" + "a" * 19


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with the skills a and b and a command."""
    root = make_collection(tmp_path / "kit", "a", "b")
    (root / "skills/a/run.sh").write_text("#!/bin/sh\n")
    (root / "skills/a/run.sh").chmod(0o755)
    (root / "skills/a/link").symlink_to("run.sh")
    make_command(root, "git/commit")
    refresh(root)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with files of its own."""
    return make_project(tmp_path / "project")


def skill(project: Path, name: str = "a", target: str = ".claude") -> Path:
    """Return where a skill's main file lies in a project."""
    return project / target / "skills" / name / "SKILL.md"


def with_members(members: dict[str, list[str]], uuids: dict[str, str] | None = None) -> object:
    """Return plugins that know what composites bring."""

    def answer(request: DeployRequest) -> Resolution:
        brought = {
            asked: tuple(map(ArtifactId.parse, members.get(str(asked), [str(asked)])))
            for asked in request.ids
        }
        return Resolution(brought, {ArtifactId.parse(i): u for i, u in (uuids or {}).items()})

    return plugins_of(make_plugin(deploy_resolve=answer))


def test_everything_arrives_byte_for_byte(root: Path, project: Path) -> None:
    """Contents, modes and links; the project's own files are not touched."""
    own = snapshot(project)
    result = deploy(root, project, "skill:a", "command:git:commit")
    arrived = snapshot(project, times=False)
    for path, what in snapshot(root, times=False, without=[".holdall"]).items():
        if path.startswith(("skills/a/", "commands/git/")):
            assert arrived[f".claude/{path}"] == what
    files = {path: what for path, what in own.items() if isinstance(what[1], bytes)}
    assert files.items() <= snapshot(project).items()
    assert result.outcome is not None
    assert [str(p.id) for p in result.plan.placed] == ["skill:a", "command:git:commit"]


def test_an_unchanged_deploy_writes_nothing(root: Path, project: Path) -> None:
    """Not even a time changes; neither with ids nor without."""
    deploy(root, project, "skill:a", "skill:b")
    before = snapshot(project, without=["lock"])
    assert deploy(root, project, "skill:a").outcome is None
    assert deploy(root, project).outcome is None
    assert snapshot(project, without=["lock"]) == before


def test_a_dry_run_writes_nothing(root: Path, project: Path) -> None:
    """But it says what would be done."""
    before = snapshot(project)
    result = deploy(root, project, "skill:a", dry_run=True)
    assert snapshot(project) == before
    assert not (project / ".holdall/ledger.json").exists()
    assert result.outcome is None
    assert len(result.arrangement.actions) == 3
    deploy(root, project, "skill:a")
    before = snapshot(project, without=["lock"])
    undeploy(root, project, "skill:a", dry_run=True)
    assert snapshot(project, without=["lock"]) == before


def test_undeploy_restores_the_project(root: Path, project: Path) -> None:
    """Every file and folder is as before, `.holdall` apart; times of files included."""
    (project / ".claude/commands").mkdir()
    before = snapshot(project)
    deploy(root, project, "skill:a", "command:git:commit")
    deploy(root, project, "skill:b")
    undeploy(root, project, "skill:a", "git:commit")
    undeploy(root, project, "b")
    after = snapshot(project)
    assert after.keys() == before.keys()
    files = {path for path, what in before.items() if isinstance(what[1], bytes)}
    assert {p: after[p] for p in files} == {p: before[p] for p in files}
    assert not (project / ".holdall/ledger.json").exists()


def test_a_project_without_anything_is_empty_again(root: Path, tmp_path: Path) -> None:
    """Folders that Holdall made go when they become empty."""
    (tmp_path / "empty").mkdir()
    deploy(root, tmp_path / "empty", "skill:a", "command:git:commit")
    undeploy(root, tmp_path / "empty", "skill:a", "command:git:commit")
    assert [p.name for p in (tmp_path / "empty").iterdir()] == [".holdall"]


def test_a_folder_with_somebodys_file_stays(root: Path, project: Path) -> None:
    """Undeploy removes files of Holdall, and folders only when nothing is in them."""
    deploy(root, project, "skill:a")
    notes = skill(project).with_name("notes.md")
    notes.write_text("mine")
    undeploy(root, project, "skill:a")
    assert [p.name for p in notes.parent.iterdir()] == ["notes.md"]
    assert notes.read_text() == "mine"


def test_an_update_replaces_adds_and_deletes(root: Path, project: Path) -> None:
    """What the collection has is what lies there, also where files and folders swap places."""
    make_skill(root, "a", "1", **{"file": "x", "dir/one": "x", "dir/sub/two": "x", "gone/x": "x"})
    refresh(root)
    deploy(root, project, "skill:a")
    shutil.rmtree(root / "skills/a")
    make_skill(root, "a", "2", **{"file/one": "y", "file/sub/two": "y", "dir": "y"})
    refresh(root)
    result = deploy(root, project, "skill:a")
    assert result.outcome is not None
    assert result.outcome.conflicts == ()
    assert snapshot(skill(project).parent, times=False) == snapshot(root / "skills/a", times=False)
    before = snapshot(project)
    assert deploy(root, project).outcome is None
    assert snapshot(project) == before
    undeploy(root, project, "skill:a")
    assert not skill(project).parent.exists()


def test_a_folder_with_foreign_files_never_becomes_a_file(root: Path, project: Path) -> None:
    """Somebody's file in it is a reason to refuse, with force too."""
    make_skill(root, "a", "1", **{"dir/one": "x"})
    refresh(root)
    deploy(root, project, "skill:a")
    (skill(project).parent / "dir/mine").write_text("mine")
    shutil.rmtree(root / "skills/a")
    make_skill(root, "a", "2", dir="y")
    refresh(root)
    before = snapshot(project)
    for force in (False, True):
        with pytest.raises(ConflictError):
            deploy(root, project, force=force)
    assert snapshot(project) == before


def test_an_edited_file_is_refused(root: Path, project: Path) -> None:
    """Nothing at all is written, and every file in the way is named."""
    deploy(root, project, "skill:a", "skill:b")
    for name in ("a", "b"):
        skill(project, name).write_text("edited here")
        make_skill(root, name, "new")
    refresh(root)
    before = snapshot(project)
    with pytest.raises(LocalEditError) as caught:
        deploy(root, project)
    assert snapshot(project) == before
    assert ".claude/skills/a/SKILL.md: changed by hand" in caught.value.message
    assert ".claude/skills/b/SKILL.md: changed by hand" in caught.value.message


def test_a_changed_mode_or_kind_is_an_edit(root: Path, project: Path) -> None:
    """A file made executable, or replaced by a link, was changed by hand."""
    deploy(root, project, "skill:a")
    make_skill(root, "a", "new")
    refresh(root)
    skill(project).chmod(0o755)
    with pytest.raises(LocalEditError):
        deploy(root, project)
    skill(project).unlink()
    skill(project).symlink_to(project / "src/main.py")
    with pytest.raises(LocalEditError):
        deploy(root, project)
    deploy(root, project, force=True)
    assert (project / "src/main.py").read_text() == "print('hello')\n"
    assert not skill(project).is_symlink()


def test_an_edit_that_would_be_deleted_is_refused(root: Path, project: Path) -> None:
    """A file that the new version does not have any more."""
    deploy(root, project, "skill:a")
    (skill(project).parent / "run.sh").write_text("my own script")
    (root / "skills/a/run.sh").unlink()
    (root / "skills/a/link").unlink()
    refresh(root)
    before = snapshot(project)
    with pytest.raises(LocalEditError):
        deploy(root, project)
    assert snapshot(project) == before


def test_an_edited_file_blocks_even_an_equal_version(root: Path, project: Path) -> None:
    """The edit is no reason to be silent: deploy says so, whether or not the collection moved."""
    deploy(root, project, "skill:a")
    skill(project).write_text("edited here")
    with pytest.raises(LocalEditError):
        deploy(root, project, "skill:a")


def test_force_keeps_a_backup(root: Path, project: Path) -> None:
    """Edited and foreign files are replaced, and every byte of them is found again."""
    deploy(root, project, "skill:a")
    skill(project).write_text("edited here")
    skill(project, "b").parent.mkdir()
    skill(project, "b").write_text("foreign")
    result = deploy(root, project, "skill:a", "skill:b", force=True)
    assert result.outcome is not None
    kept = {path: (project / place).read_text() for path, place in result.outcome.backups}
    assert kept == {
        ".claude/skills/a/SKILL.md": "edited here",
        ".claude/skills/b/SKILL.md": "foreign",
    }
    assert skill(project, "b").read_bytes() == (root / "skills/b/SKILL.md").read_bytes()


def test_a_foreign_file_is_refused(root: Path, project: Path) -> None:
    """What Holdall did not put there is not Holdall's."""
    skill(project, "a").parent.mkdir()
    skill(project, "a").write_text("foreign")
    before = snapshot(project)
    with pytest.raises(LocalEditError, match="not put there by Holdall"):
        deploy(root, project, "skill:a", "skill:b")
    assert snapshot(project) == before


def test_an_identical_foreign_file_is_adopted(root: Path, project: Path) -> None:
    """It is not written again, and counts as deployed from then on."""
    shutil.copytree(root / "skills/a", skill(project).parent, symlinks=True)
    before = snapshot(skill(project).parent)
    deploy(root, project, "skill:a")
    assert snapshot(skill(project).parent) == before
    make_skill(root, "a", "new")
    refresh(root)
    deploy(root, project)
    assert "new" in skill(project).read_text()


@pytest.mark.parametrize("force", [False, True])
def test_strange_things_in_the_way_are_refused(root: Path, project: Path, force: bool) -> None:
    """A folder for a file, a file for a folder, a link on the way: with force too."""
    skill(project, "a").mkdir(parents=True)
    (skill(project, "a") / "mine").write_text("mine")
    (project / ".claude/skills/b").write_text("a file")
    (project / "elsewhere").mkdir()
    (project / ".claude/commands").symlink_to(project / "elsewhere")
    before = snapshot(project)
    for artifact_id, error in (
        ("skill:a", ConflictError),
        ("skill:b", HostilePathError),
        ("command:git:commit", HostilePathError),
    ):
        with pytest.raises(error):
            deploy(root, project, artifact_id, force=force)
    assert snapshot(project) == before


def test_two_artifacts_cannot_want_one_path(root: Path, project: Path) -> None:
    """Refused with both names, nothing written."""
    places = {**CLAUDE.places, "agent": TypeSpec("agent", "commands", Shape.FILE, ".md")}
    (root / "agents/git").mkdir(parents=True)
    (root / "agents/git/commit.md").write_text("an agent")
    refresh(root)
    before = snapshot(project)
    with pytest.raises(ConflictError, match="command:git:commit and agent:git:commit would both"):
        deploy(
            root,
            project,
            "command:git:commit",
            "agent:git:commit",
            targets=[replace(CLAUDE, places=places)],
        )
    assert snapshot(project) == before


def test_a_name_that_folds_to_a_deployed_one_is_refused(root: Path, project: Path) -> None:
    """On some machine they would be one folder."""
    deploy(root, project, "skill:a")
    other = make_collection(root.parent / "other", "A")
    before = snapshot(project)
    with pytest.raises(ConflictError):
        deploy(other, project, "skill:A")
    assert snapshot(project) == before


@pytest.mark.parametrize(
    "twin", [".claude/skills/A/SKILL.md", ".claude/skills/a/skill.md", ".claude/Skills/x"]
)
def test_what_differs_by_case_from_a_file_of_the_users_is_refused(
    root: Path, project: Path, twin: str
) -> None:
    """In a checkout on another system one of the two would be lost; forced, both are there."""
    if twin.startswith(".claude/Skills"):
        shutil.rmtree(project / ".claude/skills")
    write(project / twin, "mine\n")
    before = snapshot(project)
    with pytest.raises(ConflictError, match="case-insensitive"):
        deploy(root, project, "skill:a")
    assert snapshot(project) == before
    deploy(root, project, "skill:a", force=True)
    assert (project / twin).read_text() == "mine\n"
    assert skill(project).exists()


def test_twins_that_are_there_already_are_nobodys_business(root: Path, project: Path) -> None:
    """Who has both spellings has a system that tells them apart."""
    write(project / ".claude/Skills/x", "mine\n")
    write(project / ".claude/SKILLS/x", "mine\n")
    deploy(root, project, "skill:a")
    assert skill(project).exists()


def test_a_folder_of_another_case_is_used_where_case_does_not_count(
    root: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it is the folder that is wanted; what such a system answers is made up here."""
    (project / ".claude/skills").rename(project / ".claude/Skills")
    real = Root.stat_of

    def stat_of(self: Root, path: RelPath) -> os.stat_result | None:
        return real(self, RelPath(path.replace(".claude/skills", ".claude/Skills")))

    with monkeypatch.context() as patched:
        patched.setattr(Root, "stat_of", stat_of)
        deploy(root, project, "skill:a")
    undeploy(root, project, "skill:a")
    with pytest.raises(ConflictError):
        deploy(root, project, "skill:b")


def test_an_artifact_may_change_its_case(root: Path, project: Path) -> None:
    """Its own old files are no twins of its new ones."""
    write(root / "skills/a/Notes/Some.md", "x")
    deploy(root, project, "skill:a")
    (root / "skills/a/Notes/Some.md").rename(root / "skills/a/some.md")
    (root / "skills/a/Notes").rename(root / "skills/a/notes")
    (root / "skills/a/some.md").rename(root / "skills/a/notes/some.md")
    deploy(root, project, "skill:a")
    assert skill(project).with_name("notes").joinpath("some.md").exists()
    assert not skill(project).with_name("Notes").exists()


def test_no_artifact_is_written_as_settings(root: Path, project: Path) -> None:
    """Whatever places a plugin's target has, what an agent acts upon is merged into only."""
    spec = TypeSpec("command", "opencode", Shape.FILE, ".json")
    target = Target("odd", RelPath.parse(".config"), {"command": spec})
    make_command(root, "opencode")
    refresh(root)
    with pytest.raises(HostilePathError, match="settings of an agent"):
        deploy(root, project, "command:opencode", targets=[target])
    assert not (project / ".config").exists()


def test_a_shared_artifact_stays_while_somebody_wants_it(root: Path, project: Path) -> None:
    """Wanted by itself and by two composites, it goes with the last of them."""
    kit = root / "manifest.toml"
    kit.write_text(
        kit.read_text() + '\n[[composites]]\nname = "k1"\n\n[[composites]]\nname = "k2"\n'
    )
    plugins = with_members({"composite:k1": ["skill:a", "skill:b"], "composite:k2": ["skill:a"]})
    before = snapshot(project, times=False)
    for request in ("composite:k1", "composite:k2", "skill:a"):
        deploy(root, project, request, plugins=plugins)
    assert undeploy(root, project, "skill:a").warnings == (
        "skill:a stays: still needed by composite:k2, composite:k1",
    )
    undeploy(root, project, "composite:k1")
    assert skill(project, "a").exists()
    assert not skill(project, "b").exists()
    undeploy(root, project, "composite:k2")
    assert snapshot(project, times=False) == before


def test_a_member_that_left_its_composite_goes(root: Path, project: Path) -> None:
    """Unless it was asked for by itself."""
    kit = root / "manifest.toml"
    kit.write_text(kit.read_text() + '\n[[composites]]\nname = "k"\n')
    both = with_members({"composite:k": ["skill:a", "skill:b"]})
    one = with_members({"composite:k": ["skill:a"]})
    deploy(root, project, "composite:k", plugins=both)
    deploy(root, project, plugins=one)
    assert not skill(project, "b").exists()
    deploy(root, project, "composite:k", "skill:b", plugins=both)
    deploy(root, project, plugins=one)
    assert skill(project, "b").exists()


def test_a_renamed_artifact_keeps_all_who_want_it(root: Path, project: Path) -> None:
    """After a rename, undeploying one composite must not take the other's member away."""
    kit = root / "manifest.toml"
    kit.write_text(
        kit.read_text().replace('name = "a"\n', f'name = "a"\nuuid = "{UUID}"\n')
        + '\n[[composites]]\nname = "k1"\n\n[[composites]]\nname = "k2"\n'
    )
    old = with_members(
        {"composite:k1": ["skill:a"], "composite:k2": ["skill:a"]}, {"skill:a": UUID}
    )
    deploy(root, project, "composite:k1", "composite:k2", plugins=old)
    (root / "skills/a").rename(root / "skills/z")
    refresh(root)
    new = with_members(
        {"composite:k1": ["skill:z"], "composite:k2": ["skill:z"]}, {"skill:z": UUID}
    )
    result = deploy(root, project, "composite:k1", plugins=new)
    assert [str(p.id) for p in result.plan.placed] == ["skill:z"]
    assert result.plan.withdrawn == ()
    assert not skill(project, "a").exists()
    undeploy(root, project, "composite:k1")
    assert skill(project, "z").exists()
    undeploy(root, project, "composite:k2")
    assert not skill(project, "z").exists()


def test_a_member_without_files_is_the_plugins_fault(root: Path, project: Path) -> None:
    """A composite named as a member to deploy is told, not a crash."""
    kit = root / "manifest.toml"
    kit.write_text(kit.read_text() + '\n[[composites]]\nname = "k"\n')
    plugins = with_members({"composite:k": ["composite:k"]})
    with pytest.raises(PluginError):
        deploy(root, project, "composite:k", plugins=plugins)


def test_a_type_of_members_that_nothing_knows_cannot_be_deployed(root: Path, project: Path) -> None:
    """Only composites are deployed by their members."""
    bundle = TypeSpec("bundle", "bundles", Shape.MEMBERS)
    plugin = make_plugin(register_types=lambda: [bundle])
    entry = '\n[[artifacts]]\nname = "x"\ntype = "bundle"\npath = "bundles/x"\norigin = "local"\n'
    (root / "manifest.toml").write_text(manifest_text(root) + entry)
    collection = opened(root, types={**BUILTIN_TYPES, "bundle": bundle})
    chosen = replace(deployer(root, project, plugins=plugins_of(plugin)), collection=collection)
    with pytest.raises(UsageError, match="bundle:x cannot be deployed"):
        chosen.deploy([ArtifactId("bundle", "x")])


def test_an_edited_file_stays_on_undeploy(root: Path, project: Path) -> None:
    """It is named, everything else goes, and it is nobody's afterwards."""
    deploy(root, project, "skill:a")
    skill(project).write_text("edited here")
    result = undeploy(root, project, "skill:a")
    assert any(".claude/skills/a/SKILL.md" in warning for warning in result.warnings)
    assert [p.name for p in skill(project).parent.iterdir()] == ["SKILL.md"]
    assert skill(project).read_text() == "edited here"
    with pytest.raises(LocalEditError, match="not put there by Holdall"):
        deploy(root, project, "skill:a")


def test_a_forced_undeploy_keeps_a_backup(root: Path, project: Path) -> None:
    """The edited file goes, its bytes do not."""
    deploy(root, project, "skill:a")
    skill(project).write_text("edited here")
    result = undeploy(root, project, "skill:a", force=True)
    assert result.outcome is not None
    ((path, place),) = result.outcome.backups
    assert path == ".claude/skills/a/SKILL.md"
    assert (project / place).read_text() == "edited here"
    assert not skill(project).parent.exists()


def test_files_that_are_gone_already_are_no_problem(root: Path, project: Path) -> None:
    """Undeploy forgets them; deploy puts them back."""
    deploy(root, project, "skill:a")
    shutil.rmtree(skill(project).parent)
    deploy(root, project)
    assert skill(project).exists()
    shutil.rmtree(project / ".claude")
    undeploy(root, project, "skill:a")
    assert not (project / ".claude").exists()


def test_each_target_is_by_itself(root: Path, project: Path) -> None:
    """Taking an artifact out of one target leaves it in the other, still asked for."""
    plugins = plugins_of(make_plugin(register_targets=lambda: [OTHER]))
    deploy(root, project, "skill:a", targets=[CLAUDE, OTHER], plugins=plugins)
    other = snapshot(project / ".other")
    undeploy(root, project, "skill:a", targets=[CLAUDE], plugins=plugins)
    assert not skill(project).exists()
    assert snapshot(project / ".other") == other
    undeploy(root, project, "skill:a", targets=[OTHER], plugins=plugins)
    assert not (project / ".other").exists()
    assert not (project / ".holdall/ledger.json").exists()


def test_a_type_that_the_target_does_not_know_is_told(root: Path, project: Path) -> None:
    """The others arrive."""
    target = Target("few", RelPath.parse(".few"), {"skill": CLAUDE.places["skill"]})
    said: list[str] = []
    deploy(root, project, "skill:a", "command:git:commit", targets=[target], said=said)
    assert said == ["few does not support the type command: command:git:commit left out"]
    assert not (project / ".few/commands").exists()
    assert skill(project, target=".few").exists()


def test_what_left_the_collection_stays_in_the_project(root: Path, project: Path) -> None:
    """Renewing does not take away what nobody asked to take away."""
    deploy(root, project, "skill:a", "skill:b")
    shutil.rmtree(root / "skills/b")
    refresh(root)
    before = snapshot(project)
    said: list[str] = []
    deploy(root, project, said=said)
    assert said == ["skill:b is no longer in the collection; left as it is"]
    assert snapshot(project) == before
    undeploy(root, project, "skill:b")
    assert not skill(project, "b").exists()


@pytest.mark.parametrize(
    ("request_id", "error"),
    [("skill:nothing", NotFoundError), ("composite:none", NotFoundError)],
)
def test_unknown_ids_are_errors(
    root: Path, project: Path, request_id: str, error: type[HoldallError]
) -> None:
    """Nothing is written then."""
    before = snapshot(project)
    with pytest.raises(error):
        deploy(root, project, "skill:a", request_id)
    with pytest.raises(NotFoundError):
        undeploy(root, project, request_id)
    with pytest.raises(UsageError):
        deploy(root, project)
    assert snapshot(project) == before


def test_unsafe_files_are_left_out_and_told(root: Path, project: Path) -> None:
    """A link out of the artifact is not deployed."""
    (root / "skills/a/passwd").symlink_to("/etc/passwd")
    said: list[str] = []
    deploy(root, project, "skill:a", said=said)
    assert not (skill(project).parent / "passwd").is_symlink()
    assert "left out passwd" in said[0]
