"""Directed graphs: whether following edges leads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def find_cycle(edges: Mapping[str, Sequence[str]]) -> list[str] | None:
    """Return the nodes of a cycle, the first one again at the end, or None if there is none."""
    done: set[str] = set()
    for root in edges:
        if root not in done:
            cycle = _cycle_below(root, edges, done)
            if cycle:
                return cycle
    return None


def _cycle_below(root: str, edges: Mapping[str, Sequence[str]], done: set[str]) -> list[str] | None:
    """Search depth first without recursion: a chain may be longer than Python's stack."""
    path = [root]
    on_path = {root}
    ahead: list[Iterator[str]] = [iter(edges.get(root, ()))]
    while path:
        node = next(ahead[-1], None)
        if node is None:
            ahead.pop()
            on_path.discard(path[-1])
            done.add(path.pop())
        elif node in on_path:
            return [*path[path.index(node) :], node]
        elif node not in done:
            path.append(node)
            on_path.add(node)
            ahead.append(iter(edges.get(node, ())))
    return None
