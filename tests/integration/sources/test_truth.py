"""Reading real marketplaces: the answer must agree with what is known to be in them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from holdall.sources.json_form import reading_to_json
from holdall.sources.reader import read

pytestmark = pytest.mark.e2e

SHARED = Path(__file__).resolve().parents[4] / "shared"
CHECK = SHARED / "tools" / "check_truth.py"
PAIRS = [
    (folder, truth)
    for collections, truths in (("devset", "truth-dev"), ("devset-old", "truth-dev-old"))
    for truth in sorted((SHARED / truths).glob("*.json"))
    if (folder := SHARED / collections / truth.stem).is_dir()
]


@pytest.mark.skipif(
    not PAIRS or not CHECK.is_file(), reason=f"no collections with truth in {SHARED}"
)
@pytest.mark.parametrize(
    ("folder", "truth"), PAIRS, ids=[f"{t.parent.name}-{t.stem}" for _, t in PAIRS]
)
def test_reading_agrees_with_the_truth(folder: Path, truth: Path, tmp_path: Path) -> None:
    """Every artifact, composite, member and identity of a known collection is found."""
    found = tmp_path / "found.json"
    found.write_text(json.dumps(reading_to_json(read(folder))))
    run = subprocess.run(
        [sys.executable, CHECK, found, truth], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr
