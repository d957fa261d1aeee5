"""Forged state of a project or collection: claims on what is the user's, and any keys and values.

What is drawn comes from one seed, so that a failure can be tried again by its number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import tomli_w

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import hash_value
from holdall.deploy.project.shared import hash_files
from holdall.errors import HoldallError
from holdall.files.root import FileState
from holdall.files.tree import folder_tree
from holdall.formats.toml_writer import render_inline, toml_key
from host_factories import write

LEDGER, SHARED = ".holdall/ledger.json", ".holdall/deployed.toml"
RECORD = ".claude/.skillmeat-deployed.toml"
SETTINGS = (".claude/settings.json", ".mcp.json", ".gemini/settings.json")
KEYS = {SETTINGS[0]: ["hooks", "Stop"], SETTINGS[1]: ["mcpServers"], SETTINGS[2]: ["mcpServers"]}
IDS = (
    *("skill:a", "skill:b", "skill:mine", "command:plug:c", "command:own", "agent:d", "mcp:srv"),
    *("hook:plug", "plugin-files:plug", "composite:plug", "nope:x", "skill:x/y", "mcp:mine"),
)
TARGETS = ("claude", "claude", "claude", "gemini", "codex", "agents", "nowhere")


@dataclass
class Forger:
    """Forges the state of one project; `values` are hostile ones to put anywhere."""

    random: Random
    project: Path
    collection: Path
    values: Sequence[Any]
    hashes: Sequence[str]
    claimed: list[str] = field(default_factory=list)

    def forge(self) -> None:
        """Do some of all that can be done to a project's state before it is somebody else's."""
        ways: list[Callable[[], None]] = [
            *[self.claim_in_ledger, self.claim_entry, self.claim_in_shared, self.claim_in_record]
            * 3,
            *(self.mutate, self.write_journal, self.lose, self.forge_manifest, self.edit),
        ]
        for way in self.random.sample(ways, self.random.choice([1, 1, 2, 3])):
            try:
                way()
            except (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError):
                continue  # an earlier way left nothing to forge
            except HoldallError:
                continue

    def files(self) -> list[str]:
        """Return the files of the project that are not state."""
        return [
            str(path.relative_to(self.project))
            for path in sorted(self.project.rglob("*"))
            if path.is_file() and ".holdall" not in path.parts
        ]

    def own_file(self) -> str:
        """Return a file, mostly one in a folder of an agent."""
        inside = [path for path in self.files() if path.count("/") > 1 and path not in SETTINGS]
        return str(self.pick(inside if inside and self.is_often() else self.files()))

    def state_of(self, path: str) -> list[str]:
        """Return what a ledger says of a file, mostly the truth."""
        file = self.project / path
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        mode = "x" if file.stat().st_mode & 0o100 else "-"
        return ["f", mode, digest if self.is_often() else self.pick(self.hashes)]

    def is_often(self) -> bool:
        """Return True nine times of ten: a forgery of which one thing is wrong goes furthest."""
        return self.random.random() < 0.9

    def pick(self, values: Sequence[Any]) -> Any:
        """Return one of some values."""
        return self.random.choice(values)

    def artifact_of(self, path: str) -> str:
        """Return the id that has its own place at a path, or any id."""
        parts = path.split("/")
        if len(parts) > 2 and parts[0] in (".claude", ".gemini") and self.is_often():
            kind = {"skills": "skill", "commands": "command", "agents": "agent"}.get(parts[1])
            if kind is not None:
                return f"{kind}:{parts[2].rpartition('.')[0] or parts[2]}"
        return str(self.pick(IDS))

    def ledger(self) -> dict[str, Any]:
        """Return the ledger, or an empty one."""
        empty = {"format": 1, "requests": {}, "folders": [], "documents": {}, "deployed": []}
        place = self.project / LEDGER
        found: dict[str, Any] = json.loads(place.read_text()) if place.exists() else empty
        return found

    def entry(self, id_: str, path: str) -> dict[str, Any]:
        """Return an entry of the ledger that says little; `path` is what it will claim."""
        self.claimed.append(id_)
        target = "gemini" if path.startswith(".gemini") else "claude"
        deployed = self.ledger()["deployed"]
        seals = [entry.get("seal", "") for entry in deployed]
        return {
            "id": id_,
            "target": target if self.is_often() else self.pick(TARGETS),
            "uuid": self.pick([None, *[entry["uuid"] for entry in deployed]]),
            "collection": self.pick(["kit", "other"]),
            "content_hash": self.pick(self.hashes),
            "wanted_by": [self.pick([id_, "skill:a", "composite:plug"])],
            "is_pinned": self.random.random() < 0.1,
            "merged": [],
            "files": {},
            "seal": self.pick(["", *seals]),
        }

    def save(self, document: dict[str, Any], entry: dict[str, Any]) -> None:
        """Write the ledger with one more entry, or with another one in its place."""
        if self.random.random() < 0.5:
            same = [e for e in document["deployed"] if e["id"] == entry["id"]]
            document["deployed"] = [e for e in document["deployed"] if e not in same]
        document["deployed"].append(entry)
        if self.random.random() < 0.3:
            document["requests"][entry["id"]] = entry["uuid"]
        if self.random.random() < 0.3:
            document["folders"] = [
                *document["folders"],
                *self.pick([["empty"], [".claude/skills"], [".claude/skills/mine"], ["src"]]),
            ]
        if self.random.random() < 0.3:
            path = self.pick([*SETTINGS, "package.json"])
            made = [[], *[KEYS.get(path, ["x"])[:n] for n in (1, 2)]]
            document["documents"][path] = {"made": made, "blank": []}
        write(self.project / LEDGER, json.dumps(document))

    def claim_in_ledger(self) -> None:
        """Claim files of the user's, each with its hash."""
        path = self.own_file()
        entry = self.entry(self.artifact_of(path), path)
        more = 0 if self.is_often() else 1
        chosen = [path, *self.random.sample(self.files(), more)]
        folder = path.rpartition("/")[0]
        if folder.count("/") > 1 and self.is_often():
            chosen += [other for other in self.files() if other.startswith(f"{folder}/")]
        entry["files"] = {name: self.state_of(name) for name in chosen}
        self.save(self.ledger(), entry)

    def settings(self) -> tuple[str, list[str], str | None, Any]:
        """Return an entry that is in the settings: its file, keys, own key and value."""
        path = self.pick([name for name in SETTINGS if (self.project / name).exists()])
        keys = KEYS[path]
        there = json.loads((self.project / path).read_text())
        for key in keys:
            there = there[key]
        if isinstance(there, list):
            return path, keys, None, self.pick(there)
        key = self.pick(sorted(there))
        return path, keys, key, there[key]

    def claim_entry(self) -> None:
        """Claim a hook or a server of the user's, or something beside them."""
        path, keys, key, value = self.settings()
        entry = self.entry("hook:plug" if key is None else f"mcp:{key}", path)
        if not self.is_often():
            keys, key = self.pick([(keys[:-1], keys[-1]), ([], keys[0]), (["permissions"], None)])
        entry["merged"] = [[path, keys, key, value]]
        self.save(self.ledger(), entry)

    def claim_in_shared(self) -> None:
        """Claim files, hooks or servers of the user's in `deployed.toml`."""
        path = self.own_file()
        id_ = self.artifact_of(path)
        entries: list[dict[str, Any]] = []
        folder = path if path.count("/") < 3 else path.rpartition("/")[0]
        chosen = [name for name in self.files() if name == path or name.startswith(f"{folder}/")]
        states = {name: self.state_of(name) for name in chosen}
        if self.random.random() < 0.4:
            file, keys, key, value = self.settings()
            own = {} if key is None else {"key": key}
            entries = [{"file": file, "keys": keys, **own, "hash": hash_value(value)}]
            id_, states = "hook:plug" if key is None else f"mcp:{key}", {}
        found = self.entry(id_, entries[0]["file"] if entries else path)
        table = {key: found[key] for key in ("collection", "content_hash")}
        table["wanted_by"] = found["wanted_by"]
        files = {RelPath(n): FileState(FileKind(k), x == "x", h) for n, (k, x, h) in states.items()}
        table["placed_hash"] = hash_files(files)
        if found["uuid"]:
            table["uuid"] = found["uuid"]
        more = {"entries": entries} if entries else {}
        place = self.project / SHARED
        text = place.read_text() if place.exists() else "format = 1\n"
        line = render_inline({**table, **more})
        target = toml_key(found["target"])
        write(place, f"{text}deployed.{toml_key(id_)}.{target} = {line}\n")
        if self.random.random() < 0.7:
            (self.project / LEDGER).unlink(missing_ok=True)

    def claim_in_record(self) -> None:
        """Claim a skill of the user's in SkillMeat's record."""
        skill = self.pick(sorted((self.project / ".claude/skills").iterdir()))
        self.claimed.append(f"skill:{skill.name}")
        digest = folder_tree(skill).skillmeat_hash
        table = {
            "artifact_name": skill.name,
            "artifact_type": "skill",
            "from_collection": "kit",
            "deployed_at": "2026-11-20T23:47:53",
            "artifact_path": f"skills/{skill.name}" if self.is_often() else "skills",
            "content_hash": digest,
        }
        place = self.project / RECORD
        text = place.read_text() if place.exists() else ""
        write(place, f"{text}\n{tomli_w.dumps({'deployed': [table]})}")

    def mutate(self) -> None:
        """Put any keys and values anywhere into the ledger or the settings."""
        path = self.project / self.pick([LEDGER, LEDGER, *SETTINGS])
        document = json.loads(path.read_text())
        for _ in range(self.random.randint(1, 4)):
            place: Any = document
            while isinstance(place, dict | list) and place:
                key = self.pick(sorted(place) if isinstance(place, dict) else range(len(place)))
                if self.random.random() < 0.3 or not isinstance(place[key], dict | list):
                    same = [self.pick(self.files()), self.pick(IDS), self.pick(self.hashes)]
                    value = self.pick([*self.values, place[key], *same])
                    place[key] = value
                    if isinstance(place, dict) and self.random.random() < 0.2:
                        place[str(self.pick([*KEYS, "x", *IDS]))] = value
                    break
                place = place[key]
        path.write_text(json.dumps(document))

    def write_journal(self) -> None:
        """Leave an unfinished transaction that somebody else began, whole but for its seal."""
        path = self.pick(self.files())
        kind, mode, digest = self.state_of(path)
        actions = [["remove", path, False, f"{kind}{mode}{digest}"]]
        body = json.dumps({"kind": "deploy", "payload": {}, "actions": actions}).encode()
        head = f"holdall-plan 2 {hashlib.sha256(body).hexdigest()} {'0' * 64}\n".encode()
        where = self.pick(["tx", "outbox"])
        folder = f".holdall/{where}/20260101T000000000000-{'0' * 12}"
        write(self.project / folder / self.pick(["plan", "plan.tmp"]), head + body)

    def lose(self) -> None:
        """Lose what only this machine has, as a clone does."""
        for name in self.random.sample([LEDGER, SHARED, RECORD], self.random.randint(1, 2)):
            (self.project / name).unlink(missing_ok=True)

    def edit(self) -> None:
        """Be a person who edits what is there."""
        path = self.project / self.pick(self.files())
        path.write_bytes(path.read_bytes() + b"\n")

    def forge_manifest(self) -> None:
        """Let the collection's manifest claim another file or folder there."""
        place = self.collection / "manifest.toml"
        table = {
            "name": self.pick(["a", "mine", "draft", "new"]),
            "type": self.pick(["skill", "skill", "agent"]),
            "path": self.pick(
                ["notes", "skills/draft", "commands/draft.md", "skills", "notes/x.md"]
            ),
            "content_hash": self.pick(self.hashes),
        }
        self.claimed.append(f"{table['type']}:{table['name']}")
        write(place, place.read_text() + tomli_w.dumps({"artifacts": [table]}))
