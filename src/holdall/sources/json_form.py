"""What `holdall scan --json` prints of a reading."""

from __future__ import annotations

from typing import Any

from holdall.sources.checks.diagnostics import CODES, Code
from holdall.sources.values import Diagnostic, FoundArtifact, FoundComposite, Reading


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as JSON values; the shape is documented in DESIGN section 12."""
    return {
        "artifacts": [_artifact(found) for found in reading.artifacts],
        "composites": [_composite(found) for found in reading.composites],
        "remotes": [{"name": r.name, "source": r.source} for r in reading.remotes],
        "left_out": [{"path": path, "why": why} for path, why in reading.left_out.items()],
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in reading.diagnostics],
    }


def _artifact(found: FoundArtifact) -> dict[str, Any]:
    return {
        "type": found.type,
        "path": found.path,
        "id": str(found.id),
        "name": found.name,
        "content_hash": found.tree.content_hash,
        "files": len(found.tree.files),
        "size": found.tree.size,
        "description": found.description,
        "uuid": found.uuid,
    }


def _composite(found: FoundComposite) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "name": found.name,
        "path": found.path,
        "kind": found.kind,
        "version": found.version,
        "description": found.description,
        "members": [[member.id.type, member.path] for member in found.members],
        "uuid": found.uuid,
        "own_files": str(found.files) if found.files else None,
        "metadata": dict(found.metadata),
        "aliases": {member.path: member.alias for member in found.members if member.alias},
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    shape: dict[str, Any] = dict(diagnostic.to_json())
    if diagnostic.code in CODES:
        shape["hint"] = CODES[Code(diagnostic.code)].remedy
    return shape
