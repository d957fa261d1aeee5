"""Many machines on one collection: what a change, a pull and two hundred deploys at once take."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpus import make_commands, make_skills
from benchmarks.databases import postgresql
from benchmarks.measuring import Bench, Row, Sample, compared, single, timed
from holdall.cli import main
from holdall.collection import Manifest
from holdall.collection.manifest.reader import parse
from holdall.transaction import Signature
from holdall_composites.database.connect import connect_database
from holdall_composites.schema.runner import upgrade
from holdall_composites.service import publish as publishing
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.chain import Header, append_release, with_release

LARGE, RELEASES, AT_ONCE, SESSIONS, CORES = 10_000, 1_000, 200, 20, 2
SELECT_ONE = "import psycopg, sys; psycopg.connect(sys.argv[1]).execute('SELECT 1').fetchone()"


def shared_collection(bench: Bench) -> list[Row]:
    """Measure a collection that is in a PostgreSQL database, beside the same in an SQLite file."""
    with postgresql() as url:
        if url is None:
            return []
        file = f"sqlite:///{bench.empty('shared') / 'team.db'}"
        for one in (file, url):
            with connect_database(one) as database:
                upgrade(database)
        kits = {one: _collection(bench, name, one) for name, one in (("s", file), ("p", url))}
        rows = [_change(bench, kits, file, url), _pull(bench, kits[url], url)]
        rows += [
            _releases(kits[one], one, name) for one, name in ((file, "SQLite"), (url, "PostgreSQL"))
        ]
        return rows + _deploys(bench, url)


def _collection(bench: Bench, name: str, url: str) -> Path:
    source, kit = bench.empty(f"source-{name}"), bench.folder / f"kit-{name}"
    make_commands(source, LARGE)
    _run("--collection", kit, "--database", url, "init", kit)
    _run("--collection", kit, "--database", url, "collect", source)
    return kit


def _run(*words: object) -> None:
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        status = main([str(word) for word in words])
    assert status == 0, out.getvalue()


@contextmanager
def _timed_commits(found: list[Sample]) -> Iterator[None]:
    """Measure each commit of a change to a shared database."""
    real = publishing.publish

    def publish(*given: Any) -> Any:
        done: list[Any] = []
        found.append(timed(lambda: done.append(real(*given))))
        return done[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "publish", publish)
        yield


def _change(bench: Bench, kits: dict[str, Path], file: str, url: str) -> Row:
    """Rename one of many, on each of the two, in turn."""
    found: dict[str, list[Sample]] = {file: [], url: []}
    for number in range(2 * bench.rounds):
        for one, samples in found.items():
            old = _manifest(kits[one]).artifacts[number].id
            with _timed_commits(samples):
                _run("--collection", kits[one], "--database", one, "rename", old, f"new-{number}")
        print(".", end="", file=sys.stderr, flush=True)
    case = f"PostgreSQL: a change of {LARGE:,}, committed"
    return compared(case, "SQLite", found[url][1:], found[file][1:], 2.5)


def _manifest(kit: Path) -> Manifest:
    return parse((kit / "manifest.toml").read_text(), "manifest.toml")


def _pull(bench: Bench, kit: Path, url: str) -> Row:
    words = ("--collection", kit, "--database", url, "pull")
    found = bench.in_turn(
        {
            "pull": lambda: bench.ours(*words),
            "select": lambda: bench.run(sys.executable, "-c", SELECT_ONE, url),
        }
    )
    return compared(
        "pull with nothing new", "SELECT 1", found["pull"], found["select"], 1.5, by="cpu"
    )


def _releases(kit: Path, url: str, name: str) -> Row:
    """Append releases of one change each; only what they take, not the rows that they change."""
    manifest = _manifest(kit)
    own = manifest.uuid or ""
    with connect_database(url) as database:
        store = Store(database)
        before = _size(database)
        for number in range(RELEASES):
            entry = manifest.artifacts[number]
            changed = replace(entry, source_revision=f"{number:040x}")
            artifacts = (*manifest.artifacts[:number], changed, *manifest.artifacts[number + 1 :])
            header, head = Header.of(Signature.now(), "collect"), store.collections.head(own)
            after = with_release(
                store, head, replace(manifest, artifacts=artifacts), manifest, header
            )
            append_release(store, after, header, {entry.uuid or ""})
            manifest = after
        grown = (_size(database) - before) / (1 << 20)
    return single(f"{name}: {RELEASES:,} releases of one change of {LARGE:,}", "MB", [grown], 5)


def _size(database: Any) -> int:
    tables = ("releases", "release_changes", "state_chunks")
    if database.__class__.__name__ == "ServerDatabase":
        sizes = ", ".join(f"pg_total_relation_size('{table}')" for table in tables)
        return sum(database.execute_sql(f"SELECT {sizes}", ()).fetchone())
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(database.database).stat().st_size


def _deploys(bench: Bench, url: str) -> list[Row]:
    """Start many deploys at once, each into a project of its own; nothing without PgBouncer."""
    from pgbouncer import find_pgbouncer, running_pgbouncer
    from postgres_server import with_name

    if find_pgbouncer() is None:
        return []
    source, kit, projects = (bench.empty(f"fleet-{n}") for n in ("source", "kit", "projects"))
    chosen = make_skills(source, 10)[0]
    with ExitStack() as held:
        pooled = held.enter_context(running_pgbouncer(url, SESSIONS))
        name = url.partition("://")[2].split("/")[1].partition("?")[0]
        words = ("--collection", kit, "--database", with_name(pooled, name))
        _run(*words, "init", kit)
        _run(*words, "collect", source)

        def line(number: int) -> list[str | Path]:
            project = projects / str(number)
            project.mkdir()
            deploy = ("deploy", chosen, "--to", project, "--target", "claude")
            return [bench.holdall, "--quiet", *map(str, (*words, *deploy))]

        alone = [bench.run(*line(-1 - number)).cpu for number in range(bench.rounds + 1)]
        start, before = time.perf_counter(), _spent()
        running = [
            subprocess.Popen(line(number), env=bench.environment, stderr=subprocess.PIPE)
            for number in range(AT_ONCE)
        ]
        said = [one.communicate()[1].decode() for one in running]
        wall, cpu = time.perf_counter() - start, _spent() - before
    failed = [text for one, text in zip(running, said, strict=True) if one.returncode]
    if failed:
        print(failed[0], file=sys.stderr)
    usual = AT_ONCE * sorted(alone)[len(alone) // 2]
    what = f"{AT_ONCE} deploys at once, {SESSIONS} sessions behind PgBouncer"
    yard = f"{AT_ONCE} x one deploy's processor time"
    return [
        single(f"{what}: failed", "deploys", [len(failed)], 0),
        compared(
            f"{what}: all of them",
            f"{yard} / {CORES}",
            [Sample(wall, cpu)],
            [Sample(usual / CORES, usual)],
            1.3,
        ),
        compared(
            f"{what}: processor time",
            yard,
            [Sample(wall, cpu)],
            [Sample(usual, usual)],
            1.3,
            by="cpu",
        ),
    ]


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
