"""What of a repository some skills need, by its tree alone."""

from __future__ import annotations

import pytest

from holdall.sources.fetch.parts import folders_of, is_needed

TREE = {
    "README.md": "1",
    "skills/pdf/SKILL.md": "2",
    "skills/pdf/run.py": "3",
    "skills/web/SKILL.md": "4",
}


def test_one_folder() -> None:
    """A name that is one folder with a SKILL.md is that folder."""
    assert folders_of(TREE, (), ["pdf"]) == ["skills/pdf"]
    assert folders_of(TREE, (), ["web", "pdf"]) == ["skills/web", "skills/pdf"]


@pytest.mark.parametrize(
    ("more", "links", "names"),
    [
        ((), (), []),
        ((), (), ["none"]),
        ((), (), ["Pdf"]),
        ((), (), ["../pdf"]),
        (("other/pdf/SKILL.md",), (), ["pdf"]),
        (("other/PDF/SKILL.md",), (), ["pdf"]),
        (("skills/copy/SKILL.md",), (), ["pdf"]),
        (("skills/SKILL.md",), (), ["pdf"]),
        (("SKILL.md",), (), ["pdf"]),
        (("manifest.toml",), (), ["pdf"]),
        ((), ("skills/pdf/link",), ["pdf"]),
    ],
)
def test_all_is_needed(more: tuple[str, ...], links: tuple[str, ...], names: list[str]) -> None:
    """Where another file may say something else of a skill, there is no answer."""
    assert folders_of({**TREE, **dict.fromkeys(more, "2")}, links, names) is None


@pytest.mark.parametrize(
    ("path", "is_it"),
    [
        ("skills/pdf/run.py", True),
        ("skills/pdfs/run.py", False),
        ("skills/web/SKILL.md", False),
        (".claude-plugin/marketplace.json", True),
        ("plugins/desk/.claude-plugin/plugin.json", True),
        (".agents/plugins/kit.json", True),
        ("README.md", False),
    ],
)
def test_needed(path: str, is_it: bool) -> None:
    """A skill's own files and all manifests are needed."""
    assert is_needed(path, ["skills/pdf"]) is is_it
