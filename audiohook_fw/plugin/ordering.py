"""The order of `on_close`: who emits what another consumes goes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .loaded import LoadedPlugin

__all__ = ["upstreams"]

_Graph = Mapping[str, frozenset[str]]


def upstreams(
    plugins: Sequence[LoadedPlugin], listeners: frozenset[str], filters: Sequence[LoadedPlugin] = ()
) -> _Graph:
    """Return for each plugin those that close before it.

    A cycle is broken where a plugin consumes everything rather than what it names, else by configured order.

    Args:
        plugins: those of the call, in configured order.
        listeners: the names of those that have an `on_event`; nobody else waits for anybody.
        filters: those that filter events, whether they have hooks in the call or not. What they emit may
            come of any event, so who consumes it waits for all emitters.
    """
    named = {p.name: frozenset(q.name for q in plugins if _feeds(q, p, listeners)) for p in plugins}
    feeds = named | {
        p.name: frozenset(q.name for q in plugins if q.emits and q is not p)
        for p in plugins
        if p.name in listeners
        and (not p.consumes or any(f is not p and f.emits & p.consumes for f in filters))
    }
    before: dict[str, frozenset[str]] = {}
    left = [plugin.name for plugin in plugins]
    while left:
        chosen = _next(left, feeds, named)
        before[chosen] = feeds[chosen] & before.keys()
        left.remove(chosen)
    return before


def _feeds(source: LoadedPlugin, target: LoadedPlugin, listeners: frozenset[str]) -> bool:
    return source is not target and target.name in listeners and bool(source.emits & target.consumes)


def _next(left: Sequence[str], feeds: _Graph, named: _Graph) -> str:
    for name in left:
        if not feeds[name].intersection(left):
            return name
    above = {name: _above(name, left, feeds) for name in left}
    # Nobody is free, so there is a cycle; take one of a cycle, not one that only waits for a cycle.
    cycle = [name for name in left if all(name in above[other] for other in above[name])]
    return next((name for name in cycle if not named[name].intersection(left)), cycle[0])


def _above(name: str, left: Sequence[str], feeds: _Graph) -> set[str]:
    """Return everybody whom `name` waits for, directly or not."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        more = feeds[waiting.pop()].intersection(left) - found
        found |= more
        waiting += more
    return found
