"""SkillMeat reads what Holdall deploys, and Holdall what SkillMeat deploys.

Runs the real `skillmeat` command (0.74.0); `make compat` installs it and says where it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

SKILLMEAT = os.environ.get("HOLDALL_SKILLMEAT")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not SKILLMEAT, reason="HOLDALL_SKILLMEAT names no skillmeat command; `make compat` does"
    ),
]

Command = Callable[..., subprocess.CompletedProcess[str]]

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"
SKILL = "---\nname: mine\ndescription: a skill of mine\n---\nhello\n"


@pytest.fixture
def skillmeat(tmp_path: Path) -> Command:
    """SkillMeat with a home and a default collection of its own."""
    home = tmp_path / "skillmeat-home"
    home.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SKILLMEAT), *words],
            cwd=tmp_path,
            env={
                **os.environ,
                "HOME": str(home),
                "NO_COLOR": "1",
                "TERM": "dumb",
                "COLUMNS": "200",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )

    run("collection", "create", "default")
    return run


def synced_in(output: str) -> set[str]:
    """Return the `name::type` lines under the heading Synced."""
    return {line.strip() for line in output.partition("Synced")[2].splitlines() if "::" in line}


def test_skillmeat_sees_every_deployed_artifact_as_synced(
    holdall: Command, skillmeat: Command, tmp_path: Path
) -> None:
    """What lies there as files is in sync for SkillMeat, and an edit is not."""
    project = tmp_path / "project"
    project.mkdir()
    collection = str(tmp_path / "collection")
    holdall("init", collection)
    holdall("--collection", collection, "collect", str(SAMPLE))
    other = tmp_path / "other/skills/changelog/SKILL.md"  # is deployed under another name
    other.parent.mkdir(parents=True)
    other.write_text("---\nname: changelog\ndescription: another one\n---\nhello\n")
    (other.parent / "more.md").write_text("more\n")
    holdall("--collection", collection, "collect", str(tmp_path / "other"))
    listed = json.loads(holdall("--collection", collection, "list", "--json").stdout)
    ids = [a["id"] for a in listed["artifacts"] if a["type"] != "composite"]
    holdall("--collection", collection, "deploy", *ids, "--to", str(project), "--allow-commands")
    # Hooks and servers are entries of settings, of which SkillMeat's record knows nothing.
    files = [i for i in ids if i.partition(":")[0] not in ("hook", "mcp")]
    expected = {f"{i.partition(':')[2]}::{i.partition(':')[0]}" for i in files}
    assert {i.partition(":")[0] for i in files} == {"skill", "command", "agent"}
    assert "skill:other-changelog" in files

    output = skillmeat("status", "--project", str(project)).stdout
    assert synced_in(output) == expected
    assert "modified" not in output.lower()

    edited = next((project / ".claude" / "agents").glob("*.md"))
    edited.write_text("edited by hand")
    output = skillmeat("status", "--project", str(project)).stdout
    assert "Locally modified" in output
    assert synced_in(output) == expected - {f"{edited.stem}::agent"}


def test_holdall_takes_over_what_skillmeat_deployed(
    holdall: Command, skillmeat: Command, tmp_path: Path
) -> None:
    """Status, redeploy and undeploy work on a record that SkillMeat wrote."""
    source = tmp_path / "source"
    (source / "mine").mkdir(parents=True)
    (source / "mine" / "SKILL.md").write_text(SKILL)
    project = tmp_path / "project"
    project.mkdir()
    skillmeat("add", "skill", "./source/mine", "--dangerously-skip-permissions")
    skillmeat("deploy", "mine", "--project", str(project))
    collection = str(tmp_path / "collection")
    holdall("init", collection)
    holdall("--collection", collection, "collect", str(source))

    shown = holdall("--collection", collection, "status", "--to", str(project), "--json")
    (status,) = json.loads(shown.stdout)["deployed"]
    assert (status["id"], status["state"]) == ("skill:mine", "synced")

    holdall("--collection", collection, "deploy", "skill:mine", "--to", str(project))
    record = project / ".claude" / ".skillmeat-deployed.toml"
    (entry,) = tomllib.loads(record.read_text())["deployed"]
    assert len(entry["artifact_uuid"]) == 32
    assert synced_in(skillmeat("status", "--project", str(project)).stdout) == {"mine::skill"}

    holdall("--collection", collection, "undeploy", "skill:mine", "--to", str(project))
    assert not (project / ".claude" / "skills" / "mine").exists()
