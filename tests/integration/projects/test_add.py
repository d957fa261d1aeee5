"""`holdall add`: from a source into every agent's folder, written down on the way."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from e2e.kit import tree
from git_repositories import git
from holdall.operations.projects import files
from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("limit", ["MAX_PROJECT_FILE", "MAX_LOCK_BYTES"])
def test_what_could_not_be_read_again_is_not_written(
    ada: Machine, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An `add` that would make one of the project's own files too large changes nothing."""
    monkeypatch.setattr(files, limit, 20)
    assert "would be larger than" in ada.run("add", "acme/kit", status=3)
    assert not ada.files()


def test_the_first_add(ada: Machine, upstream: Upstream) -> None:
    """It makes the collection and both files, deploys, and says for whom."""
    said = ada.run("add", "acme/kit", "--skill", "pdf")
    assert f"made the collection {ada.collection}" in said
    assert "for claude: no agent was found" in said
    assert (ada.project / ".claude/skills/pdf/SKILL.md").is_file()
    assert not (ada.project / ".claude/skills/notes").exists()
    wanted = tomllib.loads((ada.project / "holdall.toml").read_text())
    assert wanted == {
        "project": {"format": 1},
        "require": [{"source": "github:acme/kit", "select": ["skill:pdf"]}],
    }
    pdf = ada.lock()["skill:pdf"]
    assert ada.lock()[""] == [
        {
            "source": "https://github.com/acme/kit",
            "commit": upstream.first,
            "select": ["skill:pdf"],
        }
    ]
    assert (pdf["path"], pdf["targets"]) == ("skills/pdf", ["claude"])
    assert ada.uuids() == {"skill:pdf": pdf["uuid"]}
    assert [row["id"] for row in ada.json("list")["artifacts"]] == ["skill:pdf"]
    assert ada.run("status").startswith("synced    skill:pdf for claude\n")
    assert ada.run("doctor").strip().endswith("agree")


@pytest.mark.parametrize(
    "source",
    [
        "github:acme/kit",
        "https://github.com/acme/kit.git",
        "git@github.com:acme/kit.git",
        "https://github.com/acme/kit/tree/main",
        "acme/kit@v1.0.0",
    ],
)
def test_one_source_however_it_is_named(ada: Machine, source: str) -> None:
    """Each form gives the same address in the lock, and the same UUIDs."""
    ada.run("add", "acme/kit")
    uuids = ada.uuids()
    ada.run("add", source)
    assert ada.uuids() == uuids
    assert {one["source"] for one in ada.lock()[""]} == {"https://github.com/acme/kit"}


def test_more_of_a_source(ada: Machine) -> None:
    """What was chosen before stays; a revision and agents that are named are written down."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    (ada.project / ".cursor").mkdir()
    ada.run("add", "acme/kit@v1.0.0", "--skill", "notes", "--target", "cursor,claude")
    (required,) = tomllib.loads((ada.project / "holdall.toml").read_text())["require"]
    assert required == {
        "source": "github:acme/kit",
        "revision": "v1.0.0",
        "select": ["skill:pdf", "skill:notes"],
        "targets": ["cursor", "claude"],
    }
    assert {one["revision"] for one in ada.lock()[""]} == {"v1.0.0"}
    for name in ("pdf", "notes"):
        assert ada.lock()[f"skill:{name}"]["targets"] == ["claude", "cursor"]
        assert (ada.project / ".cursor/skills" / name / "SKILL.md").is_file()


def test_a_users_lines_stay(ada: Machine) -> None:
    """Comments, order and other requirements of a holdall.toml are kept."""
    text = '# ours\n[project]\nformat = 1 # one\ntargets = ["codex"]\n'
    (ada.project / "holdall.toml").write_text(text)
    ada.run("add", "acme/kit", "--skill", "pdf")
    new = (ada.project / "holdall.toml").read_text()
    assert all(line in new.splitlines() for line in text.splitlines())
    assert ada.lock()["skill:pdf"]["targets"] == ["codex"]


def test_a_dry_run_writes_nothing(ada: Machine) -> None:
    """Neither a collection nor a file."""
    before = tree(ada.home), ada.files()
    shown = ada.json("add", "acme/kit", "--dry-run")
    assert {one["id"] for one in shown["artifacts"]} == {"skill:pdf", "skill:notes"}
    assert ".claude/skills/pdf/SKILL.md" in shown["written"]
    assert not ada.collection.exists()
    assert {p for p in tree(ada.home) if "key" not in p} == set(before[0])
    assert ada.files() == before[1]


def test_what_is_not_there(ada: Machine) -> None:
    """A name, a source or a revision that there is not: an error, and nothing is written."""
    assert "did you mean pdf?" in ada.run("add", "acme/kit", "--skill", "pd", status=4)
    assert "no such git repository" in ada.run("add", "acme/none", status=4)
    assert "no branch, tag or commit 'v9'" in ada.run("add", "acme/kit@v9", status=4)
    assert ada.files() == {}
    assert not ada.collection.exists()


def test_an_empty_name(ada: Machine) -> None:
    """It is wrong usage, not the folder here."""
    assert "a source has no empty name" in ada.run("add", "", status=2)


def test_what_runs_is_asked_about(ada: Machine, upstream: Upstream) -> None:
    """Without consent nothing gets into the project, with it the hook does."""
    hooks = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "make"}]}]}}'
    plugin = upstream.work / "plugins/guard"
    (plugin / ".claude-plugin").mkdir(parents=True)
    (plugin / ".claude-plugin/plugin.json").write_text('{"name": "guard"}')
    (plugin / "hooks").mkdir()
    (plugin / "hooks/hooks.json").write_text(hooks)
    upstream.release()
    said = ada.run("add", "acme/kit", "--skill", "guard", status=3)
    assert "an agent would run or send this" in said
    assert ada.files() == {}
    ada.run("add", "acme/kit", "--skill", "guard", "--allow-commands")
    assert "make" in (ada.project / ".claude/settings.json").read_text()
    (hook,) = (one for one in ada.lock().values() if isinstance(one, dict) and "targets" in one)
    assert hook["wanted_by"] == ["composite:guard"]


def test_one_undo(ada: Machine) -> None:
    """It takes back the project's files and the collection's; a redo does all of it again."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    first = ada.files()
    ada.run("add", "acme/kit", "--skill", "notes")
    second = ada.files()
    ada.run("undo")
    assert ada.files() == first
    assert [row["id"] for row in ada.json("list")["artifacts"]] == ["skill:pdf"]
    ada.run("redo")
    assert ada.files() == second
    ada.run("undo", "2")
    assert ada.files() == {}


def test_a_folder_of_the_project(ada: Machine) -> None:
    """It is written relative to the project, so that it is the same on every machine."""
    make_skill(ada.project / "vendor", "own")
    ada.run("add", "vendor")
    assert ada.lock()[""] == [{"source": "./vendor"}]
    (required,) = tomllib.loads((ada.project / "holdall.toml").read_text())["require"]
    assert required == {"source": "./vendor"}


def test_a_folder_elsewhere(ada: Machine, tmp_path: Path) -> None:
    """It is locked as it was named, is one source by either name, and the user is told."""
    make_skill(tmp_path / "lib", "own")
    said = ada.run("add", "../../lib")
    assert "../../lib is not in this project's repository" in said
    assert ada.lock()[""] == [{"source": "../../lib"}]
    assert "not in this" not in ada.run("add", tmp_path / "lib")
    assert ada.lock()[""] == [{"source": "../../lib"}]
    assert "agree" in ada.run("sync", "--check")
    make_skill(tmp_path / "lib", "more")
    ada.run("update", "--yes")
    assert set(ada.uuids()) == {"skill:own", "skill:more"}
    ada.run("drop", "../../lib")
    assert "not in this" in ada.run("add", tmp_path / "lib")
    assert ada.lock()[""] == [{"source": str(tmp_path / "lib")}]


def test_an_edit_of_what_is_there(ada: Machine, upstream: Upstream) -> None:
    """Where the source has another version of it by now, the error says so, and how to go on."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    skill = ada.project / ".claude/skills/pdf/SKILL.md"
    skill.write_text(skill.read_text() + "mine\n")
    ada.run("add", "acme/kit", "--skill", "notes")
    make_skill(upstream.work, "pdf", "two")
    make_skill(upstream.work, "more")
    upstream.release()
    before = ada.files()
    said = ada.run("add", "acme/kit", "--skill", "more", status=3)
    assert "github:acme/kit has another version of skill:pdf by now" in said
    assert "`holdall update github:acme/kit` merges your edits" in said
    assert ada.files() == before


def test_the_nearest_project_upwards(ada: Machine) -> None:
    """In a folder below, the project that is found upwards is meant."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    below = ada.project / "src/deep"
    below.mkdir(parents=True)
    ada.run("add", "acme/kit", "--skill", "notes", folder=below)
    assert set(ada.uuids()) == {"skill:pdf", "skill:notes"}
    assert not any(below.iterdir())


def test_two_branches_that_added_something(ada: Machine) -> None:
    """Git merges both files without a conflict, and both are wanted then."""
    (ada.project / ".gitignore").write_text(".skillmeat-deployed.toml\n")
    ada.run("add", "acme/kit", "--skill", "pdf")
    git(ada.project, "add", "--all")
    git(ada.project, "commit", "--quiet", "--message", "one")
    for name in ("left", "right"):
        git(ada.project, "checkout", "--quiet", "-b", name, "main")
        make_skill(ada.project / f"vendor-{name}", name)
        ada.run("add", f"vendor-{name}")
        git(ada.project, "add", "--all")
        git(ada.project, "commit", "--quiet", "--message", name)
    git(ada.project, "merge", "--quiet", "--no-edit", "left")
    assert {"skill:pdf", "skill:left", "skill:right"} <= set(ada.lock())
    assert len(tomllib.loads((ada.project / "holdall.toml").read_text())["require"]) == 3
