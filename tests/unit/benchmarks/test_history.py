"""What the benchmarks keep of each commit, and the plot of it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from benchmarks import history
from benchmarks.measuring import Row


def row(case: str, value: float, cpu: float | None = None) -> Row:
    """Return a ratio to `cp -a`."""
    times = (None, None, cpu, None if cpu is None else 1.0)
    return Row(case, "`cp -a`", "x", value, value, value, None, *times)


def test_the_last_line_of_a_commit_counts(tmp_path: Path) -> None:
    """By processor time where that was measured; what is no ratio is not kept."""
    path = tmp_path / "history.jsonl"
    memory = Row("memory", "", "MB", 90.0, 90.0, 90.0)
    history.append(path, "one", [row("deploy", 0.9), memory])
    history.append(path, "one", [row("deploy", 0.8, cpu=0.7)])
    history.append(path, "two", [row("deploy", 0.5), row("other", 1.0)])
    found = history.read(path, ["deploy / `cp -a`", "never / `cp -a`"])
    assert found == {"deploy / `cp -a`": {"one": 0.7, "two": 0.5}}


def test_the_plot_has_a_point_for_each_commit() -> None:
    """Also for a case that has only one, and where all ratios are the same."""
    for found in ({"a": {"one": 1.0}}, {"a": {"one": 0.2, "two": 3.0}, "b": {"two": 0.5}}):
        drawn = ElementTree.fromstring(history.plot(found))
        circles = drawn.findall("{http://www.w3.org/2000/svg}circle")
        assert len(circles) == sum(len(ratios) for ratios in found.values())
