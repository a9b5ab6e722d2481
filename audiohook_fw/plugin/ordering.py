"""The order of `on_close`: who emits what another consumes goes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .loaded import LoadedPlugin

__all__ = ["upstreams"]


def upstreams(plugins: Sequence[LoadedPlugin], listeners: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Return for each plugin those that close before it; a cycle is broken by configured order.

    Args:
        plugins: those of the call, in configured order.
        listeners: the names of those that have an `on_event`; nobody else waits for anybody.
    """
    feeds = {p.name: frozenset(q.name for q in plugins if _feeds(q, p, listeners)) for p in plugins}
    before: dict[str, frozenset[str]] = {}
    left = [plugin.name for plugin in plugins]
    while left:
        free = next((name for name in left if not feeds[name].intersection(left)), left[0])
        before[free] = feeds[free] & before.keys()
        left.remove(free)
    return before


def _feeds(source: LoadedPlugin, target: LoadedPlugin, listeners: frozenset[str]) -> bool:
    if source is target or target.name not in listeners:
        return False
    return bool(source.emits & target.consumes if target.consumes else source.emits)
