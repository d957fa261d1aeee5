"""Reading composites in order, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from holdall.errors import ConflictError
from holdall_composites.resolver.expansion import by_composite, expand_edges
from holdall_composites.values.records import Edge

pytestmark = pytest.mark.unit

COMPOSITES = "XYZ"
NODES = st.sampled_from("abcdXYZ")
GRAPHS = st.dictionaries(
    st.sampled_from(COMPOSITES), st.lists(NODES, max_size=5, unique=True), max_size=3
)


def edge(parent: str, child: str, pin: str | None = None, *, active: bool = True) -> Edge:
    """Return a membership; capital letters are composites."""
    return Edge(parent, child, f"uuid of {child}", pin, child in COMPOSITES, active)


def letters(asked: str, *edges: Edge) -> str:
    """Return what is led to, as letters."""
    uuids = {letter: f"uuid of {letter}" for letter in asked}
    return "".join(
        one.id for one in expand_edges(uuids, set(asked) & set(COMPOSITES), by_composite(edges))
    )


def test_each_artifact_knows_all_who_want_it() -> None:
    """Directly, that is, in the order of reading, nested composites included."""
    edges = [edge("X", "a"), edge("X", "Y"), edge("Y", "a", "1" * 64), edge("Y", "b")]
    first, second = expand_edges({"X": "x"}, {"X"}, by_composite(edges))
    assert (first.id, first.uuid, first.pin) == ("a", "uuid of a", "1" * 64)
    assert (first.wanted_by, second.wanted_by) == (("X", "Y"), ("Y",))


def test_what_is_inactive_leads_to_nothing() -> None:
    """Neither an artifact nor what an inactive composite holds; its pins do not count."""
    below = [edge("Y", "b"), edge("Y", "a", "2" * 64)]
    assert letters("X", edge("X", "a", active=False), edge("X", "c")) == "c"
    pinned = edge("X", "a", "1" * 64)
    assert letters("X", pinned, edge("X", "Y", active=False), *below) == "a"


def test_two_pins_name_both_composites() -> None:
    """The same pin twice is none too many."""
    edges = [edge("X", "a", "1" * 64), edge("Y", "a"), edge("Z", "a", "2" * 64)]
    with pytest.raises(ConflictError, match=r"a is pinned.*X pins 1{12}, Z pins 2{12}"):
        letters("XYZ", *edges)
    assert letters("XY", *edges[:2]) == "a"
    assert letters("XZ", edges[0], edge("Z", "a", "1" * 64)) == "a"


def test_a_long_chain_needs_no_stack() -> None:
    """Ten thousand composites, each in the one before."""
    chain = [Edge(f"c{n}", f"c{n + 1}", "", None, True) for n in range(10_000)]
    (found,) = expand_edges({"c0": ""}, {"c0"}, by_composite([*chain, edge("c10000", "a")]))
    assert (found.id, found.wanted_by) == ("a", ("c10000",))


@given(graph=GRAPHS, asked=st.lists(NODES, unique=True, max_size=4))
def test_everything_reachable_is_met_once(graph: dict[str, list[str]], asked: list[str]) -> None:
    """Whatever the cycles: exactly the plain artifacts within reach, by exactly their parents."""
    edges = [edge(parent, child) for parent, below in graph.items() for child in below]
    children = by_composite(edges)
    reached, pending = set(asked), list(asked)
    while pending:
        for _, child_id, *_ in children.get(pending.pop(), ()):
            if child_id not in reached:
                reached.add(child_id)
                pending.append(child_id)
    result = expand_edges({n: n for n in asked}, set(asked) & set(COMPOSITES), children)
    assert sorted(one.id for one in result) == sorted(reached - set(COMPOSITES))
    for one in result:
        parents = [parent for parent, child_id, *_ in edges if child_id == one.id]
        assert sorted(one.wanted_by) == sorted(p for p in parents if p in reached)
