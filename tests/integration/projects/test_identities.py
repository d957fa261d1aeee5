"""The UUIDs in `holdall.lock` are those of what it lists, in the collection and in the source."""

from __future__ import annotations

import re
import shutil

import pytest

from machines import Machine

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("upstream")]


def swap(machine: Machine) -> None:
    """Give each of two skills the other one's UUID in the lock."""
    ids, lock = machine.uuids(), machine.project / "holdall.lock"
    text = lock.read_text().replace(ids["skill:pdf"], "-")
    text = text.replace(ids["skill:notes"], ids["skill:pdf"])
    lock.write_text(text.replace('uuid = "-"', f'uuid = "{ids["skill:notes"]}"'))


def test_one_of_another_artifact_here(ada: Machine) -> None:
    """What the collection has under another UUID is refused, and nothing is changed."""
    ada.run("add", "acme/kit")
    swap(ada)
    before = ada.files(), (ada.collection / "manifest.toml").read_bytes(), ada.uuids()
    said = ada.run("sync", status=3)
    assert "skill:notes has the UUID that skill:pdf has in the collection" in said
    assert (ada.files(), (ada.collection / "manifest.toml").read_bytes(), ada.uuids()) == before


def test_one_of_two(ada: Machine) -> None:
    """Two artifacts with one UUID are no lock that can be read."""
    ada.run("add", "acme/kit")
    ids, lock = ada.uuids(), ada.project / "holdall.lock"
    lock.write_text(lock.read_text().replace(ids["skill:pdf"], ids["skill:notes"]))
    assert "skill:notes and skill:pdf have one UUID" in ada.run("sync", status=2)


def test_one_of_another_artifact_in_the_source(ada: Machine, bob: Machine) -> None:
    """A source that has UUIDs itself, as a collection, is compared with the lock, too."""
    ada.run("add", "acme/kit")
    bob.project.mkdir()
    shutil.copytree(ada.collection, bob.project / "kit", ignore=shutil.ignore_patterns(".holdall"))
    bob.run("add", "./kit")
    assert bob.uuids() == ada.uuids()
    swap(bob)
    for folder in (bob.project / ".claude", bob.project / ".holdall", bob.home):
        shutil.rmtree(folder)
    bob.home.mkdir()
    said = bob.run("sync", status=3)
    assert re.search("skill:(notes|pdf) has the UUID that skill:(notes|pdf) has in ./kit", said)
    assert not (bob.project / ".claude").exists()
