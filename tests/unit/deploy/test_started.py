"""Which artifacts' programs a command may start, however it names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.deploy.consent.started import Startable, Starts

pytestmark = pytest.mark.unit

PROGRAMS = {
    "a": {"run.sh": "echo a\n", "SKILL.md": "run t's check.py\n"},
    "b": {"bin/start": "exec ../../c/bin/deep.sh\n", "SKILL.md": ""},
    "c": {"bin/deep.sh": "echo c\n", "SKILL.md": ""},
    "d": {"tool.py": "here = root / '.claude' / 'skills' / 'a'\n", "SKILL.md": ""},
    "text": {"SKILL.md": "skills/a/run.sh\n"},
}


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    """Five skills in `.claude`, of which `b` starts `c`."""
    items = []
    for name, files in PROGRAMS.items():
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
        places = {path: tmp_path / name / path for path in files}
        id_ = ArtifactId.parse(f"skill:{name}")
        items.append(Startable(id_, ".claude", f".claude/skills/{name}", name, places))
    return Starts(items)


@pytest.mark.parametrize(
    ("text", "started"),
    [
        ("runs: make lint (at Stop)", ""),
        ("runs: $CLAUDE_PROJECT_DIR/.claude/skills/a/run.sh", "a"),
        ("runs: '$CLAUDE_PROJECT_DIR'/.claude/\"skills\"/a/run.sh --now", "a"),
        ("runs: ./.CLAUDE//skills/./A/run.sh", "a"),
        ("runs: cd .claude/skills/a && ./run.sh", "a"),
        ("runs: cd .claude && skills/a/run.sh", "abcd"),
        ("runs: cd ~/kit; ./run.sh", "a"),
        ("runs: sh .claude/skills/text/SKILL.md", "text"),
        ("runs: .claude/skills/b/bin/start", "bc"),
        ("runs: .claude/skills/*/run.sh", "abcd"),
        ('runs: "$CLAUDE_PROJECT_DIR/.claude/skills/$NAME"/x', "abcd"),
        ("runs: for f in .c*/s*/a/r*; do sh $f; done", "abcd"),
        ("runs: sh $(ls -d here)", "abcd"),
        ("runs: find . -name x -exec sh {} +", "abcd"),
        ('has: {"command":"cd x\\nrun.sh"}', "a"),
        ("runs: python -m x (with {'env': {'PYTHONPATH': '.claude/skills/a'}})", "a"),
        ("runs: python .claude/skills/d/tool.py", "abcd"),
        ("runs: python -c 'import tool'", "abcd"),
        ("runs: .claude/skills/alpha/other .claude/skills/mine/x running.sh", ""),
        ("runs: cat .claude/notes.local.md .claude/settings.json", ""),
    ],
)
def test_what_a_command_starts(starts: Starts, text: str, started: str) -> None:
    """All that it names and what that starts in turn; everything where it looks for files."""
    found = [item.id.name for item in starts.find_started([text])]
    assert found == ([started] if started == "text" else list(started))


def test_too_many_programs_may_start_anything(
    starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not all of them can be read, nobody knows what they start."""
    monkeypatch.setattr("holdall.deploy.consent.started._MAX_PROGRAMS", 3)
    found = starts.find_started(["runs: .claude/skills/a/run.sh"])
    assert [item.id.name for item in found] == list("abcd")


def test_names_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    """Both are found, and only where their own name ends."""
    items = []
    for name in ("a", "a-b"):
        (tmp_path / name).write_text("x")
        id_, place = ArtifactId.parse(f"skill:{name}"), f".claude/skills/{name}"
        items.append(Startable(id_, ".claude", place, name, {f"{name}.sh": tmp_path / name}))
    starts = Starts(items)
    for text, names in (
        ("sh .claude/skills/a/x .claude/skills/a-b/x", ["a", "a-b"]),
        ("sh .claude/skills/a-b/a-b.sh", ["a-b"]),
        ("sh .claude/skills/a/a.sh", ["a"]),
    ):
        assert [item.id.name for item in starts.find_started([text])] == names
