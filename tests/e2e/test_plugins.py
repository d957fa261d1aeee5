"""Plugins of third parties, installed as distributions: called, heard, and fenced."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from e2e.wheels import REPOSITORY, Environment, build_wheel
from holdall.testing import write
from pages import matches, session_of

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

EXAMPLES = [REPOSITORY / "examples" / f"holdall-plugin-{name}" for name in ("audit", "prompts")]

SKILL = "---\nname: secret\ndescription: for us only\ninternal: true\n---\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with Holdall and the example plugins installed as wheels."""
    folder = tmp_path_factory.mktemp("environment")
    made = Environment(folder)
    for project in (REPOSITORY, *EXAMPLES):
        made.install(build_wheel(project, tmp_path_factory.mktemp(project.name)))
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
    log = tmp_path / "state/holdall-plugin-audit/audit.jsonl"
    project = tmp_path / "project"
    project.mkdir()
    internal = tmp_path / "source" / "skills" / "secret"
    internal.mkdir(parents=True)
    (internal / "SKILL.md").write_text(SKILL)

    def run(*words: str | Path) -> int:
        done = environment.holdall(
            "--collection", "kit", *words, XDG_STATE_HOME=str(tmp_path / "state")
        )
        assert "Traceback" not in done.stderr
        return done.returncode

    assert run("collect", sample) == 0
    assert run("collect", tmp_path / "source") == 0
    assert run("deploy", "composite:writing", "--to", project) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["command"] for line in lines] == ["collect", "collect", "deploy"]
    assert "agent:editor" in lines[2]["what"]["placed"]

    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("deploy", "agent:reviewer", "skill:secret", "--to", empty) == 3
    assert [path.name for path in empty.iterdir()] in ([], [".holdall"])
    assert len(log.read_text().splitlines()) == 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_passes_its_own_tests(
    environment: Environment, tmp_path: Path, example: Path
) -> None:
    """Installed as a user has it, with the fixtures that Holdall brings."""
    shutil.copytree(example / "tests", tmp_path / "tests")
    done = environment.run("python -m pytest -q -p no:cacheprovider tests", tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^[3-9] passed", done.stdout, re.M)


def test_the_page_leads_to_a_tested_packaged_plugin(
    environment: Environment, tmp_path: Path
) -> None:
    """Whoever writes the files of docs/plugins.md and runs its commands sees what it shows."""
    page = (REPOSITORY / "docs/plugins.md").read_text()
    files = re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)```", page, re.S | re.M)
    assert [name for name, _ in files] == [
        "pyproject.toml",
        "holdall_plugin_owners.py",
        "tests/test_owners.py",
    ]
    for name, text in files:
        write(tmp_path / name, text)
    # The other plugins of this module would be in what it shows.
    made = Environment(tmp_path / "environment")
    made.install(build_wheel(REPOSITORY, tmp_path / "wheels"))
    for command, shown in session_of(page):
        done = made.run(command, tmp_path)
        printed = (done.stdout + done.stderr).strip()
        assert matches(shown, printed), f"$ {command}\n{printed}"


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
    assert "plugin raises (plugin_raises 1.0) is not used" in listed.stderr
