"""Cycles and paths in graphs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from holdall_composites.values.graph import find_cycle

pytestmark = pytest.mark.unit

NODES = st.sampled_from("abcdef")
GRAPHS = st.dictionaries(NODES, st.lists(NODES, max_size=4), max_size=6)


def test_a_diamond_is_no_cycle() -> None:
    """Two ways to one node lead nowhere back."""
    assert find_cycle({"a": ["b", "c"], "b": ["d"], "c": ["d"]}) is None


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ["b", "c", "b"]),
    ],
)
def test_a_cycle_is_shown_closed(edges: dict[str, list[str]], cycle: list[str]) -> None:
    """The path starts and ends with the same node and has no tail before it."""
    assert find_cycle(edges) == cycle


def test_a_long_chain_is_searched() -> None:
    """Ten thousand nodes in a row do not exhaust the stack."""
    edges = {str(i): [str(i + 1)] for i in range(10_000)}
    assert find_cycle(edges) is None
    assert len(find_cycle({**edges, "10000": ["0"]}) or []) == 10_002


@given(GRAPHS)
def test_a_cycle_is_found_if_and_only_if_a_node_reaches_itself(
    edges: dict[str, list[str]],
) -> None:
    """The found cycle consists of edges; without one, no node reaches itself."""
    cycle = find_cycle(edges)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(b in edges[a] for a, b in pairwise(cycle))
    else:
        below = {node: set(edges[node]) for node in edges}
        for _ in edges:
            below = {n: b.union(*(below.get(to, ()) for to in b)) for n, b in below.items()}
        assert not any(node in reached for node, reached in below.items())
