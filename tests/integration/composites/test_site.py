"""The site: every link leads somewhere, the same bytes twice, nothing of a stranger's runs."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

from e2e.kit import Kit, tree, write
from holdall.testing import make_skill

pytest.importorskip("nh3", reason="the extra `site` is not installed")

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

HOSTILE = """---
name: hostile
description: "<script>alert(1)</script> \\u202e <img src=x onerror=alert(2)>"
license: "<b>mine</b>"
---
<script>alert(3)</script><img src="http://evil.example/pixel.png" onerror="alert(4)">

[click](javascript:alert(5)) [data](data:text/html,<script>alert(6)</script>) [up](../../../x)
![picture](http://evil.example/picture.png) <a href="javascript:alert(7)" onclick="alert(8)">x</a>

<style>body { display: none }</style><iframe src="http://evil.example"></iframe> \u202eevil \u200b

```html
<script>alert(9)</script>
```

| a | b |
|---|---|
| <svg onload=alert(10)> | `x` |
"""


@pytest.fixture
def site(kit: Kit, tmp_path: Path) -> Path:
    """The site of the sample and of a skill with hostile text."""
    write(kit.collection / "skills/hostile/SKILL.md", HOSTILE)
    write(kit.collection / "skills/hostile/page.html", "<script>alert(11)</script>")
    write(kit.collection / "skills/hostile/notes.svg", '<svg onload="alert(12)"/>')
    write(kit.collection / "skills/hostile/a\u200bb.txt", "a name with a mark that is not seen")
    kit.run("collect", "--allow", "hidden-text", status=None)
    kit.run("site", "--to", tmp_path / "site")
    return tmp_path / "site"


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, {key: value or "" for key, value in attrs}))


def pages(site: Path) -> Iterator[tuple[Path, Page]]:
    """Yield each page."""
    raw = ("plugins", ".well-known")
    for path in sorted(site.rglob("*.html")):
        if path.relative_to(site).parts[0] not in raw:
            yield path, Page(path.read_text())


def uuid_of(kit: Kit, name: str) -> str:
    """Return an artifact's UUID."""
    return kit.uuids()[name]


def test_every_link_leads_somewhere(site: Path) -> None:
    """Relative ones to a file of the site, others to https, http or mail."""
    for path, page in pages(site):
        for _tag, attributes in page.tags:
            for key in ("href", "src"):
                target, fragment = urldefrag(attributes.get(key, "#"))
                if target.startswith(("https://", "http://", "mailto:")):
                    assert key == "href", path
                elif target:
                    assert (path.parent / unquote(target)).is_file(), (path, target)
                else:
                    ids = [other.get("id") for _, other in page.tags]
                    assert not fragment or fragment in ids, (path, fragment)


def test_nothing_of_a_stranger_runs_or_is_fetched(kit: Kit, site: Path) -> None:
    """No script but ours, no handler, no frame, no picture; what hides text is written out."""
    assert "skill:hostile" in kit.uuids()
    for path, page in pages(site):
        for tag, attributes in page.tags:
            assert tag not in {"img", "iframe", "object", "embed", "style", "base", "form "}, path
            assert not any(key.startswith("on") or key == "style" for key in attributes), path
            if tag == "script":
                assert attributes["src"].rpartition("/")[0].endswith("static"), path
        text = path.read_text()
        assert "\u202e" not in text
        assert "\u200b" not in text
        (policy,) = [a["content"] for tag, a in page.tags if "http-equiv" in a]
        assert policy.startswith("default-src 'none'")
    text = (site / "a" / uuid_of(kit, "skill:hostile") / "index.html").read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "[picture]" in text


def test_the_same_collection_is_the_same_bytes(kit: Kit, site: Path, tmp_path: Path) -> None:
    """In another folder, and again in the same one, where nothing is written."""
    kit.run("site", "--to", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(site)
    told = kit.json("site", "--to", site)
    assert (told["written"], told["removed"]) == (0, 0)


def test_a_rename_keeps_the_address(kit: Kit, site: Path) -> None:
    """The page is under the UUID; what is removed from the collection is removed from the site."""
    page = site / "a" / uuid_of(kit, "skill:meeting-notes") / "index.html"
    assert "<strong>" not in page.read_text()
    kit.run("rename", "skill:meeting-notes", "minutes")
    kit.run("remove", "skill:hostile", "--force")
    gone = [path for path, _ in pages(site) if "alert(3)" in path.read_text()]
    assert gone
    told = kit.json("site", "--to", site)
    assert told["removed"] == 4  # its page and archive, and what had the old name
    assert "minutes" in page.read_text()
    assert not any(path.exists() for path in gone)
    releases = sorted(path.name for path in (site / "release").iterdir())
    assert (
        "renamed from meeting-notes"
        in (site / "release" / releases[-2]).read_text()
        + (site / "release" / releases[-1]).read_text()
    )


def test_it_says_what_contains_what(kit: Kit, site: Path) -> None:
    """A composite's page names its members in order, theirs name it."""
    composite = site / "a" / uuid_of(kit, "composite:writing") / "index.html"
    members = [link["id"] for link in _members(kit, "composite:writing")]
    text = composite.read_text()
    assert [text.index(f">{member}<") for member in members] == sorted(
        text.index(f">{member}<") for member in members
    )
    child = site / "a" / uuid_of(kit, members[0]) / "index.html"
    assert ">composite:writing<" in child.read_text()


def _members(kit: Kit, composite: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kit.json("associations", composite)["children"]
    return found


def test_a_hook_shows_what_it_runs(kit: Kit, site: Path) -> None:
    """Whole, as text."""
    (hook,) = [uuid for name, uuid in kit.uuids().items() if name.startswith("hook:")]
    text = (site / "a" / hook / "index.html").read_text()
    assert "What it can run" in text
    assert "command: " in text


def test_search_knows_every_entry(kit: Kit, site: Path) -> None:
    """The index of the search has one row for each."""
    rows = json.loads((site / "search.json").read_text())
    assert sorted(row[0] for row in rows) == sorted(kit.uuids().values())


def test_what_is_not_the_sites_is_kept(kit: Kit, site: Path, tmp_path: Path) -> None:
    """An edited page, or another file at the place of one, is refused; others are left alone."""
    (site / "mine.txt").write_text("mine")
    (site / "index.html").write_text("edited")
    done = kit.command("site", "--to", site)
    assert done.returncode == 3
    assert "index.html" in done.stderr
    assert (site / "index.html").read_text() == "edited"
    assert (site / "mine.txt").read_text() == "mine"
    write(tmp_path / "other/index.html", "mine")
    assert kit.command("site", "--to", tmp_path / "other").returncode == 3


@pytest.mark.parametrize("text", ["", '{"files": {"index.html"', '{"files": []}', "[]", '{"a": 1}'])
def test_a_damaged_list_of_files_is_refused_with_its_name(kit: Kit, site: Path, text: str) -> None:
    """What it does not name is not the site's any more, and nothing of it is replaced."""
    (site / "site.json").write_text(text)
    make_skill(kit.collection, "late")
    kit.run("collect", "--allow", "hidden-text", status=None)
    before = tree(site)
    done = kit.command("site", "--to", site)
    assert done.returncode in (2, 3), done.stderr
    assert "site.json" in done.stderr or "is not what the site wrote there" in done.stderr
    assert tree(site) == before


def test_one_folder_has_both(kit: Kit, site: Path) -> None:
    """What is published and the site leave each other alone."""
    kit.run("publish", "--to", site)
    make_skill(kit.collection, "late")
    kit.run("collect", "--allow", "hidden-text", status=None)
    kit.run("site", "--to", site)
    kit.run("publish", "--to", site)
    assert kit.json("scan", site, status=None)["artifacts"]
    assert "late" in (site / "index.html").read_text()


def test_other_programs_find_what_they_read(kit: Kit, site: Path) -> None:
    """Both indexes, each digest that of the file; three lists of plugins, with their folders."""
    index = json.loads((site / ".well-known/agent-skills/index.json").read_text())
    names = {entry["name"] for entry in index["skills"]}
    assert names == {"changelog", "commit-message", "hostile", "meeting-notes", "plain-prose"}
    for entry in index["skills"]:
        data = (site / ".well-known/agent-skills" / entry["url"]).read_bytes()
        assert entry["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert "SKILL.md" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    plain = json.loads((site / ".well-known/skills/index.json").read_text())
    # A browser would run its page.html.
    assert {entry["name"] for entry in plain["skills"]} == names - {"hostile"}
    assert not (site / ".well-known/skills/hostile").exists()
    for entry in plain["skills"]:
        served, kept = site / ".well-known/skills", kit.collection / "skills"
        for file in entry["files"]:
            path = f"{entry['name']}/{file}"
            assert (served / path).read_bytes() == (kept / path).read_bytes()
    for place in (".claude-plugin", ".github/plugin", ".agents/plugins"):
        table = json.loads((site / place / "marketplace.json").read_text())
        assert [plugin["name"] for plugin in table["plugins"]] == ["git-care", "writing"]
        for plugin in table["plugins"]:
            manifests = [*(site / plugin["source"]).glob(".*/**/plugin.json")]
            named = [json.loads(path.read_text())["name"] for path in manifests]
            assert named == [plugin["name"]], place


def test_with_an_address_claude_code_gets_archives(kit: Kit, site: Path) -> None:
    """Absolute, with the SHA-256 of the zip file that is served there."""
    kit.run("site", "--to", site, "--url", "https://example.org/kit")
    table = json.loads((site / ".claude-plugin/marketplace.json").read_text())
    for plugin in table["plugins"]:
        source = plugin["source"]
        assert source["url"] == f"https://example.org/kit/plugins/claude/{plugin['name']}.zip"
        data = (site / source["url"].removeprefix("https://example.org/kit/")).read_bytes()
        assert source["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_missing_library_is_named_with_the_way_to_get_it(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holdall alone does not bring what pages are made with; nothing is written then."""
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "nh3" else found(n))
    done = kit.command("site", "--to", tmp_path / "pages")
    assert done.returncode == 2
    assert "`holdall site` needs the library nh3" in done.stderr
    assert "holdall[site]" in done.stderr
    assert not (tmp_path / "pages").exists()
