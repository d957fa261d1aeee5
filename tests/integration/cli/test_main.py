"""The command line in one process: statuses, JSON, options, and what is printed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from holdall.cli import main
from holdall.cli.output import Output
from holdall.config import Config, database_url_of, find_collection, trust_database
from holdall.errors import InputError, NotFoundError
from holdall.formats.escape import escape_text
from host_factories import (
    make_collection,
    make_project,
    make_skill,
    make_source,
    snapshot,
)

pytestmark = pytest.mark.integration


class Cli:
    """A collection, a source, a project, and the command without plugins."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = make_collection(folder / "kit", "a", "b")
        self.project = make_project(folder / "project")
        self.source = make_source(folder / "source", "s")
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *words: str | Path) -> int:
        """Run one command; its output is in `out` and `err`."""
        status = main(["--no-plugins", "--collection", str(self.root), *map(str, words)])
        self.out, self.err = self._capsys.readouterr()
        return status

    def json(self, *words: str | Path) -> Any:
        """Run a command with --json and return what it printed."""
        self(*words, "--json")
        printed = json.loads(self.out)
        assert printed.pop("schema_version") == 1
        return printed


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A world for the command, free of the caller's settings."""
    for name in ("HOLDALL_COLLECTION", "HOLDALL_DATABASE_URL", "HOLDALL_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.chdir(tmp_path)
    return Cli(tmp_path, capsys)


def test_init_makes_the_collection_that_the_option_names(tmp_path: Path) -> None:
    """`--collection DIR init` makes DIR, and nothing in the folder where one is."""
    assert main(["--collection", str(tmp_path / "kit"), "init"]) == 0
    assert (tmp_path / "kit/manifest.toml").is_file()
    assert not Path("manifest.toml").exists()


def test_status_0_and_1(cli: Cli) -> None:
    """Done, and done with something to look at."""
    assert cli("deploy", "a", "--to", cli.project) == 0
    assert cli("status", "--to", cli.project) == 0
    assert cli("show", "a") == 0
    make_skill(cli.root, "a", "edited")
    assert cli("show", "a") == 1
    assert cli("status", "--to", cli.project) == 1
    assert "outdated  skill:a" in cli.out
    (cli.project / ".claude/skills/a/SKILL.md").write_text("edited")
    assert cli("undeploy", "a", "--to", cli.project) == 1
    assert ".claude/skills/a/SKILL.md" in cli.err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["fly"], 2),
        (["show"], 2),
        (["show", "a", "b"], 2),
        (["list", "--no-such-option"], 2),
        (["deploy", "a", "--target", "emacs"], 2),
        (["collect", "x", "--on-conflict", "perhaps"], 2),
        (["collect", "x", "--rename", "skill:a"], 2),
        (["collect", "x", "--rename", "skill:a=command:a"], 2),
        (["--quiet", "--verbose", "list"], 2),
        (["rename", "a", "b"], 3),
        (["rename", "a", "../x"], 3),
        (["init", "kit"], 3),
        (["show", "nothing"], 4),
        (["collect", "no/such/place"], 4),
        (["scan", "no/such/place"], 4),
        (["deploy", "a", "--to", "no/such/place"], 4),
        (["status", "--to", "no/such/place"], 4),
        (["--collection", "elsewhere", "list"], 4),
    ],
)
def test_each_refusal_has_its_status(cli: Cli, words: list[str], status: int) -> None:
    """One line of error, a hint, and nothing written."""
    before = snapshot(cli.root.parent)
    assert cli(*words) == status
    assert cli.out == ""
    assert cli.err.startswith("error: ")
    assert "\nhint: " in cli.err
    assert snapshot(cli.root.parent) == before


def test_status_5_for_what_cannot_be_read(cli: Cli) -> None:
    """A broken manifest, a broken ledger."""
    cli("deploy", "a", "--to", cli.project)
    (cli.project / ".holdall/ledger.json").write_text("{")
    assert cli("deploy", "--to", cli.project) == 2
    (cli.root / "manifest.toml").write_text("[collection\n")
    assert cli("list") == 2
    assert "manifest.toml, line 1" in cli.err


def test_status_130_when_interrupted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is told in a line, without a traceback."""

    def interrupt(*words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("holdall.cli.commands.collection.listing.run", interrupt)
    assert cli("list") == 130
    assert cli.err == "interrupted; nothing is left half finished\n"


def test_a_newer_archive_of_that_name_updates_what_came_from_it(cli: Cli) -> None:
    """Told with its checksum; the same archive again writes nothing."""
    archive = cli.root.parent / "pack.zip"
    for text in ("old", "new"):
        make_skill(cli.source, "s", text)
        shutil.make_archive(str(archive.with_suffix("")), "zip", cli.source)
        (told,) = cli.json("collect", archive)["sources"]
        assert told["source"] == str(archive)
        checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
        assert told["revision"] == f"sha256:{checksum}"
        assert told["revision"] in (cli.root / "manifest.toml").read_text()
        assert text in (cli.root / "skills/s/SKILL.md").read_text()
        before = snapshot(cli.root)
        assert cli("collect", archive) == 0
        assert snapshot(cli.root) == before
    assert cli("scan", archive) == 0
    assert "skill:s" in cli.out


def test_general_options_stand_before_or_behind(cli: Cli) -> None:
    """Either place gives the same answer."""
    root = str(cli.root)
    for words in (
        ["--no-plugins", "--json", "--collection", root, "list"],
        ["list", "--no-plugins", "--json", "--collection", root],
        ["--json", "list", "--collection", root, "--no-plugins"],
    ):
        assert main(words) == 0
        cli.out, _ = cli._capsys.readouterr()
        assert [a["id"] for a in json.loads(cli.out)["artifacts"]] == ["skill:a", "skill:b"]


def test_quiet_prints_errors_only(cli: Cli) -> None:
    """Neither results nor notes; the error is still told, and so is asked-for JSON."""
    assert cli("--quiet", "list") == 0
    assert cli("deploy", "a", "--to", cli.project, "-q") == 0
    assert (cli.out, cli.err) == ("", "")
    assert cli("-q", "show", "nothing") == 4
    assert cli.err.startswith("error: ")
    assert cli.json("-q", "list")["artifacts"]


def test_dry_runs_write_nothing(cli: Cli) -> None:
    """Every writing command has one."""
    make_skill(cli.root, "new")
    cli("deploy", "b", "--to", cli.project)
    before = snapshot(cli.root.parent, without=["lock"])
    for words in (
        ["init", "fresh"],
        ["collect"],
        ["collect", cli.source],
        ["rename", "a", "z"],
        ["remove", "a"],
        ["deploy", "a", "--to", cli.project],
        ["undeploy", "b", "--to", cli.project],
    ):
        assert cli(*words, "--dry-run") == 0, cli.err
        assert cli.out
    assert snapshot(cli.root.parent, without=["lock"]) == before


def test_a_dry_run_says_what_would_be_done(cli: Cli) -> None:
    """Every file is named, and what is in the way is refused as in a real run."""
    cli("deploy", "a", "--to", cli.project, "--dry-run")
    assert "write .claude/skills/a/SKILL.md" in cli.out
    make_skill(cli.project / ".claude", "a", "foreign")
    assert cli("deploy", "a", "--to", cli.project, "--dry-run") == 3


def test_the_json_of_reading_commands(cli: Cli) -> None:
    """The shapes that programs rely on."""
    (entry, _) = cli.json("list")["artifacts"]
    assert entry.keys() == {
        "id", "type", "name", "uuid", "source", "source_path", "source_revision", "path",
        "content_hash",
    }  # fmt: skip
    (file,) = cli.json("show", "a")["files"]
    assert file.keys() == {"path", "mode", "size", "sha256"}
    assert cli.json("scan", cli.source).keys() >= {"artifacts", "composites", "diagnostics"}
    assert cli.json("plugins") == {"plugins": []}
    assert cli.json("status", "--to", cli.project)["deployed"] == []
    assert cli.json("list", "--type", "command") == {"artifacts": []}


def test_the_json_of_writing_commands(cli: Cli) -> None:
    """What happened, with ids, files and backups."""
    found = cli.json("collect", cli.source)
    assert found["dry_run"] is False
    assert found["sources"][0]["changes"] == [{"kind": "new", "id": "skill:s"}]
    done = cli.json("deploy", "a", "--to", cli.project)
    assert done["written"] == [".claude/skills/a/SKILL.md"]
    assert (done["deleted"], done["conflicts"], done["backups"]) == ([], [], {})
    (deployed,) = cli.json("status", "--to", cli.project)["deployed"]
    assert deployed == {
        "id": "skill:a",
        "target": "claude",
        "state": "synced",
        "uuid": None,
        "wanted_by": ["skill:a"],
        "files": [],
        "note": None,
    }
    gone = cli.json("undeploy", "a", "--to", cli.project)
    assert gone["deleted"] == [".claude/skills/a/SKILL.md"]
    assert cli.json("rename", "a", "z") == {
        "kind": "renamed",
        "id": "skill:z",
        "old_id": "skill:a",
    }
    assert cli.json("remove", "z")["removed"] == [{"kind": "gone", "id": "skill:z"}]
    assert cli.json("init", "fresh") == {"collection": "fresh", "name": "fresh"}


def test_collect_tells_of_backups_and_conflicts(cli: Cli) -> None:
    """A conflict is refused with the ways out; what is taken is kept first."""
    make_skill(cli.source, "s", "theirs")
    cli("collect", cli.source)
    make_skill(cli.source, "s", "newer")
    (cli.root / "skills/s/SKILL.md").write_text("mine")
    assert cli("collect", cli.source) == 3
    assert "--on-conflict" in cli.err
    assert cli("collect", cli.source, "--dry-run") == 1
    assert cli("collect", cli.source, "--on-conflict", "take") == 0
    assert "kept your version of skills/s/SKILL.md as .holdall/backups/" in cli.err


def test_status_without_a_collection(cli: Cli, tmp_path: Path) -> None:
    """A project can be looked at alone."""
    cli("deploy", "a", "--to", cli.project)
    assert main(["--no-plugins", "status", "--to", str(cli.project)]) == 0
    out, err = cli._capsys.readouterr()
    assert "synced    skill:a" in out
    assert "no collection to compare with" in err


def test_version_and_help(cli: Cli) -> None:
    """Both are printed and succeed."""
    assert main(["--version"]) == 0
    assert main(["--no-plugins", "--help"]) == 0
    out, _ = cli._capsys.readouterr()
    assert "undeploy" in out
    for words in (["help"], ["help", "deploy"], ["help", "collect"]):
        assert cli(*words) == 0
        shown = cli.out
        assert cli(*words[1:], "--help") == 0
        assert cli.out == shown
    (described,) = cli.json("help", "collect")["commands"]
    assert described["name"] == "collect"
    (sources,) = [one for one in described["arguments"] if one["metavar"] == "SOURCE"]
    assert sources["is_repeated"]
    assert cli("help", "fly") == 2


def test_alone_it_says_where_one_stands(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project, the collection, the agents, and commands that make sense next; all is read."""
    monkeypatch.chdir(cli.project)
    before = snapshot(cli.root.parent)
    assert cli() == 0
    assert "nothing here" in cli.out
    assert "holdall deploy ID" in cli.out
    assert snapshot(cli.root.parent) == before
    cli("deploy", "a", "b")
    make_skill(cli.root, "a", "edited")
    before = snapshot(cli.root.parent)
    assert cli() == 0
    assert "2 (1 outdated, 1 synced)" in cli.out
    assert "holdall deploy " in cli.out
    stand = cli.json()
    assert stand["agents"] == ["claude"]
    assert stand["collection"]["artifacts"] == 2
    assert snapshot(cli.root.parent) == before
    (cli.root / "manifest.toml").write_text("[collection")
    assert cli() == 0
    assert "manifest.toml, line 1" in cli.out
    monkeypatch.chdir(cli.root.parent)
    assert main(["--no-plugins"]) == 0
    assert "holdall init" in cli._capsys.readouterr().out


@pytest.mark.parametrize(
    "char",
    ["\x1b", "\r", "\x00", "\x9b", "\u202e", "\u061c", "\u200b", "\u2028", "\U000e0041", "\ud800"],
)
def test_control_characters_are_printed_as_escapes(
    char: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing from a file moves the cursor, colours the terminal or hides text."""
    assert char not in escape_text(f"a{char}b")
    out = Output(verbose=True)
    for show in (out.line, out.note, out.detail):
        show(f"x{char}y")
    out.table([[f"x{char}y", "z"]])
    printed = "".join(capsys.readouterr())
    assert char not in printed
    assert printed.count("y") == 4


def test_a_line_of_output_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with an end of line in it cannot look like a line of ours."""
    Output().line("skills/x\ncollected: 9 new")
    assert capsys.readouterr().out == "skills/x\\ncollected: 9 new\n"


def test_hostile_names_in_a_source_are_escaped(cli: Cli) -> None:
    """What the command says about a folder's name is plain text."""
    (cli.source / "skills/evil\x1b[31m\nok").mkdir()
    (cli.source / "skills/evil\x1b[31m\nok/SKILL.md").write_text("no frontmatter")
    for words in (["scan", cli.source], ["collect", cli.source, "--dry-run"]):
        cli(*map(str, words))
        assert "\x1b" not in cli.out + cli.err
        assert not any(line.startswith("ok") for line in (cli.out + cli.err).splitlines())


def test_settings_come_from_options_before_the_environment() -> None:
    """And lists are split, blanks ignored."""
    environment = {
        "HOLDALL_COLLECTION": "/env",
        "HOLDALL_DATABASE_URL": "sqlite:///env",
        "HOLDALL_PLUGINS": "one, two,,",
    }
    options: dict[str, Any] = {
        "plugins_enabled": True, "json": False, "quiet": False, "verbose": False,
    }  # fmt: skip
    config = Config.from_environment(environment, collection=None, database=None, **options)
    assert config.collection == Path("/env")
    assert config.database == "sqlite:///env"
    assert config.extra_plugins == ("one", "two")
    config = Config.from_environment(environment, collection="/o", database="x.db", **options)
    assert (config.collection, config.database) == (Path("/o"), "x.db")


def test_a_collection_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest one; other tools' manifests do not count."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    root = make_collection(tmp_path / "kit")
    inner = root / "skills/x"
    inner.mkdir(parents=True)
    (inner / "manifest.toml").write_text("[package]\n")
    assert find_collection(Config(), inner) == root
    with pytest.raises(NotFoundError):
        find_collection(Config(), tmp_path)
    with pytest.raises(NotFoundError):
        find_collection(Config(collection=inner / "nothing"), root)


def test_the_database_is_settled_per_collection(tmp_path: Path) -> None:
    """Option, then the collection's own settings, if trusted, then a file inside of it."""
    (tmp_path / ".holdall").mkdir()
    settings = tmp_path / ".holdall/config.toml"
    assert database_url_of(Config(), tmp_path) == f"sqlite:///{tmp_path}/.holdall/holdall.db"
    settings.write_text('database = "postgresql://x/y"\n')
    trust_database(tmp_path)
    assert database_url_of(Config(), tmp_path) == "postgresql://x/y"
    assert database_url_of(Config(database="z"), tmp_path) == "z"
    for broken in ("database = 3", "database", "\udcff".encode("utf-8", "surrogateescape")):
        settings.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
        with pytest.raises(InputError, match=r"config\.toml"):
            database_url_of(Config(), tmp_path)


def test_a_comment_for_editors_stays(cli: Cli) -> None:
    """The line that says where a manifest's schema is, is the first one after each change."""
    manifest = cli.root / "manifest.toml"
    line = "#:schema ./manifest.toml.schema.json\n"
    manifest.write_text(line + manifest.read_text())
    make_skill(cli.root, "new")
    for words in (["collect"], ["collect", cli.source], ["rename", "a", "z"], ["remove", "z"]):
        assert cli(*words) == 0
        assert manifest.read_text().startswith(line)
