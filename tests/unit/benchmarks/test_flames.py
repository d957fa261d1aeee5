"""The flame graphs of the benchmarks: from stacks to bars."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks import flames

SVG = "{http://www.w3.org/2000/svg}"


def test_each_function_is_as_wide_as_its_share() -> None:
    """What is called lies above its caller, and what would be too narrow is left out."""
    stacks = flames.parse("holdall:main;holdall:read 750\nholdall:main 249\npeewee:import 1\n")
    drawn = ElementTree.fromstring(flames.draw("a case", stacks))
    bars = {}
    for group in drawn.findall(f"{SVG}g"):
        title, rect = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert rect is not None
        bars[title.text] = (float(rect.get("width", 0)), float(rect.get("y", 0)))
    assert {name: width for name, (width, _) in bars.items()} == {
        "holdall:main 99.9 %": 999.0,
        "holdall:read 75.0 %": 750.0,
    }
    assert bars["holdall:read 75.0 %"][1] < bars["holdall:main 99.9 %"][1]
