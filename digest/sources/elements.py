"""Elements of a parsed page: taking them out safely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from selectolax.lexbor import LexborNode


def take_out(nodes: Iterable[LexborNode]) -> None:
    """Takes elements out of their page with all that is in them, each only once.

    The parser frees an element's inside with it; freeing that again would spoil its memory.
    """
    for node in list(_outermost(list(nodes))):
        node.decompose()


def _outermost(nodes: list[LexborNode]) -> Iterator[LexborNode]:
    """Those of `nodes` that stand in no other one; no ancestor is looked at twice."""
    within = {node.mem_id: False for node in nodes}  # whether an element stands in one of them
    chosen = set(within)
    for node in nodes:
        path, above = [], node.parent
        while above is not None and above.mem_id not in within:
            path.append(above.mem_id)
            above = above.parent
        inside = above is not None and (above.mem_id in chosen or within[above.mem_id])
        within.update(dict.fromkeys(path, inside))
        if not inside:
            yield node
