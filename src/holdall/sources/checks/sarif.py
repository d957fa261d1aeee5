"""Diagnostics as SARIF 2.1.0, which code hosts and editors show next to the lines."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from holdall.sources.checks.diagnostics import CODES, Code, CodeInfo, Level
from holdall.sources.values import Diagnostic

_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}


def sarif_log(version: str, results: Iterable[tuple[str, Diagnostic]]) -> dict[str, Any]:
    """Return a SARIF log of one run; each diagnostic comes with its file's path for the reader.

    `version` is Holdall's.
    """
    driver = {
        "name": "holdall",
        "version": version,
        "rules": [_rule(*row) for row in CODES.items()],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(*row) for row in results]}],
    }


def _rule(code: Code, info: CodeInfo) -> dict[str, Any]:
    return {
        "id": code.value,
        "shortDescription": {"text": info.meaning},
        "help": {"text": f"Why: {info.reason}. What to do: {info.remedy}."},
        "defaultConfiguration": {"level": _LEVELS[info.level]},
    }


def _result(path: str, problem: Diagnostic) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": _uri(path)},
        "region": {"startLine": problem.line or 1},
    }
    return {
        "ruleId": problem.code,
        "level": _LEVELS[Level(problem.level)],
        "message": {"text": problem.message},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    """Return a path as a URI; what is inside a file is at the file."""
    file = path if os.path.lexists(path) else path.partition("#")[0]
    return f"{'file://' if file.startswith('/') else ''}{quote(os.fsencode(file))}"
