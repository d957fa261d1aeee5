"""The log and the veto, by Holdall's fixtures; the plugin is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdall.testing import Kit, make_skill, write
from holdall_plugin_audit import log_file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source with a skill and a secret one."""
    make_skill(tmp_path / "source", "plain")
    text = "---\nname: secret\ndescription: for us\ninternal: true\ndraft: true\n---\nhush\n"
    write(tmp_path / "source/skills/secret/SKILL.md", text)
    return tmp_path / "source"


def logged() -> list[Any]:
    """Return the lines of the log."""
    return [json.loads(line) for line in log_file().read_text().splitlines()]


def test_what_happens_is_logged(
    holdall_kit: Kit, holdall_home: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each change, in the user's state folder and nowhere else."""
    here = source.parent / "somewhere"
    here.mkdir()
    monkeypatch.chdir(here)
    holdall_kit.run("collect", source)
    holdall_kit.deploy("skill:plain")
    holdall_kit.run("undeploy", "skill:plain", "--to", holdall_kit.project)
    assert [line["command"] for line in logged()] == ["collect", "deploy", "undeploy"]
    assert logged()[2]["what"] == {"placed": [], "withdrawn": ["skill:plain"]}
    assert log_file().is_relative_to(holdall_home)
    assert not list(here.iterdir())


def test_an_internal_skill_stays_at_home(holdall_kit: Kit, source: Path) -> None:
    """The whole deploy is refused and nothing is written or logged."""
    holdall_kit.run("collect", source)
    done = holdall_kit.command("deploy", "plain", "secret", "--to", holdall_kit.project)
    assert done.returncode == 3
    assert "skill:secret is internal (plugin audit" in done.stderr
    assert not (holdall_kit.project / ".claude").exists()
    assert len(logged()) == 1


def test_further_keys_are_a_setting(holdall_kit: Kit, holdall_home: Path, source: Path) -> None:
    """A setting that makes no sense disables the plugin, and the command says so."""
    holdall_kit.run("collect", source)
    settings = holdall_home / "config/holdall/config.toml"
    write(settings, '[plugin.audit]\nkeys = ["draft"]\n')
    deploy = ("deploy", "secret", "--to", holdall_kit.project, "--dry-run")
    assert "skill:secret is draft" in holdall_kit.command(*deploy).stderr
    write(settings, "[plugin.audit]\nkeys = 3\n")
    done = holdall_kit.command("list")
    assert done.returncode == 0
    assert "keys is not a list of words" in done.stderr
