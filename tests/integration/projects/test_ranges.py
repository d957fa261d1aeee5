"""`revision = "^1.2"`: the newest tag of a range is locked, updated to, and reported."""

from __future__ import annotations

import pytest

from git_repositories import git
from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration


def release(upstream: Upstream, tag: str) -> str:
    """Publish another state of `pdf` under a tag; return the commit."""
    make_skill(upstream.work, "pdf", f"pdf of {tag}")
    return upstream.release(tag)


def test_a_range(ada: Machine, upstream: Upstream) -> None:
    """Commit and tag are locked; outdated and update know the newest inside and outside."""
    first = release(upstream, "v1.2.0")
    release(upstream, "v2.0.0")
    said = ada.run("add", "acme/kit@^1.2", "--skill", "pdf")
    assert f"from https://github.com/acme/kit ^1.2 v1.2.0 ({first[:12]})" in said
    source = ada.lock()[""][0]
    assert (source["revision"], source["tag"], source["commit"]) == ("^1.2", "v1.2.0", first)
    assert 'revision = "^1.2"' in (ada.project / "holdall.toml").read_text()
    assert "v2.0.0 is there, outside of ^1.2" in ada.run("outdated")
    newer = release(upstream, "v1.4.1")
    release(upstream, "v1.5.0-rc.1")
    assert "(v1.2.0 -> v1.4.1)" in ada.run("outdated", status=1)
    shown = ada.json("outdated", status=1)["sources"][0]
    assert (shown["tag"], shown["newest"], shown["now"]) == ("v1.4.1", "v2.0.0", newer)
    said = ada.run("update", "--yes")
    assert "v2.0.0 is there, outside of ^1.2" in said
    assert f"^1.2 v1.2.0 {first[:12]} -> ^1.2 v1.4.1 {newer[:12]}" in said
    assert ada.lock()[""][0]["tag"] == "v1.4.1"
    assert "everything is as its source has it" in ada.run("update", "--yes")
    assert "at " + newer[:12] in ada.run("why", "pdf")


def test_ranges_in_a_file(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """A range with blanks is for a file; another machine gets the locked commit, not the newest."""
    first = release(upstream, "v1.2.0")
    toml = ada.project / "holdall.toml"
    toml.write_text('[[require]]\nsource = "github:acme/kit"\nrevision = ">=1.1 <2 || ^4"\n')
    ada.run("sync")
    release(upstream, "v4.0.0")
    git(ada.project, "add", "holdall.toml", "holdall.lock")
    git(ada.project, "commit", "--quiet", "--message", "one")
    git(ada.project, "clone", "--quiet", str(ada.project), str(bob.project))
    bob.run("sync", "--frozen")
    assert bob.lock()[""][0]["commit"] == first
    toml.write_text(toml.read_text().replace("|| ^4", ""))
    ada.run("sync")
    assert ada.lock()[""][0]["tag"] == "v1.2.0"


def test_a_plugins_own_tags(ada: Machine, upstream: Upstream) -> None:
    """Tags with a plugin's name count for its folder; a tag that was moved is reported."""
    make_skill(upstream.work / "plugins/desk", "tidy", "one")
    first = upstream.release("desk--v1.0.0")
    upstream.release("v1.9.0")
    ada.run("add", "acme/kit@^1#plugins/desk")
    source = ada.lock()[""][0]
    assert (source["tag"], source["commit"]) == ("desk--v1.0.0", first)
    make_skill(upstream.work / "plugins/desk", "tidy", "two")
    upstream.release("desk--v1.0.0")
    assert "(the tag was moved)" in ada.run("outdated", status=1)


def test_one_version(ada: Machine, upstream: Upstream) -> None:
    """A version alone is the tag of that version, with or without its `v`."""
    first = release(upstream, "v1.2.0")
    release(upstream, "v1.3.0")
    ada.run("add", "acme/kit@1.2.0", "--skill", "pdf")
    source = ada.lock()[""][0]
    assert (source["revision"], source["tag"], source["commit"]) == ("1.2.0", "v1.2.0", first)
    assert "v1.3.0 is there, outside of 1.2.0" in ada.run("outdated")


@pytest.mark.parametrize(
    ("source", "said", "status"),
    [
        ("acme/kit@^3", "no version in ^3", 4),
        ("acme/kit@^x.y", "is not a range of versions", 2),
        ("acme/kit@~^1", "is not a range of versions", 2),
    ],
)
def test_no_such_version(ada: Machine, source: str, said: str, status: int) -> None:
    """A clear error that names the newest tags; nothing is made."""
    printed = ada.run("add", source, status=status)
    assert said in printed
    assert status == 2 or "the newest are v1.0.0" in printed
    assert not (ada.project / "holdall.toml").exists()


def test_a_folder_has_no_versions(ada: Machine) -> None:
    """A range is refused for what has no tags."""
    make_skill(ada.project / "vendor", "mine", "mine")
    (ada.project / "holdall.toml").write_text('[[require]]\nsource = "./vendor"\nrevision = "^1"\n')
    assert "which a repository has" in ada.run("sync", status=2)
