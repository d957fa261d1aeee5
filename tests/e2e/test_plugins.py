"""Plugins of third parties, installed as distributions: called, heard, and fenced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.wheels import REPOSITORY, Environment, build_wheel

pytestmark = pytest.mark.e2e

BROKEN = {
    "raises": "raise RuntimeError('out of order')",
    "exits": "import sys; sys.exit(3)",
    "unknown_hook": "from holdall.plugins import hookimpl\n@hookimpl\ndef holdall_fly(): ...",
    "unknown_argument": (
        "from holdall.plugins import hookimpl\n@hookimpl\ndef holdall_deploy_check(wings): ..."
    ),
    "second_composites": "raise RuntimeError('I have the same name as another plugin')",
}

SKILL = "---\nname: secret\ndescription: for us only\ninternal: true\n---\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with Holdall and the example plugin installed as wheels."""
    folder = tmp_path_factory.mktemp("environment")
    made = Environment(folder)
    for name, project in (
        ("holdall", REPOSITORY),
        ("audit", REPOSITORY / "examples" / "holdall-plugin-audit"),
    ):
        made.install(build_wheel(project, tmp_path_factory.mktemp(name)))
    assert made.holdall("init", "kit").returncode == 0
    return made


def add_distribution(environment: Environment, name: str, source: str) -> None:
    """Put a distribution with one plugin module into the environment's site-packages."""
    module = f"plugin_{name}"
    (environment.packages / f"{module}.py").write_text(source)
    info = environment.packages / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    point = "composites" if name == "second_composites" else name
    (info / "entry_points.txt").write_text(f"[holdall.plugins]\n{point} = {module}\n")


def test_the_example_hears_of_collect_and_deploy_and_can_veto(
    environment: Environment, tmp_path: Path, sample: Path
) -> None:
    """Its log has a line for each transaction; its veto stops a deploy with nothing written."""
    log = tmp_path / "audit.jsonl"
    project = tmp_path / "project"
    project.mkdir()
    internal = tmp_path / "source" / "skills" / "secret"
    internal.mkdir(parents=True)
    (internal / "SKILL.md").write_text(SKILL)

    def run(*words: str | Path) -> int:
        done = environment.holdall("--collection", "kit", *words, HOLDALL_AUDIT_LOG=str(log))
        assert "Traceback" not in done.stderr
        return done.returncode

    assert run("collect", sample) == 0
    assert run("collect", tmp_path / "source") == 0
    assert run("deploy", "composite:writing", "--to", project) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["command"] for line in lines] == ["collect", "collect", "deploy"]
    assert "agent:editor" in lines[2]["what"]

    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("deploy", "agent:reviewer", "skill:secret", "--to", empty) == 3
    assert [path.name for path in empty.iterdir()] in ([], [".holdall"])
    assert len(log.read_text().splitlines()) == 3


def test_broken_plugins_are_named_and_skipped(environment: Environment) -> None:
    """Each way to be broken is a record with its distribution; the other plugins still work."""
    for name, source in BROKEN.items():
        add_distribution(environment, name, source)
    done = environment.holdall("plugins", "--json")
    assert done.returncode == 1, done.stderr
    records = {(r["name"], r["distribution"]): r for r in json.loads(done.stdout)["plugins"]}
    assert records["composites", "holdall"]["status"] == "loaded"
    assert records["audit", "holdall-plugin-audit"]["status"] == "loaded"
    for key, told in {
        ("raises", "plugin_raises"): "RuntimeError: out of order",
        ("exits", "plugin_exits"): "SystemExit: 3",
        ("unknown_hook", "plugin_unknown_hook"): "holdall_fly",
        ("unknown_argument", "plugin_unknown_argument"): "wings",
        ("composites", "plugin_second_composites"): "the same name",
    }.items():
        assert records[key]["status"] == "failed"
        assert told in records[key]["error"]
    listed = environment.holdall("--collection", "kit", "list")
    assert listed.returncode == 0
    assert "warning: plugin raises (plugin_raises 1.0) is not used" in listed.stderr
