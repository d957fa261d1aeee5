"""Faults put into the writer on purpose: the campaign must find each. `make mutants` runs them.

A mutant is a file, a text in it, what stands there instead, and the test of the short campaign
that should notice. One that its test does not notice is tried on all of its room; one that survives
those means that the campaign has a hole.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
LIMIT = 900.0


@dataclass(frozen=True)
class Mutant:
    """One fault; `why` says what is missing then. `more` are further (file, old, new)."""

    why: str
    file: str
    old: str
    new: str
    test: str
    room: str = "tests/faults"
    more: tuple[tuple[str, str, str], ...] = ()

    @property
    def edits(self) -> list[tuple[str, str, str]]:
        """What is replaced: a file, a text in it, and what stands there instead."""
        return [(self.file, self.old, self.new), *self.more]


POINTS, CHAINS = "test_campaign_points.py::test_every_point", "test_campaign_points.py"
POWER = "test_campaign_power.py"
CROWD = "test_campaign_crowd.py"
EDITS = "test_transaction_edits.py"
PAIRS = "test_transaction_pairs.py"
EXPORTS = "test_export_kills.py"
TEAM = "tests/integration/team"
ON_A_SERVER = "test_interleavings.py::test_machines_on_one_server"
ON_A_FILE = "test_interleavings.py::test_machines_on_one_file"

COLLECTIONS = "src/holdall_composites/store/collections.py"
PUBLISH = "src/holdall_composites/service/publish.py"
CHAIN = "src/holdall_composites/sync/releases/chain.py"
UNCOMPARED = (
    (
        COLLECTIONS,
        '.where(C.id == Given("id"), C.head == Given("seen"))',
        '.where(C.id == Given("id"))',
    ),
    (
        PUBLISH,
        "collection.manifest.base != (planned.release.hash if planned.delta else head[1])",
        "not planned",
    ),
)

MUTANTS = [
    Mutant(
        "no barrier before the commit point",
        "src/holdall/transaction/commit.py",
        "            _make_staged_durable(work)\n",
        "",
        POWER,
    ),
    Mutant(
        "no barrier for many files before the commit point",
        "src/holdall/transaction/commit.py",
        "            syscalls.sync_file_system(journal.folder)\n            return\n",
        "            return\n",
        POWER,
    ),
    Mutant(
        "no barrier after the deed",
        "src/holdall/transaction/commit.py",
        "            _make_durable(root, application,"
        " by_file=by_file and not application.backups)\n",
        "            pass\n",
        POWER,
    ),
    Mutant(
        "no barrier after the deed, for many files",
        "src/holdall/transaction/commit.py",
        "    if not by_file:\n"
        "        syscalls.sync_file_system(root.folders.top)\n"
        "        return\n",
        "    if not by_file:\n        return\n",
        POWER,
    ),
    Mutant(
        "staged files are not synced",
        "src/holdall/transaction/staging.py",
        "        if durable:\n            syscalls.sync(file)\n",
        "",
        POWER,
    ),
    Mutant(
        "the plan is not synced",
        "src/holdall/transaction/commit.py",
        "                if work.by_file:\n                    syscalls.sync(file)\n",
        "                pass\n",
        POWER,
    ),
    Mutant(
        "the commit point itself is not durable",
        "src/holdall/transaction/journal.py",
        "                syscalls.rename(folder, PLAN_TMP, folder, PLAN)\n"
        "                syscalls.sync(folder)\n",
        "                syscalls.rename(folder, PLAN_TMP, folder, PLAN)\n",
        POWER,
    ),
    Mutant(
        "folders are made durable before those above them",
        "src/holdall/transaction/commit.py",
        'sorted(touched, key=lambda path: path or "")',
        'sorted(touched, key=lambda path: path or "", reverse=True)',
        POWER,
    ),
    Mutant(
        "the database is told before the plan is durable",
        "src/holdall/transaction/commit.py",
        "            _make_staged_durable(work)\n",
        "            work.half.prepare(work.half.transaction_id)\n"
        "            _make_staged_durable(work)\n",
        POWER,
    ),
    Mutant(
        "the user's key is not synced",
        "src/holdall/files/user_state.py",
        "            syscalls.sync(file)\n",
        "",
        POWER,
    ),
    Mutant(
        "no lock",
        "src/holdall/files/lock.py",
        "        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "        pass\n",
        CROWD,
    ),
    Mutant(
        "links are followed to folders",
        "src/holdall/files/syscalls.py",
        "_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC",
        "_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC",
        CROWD,
    ),
    Mutant(
        "what an exchange brings out is not looked at",
        "src/holdall/transaction/apply.py",
        "        if displaced == expected:\n",
        "        if displaced:\n",
        CROWD,
    ),
    Mutant(
        "what a removal moved aside is not looked at",
        "src/holdall/transaction/apply.py",
        "        if look_at(self._old, slot) != action.expected:\n"
        "            self._give_back(self._old, slot, action, folder)\n"
        "        self._keep(self._old, slot, action)\n\n    def _move_aside",
        "        self._keep(self._old, slot, action)\n\n    def _move_aside",
        CROWD,
    ),
    Mutant(
        "a new file replaces what appeared while Holdall was running",
        "src/holdall/transaction/apply.py",
        "        if syscalls.rename_with(syscalls.NO_REPLACE, folder, name, to_folder, to_name):\n",
        "        if syscalls.rename(folder, name, to_folder, to_name) is None:\n",
        CROWD,
    ),
    Mutant(
        "what is foreign in a slot is thrown away",
        "src/holdall/transaction/apply.py",
        "            if found not in known or (",
        "            if False and (",
        EDITS,
    ),
    Mutant(
        "no backups",
        "src/holdall/transaction/apply.py",
        "        if not action.keep_backup or action.expected is None:\n            return\n",
        "        return\n",
        POINTS,
    ),
    Mutant(
        "recovery forgets",
        "src/holdall/transaction/commit.py",
        "_recover(root, journal, i) for i in journal.ids(TX) if",
        "_recover(root, journal, i) for i in () if",
        POINTS,
    ),
    Mutant(
        "recovery throws away instead of finishing",
        "src/holdall/transaction/commit.py",
        "    plan = journal.read_plan(TX, transaction_id)\n    if plan is None:\n",
        "    plan = journal.read_plan(TX, transaction_id)\n"
        "    if plan is not None:\n"
        "        journal.discard(TX, transaction_id)\n"
        '        return Recovered(transaction_id, "", {}, False, ())\n'
        "    if plan is None:\n",
        POINTS,
    ),
    Mutant(
        "recovery does not know what is done already",
        "src/holdall/transaction/commit.py",
        "    done = _finish(root, journal, transaction_id, plan, again=True)\n",
        "    done = _finish(root, journal, transaction_id, plan, again=False)\n",
        POINTS,
    ),
    Mutant(
        "the plan has its name before it is whole",
        "src/holdall/transaction/journal.py",
        'PLAN, PLAN_TMP = "plan", "plan.tmp"',
        'PLAN, PLAN_TMP = "plan", "plan"',
        POINTS,
    ),
    Mutant(
        "what is given up keeps its plan",
        "src/holdall/transaction/journal.py",
        "                syscalls.rename(fd, PLAN, fd, PLAN_TMP)\n",
        "                pass\n",
        POINTS,
    ),
    Mutant(
        "nobody hears of what is given up",
        "src/holdall/transaction/journal.py",
        "        if plan is None or not plan.payload:\n",
        "        if True:\n",
        POINTS,
    ),
    Mutant(
        "a message is forgotten before it is heard",
        "src/holdall/operations/delivery.py",
        "        failures = _failures(message, root.path, session)\n",
        "        forget_message(root, message.transaction_id)\n"
        "        failures = _failures(message, root.path, session)\n",
        POINTS,
    ),
    Mutant(
        "the message is not kept at all",
        "src/holdall/transaction/commit.py",
        "        if plan.payload:\n            journal.move(transaction_id, TX, OUTBOX)\n",
        "        if not plan:\n            journal.move(transaction_id, TX, OUTBOX)\n",
        POINTS,
    ),
    Mutant(
        "short writes are not continued",
        "src/holdall/files/root.py",
        "    while rest:\n        rest = rest[syscalls.write(file, rest) :]\n",
        "    syscalls.write(file, rest)\n",
        POINTS,
    ),
    Mutant(
        "an interrupted init is not finished",
        "src/holdall/operations/write_collection.py",
        "any(done.applied for done in recover(root))",
        "any(())",
        POINTS,
    ),
    Mutant(
        "the second half of a pair does not wait for the first",
        "src/holdall/transaction/journal.py",
        "        return plan if plan is not None and plan.waits else None\n",
        "        return None\n",
        PAIRS,
    ),
    Mutant(
        "the second half of a pair decides",
        "src/holdall/transaction/commit.py",
        "        works[0].journal.pass_commit_point(works[0].half.transaction_id)\n",
        "        for work in reversed(works):\n"
        "            work.journal.pass_commit_point(work.half.transaction_id)\n",
        PAIRS,
    ),
    Mutant(
        "an adoption is two changes",
        "src/holdall/operations/adopt.py",
        "                done = deployer.finish(project, planned, warnings, first).outcome\n",
        "                first.outcome = editor.commit(changes, actions)\n"
        "                done = deployer.finish(project, planned, warnings).outcome\n",
        f"{POINTS}[adopt]",
    ),
    Mutant(
        "an undo of an adoption is two changes",
        "src/holdall_composites/commands/undo.py",
        "            first = FirstHalf(self.editor, own.changes, own.actions)"
        " if own is not None else None\n",
        "            outcome = self.editor.commit(own.changes, own.actions) if own else None\n"
        "            first: FirstHalf | None = None\n",
        f"{POINTS}[undo-adopt]",
    ),
    Mutant(
        "the steps of an undo are taken in the wrong order",
        "src/holdall_composites/commands/undo.py",
        "        for number, step in enumerate(steps, 1):\n",
        "        for number, step in enumerate(steps[::-1], 1):\n",
        f"{POINTS}[undo-2]",
    ),
    Mutant(
        "an export leaves no note",
        "src/holdall/transaction/export.py",
        "        note = note_outside(collection, EXPORT, place.to_payload(), place.end)\n",
        "        note = place.clear_on_error()\n",
        EXPORTS,
    ),
    Mutant(
        "the name of a backup that an export borrowed is not given back",
        "src/holdall/transaction/export.py",
        "            if os.path.lexists(backup) and _fingerprint(backup) == self.content:\n",
        "            if not self.content:\n",
        EXPORTS,
    ),
    Mutant(
        "an export has its name before it is durable",
        "src/holdall/transaction/export.py",
        "                syscalls.sync_file_system(staging.folders.top)\n",
        "",
        EXPORTS,
    ),
    Mutant(
        "a rebuild leaves no note",
        "src/holdall_composites/service/rebuild.py",
        "    with note_outside(root, REPLACEMENT, replacement.to_payload(), replacement.end):\n",
        "    if root:\n",
        f"{POINTS}[rebuild]",
    ),
    Mutant(
        "a move goes on where its new place is taken",
        "src/holdall/transaction/apply.py",
        "                self._call_off(conditions)\n                return\n",
        "                pass\n",
        "test_transaction_conditions.py",
    ),
    Mutant(
        "a release has neither lock nor comparison",
        COLLECTIONS,
        'where(C.id == Given("id")).for_update()',
        'where(C.id == Given("id"))',
        ON_A_SERVER,
        TEAM,
        UNCOMPARED,
    ),
    Mutant(
        "the head is read before the transaction, and not compared in it",
        PUBLISH,
        "        with store.transaction():\n"
        "            store.collections.ask_change(uuid, header.change_id, touched or ())\n"
        "            if touched is not None:\n"
        "                ask_touched(store, state, touched)\n"
        "            head = store.collections.lock(uuid)\n",
        "        head = store.collections.lock(uuid)\n        with store.transaction():\n",
        ON_A_SERVER,
        TEAM,
        UNCOMPARED,
    ),
    Mutant(
        "a release follows whatever the head is by then: the last writer wins",
        CHAIN,
        "    if head[1] in (None, manifest.base):\n        return head\n",
        "    if head:\n        return head\n",
        ON_A_FILE,
        TEAM,
    ),
    Mutant(
        "a merge ignores its base",
        "src/holdall_composites/sync/releases/members.py",
        "    if ours in (base, theirs):\n        return theirs\n"
        "    return ours if theirs == base else UNDECIDED\n",
        "    return ours\n",
        ON_A_FILE,
        TEAM,
    ),
    Mutant(
        "a pull moves the base, not the content",
        "src/holdall_composites/service/pull.py",
        "manifest_of(result, before, gone)",
        "before",
        ON_A_FILE,
        TEAM,
    ),
]


def survives(mutant: Mutant, test: str) -> bool:
    """Return whether a test of the short campaign passes with the mutant in place."""
    with TemporaryDirectory(prefix="holdall-mutant-") as folder:
        copy = Path(folder)
        for name in ("src", "hooks", "migrations", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        for file, old, new in mutant.edits:
            path = copy / file
            text = path.read_text()
            if text.count(old) != 1:
                raise SystemExit(f"{mutant.why}: its text is not in {file} once; fix the mutant")
            path.write_text(text.replace(old, new))
        packages = os.pathsep.join(str(copy / name) for name in ("src", "hooks", "migrations"))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
        environment = {**os.environ, "PYTHONPATH": packages, "HOLDALL_FAULTS": "short"}
        try:
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, text=True, timeout=LIMIT
            )
        except subprocess.TimeoutExpired:
            return False
        if done.returncode > 1:
            raise SystemExit(f"{mutant.why}: the test did not run:\n{done.stdout[-3000:]}")
        return done.returncode == 0


def main(words: list[str]) -> int:
    """Try all mutants, or those whose reason contains one of the words; return 1 for survivors."""
    chosen = [m for m in MUTANTS if not words or any(word in m.why for word in words)]
    survivors = []
    for mutant in chosen:
        is_alive = survives(mutant, f"{mutant.room}/{mutant.test}")
        if is_alive:
            is_alive = survives(mutant, mutant.room)
        print(f"{'SURVIVED' if is_alive else 'caught'}: {mutant.why}", flush=True)
        survivors += [mutant.why] if is_alive else []
    print(f"{len(chosen)} mutants, {len(survivors)} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
