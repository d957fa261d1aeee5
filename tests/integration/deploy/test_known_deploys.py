"""Deploys into a project whose files are known by their status: the same plan, less reading."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.ids import ArtifactId, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import LEDGER
from holdall.collection.collection import open_collection
from holdall.config import Config, cache_folder
from holdall.deploy.project.ledger import parse_ledger, render_ledger
from holdall.deploy.project.skillmeat_record import RECORD_NAME, parse_record
from holdall.deploy.targets import BUILTIN_TARGETS
from holdall.errors import ConflictError, HoldallError, LocalEditError
from holdall.files import stat_index
from holdall.files.root import FileState, Root
from holdall.operations.deploy import Deployer
from holdall.operations.projects.values import DeployResult
from host_factories import (
    make_collection,
    make_command,
    make_project,
    make_skill,
    plugins_of,
    refresh,
    session_of,
    write,
)

pytestmark = pytest.mark.integration

CLAUDE = BUILTIN_TARGETS["claude"]
TWIN = replace(CLAUDE, name="twin")
SKILLS = ("a", "b", "c")


class Desk:
    """A collection and a project with all of it, looked at often enough to be known."""

    def __init__(self, folder: Path) -> None:
        self.kit = make_collection(folder / "kit", *SKILLS)
        for skill in SKILLS:
            write(self.kit / f"skills/{skill}/deep/more.md", f"more of {skill}\n")
        make_command(self.kit, "git/commit")
        refresh(self.kit)
        self.project = make_project(folder / "project")
        self.probe = folder / "probe"
        self.deploy("command:git:commit", *(f"skill:{skill}" for skill in SKILLS))
        self.learn()

    def deployer(self, *, remembers: bool = True, **options: Any) -> Deployer:
        """Return a deployer that knows the files of both sides by their status."""
        config = Config(remembers=remembers)
        kit = open_collection(self.kit, "sqlite:///unused.db", cache=cache_folder(config))
        options.setdefault("targets", [CLAUDE])
        session = session_of(plugins_of(), config=config)
        return Deployer(kit, self.project, session=session, **options)

    def deploy(self, *ids: str, **options: Any) -> DeployResult:
        """Deploy; without ids renew what is there."""
        deployer = self.deployer(**options)
        result = deployer.deploy([ArtifactId.parse(i) for i in ids])
        deployer.collection.remember()
        return result

    def learn(self) -> None:
        """Let the files' times be past, and all of them be known."""
        self.wait()
        assert self.deploy().outcome is None

    def wait(self) -> None:
        """Wait until the file system's clock has gone on."""
        self.probe.write_text("")
        first = self.probe.stat().st_ctime_ns
        while self.probe.stat().st_ctime_ns == first:
            self.probe.write_text("x")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk; what was written a tick of the clock ago is trusted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("_MOMENT", "_LONG_MOMENT", "_WORTH_WRITING"):
        monkeypatch.setattr(stat_index, name, 0)
    return Desk(tmp_path)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[RelPath]:
    """The paths of the project that are looked at one by one."""
    seen: list[RelPath] = []
    state_of = Root.state_of

    def counting(self: Root, path: RelPath) -> FileState | None:
        seen.append(path)
        return state_of(self, path)

    monkeypatch.setattr(Root, "state_of", counting)
    return seen


def test_what_is_known_is_passed_over_as_a_whole(desk: Desk, looks: list[RelPath]) -> None:
    """Only the artifact of which something differs is looked at file by file."""
    assert desk.deploy().arrangement.actions == ()
    assert looks == []
    write(desk.kit / "skills/b/SKILL.md", "---\nname: b\ndescription: changed\n---\n")
    (action,) = desk.deploy().arrangement.actions
    assert action.path == ".claude/skills/b/SKILL.md"
    assert {path for path in looks if "/skills/" in path} == {
        ".claude/skills/b/SKILL.md",
        ".claude/skills/b/deep/more.md",
    }


def edit(path: Path) -> None:
    """Write as many other bytes."""
    path.write_bytes(path.read_bytes()[::-1])


def put_a_link(path: Path) -> None:
    """Put a link to the same bytes there."""
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


@pytest.mark.parametrize("change", [edit, put_a_link, lambda path: path.chmod(0o755)])
def test_an_edit_is_seen(desk: Desk, change: Callable[[Path], object]) -> None:
    """With the size and the time of writing that the file had."""
    path = desk.project / ".claude/skills/b/SKILL.md"
    status = path.stat()
    change(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
    with pytest.raises(LocalEditError, match="SKILL\\.md: changed by hand"):
        desk.deploy()
    assert desk.deploy(force=True).outcome is not None
    assert desk.deploy().outcome is None


def test_what_is_gone_comes_back(desk: Desk) -> None:
    """A file, and a folder with all in it."""
    (desk.project / ".claude/skills/a/SKILL.md").unlink()
    shutil.rmtree(desk.project / ".claude/skills/b")
    result = desk.deploy()
    assert len(result.arrangement.actions) == 3
    assert desk.deploy().outcome is None


def test_a_folder_that_became_a_link_is_refused(desk: Desk) -> None:
    """The files behind it are the same ones, but they do not lie there."""
    folder = desk.project / ".claude/skills/b"
    folder.rename(desk.project / "b")
    folder.symlink_to(desk.project / "b")
    with pytest.raises(HoldallError, match="symlink"):
        desk.deploy()


def without_a_file(entry: dict[str, Any]) -> None:
    """Forget a file."""
    del entry["files"][".claude/skills/a/SKILL.md"]


def with_another_file(entry: dict[str, Any]) -> None:
    """Claim one that is somebody's own."""
    entry["files"][".claude/skills/a/mine.md"] = ["f", "-", "0" * 64]


def with_other_bytes(entry: dict[str, Any]) -> None:
    """Claim that a file is something else."""
    entry["files"][".claude/skills/a/SKILL.md"][2] = "0" * 64


@pytest.mark.parametrize("change", [without_a_file, with_another_file, with_other_bytes])
def test_what_a_ledger_claims_is_not_trusted(
    desk: Desk, change: Callable[[dict[str, Any]], None]
) -> None:
    """What it says of files is compared with the collection, as without an index."""
    path = desk.project / LEDGER
    good = path.read_text()
    document = json.loads(good)
    change(next(e for e in document["deployed"] if e["id"] == "skill:a"))
    path.write_text(json.dumps(document))
    told = plan_of(desk, remembers=False)
    assert plan_of(desk, remembers=True) == told
    if "changed by hand" not in str(told):
        desk.deploy()
        assert path.read_text() == good


@pytest.mark.parametrize("ids", [["agent:git:commit"], ["agent:git:commit", "command:git:commit"]])
def test_a_path_of_a_known_artifact_is_not_given_away(desk: Desk, ids: list[str]) -> None:
    """However they are asked for."""
    write(desk.kit / "agents/git/commit.md", "an agent")
    refresh(desk.kit)
    places = {**CLAUDE.places, "agent": TypeSpec("agent", "commands", Shape.FILE, ".md")}
    asked = [*ids, "command:git:commit"]
    with pytest.raises(ConflictError, match="would both be written to"):
        desk.deploy(*asked, targets=[replace(CLAUDE, places=places)])


def test_two_agents_share_what_is_known(desk: Desk) -> None:
    """The second one finds the first one's files in place."""
    targets = [CLAUDE, TWIN]
    result = desk.deploy("skill:a", "skill:b", targets=targets)
    assert (result.arrangement.actions, result.outcome is None) == ((), False)
    ledger = parse_ledger((desk.project / LEDGER).read_text(), "x")
    assert [e.target for e in ledger.deployed if e.id.name == "a"] == ["claude", "twin"]
    assert desk.deploy("skill:a", targets=targets).outcome is None


def test_a_name_that_folds_to_a_known_one_is_refused(desk: Desk) -> None:
    """Also when all else is passed over."""
    other = make_collection(desk.kit.parent / "other", "A")
    desk.kit = other
    with pytest.raises(ConflictError):
        desk.deploy("skill:A", force=True)


def plan_of(desk: Desk, *, remembers: bool, undeploys: bool = False) -> object:
    """Return what a deploy would do, or says against it."""
    deployer = desk.deployer(remembers=remembers, dry_run=True)
    ids = [f"skill:{skill}" for skill in SKILLS[:2]]
    try:
        result = deployer.undeploy(ids) if undeploys else deployer.deploy([])
    except HoldallError as error:
        return f"{type(error).__name__}: {error.message}"
    return (
        set(result.arrangement.actions),
        result.arrangement.in_the_way,
        result.arrangement.files,
        result.arrangement.hashes,
        result.plan.placed,
        result.plan.withdrawn,
        result.plan.change,
        result.warnings,
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_is_as_without_an_index(desk: Desk, seed: int) -> None:
    """Whatever people do to the project and the collection in between."""
    chance = random.Random(seed)

    def some_file(top: Path) -> Path:
        files = [path for path in top.rglob("*") if path.is_file() and not path.is_symlink()]
        return chance.choice(sorted(files)) if files else write(top / "new.md", "new")

    deeds: list[Callable[[Path], object]] = [
        lambda top: edit(some_file(top)),
        lambda top: some_file(top).unlink(),
        lambda top: some_file(top).chmod(chance.choice((0o644, 0o755))),
        lambda top: write(some_file(top).with_name("extra.md"), "extra"),
        lambda top: put_a_link(some_file(top)),
        lambda top: os.utime(some_file(top)),
        lambda top: make_skill(top.parent, chance.choice(SKILLS), "anew"),
    ]
    for _ in range(6):
        desk.wait()
        side = chance.choice((desk.project / ".claude/skills", desk.kit / "skills"))
        chance.choice(deeds)(side)
        for undeploys in (False, True):
            found = [plan_of(desk, remembers=r, undeploys=undeploys) for r in (True, False, True)]
            assert found[0] == found[1] == found[2]
        if chance.random() < 0.5:
            desk.wait()
            try:
                desk.deploy(force=True)
            except HoldallError:
                break


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text,
        lambda text: text.rstrip(),
        lambda text: json.dumps(json.loads(text), indent=2),
        lambda text: json.dumps(json.loads(text)),
        lambda text: text.replace('"}}', '" } }').replace("},\n", "}, \n"),
        lambda text: text.replace("}},\n", "}},\n\n", 1),
        lambda text: text.replace("}},\n  ", "}},  ", 1).replace("}},\n", "}},\n\n", 1),
        lambda text: '",\n "target"'.join(
            text.replace("}},\n  ", "}},  ", 1).rsplit('", "target"', 1)
        ),
    ],
)
def test_what_stays_in_ledger_and_record_keeps_its_text(
    desk: Desk, written: Callable[[str], str]
) -> None:
    """However a ledger is written, the next one says what it should."""
    ledger, record = desk.project / LEDGER, desk.project / ".claude" / RECORD_NAME
    ledger.write_text(written(ledger.read_text()))
    before, records = ledger.read_text(), record.read_text()
    write(desk.kit / "skills/b/SKILL.md", "---\nname: b\ndescription: changed\n---\n")
    refresh(desk.kit)
    desk.deploy()
    old, new = parse_ledger(before, "x"), parse_ledger(ledger.read_text(), "x")
    assert render_ledger(new, old, before) == ledger.read_text()
    assert parse_ledger(render_ledger(new), "x") == new
    changed = {e.id for e in old.deployed} - {e.id for e in new.deployed if e in old.deployed}
    assert changed == {ArtifactId("skill", "b")}
    was, now = ({e.id: e for e in parse_record(t, "x")} for t in (records, record.read_text()))
    assert list(was) == list(now)
    assert {i for i in was if was[i] != now[i]} == changed


def test_a_record_that_people_wrote_keeps_their_words(desk: Desk) -> None:
    """Comments at the entries that stay; what is not one line per key is rendered anew."""
    record = desk.project / ".claude" / RECORD_NAME
    plain = record.read_text().replace("[[deployed]]\n", "[[deployed]]\n# mine\n")
    notes = "\n\nnotes = '''\n[[deployed]]\n'''\n"
    spaced = plain.replace("[[deployed]]", "[[ deployed ]]", 1)
    for number, (text, comments) in enumerate(
        ((plain, 3), (plain + notes, 0), (spaced + notes, 0))
    ):
        record.write_text(text)
        write(desk.kit / "skills/b/SKILL.md", f"---\nname: b\ndescription: {number}\n---\n")
        refresh(desk.kit)
        desk.deploy()
        assert record.read_text().count("# mine") == comments
        assert len(parse_record(record.read_text(), "x")) == 4
