"""A typed place for state that belongs to one call, for plugins made of functions."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast

__all__ = ["Stash", "StashKey"]

T = TypeVar("T")
D = TypeVar("D")


class StashKey(Generic[T]):
    """A key that belongs to whoever made it and knows the type of its value.

    Make it once at module level: `peak = StashKey[float]()`.
    """

    __slots__ = ()


class Stash:
    """A mapping from `StashKey[T]` to `T`; one per call, shared by all its plugins."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[StashKey[Any], object] = {}

    def __setitem__(self, key: StashKey[T], value: T) -> None:
        self._values[key] = value

    def __getitem__(self, key: StashKey[T]) -> T:
        """Return the value; raises `KeyError` when there is none."""
        return cast("T", self._values[key])

    def get(self, key: StashKey[T], default: D) -> T | D:
        """Return the value, or `default` when there is none."""
        return cast("T", self._values[key]) if key in self._values else default

    def setdefault(self, key: StashKey[T], default: T) -> T:
        """Return the value, setting it to `default` first when there is none."""
        return cast("T", self._values.setdefault(key, default))

    def __delitem__(self, key: StashKey[T]) -> None:
        del self._values[key]

    def __contains__(self, key: StashKey[Any]) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)
