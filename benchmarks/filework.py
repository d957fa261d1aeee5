"""Collecting, deploying and scanning thousands of files, beside what copies, removes and reads."""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
from pathlib import Path

from benchmarks.corpus import make_skills
from benchmarks.measuring import Bench, Row, Sample, compared, single

SUM = "find {} -type f -print0 | xargs -0 sha256sum"


def whole_life(bench: Bench) -> list[Row]:
    """Take a tree from its source through a collection into a project and out again."""
    source = bench.empty("source")
    ids = make_skills(source, bench.skills)
    life = _Life(bench, source, ids)
    ways = {
        "cp": life.copy,
        "collect": life.collect,
        "collect again": life.collect_again,
        "deploy": life.deploy,
        "deploy again": life.deploy_again,
        "deploy one": life.deploy_one,
        "rsync": life.rsync,
        "rsync again": life.rsync_again,
        "rm": life.remove,
        "undeploy": life.undeploy,
    }
    if shutil.which("stow"):
        ways["stow"] = life.stow
    if shutil.which("git"):
        ways["git"] = life.checkout
    if not shutil.which("rsync"):
        del ways["rsync"], ways["rsync again"]
    found = bench.in_turn(ways)
    cp, again = found["cp"], found["deploy again"]
    rows = [
        compared("first deploy, durable", "`cp -a`", found["deploy"], cp, 0.9),
        compared("unchanged deploy", "`cp -a`", again, cp, 0.2),
        compared("deploy with one file changed", "unchanged", found["deploy one"], again, 1.1),
        compared("undeploy of all", "`rm -r`", found["undeploy"], found["rm"], 1.3),
        compared("first collect", "`cp -a`", found["collect"], cp, 1.2),
        compared("unchanged collect", "`cp -a`", found["collect again"], cp, 0.12),
        *(
            single(f"memory at most, {name}", "MB", [s.memory for s in found[name]], 90)
            for name in ("deploy", "collect")
        ),
    ]
    if "rsync" in found:
        theirs = found["rsync again"]
        rows.insert(2, compared("unchanged deploy", "`rsync -a` unchanged", again, theirs, 1.0))
        rows.append(compared("(`rsync -a`, first)", "`cp -a`", found["rsync"], cp))
    if "git" in found:
        rows.append(compared("(`git checkout` of all)", "`cp -a`", found["git"], cp))
    if "stow" in found:
        rows.append(compared("(`stow`, links only)", "`cp -a`", found["stow"], cp))
    return rows


class _Life:
    """The steps; each relies on the one before it, all begin with a disk at rest."""

    def __init__(self, bench: Bench, source: Path, ids: list[str]) -> None:
        self.bench, self.source, self.ids = bench, source, ids
        self.kit, self.project = bench.folder / "kit", bench.folder / "project"
        self.on_kit = ("--collection", self.kit)
        self.edits = itertools.count()

    def copy(self) -> Sample:
        self.bench.empty("copy")
        return self.bench.run("cp", "-a", self.source, self.bench.folder / "copy" / "of")

    def checkout(self) -> Sample:
        repository = self.bench.folder / "repository.git"
        git = ("git", f"--git-dir={repository}", f"--work-tree={self.source}")
        if not repository.exists():
            self.bench.run(*git, "init", "--quiet")
            self.bench.run(*git, "add", "--all")
            who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
            self.bench.run(*git, *who, "commit", "--quiet", "--message", "all")
        place = self.bench.empty("checked-out")
        return self.bench.run(*git[:2], f"--work-tree={place}", "checkout", "--quiet", "--", ".")

    def rsync(self) -> Sample:
        self.bench.empty("mirror")
        return self.rsync_again()

    def rsync_again(self) -> Sample:
        os.sync()
        return self.bench.run("rsync", "-a", f"{self.source}/", self.bench.folder / "mirror")

    def remove(self) -> Sample:
        os.sync()
        return self.bench.run("rm", "-r", self.bench.folder / "copy")

    def stow(self) -> Sample:
        self.bench.empty("stowed")
        where = ("--dir", self.source.parent, "--target", self.bench.folder / "stowed")
        return self.bench.run("stow", "--no-folding", *where, self.source.name)

    def collect(self) -> Sample:
        self.bench.empty("kit")
        self.bench.ours("init", self.kit)
        os.sync()
        return self.bench.ours(*self.on_kit, "collect", self.source)

    def collect_again(self) -> Sample:
        os.sync()
        return self.bench.ours(*self.on_kit, "collect", self.source)

    def deploy(self) -> Sample:
        self.bench.empty("project")
        return self.bench.ours(*self.on_kit, "deploy", *self.ids, "--to", self.project)

    def deploy_again(self) -> Sample:
        os.sync()
        return self.bench.ours(*self.on_kit, "deploy", "--to", self.project)

    def deploy_one(self) -> Sample:
        with (self.kit / "skills" / "skill-00000" / "SKILL.md").open("a") as file:
            file.write(f"changed {next(self.edits)} times\n")
        return self.deploy_again()

    def undeploy(self) -> Sample:
        os.sync()
        return self.bench.ours(*self.on_kit, "undeploy", *self.ids, "--to", self.project)


def scanning(bench: Bench) -> list[Row]:
    """Scan a repository of twice the files, beside finding and hashing them."""
    source = bench.empty("repository")
    make_skills(source, 2 * bench.skills)
    found = bench.in_turn(
        {
            "sum": lambda: bench.run("sh", "-c", SUM.format(source)),
            "scan": lambda: bench.ours("scan", source),
        }
    )
    return [
        compared(
            f"scan of {10 * bench.skills:,} files",
            "`find` + `sha256sum`",
            found["scan"],
            found["sum"],
            1.5,
        )
    ]


def growth_in_size(bench: Bench) -> list[Row]:
    """Deploy one artifact with a large file, for the memory it takes."""
    source, kit = bench.empty("large"), bench.empty("large-kit")
    make_skills(source, 1)
    with (source / "skills" / "skill-00000" / "large.bin").open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
    bench.ours("init", kit)
    collected = bench.ours("--collection", kit, "collect", source)
    project = bench.empty("large-project")
    deployed = bench.ours("--collection", kit, "deploy", "skill:skill-00000", "--to", project)
    worst = statistics.fmean([max(collected.memory, deployed.memory)])
    return [single("memory at most, one file of 64 MB", "MB", [worst], 120)]
