"""`PluginContract`: the rules as a test class, a test each; subclass it in three lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from audiohook_fw.plugin import Event

from .rules import RULES, NotTriedError, Rule, Subject

__all__ = ["PluginContract"]


class PluginContract:
    """The contract that every plugin keeps, one test for each rule; see `RULES`.

    Subclass it in a test module, under a name that begins with `Test`:
    `class TestMine(PluginContract): plugin = MyPlugin`. An attribute may also be set by a fixture
    (`self.settings = {"directory": tmp_path}`). Each test runs in an empty working directory.

    Attributes:
        plugin: a class, module or instance, or what `-p` takes.
        settings: its section.
        name: under which it is loaded, by default made of its own.
        events: of other plugins, which it needs as input; one of each class of the core comes anyway.
        facts: of its calls, such as a `dnis` that it accepts.
        rejects: it is to reject these calls; another class then has facts of calls that it accepts.
    """

    plugin: object = None
    settings: Mapping[str, object] = MappingProxyType({})
    name: str = ""
    events: Sequence[Event] = ()
    facts: Mapping[str, object] = MappingProxyType({})
    rejects: bool = False


def _test(rule: Rule) -> Callable[[PluginContract], None]:
    def test(self: PluginContract) -> None:
        __tracebackhide__ = True
        if self.plugin is None:
            raise TypeError(f"{type(self).__name__} names no plugin: plugin = MyPlugin")
        try:
            rule.check(Subject(self.plugin, self.settings, self.name, self.events, self.facts, self.rejects))
        except NotTriedError as error:
            import pytest  # which runs this

            pytest.skip(error.reason)

    test.__doc__ = rule.demand
    return test


for _rule in RULES:
    setattr(PluginContract, f"test_{_rule.name.replace('-', '_')}", _test(_rule))
